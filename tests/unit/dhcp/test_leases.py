"""Which address a machine is given."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network

import pytest

from pxeserver.dhcp.lease_book import LeaseBook
from pxeserver.dhcp.leases import AddressPlan, Lease, LeaseState, Pool, Refusal, Reservation, allocate

NOW = 1_000_000
NETWORK = IPv4Network("10.77.0.0/24")
A, B, C = "52:54:00:00:00:0a", "52:54:00:00:00:0b", "52:54:00:00:00:0c"


def ip(last: int) -> IPv4Address:
    return IPv4Address(f"10.77.0.{last}")


POOL = Pool(ip(100), ip(102), excluded=frozenset((ip(101),)))


def lease(last: int, mac: str, state: LeaseState = LeaseState.BOUND, ends_in_s: int = 100) -> Lease:
    return Lease(ip(last), mac, state, NOW + ends_in_s)


def give(
    *leases: Lease,
    mac: str = A,
    requested: int | None = None,
    pool: Pool | None = POOL,
    reservations: Iterable[Reservation] = (),
) -> Lease | Refusal:
    return allocate(
        AddressPlan(NETWORK, pool, {reservation.mac: reservation for reservation in reservations}),
        {held.address: held for held in leases},
        own=[held for held in leases if held.mac == mac],
        mac=mac,
        requested=None if requested is None else ip(requested),
        now_unix_s=NOW,
    )


def offer(last: int, mac: str = A) -> Lease:
    return Lease(ip(last), mac, LeaseState.OFFERED, NOW + 60)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(give(), offer(100), id="the first of the pool"),
        pytest.param(give(requested=102), offer(102), id="a free address it asks for"),
        pytest.param(give(requested=50), offer(100), id="asks for an address outside the pool"),
        pytest.param(give(requested=101), offer(100), id="asks for an excluded address"),
        pytest.param(give(lease(100, B)), offer(102), id="the first is in use, the second excluded"),
        pytest.param(give(lease(102, A)), lease(102, A), id="its live lease, as it is"),
        pytest.param(give(lease(102, A, ends_in_s=-9)), offer(102), id="its ended lease"),
        pytest.param(give(lease(102, A), requested=100), lease(102, A), id="its lease rather than its wish"),
        pytest.param(give(lease(102, A, LeaseState.RELEASED)), offer(102), id="the address it gave back"),
        pytest.param(give(lease(102, B, ends_in_s=-9)), offer(100), id="never used before ended"),
        pytest.param(
            give(lease(100, B, ends_in_s=-1), lease(102, C, ends_in_s=-9)), offer(102), id="ended longest ago"
        ),
        pytest.param(
            give(lease(100, A, LeaseState.DECLINED), requested=100), offer(102), id="not the one it declined"
        ),
        pytest.param(
            give(lease(100, B, LeaseState.DECLINED, -1), lease(102, C)), offer(100), id="declined long ago"
        ),
        pytest.param(
            give(lease(100, B), lease(102, C, LeaseState.OFFERED)),
            Refusal("all addresses from 10.77.0.100 to 10.77.0.102 are in use"),
            id="pool used up",
        ),
        pytest.param(
            give(pool=None),
            Refusal(f"{A} has no reserved address, and 10.77.0.0/24 has no pool of addresses"),
            id="no pool",
        ),
        pytest.param(
            give(reservations=[Reservation(B, ip(100))]), offer(102), id="an address reserved for another"
        ),
        pytest.param(
            give(lease(100, A), reservations=[Reservation(B, ip(100))]),
            offer(102),
            id="its lease has meanwhile been reserved for another",
        ),
        pytest.param(
            give(reservations=[Reservation(A, None, "a")]), offer(100), id="a name without an address"
        ),
    ],
)
def test_a_machine_without_a_reserved_address_gets(given: Lease | Refusal, expected: Lease | Refusal) -> None:
    assert given == expected


@pytest.mark.parametrize(
    ("leases", "expected"),
    [
        pytest.param([], offer(5), id="its address, inside the pool or not"),
        pytest.param([lease(5, A)], lease(5, A), id="its live lease"),
        pytest.param([lease(100, A)], offer(5), id="its address rather than an earlier one of the pool"),
        pytest.param(
            [lease(5, B, ends_in_s=-1)], offer(5), id="its address, after another's lease has ended"
        ),
        pytest.param(
            [lease(5, B)],
            Refusal(f"10.77.0.5 is reserved for {A}, but {B} still has a lease on it"),
            id="nothing while another has a lease on its address",
        ),
        pytest.param(
            [lease(5, A, LeaseState.DECLINED)],
            Refusal(f"10.77.0.5 is reserved for {A}, but a client found it in use by another machine"),
            id="nothing while its address is in use by a stranger",
        ),
    ],
)
def test_a_machine_with_a_reserved_address_gets(leases: list[Lease], expected: Lease | Refusal) -> None:
    assert give(*leases, reservations=[Reservation(A, ip(5))]) == expected


class MemoryStore:
    """Keeps what it is told to."""

    def __init__(self, *leases: Lease) -> None:
        self.kept = {held.address: held for held in leases}

    def leases(self) -> Iterable[Lease]:
        return self.kept.values()

    def save_lease(self, lease: Lease) -> None:
        self.kept[lease.address] = lease


class BrokenStore(MemoryStore):
    def save_lease(self, lease: Lease) -> None:
        raise OSError("disk full")


def test_the_book_knows_the_stores_leases() -> None:
    assert LeaseBook(MemoryStore(lease(5, A))).leases == {ip(5): lease(5, A)}


def test_an_offer_is_held_in_memory_and_a_binding_in_the_store() -> None:
    store = MemoryStore()
    book = LeaseBook(store)

    book.hold(offer(100))
    assert (book.leases, store.kept) == ({ip(100): offer(100)}, {})

    book.bind(offer(100), expires_unix_s=NOW + 600)
    assert book.leases == store.kept == {ip(100): lease(100, A, ends_in_s=600)}


def test_a_lease_that_could_not_be_stored_is_not_counted_as_given() -> None:
    book = LeaseBook(BrokenStore())

    with pytest.raises(OSError, match="disk full"):
        book.bind(offer(100), expires_unix_s=NOW + 600)

    assert book.leases == {}


def test_only_the_holder_can_release_or_decline_an_address() -> None:
    book = LeaseBook(MemoryStore(lease(100, A)))

    assert not book.release(ip(100), B, now_unix_s=NOW)
    assert not book.decline(ip(100), B, now_unix_s=NOW)
    assert not book.release(ip(99), A, now_unix_s=NOW)
    assert book.leases == {ip(100): lease(100, A)}


def test_a_released_address_is_free_and_a_declined_one_is_left_alone_for_a_while() -> None:
    store = MemoryStore(lease(100, A), lease(102, B))
    book = LeaseBook(store)

    assert book.release(ip(100), A, now_unix_s=NOW)
    assert book.decline(ip(102), B, now_unix_s=NOW)

    assert list(store.kept.values()) == [
        lease(100, A, LeaseState.RELEASED, 0),
        lease(102, B, LeaseState.DECLINED, 600),
    ]


def test_an_address_belongs_to_its_latest_machine_only() -> None:
    class Nothing:
        def leases(self) -> Iterable[Lease]:
            return (lease(100, A), lease(102, A))

        def save_lease(self, lease: Lease) -> None:
            pass

    book = LeaseBook(Nothing())
    book.hold(lease(100, B, LeaseState.OFFERED))

    assert (book.of(A), book.of(B), book.of(C)) == (
        (lease(102, A),),
        (lease(100, B, LeaseState.OFFERED),),
        (),
    )
