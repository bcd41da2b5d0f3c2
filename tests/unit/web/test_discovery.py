"""Discovery over HTTP, and the events that come of it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from tests.unit.web.memory import NODE1, Control, control

MEMBERS = {
    "aaaa": ("node1=http://10.77.0.11:2380", "10.77.0.11"),
    "bbbb": ("node2=http://10.77.0.12:2380", "10.77.0.12"),
    "cccc": ("node3=http://10.77.0.13:2380", "10.77.0.13"),
}


@pytest.fixture
def server(tmp_path: Path) -> Control:
    return control(tmp_path)


def new_token(server: Control, size: int = 3) -> str:
    answer = server.client.get(f"/discovery/new?size={size}")
    assert answer.text.startswith("http://10.77.0.1:8080/discovery/")
    assert not answer.text.endswith("\n")
    return "/discovery/" + answer.text.rsplit("/", 1)[1]


def put(server: Control, token: str, member: str) -> TestResponse:
    value, address = MEMBERS[member]
    return server.client.put(
        f"{token}/{member}?prevExist=false", data={"value": value}, environ_base={"REMOTE_ADDR": address}
    )


def ask(server: Control, url: str, member: str) -> TestResponse:
    """What a member gets, asking from its own address; each call is a connection of its own."""
    _, address = MEMBERS[member]
    return server.client.application.test_client().get(url, environ_base={"REMOTE_ADDR": address})


def test_every_answer_names_the_index_that_etcd_waits_from(server: Control) -> None:
    token = new_token(server)
    answers = [
        server.client.get(f"{token}/_config/size"),
        server.client.get(token),
        server.client.get(f"{token}/"),
        put(server, token, "aaaa"),
        server.client.get(f"{token}/aaaa?wait=true&waitIndex=3"),
        server.client.get(f"{token}/nobody"),
    ]

    assert [answer.headers["X-Etcd-Index"] for answer in answers] == ["2", "2", "2", "3", "3", "3"]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 201, 200, 404]


def test_registration_is_an_event_of_the_machine_that_asked_for_its_script_there(server: Control) -> None:
    server.boot(NODE1, "10.77.0.11")
    put(server, new_token(server), "aaaa")

    assert server.steps() == [(1, "script", "ok"), (1, "register", "ok")]


def test_a_machine_with_another_address_than_it_booted_with_is_known_by_its_name(server: Control) -> None:
    server.boot(NODE1, "10.77.0.150")
    put(server, new_token(server), "aaaa")

    assert server.steps()[-1] == (1, "register", "ok")


def test_a_member_that_lost_its_data_is_told_that_it_must_be_replaced(server: Control) -> None:
    token = new_token(server)
    server.boot(NODE1, "10.77.0.11")
    for member in MEMBERS:
        assert put(server, token, member).status_code == 201
    ask(server, f"{token}?recursive=true&wait=true&waitIndex=5", "aaaa")

    server.boot(NODE1, "10.77.0.11")
    answer = put(server, token, "aaaa")

    assert (answer.status_code, answer.get_json()["errorCode"]) == (412, 105)
    assert server.steps()[-1] == (2, "register", "failed")
    failure = server.client.get("/v1/machines").get_json()["machines"][0]["failure"]
    assert failure["message"] == (
        "the cluster is complete and this machine was one of its members: its data is gone, "
        "so it cannot come back by itself, it must be replaced as a member"
    )


def test_asking_for_the_status_starts_nobody(server: Control) -> None:
    token = new_token(server)
    for member in MEMBERS:
        put(server, token, member)

    status = server.client.get(f"{token}/status").get_json()

    assert status["complete"]
    assert [member["started"] for member in status["members"]] == [False, False, False]
    assert put(server, token, "aaaa").status_code == 201


def test_who_was_already_waiting_when_the_cluster_became_complete_is_made_to_ask_again(
    server: Control,
) -> None:
    token = new_token(server, size=2)
    put(server, token, "aaaa")
    answers: list[TestResponse] = []
    waiting = threading.Thread(
        target=lambda: answers.append(ask(server, f"{token}?recursive=true&wait=true&waitIndex=4", "aaaa"))
    )
    waiting.start()
    time.sleep(0.2)
    put(server, token, "bbbb")
    waiting.join()

    assert (answers[0].status_code, answers[0].data) == (200, b"")
    assert put(server, token, "aaaa").status_code == 201, "it may be gone since: it has not started"

    again = ask(server, f"{token}?recursive=true&wait=true&waitIndex=4", "aaaa")

    assert again.get_json()["node"]["key"].endswith("/bbbb")
    assert put(server, token, "aaaa").status_code == 412


def test_an_unknown_token_is_answered_in_the_words_of_etcd(server: Control) -> None:
    answer = server.client.get(f"/discovery/{'0' * 32}/_config/size")

    assert answer.status_code == 404
    assert answer.get_json()["errorCode"] == 100
    assert answer.headers["X-Etcd-Index"]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        pytest.param("aaaa", "", id="no value"),
        pytest.param("aaaa", "node1", id="no peer URL"),
        pytest.param("aaaa", "node1=http://x\n", id="a line break"),
        pytest.param("aaaa", "node1=ftp://x", id="another protocol"),
        pytest.param("_config", "node1=http://x", id="a hidden key"),
        pytest.param("x" * 17, "node1=http://x", id="no member id"),
    ],
)
def test_what_is_no_registration_is_refused(server: Control, member: str, value: str) -> None:
    token = new_token(server)

    assert server.client.put(f"{token}/{member}", data={"value": value}).status_code == 400
    assert server.client.get(f"{token}/status").get_json()["members"] == []


@pytest.mark.parametrize("size", ["0", "10", "-3", "three"])
def test_a_size_that_makes_no_cluster_is_refused(server: Control, size: str) -> None:
    assert server.client.get(f"/discovery/new?size={size}").status_code == 400


def test_the_size_cannot_be_changed(server: Control) -> None:
    token = new_token(server)

    assert server.client.put(f"{token}/_config/size", data={"value": "5"}).status_code == 405


def test_a_member_cannot_be_deleted_while_others_wait(server: Control) -> None:
    token = new_token(server)
    put(server, token, "aaaa")

    assert server.client.delete(f"{token}/aaaa").status_code == 403


def test_the_status_is_for_people(server: Control) -> None:
    token = new_token(server)
    put(server, token, "aaaa")

    assert server.client.get(f"{token}/status").get_json() == {
        "complete": False,
        "members": [
            {"id": "aaaa", "name": "node1", "peer_urls": ["http://10.77.0.11:2380"], "started": False}
        ],
        "missing": 2,
        "size": 3,
    }


def test_when_the_server_stops_waiting_requests_are_answered_without_a_body(server: Control) -> None:
    token = new_token(server)
    server.services.discovery.stop()

    answer = server.client.get(f"{token}?recursive=true&wait=true&waitIndex=3")

    assert (answer.status_code, answer.data, answer.headers["X-Etcd-Index"]) == (200, b"", "2")
