"""What can be wrong between interfaces: who stands on whom, addresses, gateways."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping

from msgspec import Struct

from provision.findings import Place, Problem, did_you_mean, error, path_text, warning
from provision.sections.network.check_interface import check_interface
from provision.sections.network.stack import Above, Reference, references, what_is_above
from provision.sections.network.types import Interface, Network, kind_of
from provision.sections.network.values import IPNetwork, ip_of, mac_text, network_of
from provision.variables import has_variable

# What the kernel refuses: br_add_if() and vrf_add_slave() in drivers/net and net/bridge.
REFUSED_MEMBERS = {("bridge", "bridge"), ("vrf", "vrf"), ("bridge", "wireguard"), ("vlan", "wireguard")}


# Patterns are compared with at most so many names: a check of every pair must not take for ever.
MOST_COMPARED = 256
MOST_SUGGESTED = 20


class Claimed(Struct, frozen=True):
    """A network that an interface is in, within a VRF or, with no name, outside all."""

    domain: str
    network: IPNetwork
    place: Place

    def order(self) -> tuple[str, int, int, int]:
        network = self.network
        return self.domain, network.version, int(network.network_address), network.prefixlen

    def holds(self, other: Claimed) -> bool:
        same = (self.domain, self.network.version) == (other.domain, other.network.version)
        return same and other.network.network_address in self.network


def check(network: Network, place: Place) -> Iterator[Problem]:
    place = (*place, "interfaces")
    for index, interface in enumerate(network.interfaces):
        yield from check_interface(interface, (*place, index))
    above = what_is_above(network)
    yield from _check_references(network, place)
    yield from _check_loops(network, place)
    yield from _check_vlans(network, place)
    yield from _check_needs_address(network, above, place)
    yield from _check_addresses(network, place)
    yield from _check_overlaps(network, above, place)
    yield from _check_default_gateways(network, above, place)
    yield from _check_matches(network, place)


def _all_references(network: Network, place: Place) -> Iterator[tuple[Reference, Place]]:
    for index, interface in enumerate(network.interfaces):
        for reference in references(interface):
            yield reference, (*place, index, *reference.place)


def _by_name(network: Network) -> dict[str, Interface]:
    return {interface.name: interface for interface in network.interfaces}


def _check_references(network: Network, place: Place) -> Iterator[Problem]:
    known = _by_name(network)
    names = sorted(known)[:MOST_COMPARED]
    member_of: dict[str, Place] = {}
    unknown = 0
    for reference, here in _all_references(network, place):
        lower = known.get(reference.lower)
        if lower is None:
            unknown += 1
            close = did_you_mean(reference.lower, names) if unknown <= MOST_SUGGESTED else None
            hint = close or "name another entry of network.interfaces"
            yield error("unknown-interface", here, f"there is no interface {reference.lower!r}", hint)
        elif (reference.kind, kind_of(lower)) in REFUSED_MEMBERS:
            message = f"a {kind_of(lower)} cannot be below a {reference.kind}"
            yield error("member-kind", here, message)
        if reference.kind != "vlan":
            earlier = member_of.setdefault(reference.lower, here)
            if earlier is not here:
                message = f"{reference.lower!r} is a member at {path_text(earlier)} already"
                yield error("member-twice", here, message, "an interface is a member of one thing at most")


def _check_loops(network: Network, place: Place) -> Iterator[Problem]:
    """Removes what stands on nothing, again and again: what is left at the end goes round."""
    waiting: dict[str, set[str]] = {}
    uppers: dict[str, set[str]] = {}
    for reference, _ in _all_references(network, place):
        waiting.setdefault(reference.upper.name, set()).add(reference.lower)
        uppers.setdefault(reference.lower, set()).add(reference.upper.name)
    free = [name for name in uppers if name not in waiting]
    while free:
        lower = free.pop()
        for upper in uppers.get(lower, ()):
            waiting[upper].discard(lower)
            if not waiting[upper]:
                del waiting[upper]
                free.append(upper)
    for reference, here in _all_references(network, place):
        if reference.lower in waiting and reference.upper.name in waiting:
            loop = _loop_from(reference.lower, waiting)
            message = f"{' stands on '.join([*loop, loop[0]])}: none of them can come first"
            yield error("network-loop", here, message)
            return


def _loop_from(name: str, waiting: Mapping[str, set[str]]) -> list[str]:
    seen: list[str] = []
    while name not in seen:
        seen.append(name)
        # Every name still waiting stands on another that is.
        name = min(lower for lower in waiting[name] if lower in waiting)
    return seen[seen.index(name) :]


def _check_vlans(network: Network, place: Place) -> Iterator[Problem]:
    known = _by_name(network)
    seen: dict[tuple[str, int], Place] = {}
    for index, interface in enumerate(network.interfaces):
        vlan = interface.vlan
        if vlan is None:
            continue
        here = (*place, index, "vlan", "id")
        earlier = seen.setdefault((vlan.parent, vlan.id), here)
        if earlier is not here:
            message = f"{vlan.parent!r} has VLAN {vlan.id} at {path_text(earlier[:-2])} already"
            yield error("vlan-twice", here, message)
        parent = known.get(vlan.parent)
        if parent is not None and interface.mtu and parent.mtu and interface.mtu > parent.mtu:
            message = f"a VLAN's packets cannot be larger than those of {vlan.parent!r}, {parent.mtu} bytes"
            yield error("vlan-mtu", (*place, index, "mtu"), message)


def _check_needs_address(network: Network, above: Mapping[str, Above], place: Place) -> Iterator[Problem]:
    for index, interface in enumerate(network.interfaces):
        on_it = above.get(interface.name, Above())
        here = (*place, index)
        if on_it.joined and (interface.addresses or interface.dhcp):
            master = on_it.master.name if on_it.master else ""
            key = "addresses" if interface.addresses else "dhcp"
            message = f"a member of a {on_it.master_kind} does not use addresses of its own"
            yield warning("member-address", (*here, key), message, f"give them to {master!r}")
        elif interface.dhcp or interface.addresses or on_it.master or on_it.vlans:
            continue
        # A bridge or VRF does its work without an address.
        elif interface.bridge is None and interface.vrf is None and not _gets_ipv6(interface):
            hint = "add addresses, or dhcp: true"
            message = f"interface {interface.name!r} gets no IPv4 address"
            yield warning("network-no-address", here, message, hint)


def _gets_ipv6(interface: Interface) -> bool:
    return bool(interface.accept_ra) or interface.link_local is not None


def _check_addresses(network: Network, place: Place) -> Iterator[Problem]:
    seen: dict[str, Place] = {}
    for index, interface in enumerate(network.interfaces):
        for number, text in enumerate(interface.addresses):
            here = (*place, index, "addresses", number)
            address = ip_of(text.partition("/")[0])
            if address is None:
                continue
            earlier = seen.setdefault(str(address), here)
            if earlier is not here:
                yield error("duplicate-address", here, f"{address} is at {path_text(earlier)} already")


def _check_overlaps(network: Network, above: Mapping[str, Above], place: Place) -> Iterator[Problem]:
    """Two interfaces in one network: the kernel answers and sends by either. In two VRFs they are apart."""
    inside: list[Claimed] = []  # each in the one before it: two networks are nested or apart
    for claimed in sorted(_networks(network, above, place), key=Claimed.order):
        while inside and not inside[-1].holds(claimed):
            inside.pop()
        other = next((wider for wider in inside if wider.place[:-2] != claimed.place[:-2]), None)
        if other is not None:
            first, last = sorted((other.place, claimed.place), key=lambda at: (at[-3], at[-1]))
            message = f"the network overlaps with that of {path_text(first)}"
            hint = "which interface is used is not defined; give one of them another network"
            yield warning("network-overlap", last, message, hint)
        inside.append(claimed)


def _networks(network: Network, above: Mapping[str, Above], place: Place) -> Iterator[Claimed]:
    for index, interface in enumerate(network.interfaces):
        for number, text in enumerate(interface.addresses):
            found = None if has_variable(text) else network_of(text)
            # A single address takes no network, and every link has its own link-local one.
            if found is not None and found.prefixlen < found.max_prefixlen and not found.is_link_local:
                here = (*place, index, "addresses", number)
                yield Claimed(_domain(interface, above), found, here)


def _domain(interface: Interface, above: Mapping[str, Above]) -> str:
    """Name of the VRF that the interface is in, or nothing."""
    on_it = above.get(interface.name, Above())
    return on_it.master.name if on_it.master is not None and on_it.master_kind == "vrf" else ""


def _check_default_gateways(network: Network, above: Mapping[str, Above], place: Place) -> Iterator[Problem]:
    seen: dict[tuple[object, ...], Place] = {}
    for index, interface in enumerate(network.interfaces):
        for version, table, metric, below in _default_routes(interface):
            here = (*place, index, *below)
            where = (version, table or _domain(interface, above), metric)
            earlier = seen.setdefault(where, here)
            if earlier is not here:
                message = f"a default gateway is at {path_text(earlier)} already"
                hint = "remove one, or give each a metric as a route to 0.0.0.0/0 or ::/0"
                yield warning("two-default-gateways", here, message, hint)


def _default_routes(interface: Interface) -> Iterator[tuple[int, object, int | None, Place]]:
    for key in ("gateway", "gateway6"):
        address = ip_of(getattr(interface, key))
        if address is not None:
            yield address.version, None, None, (key,)
    for index, route in enumerate(interface.routes):
        network = network_of(route.destination)
        if network is not None and network.prefixlen == 0 and route.type in (None, "unicast"):
            table = None if route.table in ("main", 254) else route.table  # 254: RT_TABLE_MAIN
            yield network.version, table, route.metric, ("routes", index)


def _check_matches(network: Network, place: Place) -> Iterator[Problem]:
    seen: dict[tuple[str | None, ...], Place] = {}
    made = [interface for interface in network.interfaces if interface.match is None]
    for index, interface in enumerate(network.interfaces):
        match = interface.match
        if match is None:
            continue
        here = (*place, index, "match")
        keys = (mac_text(match.mac), match.name, match.driver, match.path)
        earlier = seen.setdefault(keys, here) if any(keys) else here
        if earlier is not here:
            message = f"{path_text(earlier)} matches the same interface: only one of them is used"
            yield error("duplicate-match", here, message)
        if match.name is not None and (match.mac, match.driver, match.path) == (None, None, None):
            yield from _check_shadows(interface, match.name, made, (*here, "name"))


def _check_shadows(
    interface: Interface, pattern: str, made: list[Interface], place: Place
) -> Iterator[Problem]:
    """networkd takes the first file, by name, that fits: systemd.network(5)."""
    for other in made[:MOST_COMPARED]:
        if fnmatch.fnmatchcase(other.name, pattern) and interface.name < other.name:
            message = f"{pattern!r} fits {other.name!r} as well, and 10-{interface.name}.network comes first"
            yield error("match-too-wide", place, message, "use a narrower pattern, or match by mac")
            return
