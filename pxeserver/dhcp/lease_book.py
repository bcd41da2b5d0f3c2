"""All leases in memory, every binding written through to the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from ipaddress import IPv4Address
from types import MappingProxyType

from pxeserver.dhcp.leases import DECLINE_HOLD_S, Lease, LeaseState, LeaseStore

NOBODY = "00:00:00:00:00:00"  # whoever uses an address that was never leased


class LeaseBook:
    """The index that answers without asking the store: firmware gives up on an answer that is late."""

    def __init__(self, store: LeaseStore) -> None:
        self._store = store
        self._leases: dict[IPv4Address, Lease] = {}
        self._of: dict[str, dict[IPv4Address, Lease]] = {}
        for lease in store.leases():
            self._put(lease)

    @property
    def leases(self) -> Mapping[IPv4Address, Lease]:
        """The leases by address: live, ended and declined."""
        return MappingProxyType(self._leases)

    def of(self, mac: str) -> Iterable[Lease]:
        """The machine's own, oldest first: found at once, however many machines there are."""
        return tuple(self._of.get(mac, {}).values())

    def hold(self, lease: Lease) -> None:
        """Keep an offered address for its machine; in memory only, as after a restart it is offered again."""
        self._put(lease)

    def bind(self, lease: Lease, *, expires_unix_s: int) -> None:
        """Give the address to its machine; durable when this returns."""
        self._save(replace(lease, state=LeaseState.BOUND, expires_unix_s=expires_unix_s))

    def release(self, address: IPv4Address, mac: str, *, now_unix_s: int) -> bool:
        """End the machine's lease. False if it has none on this address, and nothing changes."""
        return self._end(address, mac, LeaseState.RELEASED, now_unix_s)

    def decline(self, address: IPv4Address, mac: str, *, now_unix_s: int) -> bool:
        """Keep the address from everybody for a while. False if it is not this machine's to decline."""
        return self._end(address, mac, LeaseState.DECLINED, now_unix_s + DECLINE_HOLD_S)

    def set_aside(self, address: IPv4Address, *, now_unix_s: int) -> None:
        """Keep an address from everybody for a while: a machine that has no lease answers on it."""
        self._save(Lease(address, NOBODY, LeaseState.DECLINED, now_unix_s + DECLINE_HOLD_S))

    def _end(self, address: IPv4Address, mac: str, state: LeaseState, expires_unix_s: int) -> bool:
        lease = self._leases.get(address)
        if lease is None or lease.mac != mac:
            return False
        self._save(replace(lease, state=state, expires_unix_s=expires_unix_s))
        return True

    def _save(self, lease: Lease) -> None:
        self._store.save_lease(lease)
        self._put(lease)

    def _put(self, lease: Lease) -> None:
        before = self._leases.get(lease.address)
        if before is not None and before.mac != lease.mac:
            del self._of[before.mac][lease.address]
        self._leases[lease.address] = lease
        self._of.setdefault(lease.mac, {})[lease.address] = lease
