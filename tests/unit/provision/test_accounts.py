"""Sections `groups` and `users`: accepts and refuses."""

from __future__ import annotations

import json

import pytest

from tests.unit.provision.checks import codes

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
SHA512 = "$6$salt$" + "a" * 86


def user(**fields: object) -> list[str]:
    return codes(json.dumps({"users": [{"name": "core", **fields}]}))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("core", id="plain"),
        pytest.param("_apt", id="underscore first"),
        pytest.param("a" * 32, id="longest"),
        pytest.param("machine$", id="samba machine account"),
    ],
)
def test_an_account_name_is_accepted(name: str) -> None:
    assert codes(json.dumps({"users": [{"name": name}], "groups": [{"name": name}]})) == []


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("", id="empty"),
        pytest.param("Core", id="capital: useradd refuses it"),
        pytest.param("1core", id="digit first: looks like an id"),
        pytest.param("a" * 33, id="longer than utmp holds"),
        pytest.param("co:re", id="colon: breaks passwd"),
        pytest.param("core\n", id="line break: breaks passwd"),
        pytest.param("-x", id="looks like an option"),
    ],
)
def test_an_account_name_is_refused(name: str) -> None:
    assert user(name=name) == ["user-name users[0].name"]
    assert codes(json.dumps({"groups": [{"name": name}]})) == ["group-name groups[0].name"]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("*", id="no password"),
        pytest.param("!", id="locked"),
        pytest.param(f"!{SHA512}", id="locked, hash kept"),
        pytest.param(SHA512, id="SHA-512"),
        pytest.param("$6$rounds=5000$salt$" + "a" * 86, id="SHA-512 with rounds"),
        pytest.param("$5$salt$" + "a" * 43, id="SHA-256"),
        pytest.param(
            "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7", id="yescrypt"
        ),
        pytest.param("$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW", id="bcrypt"),
    ],
)
def test_a_password_hash_is_accepted(value: str) -> None:
    assert user(password_hash=value) == []


@pytest.mark.parametrize(
    ("value", "code"),
    [
        pytest.param("", "password-empty", id="empty: login without a password"),
        pytest.param("correct horse", "password-plaintext", id="the password itself"),
        pytest.param("$ecret", "password-plaintext", id="a password that begins like a hash"),
        pytest.param("$6$a:b$" + "a" * 86, "password-plaintext", id="a colon would break shadow"),
        pytest.param("$1$salt$qJH7.N4xYta3aEG/dfqo/0", "password-weak", id="MD5"),
        pytest.param("rl0uE2IGe/TKs", "password-weak", id="DES"),
        pytest.param(SHA512[:-1], "password-hash-length", id="cut by one character"),
    ],
)
def test_a_password_hash_is_refused(value: str, code: str) -> None:
    assert user(password_hash=value) == [f"{code} users[0].password_hash"]


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(ED25519, id="without comment"),
        pytest.param(f"{ED25519} me@example and more words", id="with comment"),
        pytest.param(f"{ED25519}\n", id="from a block of text"),
        pytest.param(f"restrict {ED25519}", id="option"),
        pytest.param(f'from="10.0.0.0/8",command="echo \\"hi there\\"" {ED25519}', id="options with quotes"),
    ],
)
def test_an_ssh_key_is_accepted(key: str) -> None:
    assert user(ssh_authorized_keys=[key]) == []


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("", id="empty"),
        pytest.param(ED25519.replace(" ", " \u1000"), id="data not ASCII"),
        pytest.param("ssh-ed25519", id="type alone"),
        pytest.param(ED25519[:-4], id="cut by three bytes"),
        pytest.param(ED25519[:-1], id="cut by one character"),
        pytest.param(ED25519.replace("ssh-ed25519 ", "ssh-rsa "), id="type and data differ"),
        pytest.param(ED25519.removeprefix("ssh-ed25519 "), id="data alone"),
        pytest.param("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5", id="data with a type and no key"),
        pytest.param("ssh-dss AAAAB3NzaC1kc3MAAAAA", id="DSA"),
        pytest.param(f"{ED25519}\n{ED25519}", id="two keys in one item"),
        pytest.param("https://github.com/core.keys", id="a URL"),
    ],
)
def test_an_ssh_key_is_refused(key: str) -> None:
    assert user(ssh_authorized_keys=[key]) == ["ssh-key users[0].ssh_authorized_keys[0]"]


def test_a_private_key_is_refused_as_such() -> None:
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n-----END OPENSSH PRIVATE KEY-----\n"

    assert user(ssh_authorized_keys=[key]) == ["ssh-private-key users[0].ssh_authorized_keys[0]"]


def test_the_same_key_twice_is_a_warning() -> None:
    assert user(ssh_authorized_keys=[ED25519, f"{ED25519}\n"]) == [
        "duplicate-ssh-key users[0].ssh_authorized_keys[1]"
    ]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"home": "home/core"}, ["path-not-absolute users[0].home"], id="relative home"),
        pytest.param({"home": "/home/a:b"}, ["path users[0].home"], id="colon in home"),
        pytest.param({"home": "/"}, [], id="home of a system user"),
        pytest.param({"shell": "bash"}, ["path-not-absolute users[0].shell"], id="shell by name"),
        pytest.param({"gecos": "a:b"}, ["gecos users[0].gecos"], id="colon in gecos"),
        pytest.param({"gecos": "Ada, King's College"}, [], id="gecos with commas"),
        pytest.param({"groups": ["sudo", "core"]}, [], id="system's group and the user's own"),
        pytest.param({"groups": ["sudo", "sudo"]}, ["duplicate-name users[0].groups[1]"], id="group twice"),
        pytest.param({"groups": ["opps"]}, ["unknown-group users[0].groups[0]"], id="group nobody makes"),
        pytest.param({"groups": ["sudo", "A b"]}, ["group-name users[0].groups[1]"], id="no group name"),
        pytest.param({"uid": 2**32 - 1}, ["out-of-range users[0].uid"], id="the id that means no id"),
    ],
)
def test_the_other_fields_of_a_user(fields: dict[str, object], expected: list[str]) -> None:
    assert user(**fields) == expected
