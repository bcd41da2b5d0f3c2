"""What can be wrong with one interface by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import structs

from provision.findings import Place, Problem, error, warning
from provision.sections.hosts import is_host_name
from provision.sections.network.check_devices import check_device
from provision.sections.network.check_routes import check_gateways, check_route, check_rule
from provision.sections.network.types import KINDS, Interface, Match, takes_dhcp
from provision.sections.network.values import check_address, check_device_name, check_ip, check_mac, ip_of
from provision.sections.urls import is_ip
from provision.variables import has_variable

# Names that the kernel gives while it finds cards: systemd.link(5) warns of renaming to them.
KERNEL_NAME = re.compile(r"(?:eth|wlan|wwan|usb)\d+")


def check_interface(interface: Interface, place: Place) -> Iterator[Problem]:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", interface.name):
        hint = "letters, digits, - _ and ., at most 64 characters"
        message = f"{interface.name!r} cannot be part of a file name"
        yield error("interface-name", (*place, "name"), message, hint)
    yield from _check_what(interface, place)
    if interface.mac is not None:
        yield from check_mac(interface.mac, (*place, "mac"))
    for index, address in enumerate(interface.addresses):
        yield from check_address(address, (*place, "addresses", index))
    yield from _check_names(interface, place)
    for index, route in enumerate(interface.routes):
        yield from check_route(route, (*place, "routes", index))
    for index, rule in enumerate(interface.rules):
        yield from check_rule(rule, (*place, "rules", index))
    yield from check_gateways(interface, place)
    yield from _check_dynamic(interface, place)


def _check_what(interface: Interface, place: Place) -> Iterator[Problem]:
    """Found or made, and not both."""
    given = [key for key in ("match", *KINDS) if getattr(interface, key) is not None]
    if not given:
        hint = f"add match for an interface the machine has, or one of {', '.join(KINDS)} to make one"
        yield error("network-match", place, f"nothing says what {interface.name!r} is", hint)
    for key in given[1:]:
        problem = error("interface-twice", (*place, key), f"{given[0]} and {key} exclude each other")
        yield structs.replace(problem, at_key=True)
    if interface.match is not None:
        yield from _check_match(interface.match, (*place, "match"))
    elif given:
        yield from check_device_name(interface.name, (*place, "name"))
    yield from check_device(interface, place)
    if interface.device_name is not None:
        yield from _check_renaming(interface, interface.device_name, (*place, "device_name"))


def _check_match(match: Match, place: Place) -> Iterator[Problem]:
    keys = match.__struct_fields__
    if not any(getattr(match, key) is not None for key in keys):
        yield error("network-match", place, "nothing to match by", "add mac, name, driver or path")
    if match.mac is not None:
        yield from check_mac(match.mac, (*place, "mac"))
    words = {"name": "interface name", "driver": "driver name", "path": "device path"}
    for key, word in words.items():
        text = getattr(match, key)
        if text is not None and not has_variable(text) and not re.fullmatch(r"[^\s/]+", text):
            yield error("interface-match", (*place, key), f"{text!r} is no {word}")


def _check_renaming(interface: Interface, name: str, place: Place) -> Iterator[Problem]:
    yield from check_device_name(name, place)
    if interface.match is None:
        message = "an interface that is made has the name of its entry"
        yield structs.replace(error("device-name-made", place, message), at_key=True)
    elif interface.match.name and re.search(r"[*?\[]", interface.match.name) and not interface.match.mac:
        message = (
            f"the pattern {interface.match.name!r} can fit several interfaces, and one can have the name"
        )
        yield warning("device-name-pattern", place, message, "match by mac or path")
    if KERNEL_NAME.fullmatch(name):
        message = f"{name!r} is a name that the kernel gives too: who comes first has it"
        yield warning("device-name-kernel", place, message, "choose another name, for example lan0")


def _check_names(interface: Interface, place: Place) -> Iterator[Problem]:
    for index, server in enumerate(interface.dns):
        yield from check_ip(server, (*place, "dns", index))
    for index, domain in enumerate(interface.domains):
        if not has_variable(domain) and not is_host_name(domain.removeprefix("~")) and domain != "~.":
            yield error("domain", (*place, "domains", index), f"{domain!r} is no domain name")
    for index, server in enumerate(interface.ntp):
        if not has_variable(server) and not is_host_name(server) and not is_ip(server):
            yield error("ntp-server", (*place, "ntp", index), f"{server!r} is no host name or IP address")


def _check_dynamic(interface: Interface, place: Place) -> Iterator[Problem]:
    """DHCP, router advertisements, and options for what is not asked."""
    for key, family in (("dhcp4", "ipv4"), ("dhcp6", "ipv6")):
        if getattr(interface, key) is not None and not takes_dhcp(
            interface, "ipv4" if key == "dhcp4" else "ipv6"
        ):
            # Router advertisements can start the DHCPv6 client without `dhcp`: systemd.network(5), DHCP=.
            if key == "dhcp6" and interface.accept_ra:
                continue
            problem = warning(
                "options-unused", (*place, key), f"no DHCP is asked for {family}", "add dhcp: true"
            )
            yield structs.replace(problem, at_key=True)
    if interface.dhcp4 is not None and interface.dhcp4.hostname is not None:
        yield from _check_hostname(interface.dhcp4.hostname, (*place, "dhcp4", "hostname"))
    if interface.dhcp4 is not None and interface.dhcp4.use_mtu and interface.mtu is not None:
        problem = warning("options-unused", (*place, "dhcp4", "use_mtu"), "mtu is given, and has precedence")
        yield structs.replace(problem, at_key=True)
    no_advertisements = interface.accept_ra is False or (interface.accept_ra is None and not interface.dhcp)
    if interface.ra is not None and no_advertisements:
        hint = "add accept_ra: true"
        problem = warning("options-unused", (*place, "ra"), "router advertisements are not taken", hint)
        yield structs.replace(problem, at_key=True)
    if interface.ra is not None and interface.ra.token is not None:
        yield from _check_token(interface.ra.token, (*place, "ra", "token"))
    if interface.accept_ra and interface.link_local in (False, "ipv4"):
        message = "router advertisements need a link-local IPv6 address"
        yield structs.replace(error("ra-without-link-local", (*place, "link_local"), message), at_key=True)


def _check_hostname(text: str, place: Place) -> Iterator[Problem]:
    # systemd.network(5): "7-bit ASCII lower-case characters and no spaces or dots", else it is not sent.
    if not has_variable(text) and not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", text):
        hint = "small letters, digits and hyphens, no dots"
        yield error("dhcp-hostname", place, f"{text!r} is no host name that can be sent", hint)


def _check_token(text: str, place: Place) -> Iterator[Problem]:
    if has_variable(text) or text in ("eui64", "prefixstable"):
        return
    address = ip_of(text.removeprefix("static:").removeprefix("prefixstable:"))
    if address is None or address.version != 6:
        hint = "for example ::11, eui64 or prefixstable"
        yield error("ra-token", place, f"{text!r} is no part of an IPv6 address", hint)
