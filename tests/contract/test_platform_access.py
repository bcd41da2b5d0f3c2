"""The platforms' access to the world against real sockets: deadlines, retries that are said, requests with a method."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from provision.errors import AnswerError, SourceError
from provision.platforms.access import access, first_mac, interfaces
from provision.platforms.contract import Access, Deadline
from provision.platforms.observation import Observation
from provision.platforms.service import Service, first_of


def reaching(tmp_path: Path, deadline_s: float, said: list[str] | None = None) -> Access:
    deadline = Deadline(time.monotonic() + deadline_s)
    say = (said if said is not None else []).append
    return access(tmp_path, Observation(), deadline, state=tmp_path / "state", say=say)


@pytest.fixture
def silent() -> Iterator[str]:
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def busy() -> Iterator[str]:
    """Answers 503 twice, and then what was asked."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for status in ("503 Busy", "503 Busy", "200 OK"):
                connection, _ = listening.accept()
                with connection:
                    line = connection.recv(4096).split(b"\r\n")[0]
                    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(line)}\r\nConnection: close\r\n\r\n"
                    connection.sendall(head.encode() + line)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_all_questions_of_a_search_share_one_deadline(silent: str, tmp_path: Path) -> None:
    reach, begun = reaching(tmp_path, 1.0), time.monotonic()

    for path in ("/a", "/b", "/c"):
        with pytest.raises(SourceError, match="within"):
            reach.fetch(silent + path)

    assert time.monotonic() - begun < 3.0


def test_an_address_that_is_silent_does_not_hold_up_one_that_answers(
    silent: str, busy: str, tmp_path: Path
) -> None:
    service = Service(reaching(tmp_path, 20.0), (silent, busy))

    begun = time.monotonic()

    assert service.get("/a") == b"GET /a HTTP/1.1"
    assert time.monotonic() - begun < 10.0


def test_who_lost_the_race_is_not_asked_again_and_nothing_is_said_of_it(busy: str, tmp_path: Path) -> None:
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as closing:
        refusing = f"http://127.0.0.1:{closing.getsockname()[1]}"
    service = Service(reaching(tmp_path, 20.0, said), (refusing, busy))

    assert service.get("/a") == b"GET /a HTTP/1.1"
    lines = [line for line in said if refusing in line]
    time.sleep(2.0)

    assert [line for line in said if refusing in line] == lines


def test_why_it_is_asked_again_is_said_with_the_pause(busy: str, tmp_path: Path) -> None:
    said: list[str] = []

    body = reaching(tmp_path, 20.0, said).fetch(f"{busy}/token", method="PUT")

    assert body == b"PUT /token HTTP/1.1"
    assert said == [
        f"{busy}/token: the server answers 503 Service Unavailable; trying again in 0.1 s",
        f"{busy}/token: the server answers 503 Service Unavailable; trying again in 0.2 s",
    ]


def test_who_says_no_ends_the_race_and_who_is_silent_does_not() -> None:
    def no() -> int:
        raise AnswerError(403, "forbidden", "")

    def late() -> int:
        time.sleep(0.3)
        return 1

    def broken() -> int:
        raise SourceError("no route")

    with pytest.raises(AnswerError):
        first_of([no, late])
    assert first_of([broken, late]) == 1
    with pytest.raises(SourceError, match="no route"):
        first_of([broken, broken])


def test_an_asker_that_breaks_is_not_waited_for_without_end() -> None:
    def broken() -> int:
        raise KeyError("a fault of ours")

    with pytest.raises(SourceError, match="asking failed"):
        first_of([broken])


def test_interfaces_that_are_up_and_the_card_behind_them(tmp_path: Path) -> None:
    for name, state, mac in (
        ("lo", "unknown", "00:00:00:00:00:00"),
        ("eth0", "down", "52:54:00:00:00:02"),
        ("eth1", "up", "52:54:00:00:00:03"),
        ("bond0", "up", "52:54:00:00:00:04"),
    ):
        place = tmp_path / "sys/class/net" / name
        place.mkdir(parents=True)
        (place / "operstate").write_text(f"{state}\n")
        (place / "address").write_text(f"{mac}\n")
    (tmp_path / "sys/class/net/eth0/device").mkdir()

    assert interfaces(tmp_path) == ("bond0", "eth1")
    assert first_mac(tmp_path) == "52:54:00:00:00:02"
