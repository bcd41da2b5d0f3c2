"""Which interface stands on which: members below their bond, bridge or VRF, parents below their VLANs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from provision.findings import Place
from provision.sections.network.types import Interface, Network


class Reference(Struct, frozen=True):
    """One entry names another, which it stands on. `place` is below the upper entry."""

    upper: Interface
    kind: str
    lower: str
    place: Place


class Above(Struct, frozen=True):
    """What stands on one entry: VLANs, and at most one bond, bridge or VRF that it is a member of."""

    master: Interface | None = None
    master_kind: str | None = None
    vlans: tuple[str, ...] = ()

    @property
    def joined(self) -> bool:
        """A member of a bond or bridge has no addresses of its own: they are at the whole."""
        return self.master_kind in ("bond", "bridge")


def references(interface: Interface) -> Iterator[Reference]:
    if interface.vlan is not None:
        yield Reference(interface, "vlan", interface.vlan.parent, ("vlan", "parent"))
    for kind in ("bond", "bridge", "vrf"):
        device = getattr(interface, kind)
        for index, member in enumerate(device.members if device else ()):
            yield Reference(interface, kind, member, (kind, "members", index))


def what_is_above(network: Network) -> Mapping[str, Above]:
    """By the name of the lower entry; one with nothing above it is left out."""
    found: dict[str, Above] = {}
    for interface in network.interfaces:
        for reference in references(interface):
            lower = found.get(reference.lower, Above())
            if reference.kind == "vlan":
                lower = Above(lower.master, lower.master_kind, (*lower.vlans, interface.name))
            elif lower.master is None:
                lower = Above(interface, reference.kind, lower.vlans)
            found[reference.lower] = lower
    return found
