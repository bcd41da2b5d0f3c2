"""A native tree in the making: every value has the line, column and path of what the user wrote."""

from __future__ import annotations

import pytest
from yaml.nodes import Node

from provision.findings import Place
from provision.formats.draft import Draft
from provision.formats.json_tree import parse
from provision.formats.nodes import Construction, find, start_of

USER = parse('{"people": [{"nick": "a", "keys": ["k1", "k2"]},\n  {"nick": "b"}]}').root


def draft() -> Draft:
    made = Draft(USER)
    place: Place = ("people", 0)
    user = made.root.item("users", place)
    user.put("name", "a", (*place, "nick"))
    user.put("ssh_authorized_keys", ["k1", "k2"], (*place, "keys"))
    user.put("uid", 7, place)
    user.put("shell", None, (*place, "shell"))
    made.root.item("users", ("people", 1)).put("name", "b", ("people", 1, "nick"))
    made.root.entry("kernel", ()).append("arguments", "quiet", ("people", 1, "nick"))
    made.root.entry("kernel", ()).put("sysctl", {"a.b": 1}, ("people", 1))
    return made


def test_it_makes_plain_data() -> None:
    data, _ = Construction().make(draft().finish())

    assert data == {
        "users": [{"name": "a", "ssh_authorized_keys": ["k1", "k2"], "uid": 7}, {"name": "b"}],
        "kernel": {"arguments": ["quiet"], "sysctl": {"a.b": 1}},
    }


@pytest.mark.parametrize(
    ("native", "own", "line", "column"),
    [
        (("users",), ("people",), 0, 11),
        (("users", 0), ("people", 0), 0, 12),
        (("users", 0, "name"), ("people", 0, "nick"), 0, 21),
        (("users", 0, "ssh_authorized_keys", 1), ("people", 0, "keys", 1), 0, 41),
        (("users", 0, "uid"), ("people", 0), 0, 12),  # said by nobody: the whole
        (("users", 1, "name"), ("people", 1, "nick"), 1, 11),
        (("kernel", "sysctl", "a.b"), ("people", 1), 1, 2),
    ],
)
def test_each_value_knows_its_place(native: Place, own: Place, line: int, column: int) -> None:
    made = draft()

    node: Node = find(made.finish(), native)[1]

    assert made.places[id(node)] == own
    assert (start_of(node).line, start_of(node).column) == (line, column)


def test_keys_point_at_the_users_keys() -> None:
    key, _ = find(draft().finish(), ("users", 0, "name"))

    assert key is not None
    assert start_of(key).column == 13


def test_what_reads_like_a_variable_is_escaped_except_in_secrets() -> None:
    made = Draft(USER)
    entry = made.root.item("files", ())
    entry.put("content", "${vars.a} $${facts.b} ${HOME}", ())
    entry.put("headers", {"A": "${vars.a}"}, ())

    data, _ = Construction().make(made.finish())

    assert data == {"files": [{"content": "$${vars.a} $$${facts.b} ${HOME}", "headers": {"A": "${vars.a}"}}]}
