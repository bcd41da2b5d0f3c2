"""Section `proxy`: how programs reach the web."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from provision.actions import Step, WriteFile
from provision.facts import Facts
from provision.findings import Place, Problem, error, warning
from provision.sections.claims import Claim
from provision.sections.hidden import HiddenText
from provision.sections.hosts import is_host_name
from provision.sections.unit_words import quoted
from provision.sections.urls import check_url
from provision.variables import has_variable

# For services, for users' services, and for login shells: nothing else reaches all three.
SYSTEM_PATH = "/etc/systemd/system.conf.d/10-provision-proxy.conf"
USER_PATH = "/etc/environment.d/10-provision-proxy.conf"
SHELL_PATH = "/etc/profile.d/provision-proxy.sh"

SCHEMES = ("http", "https")
# What no shell and no parser of environment files takes for something else; RFC 3986 has %XX for the rest.
PLAIN = re.compile(r"[A-Za-z0-9._~:/?#@!%+,=\[\]-]+")


class Proxy(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The web proxy, named as in the environment of programs: `http` alone would name too much to be hidden."""

    http_proxy: Annotated[
        HiddenText | None,
        Meta(
            description="Proxy for http, http://HOST:PORT; user and password in it stay secret in all output, "
            "but every user of the machine can read them.",
            extra={"secret": True},
        ),
    ] = None
    https_proxy: Annotated[
        HiddenText | None,
        Meta(
            description="Proxy for https, usually the same URL. Secret, see http_proxy.",
            extra={"secret": True},
        ),
    ] = None
    no_proxy: Annotated[
        tuple[str, ...],
        Meta(
            description="What is reached directly: host names, .domains, addresses, networks; * for everything.",
            examples=[["localhost", "127.0.0.1", ".lab.example", "10.77.0.0/24"]],
        ),
    ] = ()


def check(proxy: Proxy, place: Place) -> Iterator[Problem]:
    for field in ("http_proxy", "https_proxy"):
        secret = getattr(proxy, field)
        if secret is not None:
            yield from _check_proxy(secret.reveal(), (*place, field))
    for index, name in enumerate(proxy.no_proxy):
        if not has_variable(name) and not _is_exception(name):
            hint = "a host name, .domain, address, network, host:port, or *"
            yield error("no-proxy", (*place, "no_proxy", index), f"{name!r} names nothing", hint)
    if proxy.no_proxy and proxy.http_proxy is None and proxy.https_proxy is None:
        message = "exceptions without a proxy do nothing"
        yield warning("no-proxy-alone", (*place, "no_proxy"), message, "add http_proxy or https_proxy")


def _check_proxy(text: str, place: Place) -> Iterator[Problem]:
    """Says what is wrong without a character of the URL: any part of it may be the password."""
    if not text.lower().startswith(tuple(f"{scheme}://" for scheme in SCHEMES)):
        yield error("url", place, "no URL of a proxy", "write http://host:port")
        return
    if not PLAIN.fullmatch(text):
        hint = "write such characters of user or password as %XX: $ is %24, a space is %20"
        yield error("proxy-characters", place, "characters that shells or URLs take for something else", hint)
        return
    problems = list(check_url(text, place, schemes=SCHEMES))
    yield from problems
    if problems:
        return
    url = urlsplit(text)
    if url.scheme == "http" and url.password is not None:
        message = "anyone on the network can read the password that is sent to the proxy over http"
        yield warning("proxy-in-clear", place, message, "write https, if the proxy speaks it")
    if url.path not in ("", "/") or url.query or url.fragment:
        yield error("proxy-path", place, "the URL of a proxy ends after the port")
    elif url.port is None:
        hint = "3128 and 8080 are usual"
        yield warning("proxy-port", place, "without a port curl asks port 1080, others 80 or 443", hint)


def _is_exception(text: str) -> bool:
    if text == "*" or _is_network(text.strip("[]")):
        return True
    name, _, port = text.partition(":")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        return False
    return is_host_name(name.removeprefix("*").removeprefix("."))


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def claims(_proxy: Proxy, place: Place) -> Iterator[Claim]:
    for path in (SYSTEM_PATH, USER_PATH, SHELL_PATH):
        yield Claim(path, place)


def plan(proxy: Proxy, _facts: Facts) -> Iterator[Step]:
    variables = _variables(proxy)
    if not variables:
        return
    secret = any("@" in value for value in variables.values())
    system = "[Manager]\nDefaultEnvironment=" + " ".join(
        quoted(f"{name}={value}") for name, value in variables.items()
    )
    user = "".join(f"{name}={value}\n" for name, value in variables.items())
    shell = "".join(f"export {name}='{value}'\n" for name, value in variables.items())
    yield Step(WriteFile(SYSTEM_PATH, f"{system}\n".encode(), secret=secret), "proxy")
    yield Step(WriteFile(USER_PATH, user.encode(), secret=secret), "proxy")
    yield Step(WriteFile(SHELL_PATH, shell.encode(), secret=secret), "proxy")


def _variables(proxy: Proxy) -> dict[str, str]:
    """In small letters and in capitals: curl reads no HTTP_PROXY (CVE-2016-5385), others only that."""
    values = {
        "http_proxy": proxy.http_proxy.reveal() if proxy.http_proxy else "",
        "https_proxy": proxy.https_proxy.reveal() if proxy.https_proxy else "",
        "no_proxy": ",".join(proxy.no_proxy),
    }
    given = {name: value for name, value in values.items() if value}
    return given | {name.upper(): value for name, value in given.items()}
