"""What is wrong with one member."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from msgspec import structs

from provision.findings import Place, Problem, did_you_mean, error, path_text
from provision.sections.etcd.addresses import METRICS_SETTING, client_scheme, peer_scheme
from provision.sections.etcd.files import tls_files
from provision.sections.etcd.membership import MEMBER_NAME, check_membership
from provision.sections.etcd.settings import FIELDS, SETTINGS
from provision.sections.etcd.types import Etcd, Urls
from provision.sections.places import check_path
from provision.sections.urls import check_url, is_ip
from provision.variables import has_variable

SCHEME = re.compile(r"(https?)://")


def check_etcd(etcd: Etcd, place: Place) -> Iterator[Problem]:
    if not MEMBER_NAME.fullmatch(etcd.name) and not has_variable(etcd.name):
        hint = "no spaces, commas or = : etcd lists members as name=url,name=url"
        yield error("etcd-name", (*place, "name"), f"{etcd.name!r} cannot name a member", hint)
    yield from check_membership(etcd, place)
    yield from _check_all_urls(etcd, place)
    yield from _check_tls(etcd, place)
    yield from check_path(etcd.data_dir, (*place, "data_dir"))
    for name, value in etcd.settings.items():
        yield from _check_setting(name, value, (*place, "settings", name))
    yield from _check_engine(etcd, place)


def _check_all_urls(etcd: Etcd, place: Place) -> Iterator[Problem]:
    client, peer = client_scheme(etcd), peer_scheme(etcd)
    rows: tuple[tuple[str, Urls | None, str], ...] = (
        ("listen_client_urls", etcd.listen_client_urls, client),
        ("listen_peer_urls", etcd.listen_peer_urls, peer),
        ("advertise_client_urls", etcd.advertise_client_urls, client),
        ("advertise_peer_urls", etcd.advertise_peer_urls, peer),
    )
    for field, urls, scheme in rows:
        if urls is not None:
            hint = "remove the key for the default"
            yield from _check_urls(urls, (*place, field), scheme, hint)
    for name, urls in (etcd.initial_cluster or {}).items():
        here = (*place, "initial_cluster", name)
        yield from _check_urls(urls, here, peer, f"for example {peer}://10.77.0.11:2380")


def _check_urls(urls: Urls, place: Place, scheme: str, hint: str) -> Iterator[Problem]:
    if not urls:
        yield error("etcd-no-url", place, "etcd needs at least one URL here", hint)
    for index, text in enumerate(urls):
        here = (*place, index)
        problems = list(check_url(text, here, schemes=("http", "https")))
        yield from problems or _check_member_url(text, here, listens=str(place[-1]).startswith("listen"))
        yield from _check_scheme(text, here, scheme)


def _check_member_url(text: str, place: Place, *, listens: bool) -> Iterator[Problem]:
    """What etcd demands of a well-formed URL before it starts."""
    if has_variable(text):
        return
    url = urlsplit(text)
    if url.port is None:
        yield error("etcd-url", place, "the URL has no port", "clients use 2379, peers 2380")
    elif url.path not in ("", "/") or url.query or url.fragment:
        yield error("etcd-url", place, "the URL must end after the port")
    elif listens and not is_ip(url.hostname or "") and url.hostname != "localhost":
        yield error("etcd-url", place, "etcd listens on IP addresses, not on names")


def _check_scheme(text: str, place: Place, scheme: str) -> Iterator[Problem]:
    """etcd itself would serve an http URL in clear although it has certificates, and say so in its log only."""
    match = SCHEME.match(text)
    if match is None or match[1] == scheme:
        return
    side = "client" if "client" in str(place[1]) else "peer"
    if scheme == "https":
        message = f"etcd.tls.{side} is given, and this URL is not encrypted"
        yield error("etcd-scheme", place, message, f"write https{text[4:]}")
    else:
        message = f"an https URL needs etcd.tls.{side}"
        yield error("etcd-scheme", place, message, f"add it, or write http{text[5:]}")


def _check_tls(etcd: Etcd, place: Place) -> Iterator[Problem]:
    for here, path in tls_files(etcd, (*place, "tls")):
        yield from check_path(path, here)
    for side, files in (("client", etcd.tls.client), ("peer", etcd.tls.peer)):
        if files is not None and files.key == files.certificate:
            here = (*place, "tls", side)
            message = f"{files.key!r} is {path_text((*here, 'certificate'))} already"
            yield error(
                "duplicate-path", (*here, "key"), message, "certificate and key are files of their own"
            )


def _check_setting(name: str, value: str | int | float | bool, place: Place) -> Iterator[Problem]:
    if name in FIELDS:
        problem = error("etcd-setting", place, f"{name!r} is not for settings", FIELDS[name])
        yield structs.replace(problem, at_key=True)
    elif name not in SETTINGS:
        flag = name.removeprefix("--").removeprefix("ETCD_").lower().replace("_", "-")
        suggestion = did_you_mean(flag, SETTINGS | FIELDS.keys())
        yield structs.replace(
            error("etcd-setting", place, f"etcd has no setting {name!r}", suggestion), at_key=True
        )
    elif isinstance(value, str) and "\n" in value:
        yield error("etcd-setting", place, "a line break cannot be part of a setting")
    elif name == METRICS_SETTING:
        for text in str(value).split(","):
            yield from check_url(text, place, schemes=("http", "https"))


def _check_engine(etcd: Etcd, place: Place) -> Iterator[Problem]:
    if etcd.engine == "host":
        if etcd.image is not None:
            hint = "write `engine: docker` or `engine: podman`, or remove one of the two"
            problem = error("etcd-engine", (*place, "image"), "the machine's own etcd has no image", hint)
            yield structs.replace(problem, at_key=True)
    elif etcd.image is None:
        yield error("etcd-engine", (*place, "engine"), f"{etcd.engine} needs the image to run", "add `image`")
    else:
        from provision.sections.etcd.container import check_container_of

        yield from check_container_of(etcd, place)
