"""The store in one SQLite file: write-ahead log, every commit flushed to the disk."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import resources
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from pxeserver.boot.events import Event, Result, StoredEvent
from pxeserver.boot.policy import Arming
from pxeserver.boot.steps import BootState, next_boot
from pxeserver.dhcp.leases import Lease, LeaseState
from pxeserver.discovery.registry import Change, Home, Registry
from pxeserver.errors import StoreError
from pxeserver.store.contract import Boot, ScriptGrant, SeenMachine

DATABASE_NAME = "pxeserver.db"
MIGRATIONS = (
    "0001_initial.sql",
    "0002_labels.sql",
    "0003_armings.sql",
)  # number n brings the database from user_version n-1 to n
BUSY_TIMEOUT_S = 10.0  # another process (`pxeserver events`) may hold the file for a moment

_SEEN = "SELECT mac, uuid, serial, arch, address, seen_at, others FROM machines"
_EVENTS = "SELECT id, boot, at, machine, step, result, message, path, duration_ms, attempt FROM events"
_BOOTS = "SELECT machine, number, started_at, has_script, token_sha256, address FROM boots"


_LATEST = "(SELECT max(number) FROM boots AS other WHERE other.machine = {table}.machine)"
# Tokens that no member has registered with, and that no group would give out.
_UNUSED_TOKENS = (
    "created_at < :before"
    " AND NOT EXISTS (SELECT 1 FROM discovery_changes AS used WHERE used.token = discovery_tokens.token)"
    " AND (group_name IS NULL OR EXISTS (SELECT 1 FROM discovery_tokens AS newer"
    " WHERE newer.group_name = discovery_tokens.group_name AND newer.created_at > discovery_tokens.created_at))"
)
# A boot goes after its events.
_PRUNING = (
    f"DELETE FROM events WHERE at < :before AND (boot = 0 OR boot < {_LATEST.format(table='events')})",  # noqa: S608
    f"DELETE FROM boots WHERE started_at < :before AND number < {_LATEST.format(table='boots')}"  # noqa: S608
    " AND NOT EXISTS (SELECT 1 FROM events WHERE events.machine = boots.machine AND events.boot = boots.number)",
    "DELETE FROM leases WHERE expires_unix_s < :before",
    f"DELETE FROM discovery_tokens WHERE {_UNUSED_TOKENS}",  # noqa: S608
)


class SqliteStore:
    """One connection behind one lock: SQLite has one writer anyway, and its answers take microseconds."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.RLock()

    @classmethod
    def open(cls, path: Path) -> SqliteStore:
        """The store in file `path`, made or brought up to date first; its folder must exist."""
        try:
            connection = sqlite3.connect(
                path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            connection.execute("PRAGMA journal_mode = WAL")
            # FULL: a registration or lease that was answered is on the disk, whatever happens to the power.
            connection.execute("PRAGMA synchronous = FULL")
            return cls.with_connection(connection)
        except sqlite3.Error as problem:
            raise StoreError(f"{path}: {problem}") from problem

    @classmethod
    def with_connection(cls, connection: sqlite3.Connection) -> SqliteStore:
        """The store in an open database, which is brought up to date first."""
        connection.execute("PRAGMA foreign_keys = ON")
        _migrate(connection)
        return cls(connection)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def save_seen(self, machine: SeenMachine) -> None:
        with self._transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO machines (mac, uuid, serial, arch, address, seen_at, others)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    machine.mac,
                    machine.uuid,
                    machine.serial,
                    machine.arch,
                    machine.address,
                    machine.seen_at,
                    json.dumps(dict(machine.others)),
                ),
            )

    def seen(self, mac: str) -> SeenMachine | None:
        rows = self._rows(_SEEN + " WHERE mac = ?", mac)
        return _seen(rows[0]) if rows else None

    def seen_machines(self) -> tuple[SeenMachine, ...]:
        return tuple(_seen(row) for row in self._rows(_SEEN + " ORDER BY mac"))

    def record(self, event: Event, *, at: float, grant: ScriptGrant | None = None) -> StoredEvent | None:
        with self._transaction() as db:
            latest = self.latest_boot(event.machine)
            state = BootState(latest.number, latest.has_script) if latest else None
            number = next_boot(state, event.step)
            db.execute(
                "INSERT OR IGNORE INTO boots (machine, number, started_at) VALUES (?, ?, ?)",
                (event.machine, number, at),
            )
            if grant is not None:
                db.execute(
                    "UPDATE boots SET has_script = 1, token_sha256 = ?, address = ?, script_at = ?"
                    " WHERE machine = ? AND number = ?",
                    (grant.token_sha256, grant.address, at, event.machine, number),
                )
            return _insert_event(db, number, event, at)

    def record_in(self, boot: int, event: Event, *, at: float) -> StoredEvent | None:
        with self._transaction() as db:
            return _insert_event(db, boot, event, at)

    def latest_boot(self, machine: str) -> Boot | None:
        boots = self.recent_boots(machine, 1)
        return boots[0] if boots else None

    def recent_boots(self, machine: str, limit: int) -> tuple[Boot, ...]:
        rows = self._rows(
            _BOOTS + " WHERE machine = ? ORDER BY number DESC LIMIT ?",
            machine,
            limit,
        )
        return tuple(_boot(row) for row in rows)

    def boot_at(self, address: str) -> Boot | None:
        rows = self._rows(_BOOTS + " WHERE address = ? ORDER BY script_at DESC LIMIT 1", address)
        return _boot(rows[0]) if rows else None

    def save_boot_address(self, machine: str, address: str) -> None:
        with self._transaction() as db:
            db.execute(
                "UPDATE boots SET address = ?1 WHERE machine = ?2"
                " AND number = (SELECT max(number) FROM boots WHERE machine = ?2)",
                (address, machine),
            )

    def boot_events(self, machine: str, boot: int) -> tuple[StoredEvent, ...]:
        rows = self._rows(_EVENTS + " WHERE machine = ? AND boot = ? ORDER BY id", machine, boot)
        return tuple(_stored_event(row) for row in rows)

    def events_after(self, event_id: int, limit: int) -> tuple[StoredEvent, ...]:
        rows = self._rows(_EVENTS + " WHERE id > ? ORDER BY id LIMIT ?", event_id, limit)
        return tuple(_stored_event(row) for row in rows)

    def newest_events(self, limit: int) -> tuple[StoredEvent, ...]:
        rows = self._rows(_EVENTS + " ORDER BY id DESC LIMIT ?", limit)
        return tuple(_stored_event(row) for row in rows)

    def machine_events(self, machine: str, limit: int) -> tuple[StoredEvent, ...]:
        rows = self._rows(_EVENTS + " WHERE machine = ? ORDER BY id DESC LIMIT ?", machine, limit)
        return tuple(_stored_event(row) for row in reversed(rows))

    def armings(self) -> dict[str, Arming]:
        return {mac: Arming(state) for mac, state in self._rows("SELECT mac, state FROM armings")}

    def save_arming(self, mac: str, arming: Arming) -> None:
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO armings (mac, state) VALUES (?, ?)", (mac, arming.value))

    def leases(self) -> tuple[Lease, ...]:
        rows = self._rows("SELECT address, mac, state, expires_unix_s FROM leases ORDER BY address")
        return tuple(
            Lease(IPv4Address(address), mac, LeaseState(state), expires)
            for address, mac, state, expires in rows
        )

    def save_lease(self, lease: Lease) -> None:
        with self._transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO leases (address, mac, state, expires_unix_s) VALUES (?, ?, ?, ?)",
                (str(lease.address), lease.mac, lease.state.value, lease.expires_unix_s),
            )

    def add_registry(self, registry: Registry, *, group: str | None, at: float) -> None:
        with self._transaction() as db:
            db.execute(
                "INSERT INTO discovery_tokens (token, group_name, size, created_at) VALUES (?, ?, ?, ?)",
                (registry.token, group, registry.size, at),
            )
            _insert_news(db, Registry(registry.token, registry.size), registry)

    def registry(self, token: str) -> Registry | None:
        sizes = self._rows("SELECT size FROM discovery_tokens WHERE token = ?", token)
        if not sizes:
            return None
        changes = self._rows(
            "SELECT idx, action, member, value FROM discovery_changes WHERE token = ? ORDER BY idx", token
        )
        homes = self._rows("SELECT member, address FROM discovery_homes WHERE token = ?", token)
        told = self._rows("SELECT address FROM discovery_told WHERE token = ?", token)
        return Registry(
            token=token,
            size=sizes[0][0],
            changes=tuple(Change(*row) for row in changes),
            homes=frozenset(Home(*row) for row in homes),
            told=frozenset(address for (address,) in told),
        )

    def group_registry(self, group: str) -> Registry | None:
        rows = self._rows(
            "SELECT token FROM discovery_tokens WHERE group_name = ? ORDER BY created_at DESC LIMIT 1", group
        )
        return self.registry(rows[0][0]) if rows else None

    def replace_registry(self, old: Registry, new: Registry) -> bool:
        with self._transaction() as db:
            if self.registry(old.token) != old:
                return False
            _insert_news(db, old, new)
            return True

    def prune(self, before: float) -> int:
        with self._transaction() as db:
            return sum(db.execute(statement, {"before": before}).rowcount for statement in _PRUNING)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                with self._connection:  # commits, or rolls back on any exception
                    yield self._connection
            except sqlite3.Error as problem:
                raise StoreError(f"state database: {problem}") from problem

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.Error as problem:
                raise StoreError(f"state database: {problem}") from problem


def _migrate(connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise StoreError(f"the state database has version {version}, this program knows {len(MIGRATIONS)}")
    folder = resources.files("pxeserver.store") / "migrations"
    for number, name in enumerate(MIGRATIONS[version:], start=version + 1):
        script = (folder / name).read_text()
        connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")


def _insert_event(db: sqlite3.Connection, boot: int, event: Event, at: float) -> StoredEvent | None:
    key = (
        event.machine,
        boot,
        event.step,
        event.result.value,
        event.message,
        event.path,
        event.attempt,
    )
    cursor = db.execute(
        "INSERT INTO events (machine, boot, step, result, message, path, attempt, duration_ms, at)"
        " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE ?2 = 0 OR NOT EXISTS (SELECT 1 FROM events WHERE"
        " machine = ?1 AND boot = ?2 AND step = ?3 AND result = ?4 AND message = ?5 AND path IS ?6"
        " AND attempt = ?7)",
        (*key, event.duration_ms, at),
    )
    if cursor.rowcount == 0 or cursor.lastrowid is None:
        return None
    return StoredEvent(id=cursor.lastrowid, boot=boot, at=at, event=event)


def _insert_news(db: sqlite3.Connection, old: Registry, new: Registry) -> None:
    """A registry only grows."""
    token = new.token
    db.executemany(
        "INSERT INTO discovery_changes (token, idx, action, member, value) VALUES (?, ?, ?, ?, ?)",
        [(token, c.index, c.action, c.member, c.value) for c in new.changes[len(old.changes) :]],
    )
    db.executemany(
        "INSERT INTO discovery_homes (token, member, address) VALUES (?, ?, ?)",
        [(token, home.member, home.address) for home in sorted(new.homes - old.homes)],
    )
    db.executemany(
        "INSERT INTO discovery_told (token, address) VALUES (?, ?)",
        [(token, address) for address in sorted(new.told - old.told)],
    )


def _seen(row: Any) -> SeenMachine:
    mac, uuid, serial, arch, address, seen_at, others = row
    return SeenMachine(mac, uuid, serial, arch, address, seen_at, json.loads(others))


def _boot(row: Any) -> Boot:
    machine, number, started_at, has_script, token_sha256, address = row
    return Boot(machine, number, started_at, bool(has_script), token_sha256, address)


def _stored_event(row: Any) -> StoredEvent:
    id_, boot, at, machine, step, result, message, path, duration_ms, attempt = row
    event = Event(
        machine=machine,
        step=step,
        result=Result(result),
        message=message,
        path=path,
        duration_ms=duration_ms,
        attempt=attempt,
    )
    return StoredEvent(id=id_, boot=boot, at=at, event=event)


def open_existing(folder: Path) -> SqliteStore:
    """The store that a server keeps in `folder`; a StoreError says so when there is none."""
    path = folder / DATABASE_NAME
    if not path.is_file():
        raise StoreError(f"{path}: no such file; name the server's state directory with --state")
    return SqliteStore.open(path)


def copy_of(folder: Path) -> SqliteStore:
    """A copy in memory of the store in `folder`, empty when there is none: what is tried on it changes nothing."""
    copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    path = folder / DATABASE_NAME
    try:
        if path.is_file():
            with closing(
                sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S)
            ) as original:
                original.backup(copy)
        return SqliteStore.with_connection(copy)
    except sqlite3.Error as problem:
        raise StoreError(f"{path}: {problem}") from problem
