"""Which address a machine gets: leases, and the pure rule that picks one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network
from typing import Protocol

# An offer not taken up within this time is free again. PXE firmware waits up to 32 s between its DISCOVERs.
OFFER_HOLD_S = 60
# How long an address is left alone after a client found another machine using it (RFC 2131 sec. 4.3.3).
DECLINE_HOLD_S = 600


class LeaseState(StrEnum):
    """What is known about an address: each state ends at the lease's expiry."""

    OFFERED = "offered"
    BOUND = "bound"
    RELEASED = "released"
    DECLINED = "declined"


@dataclass(frozen=True)
class Lease:
    """One address and the machine it was last given to. There is at most one lease per address."""

    address: IPv4Address
    mac: str
    """Lower case, with colons."""
    state: LeaseState
    expires_unix_s: int
    """Seconds since 1970, UTC. From then on the address may go to another machine."""

    def is_live(self, now_unix_s: int) -> bool:
        """Whether the address is kept for its machine (or, declined, away from all) right now."""
        return self.state is not LeaseState.RELEASED and now_unix_s < self.expires_unix_s


@dataclass(frozen=True)
class Reservation:
    """An address (and name) that belongs to one machine for good."""

    mac: str
    address: IPv4Address | None = None
    hostname: str | None = None


@dataclass(frozen=True)
class Pool:
    """A range of addresses, both ends included, for machines without a reservation."""

    first: IPv4Address
    last: IPv4Address
    excluded: frozenset[IPv4Address] = frozenset()
    """Addresses inside the range that are never given out: the server itself, the router."""

    def __contains__(self, address: IPv4Address) -> bool:
        return self.first <= address <= self.last and address not in self.excluded

    def __iter__(self) -> Iterator[IPv4Address]:
        for number in range(int(self.first), int(self.last) + 1):
            address = IPv4Address(number)
            if address not in self.excluded:
                yield address


@dataclass(frozen=True)
class Refusal:
    """No address can be given, and why."""

    reason: str


class LeaseStore(Protocol):
    """Where leases outlive the server."""

    def leases(self) -> Iterable[Lease]:
        """All leases, one per address."""

    def save_lease(self, lease: Lease) -> None:
        """Keep this lease durably before returning; it replaces what was kept for `lease.address`."""


@dataclass(frozen=True)
class AddressPlan:
    """Which addresses there are to give, and which of them belong to a machine."""

    network: IPv4Network
    pool: Pool | None
    """None: only machines with a reserved address get one."""
    reservations: Mapping[str, Reservation]
    """By MAC address."""

    def is_common(self, address: IPv4Address) -> bool:
        """Whether any machine may get this address: in the pool, and reserved for nobody."""
        return self.pool is not None and address in self.pool and address not in self._reserved

    @cached_property
    def common(self) -> tuple[IPv4Address, ...]:
        """The addresses of the pool that any machine may get, in order; made once, as a pool may hold thousands."""
        return tuple(address for address in self.pool or () if address not in self._reserved)

    @cached_property
    def _reserved(self) -> frozenset[IPv4Address]:
        return frozenset(r.address for r in self.reservations.values() if r.address is not None)


def allocate(
    plan: AddressPlan,
    leases: Mapping[IPv4Address, Lease],
    *,
    own: Iterable[Lease],
    mac: str,
    requested: IPv4Address | None,
    now_unix_s: int,
) -> Lease | Refusal:
    """The lease to offer: the reserved address, else the earlier one, the requested one, or any free.

    `own` are the leases of the machine itself.
    """
    reservation = plan.reservations.get(mac)
    reserved = reservation.address if reservation is not None else None
    if reserved is not None and reserved in plan.network:
        return _reserved_lease(reserved, leases.get(reserved), mac, now_unix_s)
    if plan.pool is None:
        what = "no reserved address" if reserved is None else f"its reserved address {reserved} elsewhere"
        return Refusal(f"{mac} has {what}, and {plan.network} has no pool of addresses")
    for lease in own:
        if plan.is_common(lease.address) and not _is_declined(lease, now_unix_s):
            return lease if lease.is_live(now_unix_s) else _offer(lease.address, mac, now_unix_s)
    if requested is not None and plan.is_common(requested) and requested not in leases:
        return _offer(requested, mac, now_unix_s)
    free = _free_address(plan, leases, now_unix_s)
    if free is None:
        return Refusal(f"all addresses from {plan.pool.first} to {plan.pool.last} are in use")
    return _offer(free, mac, now_unix_s)


def _reserved_lease(address: IPv4Address, held: Lease | None, mac: str, now_unix_s: int) -> Lease | Refusal:
    if held is None or not held.is_live(now_unix_s):
        return _offer(address, mac, now_unix_s)
    if held.state is LeaseState.DECLINED:
        return Refusal(f"{address} is reserved for {mac}, but a client found it in use by another machine")
    if held.mac != mac:
        return Refusal(f"{address} is reserved for {mac}, but {held.mac} still has a lease on it")
    return held


def _is_declined(lease: Lease, now_unix_s: int) -> bool:
    return lease.state is LeaseState.DECLINED and lease.is_live(now_unix_s)


def _offer(address: IPv4Address, mac: str, now_unix_s: int) -> Lease:
    return Lease(address, mac, LeaseState.OFFERED, now_unix_s + OFFER_HOLD_S)


def _free_address(
    plan: AddressPlan, leases: Mapping[IPv4Address, Lease], now_unix_s: int
) -> IPv4Address | None:
    """A never used address, else the one unused for longest: machines often come back for their own."""
    fresh = next((address for address in plan.common if address not in leases), None)
    if fresh is not None:
        return fresh
    ended = (
        lease for lease in leases.values() if plan.is_common(lease.address) and not lease.is_live(now_unix_s)
    )
    oldest = min(ended, key=lambda lease: lease.expires_unix_s, default=None)
    return oldest.address if oldest is not None else None
