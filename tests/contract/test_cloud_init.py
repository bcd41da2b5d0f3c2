"""The same cloud-configs, read by us and by Debian's cloud-init: same files, scripts, users, parts and verdicts."""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from provision.actions import WriteFile
from provision.facts import Facts
from provision.formats import FORMATS
from provision.formats.compose import format_named
from provision.formats.parts import Part, Surroundings
from provision.load import load_bytes
from provision.plan.build import plan
from tests.unit.provision.formats.cloud import HASH, KEY, cloud_document, load_cloud

ASK = Path(__file__).with_name("cloud_init.py")


def ask(question: str, data: bytes, root: Path) -> Any:
    done = subprocess.run(
        ["/usr/bin/python3", str(ASK), question, str(root)], input=data, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


PACKED = base64.b64encode(gzip.compress(b"packed\n")).decode()
FILES = f"""\
#cloud-config
write_files:
  - {{path: /plain, content: "a\\nb\\n"}}
  - {{path: /empty}}
  - {{path: /umlaut, content: "grün"}}
  - {{path: /b64, content: aGk=, encoding: b64}}
  - {{path: /base64, content: aGk=, encoding: base64}}
  - {{path: /gz-b64, content: {PACKED}, encoding: gz+b64}}
  - {{path: /gzip-base64, content: {PACKED}, encoding: gzip+base64}}
  - {{path: /gz-base64, content: {PACKED}, encoding: gz+base64}}
  - {{path: /gzip-b64, content: {PACKED}, encoding: gzip+b64}}
  - {{path: /binary, content: !!binary aGk=}}
  - {{path: /binary-gz, content: !!binary {PACKED}, encoding: gz}}
  - {{path: /text-mode, permissions: '0600'}}
  - {{path: /octal-mode, permissions: 0640}}
  - {{path: /decimal-mode, permissions: 493}}
  - {{path: /prefixed-mode, permissions: '0o750'}}
  - {{path: /short-mode, permissions: '644'}}
  - {{path: /sticky, permissions: '1755'}}
  - {{path: /owner, owner: 'daemon:adm'}}
  - {{path: /user-alone, owner: daemon}}
  - {{path: /joined, content: "1\\n"}}
  - {{path: /joined, content: "2\\n", append: true, permissions: '0600'}}
  - {{path: /deep/er/file, content: x}}
"""


def test_the_same_files_with_the_same_bytes_modes_and_owners(tmp_path: Path) -> None:
    theirs = ask("files", FILES.encode(), tmp_path)
    document = load_bytes(FILES.encode(), file="user-data").document
    assert document is not None

    ours = {
        step.action.path: {
            "data": step.action.content.hex() if isinstance(step.action.content, bytes) else None,
            "mode": step.action.mode,
            "owner": [step.action.user, step.action.group],
        }
        for step in plan(document, Facts()).steps
        if isinstance(step.action, WriteFile)
    }

    # Whom cloud-init leaves out stays who makes the file: root.
    for file in theirs.values():
        file["owner"] = [name or "root" for name in file["owner"]]
    assert ours == theirs


COMMANDS = [
    "runcmd: [ls, [echo, a b], [echo, \"it's\"], null, [printf, '%s', 5]]",
    "runcmd:\n  - |\n    for a in 1 2; do\n      echo $a\n    done\n  - [sh, -c, 'echo \"$HOME\"']",
    "runcmd: [[echo, ''], [echo, '$x `y`', \"a\\nb\"]]",
]


@pytest.mark.parametrize("body", COMMANDS)
def test_commands_are_the_same_script(body: str, tmp_path: Path) -> None:
    (command,) = cloud_document(body).commands

    assert command.script == ask("script", body.encode(), tmp_path)


NAMES = [
    "hostname: web",
    "hostname: web.lab.example",
    "fqdn: web.lab.example",
    "hostname: db\nfqdn: web.lab.example",
    "hostname: web\nfqdn: web.lab.example",
]


@pytest.mark.parametrize("body", NAMES)
def test_a_machine_has_the_same_names(body: str, tmp_path: Path) -> None:
    short, whole = ask("hostname", body.encode(), tmp_path)
    made = cloud_document(f"{body}\nmanage_etc_hosts: true")

    assert made.hostname == short
    if whole != "none":
        assert made.hosts[0].names == tuple(dict.fromkeys((whole, short)))


USERS = [
    f"users: [default, {{name: a, ssh-authorized-keys: [{KEY}], groups: 'x, y', lock-passwd: false}}]",
    "users: [{name: a, groups: [x]}, b]\ngroups: [y, {z: [a, c]}]",
    "users: a,b\ngroups: x,y",
    "users: [default]\nuser: {name: me, groups: [x]}",
    "groups: {x: [a], y: b}",
]


@pytest.mark.parametrize("body", USERS)
def test_the_same_users_with_the_same_keys(body: str, tmp_path: Path) -> None:
    theirs = ask("users", body.encode(), tmp_path)
    ours = {user.name: user for user in cloud_document(body).users}
    groups = {group.name for group in cloud_document(body).groups}

    members = {name for listed in theirs["groups"].values() for name in listed}
    # The default user that nobody asked for is the image's.
    asked = theirs["users"].keys() - (set() if "users" in body else {"debian"})
    assert ours.keys() == asked | members
    assert theirs["groups"].keys() <= groups
    for name in asked:
        told = theirs["users"][name]
        assert list(ours[name].ssh_authorized_keys or ()) == told.get("ssh_authorized_keys", [])
        assert ours[name].lock == told.get("lock_passwd", True)
        wanted = told.get("groups", [])
        wanted = [group.strip() for group in wanted.split(",")] if isinstance(wanted, str) else wanted
        assert set(wanted) <= set(ours[name].groups)
    for group, listed in theirs["groups"].items():
        assert all(group in ours[name].groups for name in listed)


def message() -> bytes:
    whole = MIMEMultipart()
    inner = MIMEMultipart()
    inner.attach(MIMEText("#cloud-config\nhostname: inner\n", "cloud-config", "utf-8"))
    whole.attach(MIMEText("#!/bin/sh\necho a\n\n", "x-shellscript", "us-ascii"))
    whole.attach(inner)
    whole.attach(MIMEText("#cloud-config\nhostname: b\n", "plain", "us-ascii"))
    whole.attach(MIMEApplication(gzip.compress(b"#cloud-config\nhostname: c\n"), "x-gzip"))
    whole.attach(MIMEText("#cloud-boothook\n#!/bin/sh\n", "cloud-boothook", "us-ascii"))
    whole.attach(MIMEText("#cloud-config\nhostname: g\n", "x-shellscript", "us-ascii"))
    return whole.as_bytes()


ARCHIVE = b"""\
#cloud-config-archive
- type: text/cloud-boothook
  content: |
    #!/bin/sh
    echo a
- |
  #!/bin/sh
  echo b
- content: "#cloud-config\\nhostname: c\\n"
"""
TYPES = {
    "cloud-config": "text/cloud-config",
    "script": "text/x-shellscript",
    "boothook": "text/cloud-boothook",
}


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(message(), id="MIME"),
        pytest.param(message().replace(b"\n", b"\r\n"), id="MIME with line breaks of Windows"),
        pytest.param(gzip.compress(message()), id="gzip"),
        pytest.param(ARCHIVE, id="archive"),
        pytest.param(b"#cloud-config\nhostname: a\n", id="alone"),
    ],
)
def test_the_same_parts_of_the_same_types(data: bytes, tmp_path: Path) -> None:
    theirs = [(kind, bytes.fromhex(payload)) for kind, payload in ask("parts", data, tmp_path)]

    ours = [(TYPES[kind], text) for kind, text in leaves(data)]

    assert sorted(ours) == sorted((kind, text) for kind, text in theirs)


def leaves(data: bytes) -> list[tuple[str, bytes]]:
    """What our containers have in them, all the way down."""
    waiting, found = [Part("user-data", data)], []
    while waiting:
        part = waiting.pop()
        chosen = format_named(part, FORMATS)
        if chosen.container is None:
            found.append((chosen.name, part.data))
            continue
        module = import_module(chosen.container)
        waiting += module.unpack(part, Surroundings(None)).parts
    return found


VALID = [
    "hostname: a",
    "users: [default]",
    f"users: [{{name: a, ssh_authorized_keys: [{KEY}], sudo: 'ALL=(ALL) NOPASSWD:ALL'}}]",
    f"users: [{{name: a, passwd: '{HASH}', lock_passwd: false, uid: 1500}}]",
    "groups: [a, {b: [c]}]",
    "write_files: [{path: /a, content: x, permissions: '0600', owner: 'root:root', append: false}]",
    "runcmd: [ls, [ls, -l]]",
    "bootcmd: [ls, [ls, -l]]",
    "packages: [a, [b, '1']]",
    "package_update: true",
    "ntp: {servers: [a.example], enabled: true}",
    "timezone: UTC",
    "locale: C.UTF-8",
    "keyboard: {layout: de}",
    "power_state: {mode: reboot, delay: 5, condition: true}",
    "phone_home: {url: 'http://h/', post: [hostname], tries: 3}",
    "ssh_pwauth: true",
    f"chpasswd: {{expire: false, users: [{{name: root, password: '{HASH}'}}]}}",
    "manage_etc_hosts: localhost\nhostname: a",
]
INVALID = [
    "users: [{nam: a}]",
    "users: [{name: a, groups: 5}]",
    "users: [{name: a, lock_passwd: [x]}]",
    "write_files: [{content: x}]",
    "write_files: [{path: /a, encoding: b32}]",
    "write_files: [{path: /a, append: [x]}]",
    "write_files: {path: /a}",
    "runcmd: ls",
    "runcmd: [{a: b}]",
    "bootcmd: ls",
    "packages: nginx",
    "ntp: {server: [a]}",
    "ntp: {servers: a}",
    "timezone: [UTC]",
    "keyboard: {model: a}",
    "power_state: {mode: sleep}",
    "power_state: {delay: 5}",
    "phone_home: {post: all}",
    "phone_home: {url: 'http://h/', post: [nothing]}",
    "chpasswd: {expires: false}",
    "ca_certs: {trust: [a]}",
    "ssh_keys: {rsa: a}",
    "manage_etc_hosts: maybe",
    "preserve_hostname: [x]",
]


def schema_says_valid(text: str, place: Path) -> bool:
    file = place / "user-data"
    file.write_text(text)
    done = subprocess.run(
        ["cloud-init", "schema", "--config-file", str(file)], capture_output=True, text=True, check=False
    )
    assert "Valid" in done.stdout or done.returncode != 0, done.stdout + done.stderr
    return done.returncode == 0


def test_what_is_valid_is_so_to_both(tmp_path: Path) -> None:
    """All of it in one file, as each run of cloud-init takes a second."""
    for body in VALID:
        assert load_cloud(body).valid, body
    lines: dict[str, str] = {}
    for body in VALID:
        lines.setdefault(body.partition(":")[0], body)

    assert schema_says_valid("#cloud-config\n" + "\n".join(lines.values()) + "\n", tmp_path)


@pytest.mark.parametrize("body", INVALID)
def test_what_is_invalid_is_so_to_both(body: str, tmp_path: Path) -> None:
    assert not load_cloud(body).valid
    assert not schema_says_valid(f"#cloud-config\n{body}\n", tmp_path)
