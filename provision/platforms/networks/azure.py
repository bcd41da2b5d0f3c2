"""Azure's tree of interfaces: DHCP gives each its first address, the others are static."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from provision.sections.network.types import Interface, Network


METRIC_STEP = 100  # so that the first interface's default route wins
PREFIX_WHERE_NONE_IS_SAID = "24"


class Address(Struct, frozen=True, rename="camel"):
    private_ip_address: str = ""
    public_ip_address: str = ""


class Subnet(Struct, frozen=True):
    address: str = ""
    prefix: str = PREFIX_WHERE_NONE_IS_SAID


class Family(Struct, frozen=True, rename="camel"):
    ip_address: tuple[Address, ...] = ()
    subnet: tuple[Subnet, ...] = ()


class Nic(Struct, frozen=True, rename="camel"):
    mac_address: str
    ipv4: Family = Family()
    ipv6: Family = Family()

    @property
    def mac(self) -> str:
        """`000D3A123456` as it is written elsewhere."""
        digits = self.mac_address.lower().replace(":", "")
        return ":".join(digits[start : start + 2] for start in range(0, 12, 2))


class Nics(Struct, frozen=True):
    interface: tuple[Nic, ...] = field(default=())


def network(nics: Nics) -> Network | None:
    from provision.sections.network.types import Network

    interfaces = tuple(_interface(nic, order) for order, nic in enumerate(nics.interface))
    return Network(interfaces=interfaces) if interfaces else None


def _interface(nic: Nic, order: int) -> Interface:
    from provision.sections.network.types import DhcpV4, Interface, Match

    prefix = nic.ipv4.subnet[0].prefix if nic.ipv4.subnet else PREFIX_WHERE_NONE_IS_SAID
    return Interface(
        name=f"nic{order}",
        match=Match(mac=nic.mac),
        dhcp=True if nic.ipv6.ip_address else "ipv4",
        dhcp4=DhcpV4(route_metric=METRIC_STEP * (order + 1)),
        addresses=tuple(f"{address.private_ip_address}/{prefix}" for address in nic.ipv4.ip_address[1:]),
    )
