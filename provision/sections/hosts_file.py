"""Section `hosts`: names that resolve without DNS."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

from provision.actions import Step, WriteFile
from provision.facts import Facts
from provision.findings import Place, Problem, error, path_text
from provision.sections.claims import Claim
from provision.sections.hosts import is_host_name
from provision.sections.urls import is_ip
from provision.variables import has_variable

HOSTS_PATH = "/etc/hosts"


class Host(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One address and its names."""

    address: Annotated[str, Meta(description="IPv4 or IPv6 address.", examples=["10.77.0.11"])]
    names: Annotated[
        tuple[str, ...],
        Meta(
            description="Its names, the canonical one first.",
            examples=[["node1.lab.example", "node1"]],
        ),
    ]


def check(hosts: tuple[Host, ...], place: Place) -> Iterator[Problem]:
    addresses: dict[str, Place] = {}
    names: dict[tuple[str, int], Place] = {}
    for index, host in enumerate(hosts):
        here = (*place, index)
        version = None
        if not has_variable(host.address):
            yield from _check_address(host.address, (*here, "address"), addresses)
            version = _version(host.address)
        if not host.names:
            yield error("hosts-no-name", (*here, "names"), "an address without names is of no use")
        for number, name in enumerate(host.names):
            yield from _check_name(name, (*here, "names", number))
            if version is not None and not has_variable(name):
                yield from _check_once(name, version, (*here, "names", number), names)


def _check_address(text: str, place: Place, seen: dict[str, Place]) -> Iterator[Problem]:
    if _version(text) is None:
        hint = "an IPv4 or IPv6 address, without prefix length or interface"
        yield error("ip", place, f"{text!r} is no IP address", hint)
        return
    normal = str(ipaddress.ip_address(text))
    if normal in seen:
        hint = "one entry for each address, with all its names"
        yield error("duplicate-address", place, f"{text!r} is {path_text(seen[normal])} already", hint)
    seen.setdefault(normal, place)


def _check_name(name: str, place: Place) -> Iterator[Problem]:
    if has_variable(name):
        return
    if not is_host_name(name) or is_ip(name):
        hint = "letters, digits and hyphens in labels of at most 63 characters, joined by dots (RFC 1123)"
        yield error("host-name", place, f"{name!r} is no host name", hint)
    elif name.lower() == "localhost":
        hint = "127.0.0.1 and ::1 have this name without being asked"
        yield error("hosts-localhost", place, "localhost is this machine (RFC 6761 6.3)", hint)


def _check_once(
    name: str, version: int, place: Place, seen: dict[tuple[str, int], Place]
) -> Iterator[Problem]:
    """A name may have an IPv4 and an IPv6 address; of two of one kind, programs take either."""
    key = (name.lower(), version)
    if key in seen:
        yield error(
            "duplicate-name", place, f"{name!r} has an IPv{version} address already: {path_text(seen[key])}"
        )
    seen.setdefault(key, place)


def _version(address: str) -> int | None:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    # hosts(5) knows no scope: fe80::1%eth0 is an address only together with an interface.
    return None if "%" in address else parsed.version


def claims(_hosts: tuple[Host, ...], place: Place) -> Iterator[Claim]:
    yield Claim(HOSTS_PATH, place)


def plan(hosts: tuple[Host, ...], facts: Facts) -> Iterator[Step]:
    """The whole file: a block among foreign lines would be contradicted by them."""
    if hosts:
        yield Step(WriteFile(HOSTS_PATH, "".join(_lines(hosts, facts.hostname)).encode()), "hosts")


def _lines(hosts: tuple[Host, ...], hostname: str | None) -> Iterator[str]:
    yield "127.0.0.1 localhost\n"
    # Debian policy: the machine's own name resolves even without network; unless it has an address of its own here.
    given = {name.lower() for host in hosts for name in host.names}
    own = [name for name in _own_names(hostname) if name.lower() not in given]
    if own:
        yield f"127.0.1.1 {' '.join(own)}\n"
    yield "::1 localhost ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n\n"
    for host in hosts:
        yield f"{host.address} {' '.join(host.names)}\n"


def _own_names(hostname: str | None) -> list[str]:
    """With a domain, the full name first: the resolver takes that one as canonical."""
    if not hostname:
        return []
    return list(dict.fromkeys([hostname, hostname.partition(".")[0]]))
