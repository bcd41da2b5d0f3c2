"""Sections `users` and `groups`: sudo rules, locked passwords, removal, reserved ids."""

from __future__ import annotations

import json

import pytest

from provision.actions import EnsureGroup, EnsureUser, RemoveGroup, RemoveUser, Secret, Step, WriteFile
from provision.facts import Facts
from provision.load import load_bytes
from provision.plan.order import ordered
from provision.sections import plan_document
from tests.unit.provision.checks import codes

SHA512 = "$6$salt$" + "a" * 86


def user(**fields: object) -> list[str]:
    return codes(json.dumps({"users": [{"name": "core", **fields}]}))


def steps(**document: object) -> list[Step]:
    loaded = load_bytes(json.dumps(document).encode(), file="config.yaml")
    assert loaded.document is not None, loaded.findings
    return list(ordered(plan_document(loaded.document, Facts())))


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param("ALL=(ALL) NOPASSWD: ALL", id="everything"),
        pytest.param("ALL=(ALL:ALL) ALL", id="any group too"),
        pytest.param("ALL = NOPASSWD:SETENV: /usr/bin/systemctl restart etcd, !/bin/sh", id="commands"),
        pytest.param("web1,!web2=(root) /usr/bin/apt\\, it, PACKAGES", id="hosts, an escape, an alias"),
        pytest.param("ALL=() sudoedit /etc/motd", id="sudoedit"),
        pytest.param("ALL=sha256:AAAA= /bin/ls", id="command by digest"),
    ],
)
def test_a_sudo_rule_is_accepted(rule: str) -> None:
    assert user(sudo=rule) == []
    assert user(sudo=["ALL=ALL", rule]) == []


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param("", id="empty"),
        pytest.param("ALL", id="no equals sign"),
        pytest.param("core ALL=(ALL) ALL", id="the name is written by us"),
        pytest.param("ALL=(ALL NOPASSWD: ALL", id="open parenthesis"),
        pytest.param("ALL=(ALL)", id="no command"),
        pytest.param("ALL=(ALL) NOPASSWORD: ALL", id="misspelt tag"),
        pytest.param("ALL=(ALL) systemctl", id="command without its path"),
        pytest.param("ALL=(ALL) ALL\nmallory ALL=(ALL) ALL", id="second line"),
        pytest.param("ALL=(ALL) ALL # fine", id="comment"),
        pytest.param("ALL=(ALL) ALL\\", id="line that goes on"),
        pytest.param("ALL=/bin/a : OTHER=/bin/b", id="second rule on the line"),
        pytest.param("ALL=(ALL) ALL,", id="comma at the end"),
        pytest.param("ALL=" + "/bin/a, " * 200 + "/bin/b", id="longer than anyone reads"),
    ],
)
def test_a_sudo_rule_is_refused(rule: str) -> None:
    assert user(sudo=rule) == ["sudo-rule users[0].sudo"]
    assert user(sudo=["ALL=ALL", rule]) == ["sudo-rule users[0].sudo[1]"]


def test_sudo_rules_are_a_file_that_only_root_can_read() -> None:
    rules = ["ALL=(ALL) NOPASSWD: ALL", "ALL=(www-data) /bin/true"]

    assert steps(users=[{"name": "core", "sudo": rules}])[-1] == Step(
        WriteFile(
            "/etc/sudoers.d/provision-core",
            b"core ALL=(ALL) NOPASSWD: ALL\ncore ALL=(www-data) /bin/true\n",
            mode=0o440,
        ),
        "users[0].sudo",
    )


def test_the_file_of_sudo_rules_has_one_maker() -> None:
    text = {
        "users": [{"name": "core", "sudo": "ALL=ALL"}],
        "files": [{"path": "/etc/sudoers.d/provision-core", "content": ""}],
    }

    assert codes(json.dumps(text)) == ["duplicate-path users[0].sudo"]


def test_a_locked_password_is_kept_behind_a_mark() -> None:
    assert steps(users=[{"name": "core", "lock": True, "password_hash": SHA512}]) == [
        Step(EnsureUser("core", password_hash=Secret(f"!{SHA512}"), locked=True), "users[0]")
    ]
    assert steps(users=[{"name": "core", "lock": True, "password_hash": "*"}]) == [
        Step(EnsureUser("core", password_hash=Secret("*"), locked=True), "users[0]")
    ]


def test_accounts_are_removed_before_others_are_made() -> None:
    assert steps(
        groups=[{"name": "new"}, {"name": "old", "absent": True}], users=[{"name": "gone", "absent": True}]
    ) == [
        Step(RemoveUser("gone"), "users[0]"),
        Step(RemoveGroup("old"), "groups[1]"),
        Step(EnsureGroup("new"), "groups[0]"),
    ]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param({"users": [{"name": "gone", "absent": True}]}, [], id="user"),
        pytest.param({"groups": [{"name": "gone", "absent": True}]}, [], id="group"),
        pytest.param(
            {"users": [{"name": "root", "absent": True}]}, ["remove-root users[0].name"], id="root itself"
        ),
        pytest.param(
            {"groups": [{"name": "root", "absent": True}]}, ["remove-root groups[0].name"], id="root's group"
        ),
        pytest.param(
            {"users": [{"name": "a", "absent": True, "shell": "/bin/sh"}]},
            ["absent-with-more users[0].shell"],
            id="user with a shell",
        ),
        pytest.param(
            {"users": [{"name": "a", "absent": True, "groups": ["sudo"], "lock": True}]},
            ["absent-with-more users[0].groups", "absent-with-more users[0].lock"],
            id="user with groups",
        ),
        pytest.param(
            {"groups": [{"name": "a", "absent": True, "gid": 1500}]},
            ["absent-with-more groups[0].gid"],
            id="group with an id",
        ),
        pytest.param(
            {
                "users": [{"name": "a", "absent": True}],
                "files": [{"path": "/a", "content": "", "user": "a"}],
            },
            ["removed-user files[0].user"],
            id="owner who is removed",
        ),
        pytest.param(
            {"groups": [{"name": "sudo", "absent": True}], "users": [{"name": "a", "groups": ["sudo"]}]},
            ["removed-group users[0].groups[0]"],
            id="membership in what is removed",
        ),
        pytest.param(
            {"users": [{"name": "a", "absent": True}, {"name": "a"}]},
            ["duplicate-name users[1].name"],
            id="both there and not",
        ),
    ],
)
def test_a_removal(document: dict[str, object], expected: list[str]) -> None:
    assert codes(json.dumps(document)) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"uid": 1000}, [], id="the first user"),
        pytest.param({"uid": 0}, ["reserved-id users[0].uid"], id="another root"),
        pytest.param({"uid": 65534}, ["reserved-id users[0].uid"], id="nobody's"),
        pytest.param({"uid": 65535}, ["reserved-id users[0].uid"], id="no id for 16-bit programs"),
        pytest.param({"uid": 2**32 - 1}, ["out-of-range users[0].uid"], id="no id"),
        pytest.param({"name": "root", "uid": 0}, [], id="root as it is"),
        pytest.param({"name": "nobody", "uid": 65534}, [], id="nobody as it is"),
        pytest.param({"uid": 999}, ["low-id users[0].uid"], id="id of packages"),
        pytest.param({"uid": 999, "system": True}, [], id="system user"),
        pytest.param({"name": "www-data", "uid": 33}, [], id="a user that the image has"),
    ],
)
def test_a_users_id(fields: dict[str, object], expected: list[str]) -> None:
    assert user(**fields) == expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param({"groups": [{"name": "a", "gid": 0}]}, ["reserved-id groups[0].gid"], id="root's"),
        pytest.param({"groups": [{"name": "nogroup", "gid": 65534}]}, [], id="nogroup as it is"),
        pytest.param(
            {"groups": [{"name": "a", "gid": 1500}, {"name": "b", "gid": 1500}]},
            ["duplicate-id groups[1].gid"],
            id="one id, two groups",
        ),
        pytest.param(
            {"users": [{"name": "a", "uid": 1500}, {"name": "b", "uid": 1500}]},
            ["duplicate-id users[1].uid"],
            id="one id, two users",
        ),
    ],
)
def test_ids_of_groups_and_ids_used_twice(document: dict[str, object], expected: list[str]) -> None:
    assert codes(json.dumps(document)) == expected
