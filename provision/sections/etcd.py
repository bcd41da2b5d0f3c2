"""Section `etcd`: membership of a cluster that forms by discovery."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta, Struct, structs

from provision.actions import EnableUnit, Step, WriteFile
from provision.facts import Facts
from provision.findings import Place, Problem, did_you_mean, error
from provision.sections.claims import Claim
from provision.sections.etcd_settings import FIELDS, SETTINGS
from provision.sections.places import check_path
from provision.sections.unit_words import quoted
from provision.sections.urls import check_url, is_ip
from provision.variables import has_variable

DROPIN_PATH = "/etc/systemd/system/etcd.service.d/20-provision.conf"


class Etcd(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """This machine is a member of the etcd cluster that meets at the discovery URL."""

    discovery: Annotated[
        str,
        Meta(description="Discovery URL with token.", examples=["http://10.77.0.1:8080/discovery/0123abcd"]),
    ]
    name: Annotated[str, Meta(description="Member name, unique in the cluster.")] = "${facts.hostname}"
    listen_client_urls: Annotated[tuple[str, ...], Meta(description="Where clients are served.")] = (
        "http://${facts.ipv4}:2379",
        "http://127.0.0.1:2379",
    )
    listen_peer_urls: Annotated[tuple[str, ...], Meta(description="Where peers are served.")] = (
        "http://${facts.ipv4}:2380",
    )
    advertise_client_urls: Annotated[tuple[str, ...], Meta(description="Addresses told to clients.")] = (
        "http://${facts.ipv4}:2379",
    )
    advertise_peer_urls: Annotated[tuple[str, ...], Meta(description="Addresses told to peers.")] = (
        "http://${facts.ipv4}:2380",
    )
    data_dir: Annotated[str, Meta(description="Directory of the member's data.")] = "/var/lib/etcd/default"
    settings: Annotated[
        dict[str, str | int | float | bool],
        Meta(description="Further settings, named as etcd's flags.", examples=[{"heartbeat-interval": 500}]),
    ] = {}


def check(etcd: Etcd | None, place: Place) -> Iterator[Problem]:
    if etcd is None:
        return
    yield from check_url(etcd.discovery, (*place, "discovery"), schemes=("http", "https"))
    yield from _check_token(etcd.discovery, (*place, "discovery"))
    if not re.fullmatch(r"[^\s=,]+", etcd.name) and not has_variable(etcd.name):
        hint = "no spaces, commas or = : etcd lists members as name=url,name=url"
        yield error("etcd-name", (*place, "name"), f"{etcd.name!r} cannot name a member", hint)
    for field in ("listen_client_urls", "listen_peer_urls", "advertise_client_urls", "advertise_peer_urls"):
        yield from _check_urls(getattr(etcd, field), (*place, field))
    yield from check_path(etcd.data_dir, (*place, "data_dir"))
    for name, value in etcd.settings.items():
        yield from _check_setting(name, value, (*place, "settings", name))


def _check_token(discovery: str, place: Place) -> Iterator[Problem]:
    token = discovery.partition("://")[2].partition("/")[2].strip("/")
    if not token and not has_variable(discovery):
        hint = "the URL that the discovery service gave for this cluster"
        yield error("etcd-discovery", place, "the discovery URL has no token", hint)


def _check_urls(urls: tuple[str, ...], place: Place) -> Iterator[Problem]:
    if not urls:
        yield error(
            "etcd-no-url", place, "etcd needs at least one URL here", "remove the key for the default"
        )
    for index, text in enumerate(urls):
        here = (*place, index)
        problems = list(check_url(text, here, schemes=("http", "https")))
        yield from problems or _check_member_url(text, here, listens=str(place[-1]).startswith("listen"))


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


def _check_setting(name: str, value: str | int | float | bool, place: Place) -> Iterator[Problem]:
    if name in FIELDS:
        hint = f"write {FIELDS[name]}" if FIELDS[name] else "discovery decides it"
        problem = error("etcd-setting", place, f"{name!r} is not for settings", hint)
        yield structs.replace(problem, at_key=True)
    elif name not in SETTINGS:
        flag = name.removeprefix("--").removeprefix("ETCD_").lower().replace("_", "-")
        suggestion = did_you_mean(flag, SETTINGS | FIELDS.keys())
        yield structs.replace(
            error("etcd-setting", place, f"etcd has no setting {name!r}", suggestion), at_key=True
        )
    elif isinstance(value, str) and "\n" in value:
        yield error("etcd-setting", place, "a line break cannot be part of a setting")


def claims(_etcd: Etcd, place: Place) -> Iterator[Claim]:
    yield Claim(DROPIN_PATH, place)


def plan(etcd: Etcd | None, _facts: Facts) -> Iterator[Step]:
    if etcd is None:
        return
    yield Step(WriteFile(DROPIN_PATH, _dropin(etcd).encode()), "etcd")
    yield Step(EnableUnit("etcd.service", True), "etcd")


def _dropin(etcd: Etcd) -> str:
    """The empty EnvironmentFile= keeps the distribution's /etc/default/etcd from overriding this."""
    environment = "".join(f"Environment={quoted(f'{name}={value}')}\n" for name, value in _environment(etcd))
    return (
        "[Unit]\nWants=network-online.target\nAfter=network-online.target\n\n"
        # A member waits for the others: discovery takes as long as the slowest machine.
        "[Service]\nTimeoutStartSec=infinity\nRestart=on-failure\nRestartSec=5\n"
        f"EnvironmentFile=\n{environment}"
    )


def _environment(etcd: Etcd) -> Iterator[tuple[str, str]]:
    yield "ETCD_NAME", etcd.name
    yield "ETCD_DATA_DIR", etcd.data_dir
    yield "ETCD_DISCOVERY", etcd.discovery
    yield "ETCD_DISCOVERY_FALLBACK", "exit"  # the default, proxy, would hide that the cluster is full
    yield "ETCD_LISTEN_CLIENT_URLS", ",".join(etcd.listen_client_urls)
    yield "ETCD_LISTEN_PEER_URLS", ",".join(etcd.listen_peer_urls)
    yield "ETCD_ADVERTISE_CLIENT_URLS", ",".join(etcd.advertise_client_urls)
    yield "ETCD_INITIAL_ADVERTISE_PEER_URLS", ",".join(etcd.advertise_peer_urls)
    for name in sorted(etcd.settings):
        value = etcd.settings[name]
        text = str(value).lower() if isinstance(value, bool) else str(value)
        yield f"ETCD_{name.upper().replace('-', '_')}", text
