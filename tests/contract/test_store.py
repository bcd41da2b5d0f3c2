"""The store contract, run on every backend."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from pxeserver.boot.events import Event, Result
from pxeserver.boot.policy import Arming
from pxeserver.dhcp.leases import Lease, LeaseState
from pxeserver.discovery.registry import Registry, new_registry, register
from pxeserver.errors import StoreError
from pxeserver.store.contract import ScriptGrant, SeenMachine, Store
from pxeserver.store.sqlite import DATABASE_NAME, SqliteStore

MAC = "52:54:00:77:00:01"
OTHER = "52:54:00:77:00:02"
TOKEN = "0123456789abcdef0123456789abcdef"
Open = Callable[[], Store]

BACKENDS: dict[str, Callable[[Path], Store]] = {
    "sqlite": lambda folder: SqliteStore.open(folder / DATABASE_NAME),
}


@pytest.fixture(params=sorted(BACKENDS))
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the same store each time, as a server that was killed and started again does."""
    opened: list[Store] = []

    def open_again() -> Store:
        opened.append(BACKENDS[request.param](tmp_path))
        return opened[-1]

    yield open_again
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Open) -> Store:
    return open_store()


def ok(step: str, mac: str = MAC, message: str = "") -> Event:
    return Event(mac, step, Result.OK, message)


def grant(number: int, address: str = "10.77.0.11") -> ScriptGrant:
    return ScriptGrant(f"digest {number}", address)


def test_events_find_their_boot(store: Store) -> None:
    store.record(ok("offer"), at=1.0)
    store.record(ok("script"), at=2.0, grant=grant(1))
    store.record(ok("offer"), at=3.0)
    store.record(ok("script"), at=4.0, grant=grant(2))
    store.record_in(1, ok("image"), at=5.0)

    assert [(e.event.step, e.at) for e in store.boot_events(MAC, 1)] == [
        ("offer", 1.0),
        ("script", 2.0),
        ("image", 5.0),
    ]
    assert [e.event.step for e in store.boot_events(MAC, 2)] == ["offer", "script"]


def test_an_event_comes_back_as_it_was(store: Store) -> None:
    event = Event(MAC, "apply", Result.FAILED, "no such host", "files[0].source", 120, 3)
    stored = store.record(event, at=7.5)

    assert stored is not None
    assert (stored.boot, stored.at, stored.event) == (1, 7.5, event)
    assert store.machine_events(MAC, 10) == (stored,)
    assert store.newest_events(10) == (stored,)
    assert store.events_after(stored.id - 1, 10) == (stored,)
    assert store.events_after(stored.id, 10) == ()


def test_the_same_event_twice_in_a_boot_is_stored_once(store: Store) -> None:
    assert store.record(ok("offer"), at=1.0) is not None
    assert store.record(ok("offer"), at=2.0) is None
    assert store.record(ok("offer", message="another address"), at=3.0) is not None
    assert store.record(ok("offer", OTHER), at=4.0) is not None


def test_what_happens_to_the_server_itself_is_stored_each_time(store: Store) -> None:
    assert store.record_in(0, ok("inventory", "server"), at=1.0) is not None
    assert store.record_in(0, ok("inventory", "server"), at=2.0) is not None


def test_a_served_script_is_what_makes_a_boot_known_by_token_and_address(store: Store) -> None:
    store.record(ok("offer"), at=1.0)
    assert store.boot_at("10.77.0.11") is None

    store.record(ok("script"), at=2.0, grant=grant(1))

    boot = store.boot_at("10.77.0.11")
    assert boot is not None
    assert (boot.machine, boot.number, boot.started_at, boot.has_script) == (MAC, 1, 1.0, True)
    assert boot.token_sha256 == "digest 1"
    assert store.latest_boot(MAC) == boot
    assert store.latest_boot(OTHER) is None


def test_an_address_belongs_to_the_machine_that_asked_last(store: Store) -> None:
    store.record(ok("script"), at=1.0, grant=grant(1))
    store.record(ok("script", OTHER), at=2.0, grant=grant(2))

    boot = store.boot_at("10.77.0.11")

    assert boot is not None
    assert boot.machine == OTHER


def test_where_a_script_went_can_be_told_later(store: Store) -> None:
    store.record(ok("script"), at=1.0, grant=replace(grant(1), address="10.77.0.9"))
    store.record(ok("script"), at=2.0, grant=replace(grant(2), address=""))

    store.save_boot_address(MAC, "10.77.0.11")

    assert [boot.address for boot in store.recent_boots(MAC, 2)] == ["10.77.0.11", "10.77.0.9"]


def test_a_machine_is_armed_until_something_else_is_said(store: Store) -> None:
    assert store.armings() == {}

    store.save_arming(MAC, Arming.ARMED)
    store.save_arming(OTHER, Arming.DISARMED)
    store.save_arming(MAC, Arming.DONE)

    assert store.armings() == {MAC: Arming.DONE, OTHER: Arming.DISARMED}


def test_recent_boots_come_newest_first(store: Store) -> None:
    for number in range(1, 6):
        store.record(ok("script"), at=float(number), grant=grant(number))

    assert [boot.number for boot in store.recent_boots(MAC, 3)] == [5, 4, 3]


def test_what_a_machine_said_about_itself_is_replaced_when_it_speaks_again(store: Store) -> None:
    store.save_seen(SeenMachine(MAC, "u", "s", "i386", "10.77.0.150", 1.0))
    newer = SeenMachine(MAC, "u", "s", "x86_64", "10.77.0.11", 2.0, {"rack": "a1"})
    store.save_seen(newer)

    assert store.seen(MAC) == newer
    assert store.seen(OTHER) is None
    assert store.seen_machines() == (newer,)


def test_there_is_one_lease_for_an_address(store: Store) -> None:
    store.save_lease(Lease(IPv4Address("10.77.0.100"), MAC, LeaseState.BOUND, 500))
    newer = Lease(IPv4Address("10.77.0.100"), OTHER, LeaseState.DECLINED, 900)
    store.save_lease(newer)

    assert tuple(store.leases()) == (newer,)


def test_a_registry_is_found_by_token_and_by_group(store: Store) -> None:
    registry = new_registry(TOKEN, 3)
    store.add_registry(registry, group="nodes", at=1.0)

    assert store.registry(TOKEN) == registry
    assert store.group_registry("nodes") == registry
    assert store.registry("f" * 32) is None
    assert store.group_registry("others") is None


def test_the_newest_token_of_a_group_counts(store: Store) -> None:
    store.add_registry(new_registry(TOKEN, 3), group="nodes", at=1.0)
    store.add_registry(new_registry("f" * 32, 5), group="nodes", at=2.0)

    assert store.group_registry("nodes") == new_registry("f" * 32, 5)


def test_a_registry_that_changed_meanwhile_is_not_overwritten(store: Store) -> None:
    old = new_registry(TOKEN, 3)
    store.add_registry(old, group=None, at=1.0)
    first, _ = register(old, "aaaa", "a=http://10.77.0.11:2380", "10.77.0.11")
    second, _ = register(old, "bbbb", "b=http://10.77.0.12:2380", "10.77.0.12")

    assert store.replace_registry(old, first)
    assert not store.replace_registry(old, second)
    assert store.registry(TOKEN) == first


def test_of_many_threads_each_registers_once(store: Store) -> None:
    store.add_registry(new_registry(TOKEN, 9), group=None, at=1.0)

    def join(number: int) -> None:
        while True:
            old = store.registry(TOKEN)
            assert isinstance(old, Registry)
            new, _ = register(
                old, f"{number}", f"n{number}=http://10.77.0.{number}:2380", f"10.77.0.{number}"
            )
            if store.replace_registry(old, new):
                return

    threads = [threading.Thread(target=join, args=(number,)) for number in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    registry = store.registry(TOKEN)
    assert registry is not None
    assert sorted(change.member for change in registry.created) == [str(number) for number in range(9)]
    assert [change.index for change in registry.created] == list(range(3, 12))


def test_everything_is_there_after_the_server_died(open_store: Open) -> None:
    before = open_store()
    registry, _ = register(new_registry(TOKEN, 3), "aaaa", "a=http://10.77.0.11:2380", "10.77.0.11")
    registry = replace(registry, told=frozenset({"10.77.0.11"}))
    before.add_registry(registry, group="nodes", at=1.0)
    before.save_lease(Lease(IPv4Address("10.77.0.100"), MAC, LeaseState.BOUND, 500))
    before.record(ok("script"), at=2.0, grant=grant(1))
    before.save_arming(MAC, Arming.DONE)

    after = open_store()  # the first one was never closed, as after kill -9

    assert after.registry(TOKEN) == registry
    assert [lease.mac for lease in after.leases()] == [MAC]
    assert after.latest_boot(MAC) == before.latest_boot(MAC)
    assert after.armings() == {MAC: Arming.DONE}


def test_a_store_that_fails_says_so(store: Store) -> None:
    store.close()

    with pytest.raises(StoreError):
        store.registry(TOKEN)
    with pytest.raises(StoreError):
        store.record(ok("offer"), at=1.0)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(b"not a database" * 100)

    with pytest.raises(StoreError, match="not a database"):
        SqliteStore.open(tmp_path / DATABASE_NAME)


def test_what_is_old_is_forgotten_but_never_the_latest_boot_of_a_machine(store: Store) -> None:
    for number in (1, 2, 3):
        store.record(ok("script"), at=number * 100.0, grant=grant(number))
        store.record(ok("apply"), at=number * 100.0 + 1)
    store.record(ok("offer", OTHER), at=50.0)
    store.record_in(0, ok("inventory", "server"), at=60.0)
    store.record_in(0, ok("inventory", "server"), at=260.0)

    # Of boot 1 its two events and itself, and the server's older notice.
    assert store.prune(200.0) == 4

    assert [boot.number for boot in store.recent_boots(MAC, 9)] == [3, 2]
    assert store.boot_events(MAC, 1) == ()
    assert [event.event.step for event in store.boot_events(MAC, 2)] == ["script", "apply"]
    assert [event.event.step for event in store.boot_events(OTHER, 1)] == ["offer"]
    assert [event.at for event in store.machine_events("server", 9)] == [260.0]
    assert store.prune(1000.0) == 4
    assert [boot.number for boot in store.recent_boots(MAC, 9)] == [3]
    assert len(store.boot_events(MAC, 3)) == 2
    assert store.prune(1000.0) == 0
    next_event = store.record(ok("script"), at=2000.0, grant=grant(4))
    assert next_event is not None
    assert next_event.boot == 4


def test_leases_are_forgotten_by_their_end(store: Store) -> None:
    for number, expires_unix_s in ((1, 100), (2, 300)):
        address = IPv4Address(f"10.77.0.{number}")
        store.save_lease(Lease(address, MAC, LeaseState.BOUND, expires_unix_s))

    assert store.prune(200.0) == 1

    assert [lease.expires_unix_s for lease in store.leases()] == [300]


def test_discovery_tokens_are_forgotten_when_nobody_can_need_them(store: Store) -> None:
    def token(number: int) -> str:
        return f"{number:032x}"

    for number, group, at in ((1, None, 1.0), (2, None, 1.0), (3, "a", 1.0), (4, "a", 2.0), (5, None, 900.0)):
        store.add_registry(new_registry(token(number), 3), group=group, at=at)
    used = store.registry(token(2))
    assert used is not None
    joined, _ = register(used, "1", "node1=http://10.77.0.11:2380", "10.77.0.11")
    assert store.replace_registry(used, joined)

    assert store.prune(500.0) == 2

    kept = [number for number in range(1, 6) if store.registry(token(number)) is not None]
    assert kept == [2, 4, 5]
