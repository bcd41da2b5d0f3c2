"""Events as lines, the outbox that keeps them, the registry's answers, and the kernel command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec import structs

from provision.cluster.decide import Observation, RegisteredMember
from provision.cluster.registry import observe_registry, parse_registration
from provision.errors import SourceError
from provision.platforms import pxe
from provision.platforms.observation import Observation as Seen
from provision.platforms.registry import PLATFORMS
from provision.platforms.source import Source
from provision.report.events import Event, encode_event
from provision.report.sinks import HttpPost, Outbox, Reporter, bearer

EVENT = Event("52:54:00:77:00:01", "apply", "failed", 12, 'mode "x" is wrong', "files[0].mode", attempt=2)


def test_an_event_is_one_line_of_json() -> None:
    line = encode_event(EVENT)

    assert "\n" not in line
    assert json.loads(line) == {
        "provision": 1,
        "machine": "52:54:00:77:00:01",
        "step": "apply",
        "result": "failed",
        "duration_ms": 12,
        "attempt": 2,
        "message": 'mode "x" is wrong',
        "path": "files[0].mode",
    }


def test_what_the_server_did_not_take_is_sent_later_and_in_order(tmp_path: Path) -> None:
    taken: list[str] = []
    is_up = False

    def post(line: str) -> bool:
        if is_up:
            taken.append(line)
        return is_up

    outbox = Outbox(tmp_path / "outbox.jsonl", post)
    outbox.put("first")
    assert not outbox.deliver()
    outbox.put("second")

    is_up = True

    assert outbox.deliver()
    assert taken == ["first", "second"]
    assert outbox.deliver()
    assert taken == ["first", "second"]


def test_a_delivery_that_breaks_off_keeps_the_rest(tmp_path: Path) -> None:
    taken: list[str] = []

    def post_one(line: str) -> bool:
        if taken:
            return False
        taken.append(line)
        return True

    outbox = Outbox(tmp_path / "outbox.jsonl", post_one)
    for line in ("first", "second", "third"):
        outbox.put(line)

    assert not outbox.deliver()

    assert (tmp_path / "outbox.jsonl").read_text() == "second\nthird\n"


def test_the_console_has_the_event_even_when_the_server_is_away(tmp_path: Path) -> None:
    console: list[str] = []
    reporter = Reporter(console.append, Outbox(tmp_path / "outbox.jsonl", lambda line: False))

    reporter.tell(EVENT)

    assert console == [encode_event(EVENT)]
    assert not reporter.settle()


def test_who_is_named_later_hears_everything_from_the_beginning(tmp_path: Path) -> None:
    taken: list[str] = []

    def post(line: str) -> bool:
        taken.append(line)
        return True

    reporter = Reporter(lambda line: None, None)
    reporter.tell(EVENT)

    reporter.report_to(Outbox(tmp_path / "outbox.jsonl", post))
    reporter.tell(structs.replace(EVENT, attempt=3))

    assert taken == [encode_event(EVENT), encode_event(structs.replace(EVENT, attempt=3))]
    assert reporter.settle()


def test_a_token_is_sent_when_there_is_one_and_never_shown() -> None:
    assert bearer("s3cret") == {"Authorization": "Bearer s3cret"}
    assert bearer(None) == {}
    assert "s3cret" not in repr(HttpPost("https://status.example/", "s3cret"))


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://me:s3cret@status.example/", id="urllib takes the password for a port"),
        pytest.param("me:s3cret@status.example", id="no scheme"),
        pytest.param("http://[s3cret/", id="no host"),
    ],
)
def test_a_url_that_cannot_be_asked_is_a_server_that_is_away(url: str) -> None:
    post = HttpPost(url, None)

    assert not post("{}")
    assert "s3cret" not in repr(post)
    assert "s3cret" not in repr(Source("pxe", "52:54:00:77:00:01", url, url, None))


def test_a_machine_with_nobody_to_report_to_is_settled() -> None:
    assert Reporter(lambda line: None, None).settle()


COMMAND_LINE = (
    "console=ttyS0,115200 quiet provision.machine=52:54:00:77:00:01 provision.token=s3cret "
    "provision.config=http://10.77.0.1:8080/v1/config/52-54-00-77-00-01 provision.report=http://10.77.0.1:8080/v1/events\n"
)


def test_the_boot_script_says_where_the_config_is_and_whom_to_tell() -> None:
    seen = Seen(command_line=COMMAND_LINE)
    identified = pxe.identify(seen)

    assert identified is not None
    source = pxe.source(seen, identified.place, identified.platform)
    assert source.machine == "52:54:00:77:00:01"
    assert source.config_url == "http://10.77.0.1:8080/v1/config/52-54-00-77-00-01"
    assert source.report_url == "http://10.77.0.1:8080/v1/events"
    assert source.token == "s3cret"


@pytest.mark.parametrize("command_line", ["", "quiet", "provision.config= quiet", "config=http://x/"])
def test_a_command_line_without_a_config_is_no_source(command_line: str) -> None:
    seen = Seen(command_line=command_line)

    assert [platform.identify(seen) for platform in PLATFORMS] == [None] * len(PLATFORMS)


BASE = "http://10.77.0.1:8080/discovery/t"


def served(pages: dict[str, object]) -> Observation:
    def fetch(url: str) -> bytes:
        if url not in pages:
            raise SourceError(f"cannot fetch {url}: 404")
        return json.dumps(pages[url]).encode()

    return observe_registry(BASE, has_data=False, fetch=fetch)


def test_our_own_status_page_says_who_has_started() -> None:
    member = {"id": "a1", "name": "node1", "peer_urls": ["http://10.77.0.11:2380"], "started": False}

    seen = served({f"{BASE}/status": {"size": 3, "members": [member], "missing": 2, "complete": False}})

    assert seen.size == 3
    assert seen.members == (RegisteredMember("node1", ("http://10.77.0.11:2380",), started=False),)


def test_other_discovery_services_are_read_by_the_protocol_and_their_members_count_as_started() -> None:
    nodes = [
        {"key": "/t/b", "value": "node2=http://10.77.0.12:2380", "createdIndex": 5},
        {
            "key": "/t/a",
            "value": "node1=http://10.77.0.11:2380,node1=http://10.0.0.1:2380",
            "createdIndex": 4,
        },
        {"key": "/t/c", "value": "late=http://10.77.0.13:2380", "createdIndex": 6},
    ]

    seen = served({f"{BASE}/_config/size": {"node": {"value": "2"}}, BASE: {"node": {"nodes": nodes}}})

    assert seen.size == 2
    assert seen.members == (
        RegisteredMember("node1", ("http://10.77.0.11:2380", "http://10.0.0.1:2380"), started=True),
        RegisteredMember("node2", ("http://10.77.0.12:2380",), started=True),
    )


@pytest.mark.parametrize(
    "pages",
    [
        pytest.param({}, id="nothing there"),
        pytest.param({f"{BASE}/_config/size": ["captive portal"]}, id="other JSON"),
        pytest.param({f"{BASE}/_config/size": {"node": {"value": "many"}}}, id="size is no number"),
    ],
)
def test_trouble_with_the_registry_is_an_observation_not_an_exception(pages: dict[str, object]) -> None:
    seen = served(pages)

    assert seen.size is None
    assert seen.trouble is not None
    assert BASE in seen.trouble


def test_a_registration_with_several_urls_is_one_member() -> None:
    assert parse_registration("n=http://a:2380,n=http://b:2380") == RegisteredMember(
        "n", ("http://a:2380", "http://b:2380")
    )
