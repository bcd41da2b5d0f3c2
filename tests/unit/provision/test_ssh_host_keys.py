"""Section `ssh_host_keys`: accepts and refuses; a private key shows nowhere."""

from __future__ import annotations

import base64
import json

import pytest

from provision.actions import Step, WriteFile
from provision.facts import Facts
from provision.findings import render_github, render_json, render_text
from provision.load import load_bytes
from provision.sections import plan_document
from provision.sections.private_key import read_public_half
from tests.unit.provision.checks import codes

# Written by ssh-keygen (OpenSSH), for this test alone.
ED25519 = """\
-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACBW58v0cI6UzxipsZV7ZLo6gtC0RuIIrV4WgQXhmoJGMQAAAJD0i4gR9IuI
EQAAAAtzc2gtZWQyNTUxOQAAACBW58v0cI6UzxipsZV7ZLo6gtC0RuIIrV4WgQXhmoJGMQ
AAAEB4m0OZ4pNLLJrv28qJNcp+AQppjKjgm5NpRRlxFFSMAVbny/RwjpTPGKmxlXtkujqC
0LRG4gitXhaBBeGagkYxAAAADGhvc3RAZXhhbXBsZQE=
-----END OPENSSH PRIVATE KEY-----
"""
ED25519_PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFbny/RwjpTPGKmxlXtkujqC0LRG4gitXhaBBeGagkYx"
ECDSA = """\
-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAaAAAABNlY2RzYS
1zaGEyLW5pc3RwMjU2AAAACG5pc3RwMjU2AAAAQQRZtWMxN4JJsIZzkYo27/ePyuuuGvKf
t13WwqZCyc/XtHtnM7QpnD/ln81PpzClVRqTRPwyXe63WhSasceFanN4AAAAqLIegiKyHo
IiAAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBFm1YzE3gkmwhnOR
ijbv94/K664a8p+3XdbCpkLJz9e0e2cztCmcP+WfzU+nMKVVGpNE/DJd7rdaFJqxx4Vqc3
gAAAAhAOq/JAkQcHo8hgdOBM9kvhvhaZ2D86dJ1q9QiEZ5+jgFAAAADGhvc3RAZXhhbXBs
ZQECAw==
-----END OPENSSH PRIVATE KEY-----
"""
BEGIN, END = "-----BEGIN OPENSSH PRIVATE KEY-----\n", "\n-----END OPENSSH PRIVATE KEY-----\n"


def string(data: bytes) -> bytes:
    """RFC 4251 section 5."""
    return len(data).to_bytes(4) + data


def block(data: bytes) -> str:
    return BEGIN + base64.b64encode(data).decode() + END


def key_data(
    *, cipher: bytes = b"none", count: int = 1, check: bytes = b"same" * 2, inner: bytes = b"a"
) -> bytes:
    return (
        b"openssh-key-v1\0"
        + string(cipher)
        + string(b"none")
        + string(b"")
        + count.to_bytes(4)
        + string(string(b"a"))
        + string(check + string(inner) + string(b"key"))
    )


def host_key(**fields: object) -> str:
    return json.dumps({"ssh_host_keys": [{"type": "ed25519", "private": ED25519, **fields}]})


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="private alone"),
        pytest.param({"public": f"{ED25519_PUBLIC} host@example\n"}, id="both halves"),
        pytest.param({"type": "ecdsa", "private": ECDSA}, id="another type"),
        pytest.param({"private": ED25519.replace("\n", "\r\n").strip()}, id="line ends of another system"),
    ],
)
def test_a_host_key_is_accepted(fields: dict[str, object]) -> None:
    assert codes(host_key(**fields)) == []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"type": "rsa"}, ["host-key-type ssh_host_keys[0].type"], id="of another type"),
        pytest.param({"type": "dsa"}, ["wrong-type ssh_host_keys[0].type"], id="a type sshd refuses"),
        pytest.param({"private": ""}, ["host-key ssh_host_keys[0].private"], id="empty"),
        pytest.param({"private": ED25519_PUBLIC}, ["host-key ssh_host_keys[0].private"], id="public half"),
        pytest.param(
            {"private": ED25519.replace("OPENSSH", "RSA")}, ["host-key ssh_host_keys[0].private"], id="PEM"
        ),
        pytest.param({"private": ED25519[:200]}, ["host-key ssh_host_keys[0].private"], id="cut"),
        pytest.param(
            {"public": ED25519_PUBLIC[:-2] + "AA"}, ["host-key-pair ssh_host_keys[0].public"], id="not a pair"
        ),
        pytest.param({"public": ED25519}, ["ssh-private-key ssh_host_keys[0].public"], id="private twice"),
    ],
)
def test_a_host_key_is_refused(fields: dict[str, object], expected: list[str]) -> None:
    assert codes(host_key(**fields)) == expected


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(key_data(cipher=b"aes256-ctr"), "passphrase", id="encrypted"),
        pytest.param(key_data(count=2), "more than one key", id="two keys"),
        pytest.param(key_data(check=b"same" + b"else"), "damaged", id="numbers differ"),
        pytest.param(key_data(inner=b"b"), "different types", id="halves of two keys"),
        pytest.param(key_data() + b"x", "something after", id="more after the key"),
        pytest.param(b"openssh-key-v2\0", "does not begin", id="another version"),
    ],
)
def test_what_sshd_could_not_load_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_public_half(block(data))


def test_a_key_cut_anywhere_is_refused_and_nothing_but_that() -> None:
    data = key_data()

    for length in range(len(data)):
        with pytest.raises(ValueError, match=r"ends too early|does not begin|more than one"):
            read_public_half(block(data[:length]))
    assert read_public_half(block(data)).key_type == "a"


def test_the_key_and_its_public_half_are_files_of_sshd() -> None:
    document = load_bytes(host_key(private=ED25519.strip()).encode(), file="config.yaml").document
    assert document is not None

    assert list(plan_document(document, Facts())) == [
        Step(
            WriteFile("/etc/ssh/ssh_host_ed25519_key", ED25519.encode(), mode=0o600, secret=True),
            "ssh_host_keys[0]",
        ),
        Step(
            WriteFile("/etc/ssh/ssh_host_ed25519_key.pub", f"{ED25519_PUBLIC}\n".encode()), "ssh_host_keys[0]"
        ),
    ]


def test_one_type_has_one_key_and_its_file_one_maker() -> None:
    key = {"type": "ed25519", "private": ED25519}
    file = {"path": "/etc/ssh/ssh_host_ed25519_key.pub", "content": ""}

    assert "duplicate-path ssh_host_keys[1]" in codes(json.dumps({"ssh_host_keys": [key, key]}))
    assert codes(json.dumps({"ssh_host_keys": [key], "files": [file]})) == ["duplicate-path ssh_host_keys[0]"]


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"private": "hunter2"}, id="no key"),
        pytest.param({"private": ["hunter2"]}, id="a list"),
        pytest.param({"private": ED25519.replace("b3B", "hunter2!")}, id="damaged key"),
        pytest.param({"type": "rsa", "public": "PRIVATE KEY hunter2"}, id="in the wrong place"),
        pytest.param({"privat": "hunter2"}, id="misspelt"),
    ],
)
def test_a_finding_does_not_show_the_key(fields: dict[str, object]) -> None:
    reports = [load_bytes(host_key(**fields).encode(), file="config.yaml").report]

    output = render_text(reports) + render_json(reports) + render_github(reports)

    assert "error" in output
    assert "hunter2" not in output


def test_a_plan_does_not_show_the_key() -> None:
    loaded = load_bytes(host_key().encode(), file="config.yaml")
    assert loaded.document is not None

    assert "b3BlbnNzaC1r" not in repr(loaded) + repr(plan_document(loaded.document, Facts()))
