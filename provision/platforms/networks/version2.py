"""Version 2 of cloud-init's network configuration, which is netplan's: devices by kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, structs

from provision.platforms.metadata import converted
from provision.platforms.networks.addresses import destination, gateways, is_default, with_prefix
from provision.platforms.networks.bonds import bond
from provision.platforms.networks.dhcp import dhcp
from provision.sections.network.devices import Bridge, Vlan
from provision.sections.network.types import DhcpV4, Interface, Match, Network, Route


class MatchEntry(Struct, frozen=True):
    macaddress: str | None = None
    name: str | None = None
    driver: str | list[str] | None = None


class RouteEntry(Struct, frozen=True, rename="kebab"):
    to: str
    via: str | None = None
    metric: int | None = None
    on_link: bool | None = None


class Servers(Struct, frozen=True):
    addresses: tuple[str, ...] | None = ()
    search: tuple[str, ...] | None = ()


class Overrides(Struct, frozen=True, rename="kebab"):
    use_dns: bool | None = None
    use_routes: bool | None = None
    use_domains: bool | None = None
    use_ntp: bool | None = None
    use_hostname: bool | None = None
    use_mtu: bool | None = None
    route_metric: int | None = None


class Device(Struct, frozen=True, rename="kebab"):
    match: MatchEntry | None = None
    set_name: str | None = None
    macaddress: str | None = None
    dhcp4: bool = False
    dhcp6: bool = False
    dhcp4_overrides: Overrides | None = None
    accept_ra: bool | None = None
    addresses: tuple[str | dict[str, Any], ...] = ()
    gateway4: str | None = None
    gateway6: str | None = None
    nameservers: Servers | None = None
    routes: tuple[RouteEntry, ...] = ()
    mtu: int | None = None
    optional: bool | None = None
    id: int = 0
    link: str = ""
    interfaces: tuple[str, ...] = ()
    parameters: Mapping[str, Any] | None = None


KINDS = ("ethernets", "bonds", "bridges", "vlans")
# `renderer` chooses a program, of which there is one here.
PASSED_OVER = {"version", "renderer"}


def network(described: Mapping[str, Any]) -> tuple[Network | None, tuple[str, ...]]:
    interfaces: list[Interface] = []
    for kind in KINDS:
        devices = described.get(kind) or {}
        for name, device in converted(devices, dict[str, Device], f"network configuration: {kind}").items():
            interfaces.append(_interface(str(name), device, kind))
    return (Network(interfaces=tuple(interfaces)) if interfaces else None), tuple(_refusals(described))


def _refusals(described: Mapping[str, Any]) -> Iterator[str]:
    for kind in described:
        if kind not in KINDS and kind not in PASSED_OVER:
            yield f"network configuration: {kind!r} is not carried out"
    known = {field.encode_name for field in structs.fields(Device)} | PASSED_OVER
    for kind in KINDS:
        for name, device in (described.get(kind) or {}).items():
            for key in device or {}:
                if key not in known:
                    yield f"network configuration: {kind}.{name}: {key!r} is not carried out"


def _interface(name: str, device: Device, kind: str) -> Interface:
    routes = [_route(route) for route in device.routes]
    ways_out = [device.gateway4, device.gateway6]
    ways_out += [route.gateway for route in routes if is_default(route.destination) and not route.metric]
    gateway, gateway6 = gateways([way for way in ways_out if way])
    servers = device.nameservers or Servers()
    made = Interface(
        name=name,
        dhcp=dhcp(device.dhcp4, device.dhcp6),
        dhcp4=_dhcp4(device.dhcp4_overrides) if device.dhcp4 else None,
        accept_ra=device.accept_ra,
        addresses=tuple(_address(address) for address in device.addresses),
        gateway=gateway,
        gateway6=gateway6,
        routes=tuple(route for route in routes if not is_default(route.destination) or route.metric),
        dns=servers.addresses or (),
        domains=servers.search or (),
        mtu=device.mtu,
        mac=device.macaddress.lower() if device.macaddress else None,
        required_for_online=False if device.optional else None,
    )
    return _with_device(made, name, device, kind)


def _with_device(made: Interface, name: str, device: Device, kind: str) -> Interface:
    if kind == "bonds":
        return structs.replace(made, bond=bond(device.interfaces, device.parameters or {}))
    if kind == "bridges":
        return structs.replace(made, bridge=Bridge(members=device.interfaces))
    if kind == "vlans":
        return structs.replace(made, vlan=Vlan(parent=device.link, id=device.id))
    match = device.match or MatchEntry(name=name)
    driver = match.driver if isinstance(match.driver, str) else next(iter(match.driver or ()), None)
    mac = match.macaddress.lower() if match.macaddress else None
    return structs.replace(
        made, match=Match(mac=mac, name=match.name, driver=driver), device_name=device.set_name
    )


def _dhcp4(overrides: Overrides | None) -> DhcpV4 | None:
    if overrides is None:
        return None
    return DhcpV4(**{name: getattr(overrides, name) for name in overrides.__struct_fields__})


def _address(address: str | dict[str, Any]) -> str:
    """Also `{10.0.0.5/24: {label: …}}`."""
    return with_prefix(address if isinstance(address, str) else str(next(iter(address))), None)


def _route(route: RouteEntry) -> Route:
    is_ipv6 = route.via is not None and ":" in route.via
    to = "::/0" if route.to == "default" and is_ipv6 else destination(route.to)
    return Route(destination=to, gateway=route.via, metric=route.metric, on_link=route.on_link)
