"""Between a packet and its answer the server reads no file and asks no database."""

from __future__ import annotations

import sqlite3
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pxeserver.arming_book import ArmingBook
from pxeserver.boot.decide import DhcpMode, Reply
from pxeserver.boot.events import Event, Result
from pxeserver.dhcp.lease_book import LeaseBook
from pxeserver.dhcp.options import MessageType
from pxeserver.dhcp.responder import Decision, Responder
from pxeserver.inventory.directive import Defaults
from pxeserver.inventory.watch import LiveInventory
from pxeserver.journal import Journal
from pxeserver.metrics import Metrics
from pxeserver.store.sqlite import SqliteStore
from pxeserver.wiring import DhcpReports, InventoryMachines
from tests.unit.dhcp.test_responder import BIOS, CLIENT, MAC, SETTINGS, packet, request
from tests.unit.inventory.directory import GOOD, write

OPENED: list[str] = []
LISTENING = threading.Event()


def _listen(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook stays for good, so it is switched."""
    if LISTENING.is_set() and event in ("open", "os.listdir", "os.scandir", "sqlite3.connect"):
        OPENED.append(f"{event} {arguments[0]!r} by {threading.current_thread().name}")


sys.addaudithook(_listen)


@dataclass
class Server:
    responder: Responder
    reports: DhcpReports
    journal: Journal
    store: SqliteStore
    statements: list[tuple[str, str]]
    """Thread and text."""

    def answer(self, message_type: MessageType) -> Decision:
        said = request() if message_type is MessageType.REQUEST else packet(message_type, BIOS)
        decision = self.responder.respond(said, port=67, source=CLIENT)
        self.reports(decision)
        return decision

    def own_statements(self) -> list[str]:
        name = threading.current_thread().name
        return [text for thread, text in self.statements if thread == name]


@pytest.fixture(params=[DhcpMode.PROXY, DhcpMode.FULL])
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    write(tmp_path, GOOD)
    inventory = LiveInventory(tmp_path, lambda _index: (), lambda _findings: None)
    inventory.reload()
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    store = SqliteStore.with_connection(connection)
    metrics = Metrics()
    journal = Journal(store, lambda: 1.0, metrics)
    settings = replace(SETTINGS, mode=request.param)
    machines = InventoryMachines(inventory, ArmingBook(store), Defaults())
    responder = Responder(settings, LeaseBook(store), machines, lambda: 1.0)
    statements: list[tuple[str, str]] = []
    connection.set_trace_callback(lambda text: statements.append((threading.current_thread().name, text)))
    OPENED.clear()
    LISTENING.set()
    yield Server(responder, DhcpReports(journal, request.param, metrics), journal, store, statements)
    LISTENING.clear()
    journal.close()


def test_a_discover_is_answered_from_memory(server: Server) -> None:
    for _ in range(50):
        assert isinstance(server.answer(MessageType.DISCOVER).outcome, Reply)

    assert OPENED == []
    assert server.own_statements() == []


def test_only_a_lease_is_made_durable_before_the_answer(server: Server) -> None:
    server.answer(MessageType.DISCOVER)
    server.answer(MessageType.REQUEST)

    assert OPENED == []
    assert [text for text in server.own_statements() if "leases" not in text and " INTO " in text] == []


def test_what_was_answered_is_recorded_all_the_same_and_in_order(server: Server) -> None:
    server.answer(MessageType.DISCOVER)
    server.journal.close()

    events = server.store.machine_events(MAC, 10)
    assert [stored.event.step for stored in events] == ["offer"]


def test_a_file_or_a_question_to_the_store_would_be_noticed(server: Server) -> None:
    Path(__file__).read_bytes()
    server.store.leases()

    assert len(OPENED) == 1
    assert len(server.own_statements()) == 1


def test_an_offer_that_waits_is_stored_before_the_script_that_follows_it(server: Server) -> None:
    server.answer(MessageType.DISCOVER)
    server.journal.record(Event(machine=MAC, step="script", result=Result.OK))

    steps = [(stored.boot, stored.event.step) for stored in server.store.machine_events(MAC, 10)]
    assert steps == [(1, "offer"), (1, "script")]
