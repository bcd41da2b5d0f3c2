"""Asking members that run for the members they know: `GET /members` at a peer URL, as etcd's own members do."""

from __future__ import annotations

import errno
import json
import os
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from provision.cluster.decide import RegisteredMember
from provision.cluster.listed import Listed, Peers

PEER_TIMEOUT_S = 3
NOBODY_THERE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ECONNREFUSED, errno.ETIMEDOUT)


class PeerCertificates(Struct, frozen=True):
    """Paths of the member's files. `planned` has the content of those that are not written yet: one is the key."""

    certificate: str
    key: str
    authority: str
    planned: Mapping[str, bytes]

    def __repr__(self) -> str:
        return f"PeerCertificates(certificate={self.certificate!r}, key={self.key!r})"


class _Absent(Exception):
    """Nobody is at this address."""


class _Trouble(Exception):
    """Somebody is there, and does not say who belongs to the cluster."""


def observe_peers(listed: Listed, certificates: PeerCertificates | None, *, has_data: bool) -> Peers:
    """What the others say. Trouble is part of the observation: the decision is the caller's."""
    answers: list[tuple[RegisteredMember, ...]] = []
    trouble: str | None = None
    for url in () if has_data else listed.other_urls:
        try:
            answers.append(_members(url, certificates))
        except _Absent:
            continue
        except _Trouble as problem:
            trouble = f"{url}: {problem}"
    return Peers(has_data, tuple(answers), trouble)


def _members(url: str, certificates: PeerCertificates | None) -> tuple[RegisteredMember, ...]:
    # etcd's peers talk to each other directly, whatever proxy the environment names.
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
    if url.startswith("https:"):
        _connect(url)
        handlers.append(urllib.request.HTTPSHandler(context=_context(certificates)))
    opener = urllib.request.build_opener(*handlers)
    try:
        with opener.open(f"{url.rstrip('/')}/members", timeout=PEER_TIMEOUT_S) as reply:
            return tuple(map(_member, json.load(reply)))
    except (OSError, ValueError, KeyError, TypeError) as error:
        cause = error.reason if isinstance(error, urllib.error.URLError) else error
        if _is_absence(cause):
            raise _Absent from error
        raise _Trouble(f"no answer of an etcd member: {cause}") from error


def _connect(url: str) -> None:
    """Before any certificate is needed: on a first boot mostly nobody is there yet."""
    split = urlsplit(url)
    try:
        socket.create_connection((split.hostname, split.port), PEER_TIMEOUT_S).close()
    except OSError as error:
        if _is_absence(error):
            raise _Absent from error
        raise _Trouble(str(error)) from error


def _is_absence(error: object) -> bool:
    if isinstance(error, TimeoutError | socket.gaierror):
        return True
    return isinstance(error, OSError) and error.errno in NOBODY_THERE


def _member(entry: Mapping[str, object]) -> RegisteredMember:
    peer_urls = entry["peerURLs"]
    if not isinstance(peer_urls, list):
        raise TypeError("peerURLs")
    # etcd leaves out what is empty.
    return RegisteredMember(
        str(entry.get("name", "")), tuple(map(str, peer_urls)), started=bool(entry.get("clientURLs"))
    )


def _context(certificates: PeerCertificates | None) -> ssl.SSLContext:
    if certificates is None:  # peer-auto-tls: everybody's certificate is made by itself, and says nothing
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    authority, certificate, key = (
        _content(certificates, path)
        for path in (certificates.authority, certificates.certificate, certificates.key)
    )
    try:
        context = ssl.create_default_context(cadata=authority.decode("ascii"))
        with _in_memory(certificate) as certificate_path, _in_memory(key) as key_path:
            context.load_cert_chain(certificate_path, key_path, password=_no_password)
    except (ssl.SSLError, ValueError) as error:
        raise _Trouble(
            f"{certificates.certificate} with its key and authority cannot be used: {error}"
        ) from error
    return context


def _no_password() -> str:
    """etcd takes no encrypted key; without this, OpenSSL would ask whoever sits before the machine."""
    return ""


def _content(certificates: PeerCertificates, path: str) -> bytes:
    if path in certificates.planned:
        return certificates.planned[path]
    try:
        return Path(path).read_bytes()
    except OSError as error:
        message = f"a member runs there, and {path}, which it must be asked with, is not on this machine yet"
        raise _Trouble(f"{message}: write it with `content`, or into the image") from error


@contextmanager
def _in_memory(data: bytes) -> Iterator[str]:
    """A path for what ssl only reads from files: a key must not lie on a disk because of a question."""
    descriptor = os.memfd_create("provision")
    try:
        os.write(descriptor, data)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
