"""The discovery registry: what etcd asks and what it must be told."""

from __future__ import annotations

import pytest

from pxeserver.discovery.registry import (
    Code,
    Registry,
    new_registry,
    next_change,
    read_directory,
    read_member,
    read_size,
    register,
    remove,
    status_json,
    tell,
)

STRANGER = "192.0.2.1"
TOKEN = "0123456789abcdef0123456789abcdef"
ROOT = f"/_etcd/registry/{TOKEN}"
A = ("aaaa", "node1=http://10.77.0.11:2380", "10.77.0.11")
B = ("bbbb", "node2=http://10.77.0.12:2380", "10.77.0.12")
C = ("cccc", "node3=http://10.77.0.13:2380", "10.77.0.13")


def registry_with(*members: tuple[str, str, str], size: int = 3) -> Registry:
    registry = new_registry(TOKEN, size)
    for member in members:
        registry, response = register(registry, *member)
        assert response.status == 201
    return registry


def complete() -> Registry:
    """All three have registered, and each was given the list of all."""
    registry = registry_with(A, B, C)
    for _, _, address in (A, B, C):
        registry = tell(registry, address)
    return registry


def test_the_size_is_a_node_of_its_own() -> None:
    response = read_size(registry_with())

    assert (response.status, response.index) == (200, 2)
    assert response.body == {
        "action": "get",
        "node": {"key": f"{ROOT}/_config/size", "value": "3", "modifiedIndex": 2, "createdIndex": 2},
    }


def test_an_empty_directory_has_no_nodes() -> None:
    assert read_directory(registry_with(), STRANGER).body == {
        "action": "get",
        "node": {"key": ROOT, "dir": True, "modifiedIndex": 2, "createdIndex": 2},
    }


def test_the_first_member_gets_an_index_that_can_be_watched() -> None:
    registry, response = register(new_registry(TOKEN, 3), *A)

    node = {"key": f"{ROOT}/aaaa", "value": A[1], "modifiedIndex": 3, "createdIndex": 3}
    assert (response.status, response.index, response.refusal) == (201, 3, None)
    assert response.body == {"action": "create", "node": node}
    assert read_member(registry, "aaaa").body == {"action": "get", "node": node}


def test_members_are_listed_in_the_order_they_came() -> None:
    response = read_directory(registry_with(B, A), STRANGER)

    node = response.body["node"]
    assert isinstance(node, dict)
    assert [(entry["key"], entry["createdIndex"]) for entry in node["nodes"]] == [
        (f"{ROOT}/bbbb", 3),
        (f"{ROOT}/aaaa", 4),
    ]
    assert response.index == 4


def test_a_member_that_comes_back_while_others_are_missing_is_given_its_place_again() -> None:
    before = registry_with(A, B)

    after, response = register(before, *A)

    assert after == before
    assert (response.status, response.index) == (201, 4)
    assert response.body["node"] == {
        "key": f"{ROOT}/aaaa",
        "value": A[1],
        "modifiedIndex": 3,
        "createdIndex": 3,
    }


@pytest.mark.parametrize(
    ("member", "status", "code"),
    [
        pytest.param(A, 412, Code.COMPLETE, id="a member whose data is gone"),
        pytest.param(
            ("dddd", "node4=http://10.77.0.14:2380", "10.77.0.14"), 403, Code.FULL, id="one too many"
        ),
    ],
)
def test_a_complete_cluster_takes_nobody(member: tuple[str, str, str], status: int, code: Code) -> None:
    before = complete()

    after, response = register(before, *member)

    assert after == before
    assert (response.status, response.refusal) == (status, code)


def test_a_member_that_lost_power_before_it_was_told_the_members_may_come_back_to_a_complete_cluster() -> (
    None
):
    before = tell(tell(registry_with(A, B, C), B[2]), C[2])

    after, response = register(before, *A)

    assert after == before
    assert (response.status, response.index) == (201, 5)
    assert not before.has_started("aaaa")
    assert before.has_started("bbbb")


def test_a_member_hears_that_the_cluster_is_complete_only_by_waiting_for_it() -> None:
    registry = registry_with(A, B, C)

    seen = read_directory(registry, A[2])

    node = seen.body["node"]
    assert isinstance(node, dict)
    assert [entry["value"] for entry in node["nodes"]] == [A[1], B[1]]
    last = next_change(registry, seen.index + 1, None)
    assert last is not None
    assert last.body["node"] == {"key": f"{ROOT}/cccc", "value": C[1], "modifiedIndex": 5, "createdIndex": 5}


@pytest.mark.parametrize(
    ("asker", "told"),
    [
        pytest.param(STRANGER, (), id="a person with curl"),
        pytest.param(A[2], (A[2],), id="a member that was told"),
    ],
)
def test_others_see_the_whole_directory(asker: str, told: tuple[str, ...]) -> None:
    registry = registry_with(A, B, C)
    for address in told:
        registry = tell(registry, address)

    response = read_directory(registry, asker)

    node = response.body["node"]
    assert isinstance(node, dict)
    assert (len(node["nodes"]), response.index) == (3, 5)


def test_a_cluster_of_one_hears_of_itself() -> None:
    registry = registry_with(A, size=1)

    seen = read_directory(registry, A[2])

    assert (seen.index, "nodes" in str(seen.body)) == (2, False)
    assert next_change(registry, seen.index + 1, None) is not None


def test_it_may_not_come_back_from_another_address_because_nobody_knows_what_that_was_told() -> None:
    _, response = register(registry_with(A, B, C), A[0], A[1], "10.77.0.99")

    assert response.refusal is Code.COMPLETE


def test_a_member_that_moved_while_it_waited_has_started_when_either_address_was_told() -> None:
    registry, _ = register(registry_with(A), A[0], A[1], "10.77.0.99")
    for other in (B, C):
        registry, _ = register(registry, *other)

    assert not registry.has_started("aaaa")
    assert tell(registry, A[2]).has_started("aaaa")
    assert tell(registry, "10.77.0.99").has_started("aaaa")


def test_what_is_told_before_the_cluster_is_complete_starts_nobody() -> None:
    registry = tell(registry_with(A, B), A[2])

    assert registry == registry_with(A, B)
    assert not registry.has_started("aaaa")


def test_a_duplicate_is_refused_in_the_words_of_etcd() -> None:
    _, response = register(complete(), *A)

    assert response.body == {
        "errorCode": 105,
        "message": "Key already exists",
        "cause": f"{ROOT}/aaaa",
        "index": 5,
    }


def test_a_member_under_another_name_is_refused_even_while_others_are_missing() -> None:
    _, response = register(registry_with(A), "aaaa", "other=http://10.77.0.11:2380", "10.77.0.11")

    assert (response.status, response.refusal) == (412, Code.CHANGED)


def test_a_key_that_is_not_there_is_not_found_in_the_words_of_etcd() -> None:
    response = read_member(registry_with(A), "bbbb")

    assert (response.status, response.index) == (404, 3)
    assert response.body == {
        "errorCode": 100,
        "message": "Key not found",
        "cause": f"{ROOT}/bbbb",
        "index": 3,
    }


@pytest.mark.parametrize(
    ("wait_index", "member", "found"),
    [
        pytest.param(3, None, "aaaa", id="the past counts"),
        pytest.param(4, None, "bbbb", id="from the index on"),
        pytest.param(3, "bbbb", "bbbb", id="only the key that is watched"),
        pytest.param(5, None, None, id="has not happened yet"),
        pytest.param(4, "aaaa", None, id="nothing more happened to this key"),
    ],
)
def test_a_watch_gets_the_first_change_from_its_index_on(
    wait_index: int, member: str | None, found: str | None
) -> None:
    response = next_change(registry_with(A, B), wait_index, member)

    node = response.body["node"] if response else None
    assert (node["key"] if isinstance(node, dict) else None) == (f"{ROOT}/{found}" if found else None)


def test_a_member_cannot_be_removed_while_others_wait() -> None:
    before = registry_with(A, B)

    after, response = remove(before, "aaaa")

    assert after == before
    assert (response.status, response.refusal) == (403, Code.UNSAFE)


def test_a_removed_member_of_a_complete_cluster_can_still_not_register() -> None:
    registry, removed = remove(complete(), "aaaa")
    _, again = register(registry, *A)

    assert (removed.status, removed.body["action"]) == (200, "delete")
    assert read_member(registry, "aaaa").status == 404
    assert again.refusal is Code.COMPLETE
    assert registry.is_complete


@pytest.mark.parametrize("size", [-1, 0, 10])
def test_a_size_that_makes_no_cluster_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="not from 1 to 9"):
        new_registry(TOKEN, size)


def test_the_status_says_who_is_missing() -> None:
    assert status_json(registry_with(A)) == {
        "size": 3,
        "members": [
            {"id": "aaaa", "name": "node1", "peer_urls": ["http://10.77.0.11:2380"], "started": False}
        ],
        "missing": 2,
        "complete": False,
    }
