"""Butane configs: the same document as the Ignition config they mean, and what they add to that."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from provision.document import Document
from provision.findings import render_text
from provision.formats.butane.config import VARIANTS
from provision.formats.recognise import is_butane
from provision.load import Loaded, load_bytes
from provision.resolve import Includes
from provision.sections.appended import Appended
from provision.sections.directories import Directory
from provision.sections.files import File
from provision.sections.links import Link
from tests.unit.provision.formats.loading import codes

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
SERVICE = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"


def load(
    body: str, *, version: str = "1.7.0", variant: str = "fcos", directory: Path | None = None
) -> Loaded:
    text = f"variant: {variant}\nversion: {version}\n{body}"
    resolver = Includes(directory=str(directory)) if directory else Includes(reads_files=False)
    return load_bytes(text.encode(), file="config.bu", resolver=resolver)


def document(loaded: Loaded) -> Document:
    assert loaded.document is not None, loaded.findings
    return loaded.document


def test_it_is_the_document_of_the_ignition_config_that_it_means() -> None:
    butane = f"""
    passwd:
      users:
        - name: core
          ssh_authorized_keys: ["{KEY}"]
          home_dir: /srv/core
          no_create_home: true
          should_exist: true
      groups: [{{name: ops, gid: 1500, password_hash: "*"}}]
    kernel_arguments: {{should_exist: [quiet], should_not_exist: [splash]}}
    storage:
      files:
        - path: /etc/a
          mode: 0640
          overwrite: true
          contents: {{source: "data:,x", verification: {{hash: {"sha512-" + "0" * 128}}}}}
          append: [{{source: "https://files.example/a", http_headers: [{{name: A, value: b}}]}}]
        - path: /etc/b
          mode: 0o600
          user: {{id: 5}}
        - path: /etc/c
          mode: 416
      directories: [{{path: /srv/d, mode: 0x1ed}}]
      links: [{{path: /etc/l, target: a, hard: false}}]
    systemd:
      units:
        - name: a.service
          enabled: true
          dropins: [{{name: 10.conf, contents: "[Unit]\\n"}}]
    """.replace("0" * 128, "a" * 128)
    user = {
        "name": "core",
        "sshAuthorizedKeys": [KEY],
        "homeDir": "/srv/core",
        "noCreateHome": True,
        "shouldExist": True,
    }
    remote = {"source": "https://files.example/a", "httpHeaders": [{"name": "A", "value": "b"}]}
    contents = {"source": "data:,x", "verification": {"hash": "sha512-" + "a" * 128}}
    ignition: dict[str, Any] = {
        "ignition": {"version": "3.6.0"},
        "passwd": {"users": [user], "groups": [{"name": "ops", "gid": 1500, "passwordHash": "*"}]},
        "kernelArguments": {"shouldExist": ["quiet"], "shouldNotExist": ["splash"]},
        "storage": {
            "files": [
                {"path": "/etc/a", "mode": 416, "overwrite": True, "contents": contents, "append": [remote]},
                {"path": "/etc/b", "mode": 384, "user": {"id": 5}},
                {"path": "/etc/c", "mode": 416},
            ],
            "directories": [{"path": "/srv/d", "mode": 493}],
            "links": [{"path": "/etc/l", "target": "a", "hard": False}],
        },
        "systemd": {
            "units": [
                {
                    "name": "a.service",
                    "enabled": True,
                    "dropins": [{"name": "10.conf", "contents": "[Unit]\n"}],
                }
            ]
        },
    }

    ours = load(dedent(butane))
    theirs = load_bytes(json.dumps(ignition).encode(), file="config.ign")

    assert codes(ours) == ["digest-mismatch storage.files[0].contents.verification.hash"] == codes(theirs)
    without = ("contents: {source", "contents: {source: 'data:,x'} # {source")
    ignition["storage"]["files"][0]["contents"] = {"source": "data:,x"}
    assert document(load(dedent(butane.replace(*without)))) == document(
        load_bytes(json.dumps(ignition).encode(), file="config.ign")
    )


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """What lies beside the config."""
    (tmp_path / "tree/deep").mkdir(parents=True)
    (tmp_path / "tree/text").write_text("text\n")
    (tmp_path / "tree/bytes").write_bytes(b"\xff\0")
    (tmp_path / "tree/deep/run").write_text("#!/bin/sh\n")
    (tmp_path / "tree/deep/run").chmod(0o755)
    (tmp_path / "tree/deep/link").symlink_to("../text")
    (tmp_path / "keys.pub").write_text(f"# the desk\n{KEY}\n\n{KEY} b\n")
    (tmp_path / "a.service").write_text(SERVICE)
    (tmp_path / "child.ign").write_text(
        '{"ignition": {"version": "3.0.0"}, "storage": {"files": [{"path": "/c"}]}}'
    )
    return tmp_path


def test_contents_in_the_config_and_beside_it(beside: Path) -> None:
    body = """
storage:
  files:
    - path: /inline
      contents: {inline: "${vars.a}"}
    - path: /text
      contents: {local: tree/text}
      append: [{inline: a}, {local: tree/bytes}]
    - path: /bytes
      contents: {local: ./tree/bytes}
"""

    assert document(load(body, directory=beside)).files == (
        File(path="/inline", content="${vars.a}", overwrite="own"),
        File(
            path="/text",
            content="text\n",
            append=(Appended(source="data:;base64,YQ=="), Appended(source="data:;base64,/wA=")),
            overwrite="own",
        ),
        File(path="/bytes", content_base64="/wA=", overwrite="own"),
    )


def test_trees_with_what_the_config_says_of_their_files(beside: Path) -> None:
    body = """
storage:
  files:
    - {path: /srv/deep/run, mode: 0700}
  trees:
    - {local: tree, path: /srv, user: {name: root}, file_mode: 0640, dir_mode: 0750}
"""

    made = document(load(body, directory=beside))

    assert {file.overwrite for file in made.files} == {"own"}
    assert {(file.path, file.mode, file.content, file.user) for file in made.files} == {
        ("/srv/deep/run", "0700", "#!/bin/sh\n", None),
        ("/srv/text", "0640", "text\n", "root"),
        ("/srv/bytes", "0640", None, "root"),
    }
    assert made.directories == (Directory(path="/srv/deep", mode="0750", user="root"),)
    assert made.links == (Link(path="/srv/deep/link", target="../text", overwrite="own"),)


def test_modes_of_a_tree_are_those_of_its_files(beside: Path) -> None:
    made = document(load("storage: {trees: [{local: tree}]}", version="1.1.0", directory=beside))

    assert {file.path: file.mode for file in made.files} == {
        "/text": "0644",
        "/bytes": "0644",
        "/deep/run": "0755",
    }


def test_units_and_keys_beside_the_config(beside: Path) -> None:
    body = """
passwd: {users: [{name: core, ssh_authorized_keys: [], ssh_authorized_keys_local: [keys.pub]}]}
systemd: {units: [{name: a.service, contents_local: a.service}]}
"""

    made = document(load(body, directory=beside))

    assert made.users[0].ssh_authorized_keys == (KEY, f"{KEY} b")
    assert made.units[0].content == SERVICE


def test_configs_that_are_merged_are_ignition(beside: Path) -> None:
    for reference in (
        "{local: child.ign}",
        """{inline: '{"ignition": {"version": "3.0.0"}, "storage": {"files": [{"path": "/c"}]}}'}""",
    ):
        made = document(load(f"ignition: {{config: {{merge: [{reference}]}}}}", directory=beside))
        assert made.files == (File(path="/c", append=()),)


FOUND = [
    ("storage: {filesystems: [{with_mount_unit: true}]}", "not-carried storage.filesystems"),
    ("storage: {disks: [{device: /dev/vda}]}", "not-carried storage.disks"),
    ("storage: {raid: [{name: a}]}", "not-carried storage.raid"),
    ("storage: {luks: [{name: a}]}", "not-carried storage.luks"),
    ("boot_device: {mirror: {devices: []}}", "not-carried boot_device"),
    ("grub: {users: [{name: root}]}", "not-carried grub"),
    ("ignition: {proxy: {http_proxy: 'http://p:1'}}", "not-carried ignition.proxy"),
    ("ignition: {security: {tls: {}}}", "not-carried ignition.security"),
    (
        "storage: {files: [{path: /a, contents: {inline: a, local: b}}]}",
        "contents-twice storage.files[0].contents.local",
    ),
    ("storage: {files: [{path: /a, contents: {local: b}}]}", "include-file storage.files[0].contents.local"),
    ("storage: {files: [{path: /a, contents: {local: ../b}}]}", "local-path storage.files[0].contents.local"),
    ("storage: {trees: [{local: /b}]}", "local-path storage.trees[0].local"),
    ("storage: {files: [{path: /a, mode: 644}]}", "mode-octal storage.files[0].mode"),
    ("storage: {files: [{path: /a, mode: '0644'}]}", "wrong-type storage.files[0].mode"),
    ("passwd: {users: [{name: a, passwordHash: x}]}", "unknown-key passwd.users[0].passwordHash"),
    (
        "systemd: {units: [{name: a.service, contents: '[Unit]', contents_local: b}]}",
        "contents-twice systemd.units[0].contents_local",
    ),
]


@pytest.mark.parametrize(("body", "expected"), FOUND)
def test_what_is_wrong_is_found_under_butanes_own_path(body: str, expected: str) -> None:
    assert expected in codes(load(body))


def test_a_config_from_elsewhere_reads_no_files_of_this_machine() -> None:
    loaded = load_bytes(
        b"variant: fcos\nversion: 1.1.0\nstorage: {files: [{path: /a, contents: {local: etc/shadow}}]}\n",
        file="https://configs.example/config.bu",
        resolver=Includes(directory="/"),
    )

    assert codes(loaded) == ["include-file storage.files[0].contents.local"]
    assert loaded.findings[0].hint == "write the content itself, with inline"


def test_a_conflict_of_a_tree_with_the_config_is_found(beside: Path) -> None:
    for other in (
        "files: [{path: /srv/text, contents: {inline: a}}]",
        "directories: [{path: /srv/text}]",
        "links: [{path: /srv/text, target: a}]",
    ):
        loaded = load(f"storage: {{trees: [{{local: tree, path: /srv}}], {other}}}", directory=beside)
        assert "tree-conflict storage.trees[0].local" in codes(loaded)


@pytest.mark.parametrize(
    ("variant", "version", "expected"),
    [
        ("fcos", "2.0.0", ["format-version version"]),
        ("flatcar", "1.2.0", ["format-version version"]),
        ("fcso", "1.0.0", ["format-variant variant"]),
        ("openshift", "4.8.0", ["format-variant variant"]),
        ("fcos", "1.5", ["wrong-type version"]),
    ],
)
def test_variants_and_versions_that_are_not_read(variant: str, version: str, expected: list[str]) -> None:
    assert codes(load("", variant=variant, version=version)) == expected


@pytest.mark.parametrize(
    ("variant", "since", "body"),
    [
        ("fcos", "1.1.0", "storage: {trees: []}"),
        ("fcos", "1.2.0", "passwd: {users: [{name: a, should_exist: false}]}"),
        ("fcos", "1.4.0", "kernel_arguments: {}"),
        ("fcos", "1.5.0", "passwd: {users: [{name: a, ssh_authorized_keys_local: []}]}"),
        ("flatcar", "1.1.0", "passwd: {users: [{name: a, ssh_authorized_keys_local: []}]}"),
    ],
)
def test_a_key_comes_with_the_version_that_has_it(variant: str, since: str, body: str) -> None:
    for version in VARIANTS[variant]:
        found = codes(load(body, variant=variant, version=version))
        assert any(one.startswith("newer-key") for one in found) == (version < since), version


RECOGNISED: list[tuple[bytes, bool]] = [
    (b"variant: fcos\nversion: 1.0.0\n", True),
    (b'# mine\n"variant": fcos\n"version" : 1.0.0\n', True),
    (b"files:\n- path: /a\n  content: |\n    variant: fcos\n    version: 1.0.0\n", False),
    (b"hostname: variant\n", False),
]


@pytest.mark.parametrize(("data", "expected"), RECOGNISED)
def test_a_butane_config_is_known_by_its_keys(data: bytes, expected: bool) -> None:
    assert is_butane(data) is expected


@pytest.mark.parametrize(
    "body",
    [
        "passwd: {users: [{name: a b, password_hash: hunter2hunter2}]}",
        "passwd: {users: [{name: a, password_hash: [hunter2hunter2]}]}",
        "storage: {files: [{path: a, contents: {source: x, http_headers: [{name: A, value: hunter2hunter2}]}}]}",
    ],
)
def test_a_secret_never_shows(body: str) -> None:
    for text in (body, body.replace("}", "", 1)):
        output = render_text([load(text).report])
        assert "error" in output
        assert "hunter2" not in output
