"""Cloud-configs: what they become, and what is said about what they do not become."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect

from provision.document import Document
from provision.findings import render_github, render_json, render_text
from provision.formats.cloud_config.config import CloudConfig
from provision.load import load_bytes
from provision.sections.commands import Command
from provision.sections.files import File
from provision.sections.groups import Group
from provision.sections.hosts_file import Host
from provision.sections.keyboard import Keyboard
from provision.sections.locale import Locale
from provision.sections.time import Time
from provision.sections.users import User
from tests.unit.provision.formats.cloud import HASH, KEY, cloud_document, load_cloud
from tests.unit.provision.formats.loading import codes

SECRET = "hunter2hunter2"


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("hostname: web", "web"),
        ("hostname: web.lab.example", "web"),
        ("fqdn: web.lab.example", "web"),
        ("hostname: db\nfqdn: web.lab.example", "db"),
        ("hostname: db\nfqdn: web.lab.example\nprefer_fqdn_over_hostname: true", "web.lab.example"),
        ("hostname: web.lab.example\ncoreos: {}", "web.lab.example"),
    ],
)
def test_a_machine_is_called_as_cloud_init_calls_it(body: str, name: str) -> None:
    assert cloud_document(body).hostname == name


def test_a_name_that_is_not_to_be_set_is_not() -> None:
    loaded = load_cloud("hostname: web\npreserve_hostname: true")

    assert codes(loaded) == ["hostname-preserved hostname"]
    assert loaded.document is not None
    assert loaded.document.hostname is None


@pytest.mark.parametrize("wish", ["true", "template", "localhost"])
def test_the_machine_knows_its_own_name(wish: str) -> None:
    made = cloud_document(f"fqdn: web.lab.example\nmanage_etc_hosts: {wish}")

    assert made.hosts == (Host(address="127.0.1.1", names=("web.lab.example", "web")),)


def test_a_user_with_everything() -> None:
    body = f"""\
users:
  - name: ops
    passwd: '{HASH}'
    lock-passwd: false
    gecos: Ops
    homedir: /srv/ops
    shell: /bin/zsh
    uid: "1500"
    primary-group: crew
    groups: sudo, web-team
    sudo: ["ALL=(ALL) NOPASSWD:ALL"]
    ssh-authorized-keys: [{KEY}]
"""
    made = cloud_document(body)

    (user,) = made.users
    assert user.password_hash is not None
    assert user.password_hash.reveal() == HASH
    assert (user.name, user.uid, user.gecos, user.home, user.shell) == (
        "ops",
        1500,
        "Ops",
        "/srv/ops",
        "/bin/zsh",
    )
    assert (user.primary_group, user.groups) == ("crew", ("sudo", "web-team"))
    assert (user.sudo, user.lock, user.ssh_authorized_keys) == (("ALL=(ALL) NOPASSWD:ALL",), False, (KEY,))
    assert made.groups == (Group(name="crew"), Group(name="sudo"), Group(name="web-team"))


@pytest.mark.parametrize(
    ("groups", "expected"),
    [("[a, b]", ("a", "b")), ("'a,b'", ("a", "b")), ("{a: null, b: }", ("a", "b"))],
)
def test_groups_of_a_user_in_all_their_forms(groups: str, expected: tuple[str, ...]) -> None:
    assert cloud_document(f"users: [{{name: x, groups: {groups}}}]").users[0].groups == expected


@pytest.mark.parametrize(
    "groups", ["[a, {my-team: [x, y]}]", "{a: null, my-team: [x, y]}", "[a, {my-team: 'x, y'}]"]
)
def test_groups_and_who_is_in_them(groups: str) -> None:
    made = cloud_document(f"users: [{{name: x}}]\ngroups: {groups}")

    assert made.groups == (Group(name="a"), Group(name="my-team"))
    assert made.users == (
        User(name="x", lock=True, groups=("my-team",)),
        User(name="y", groups=("my-team",)),
    )


def test_groups_by_name_alone() -> None:
    assert cloud_document("groups: a, b").groups == (Group(name="a"), Group(name="b"))


@pytest.mark.parametrize(
    ("users", "names"),
    [
        ("[default, {name: x}]", ["debian", "x"]),
        ("default", ["debian"]),
        ("[default]\nuser: {name: me}", ["me"]),
        ("[default]\ncoreos: {}", ["core"]),
    ],
)
def test_the_default_user_is_the_images(users: str, names: list[str]) -> None:
    assert [user.name for user in cloud_document(f"users: {users}").users] == names


def test_keys_alone_are_the_default_users() -> None:
    (user,) = cloud_document(f"ssh_authorized_keys: [{KEY}]").users

    assert (user.name, user.ssh_authorized_keys, user.lock) == ("debian", (KEY,), True)
    assert user.sudo == "ALL=(ALL) NOPASSWD:ALL"


def test_root_is_let_in_when_asked() -> None:
    made = cloud_document(f"ssh_authorized_keys: [{KEY}]\ndisable_root: false")

    assert [(user.name, user.ssh_authorized_keys) for user in made.users] == [
        ("debian", (KEY,)),
        ("root", (KEY,)),
    ]


def test_keys_of_a_default_user_who_is_not_listed_are_refused() -> None:
    loaded = load_cloud(f"users: [{{name: x}}]\nssh_authorized_keys: [{KEY}]")

    assert codes(loaded) == ["default-user ssh_authorized_keys"]


@pytest.mark.parametrize(
    "chpasswd",
    [
        f"{{expire: false, users: [{{name: ops, password: '{HASH}'}}]}}",
        f"{{expire: false, list: ['ops:{HASH}']}}",
        f'{{expire: false, list: "ops:{HASH}\\n"}}',
    ],
)
def test_a_password_that_is_set_lets_in(chpasswd: str) -> None:
    (user,) = cloud_document(f"users: [{{name: ops}}]\nchpasswd: {chpasswd}").users

    assert user.password_hash is not None
    assert (user.password_hash.reveal(), user.lock) == (HASH, False)


def test_the_default_users_password() -> None:
    (user,) = cloud_document(f"password: '{HASH}'\nchpasswd: {{expire: false}}").users

    assert user.password_hash is not None
    assert (user.name, user.password_hash.reveal(), user.lock) == ("debian", HASH, False)


FILES = [
    pytest.param("content: hi", File(path="/a", content="hi"), id="text"),
    pytest.param("", File(path="/a", content=""), id="nothing"),
    pytest.param("content: aGk=, encoding: b64", File(path="/a", content_base64="aGk="), id="b64"),
    pytest.param("content: aGk=, encoding: base64", File(path="/a", content_base64="aGk="), id="base64"),
    pytest.param("content: !!binary aGk=", File(path="/a", content_base64="aGk="), id="binary"),
    *(
        pytest.param(
            f"content: H4sI, encoding: {name}",
            File(path="/a", content_base64="H4sIAAAAAAAAA8vIBACsKpPYAgAAAA==", compression="gzip"),
            id=name,
        )
        for name in ("gz+b64", "gz+base64", "gzip+b64", "gzip+base64")
    ),
    pytest.param(
        "encoding: gzip, content: !!binary H4sI",
        File(path="/a", content_base64="H4sIAAAAAAAAA8vIBACsKpPYAgAAAA==", compression="gzip"),
        id="binary gzip",
    ),
    pytest.param("permissions: '0600'", File(path="/a", content="", mode="0600"), id="text permissions"),
    pytest.param("permissions: 0600", File(path="/a", content="", mode="0600"), id="octal permissions"),
    pytest.param("permissions: 0o600", File(path="/a", content="", mode="0o600"), id="YAML 1.2 permissions"),
    pytest.param("permissions: 384", File(path="/a", content="", mode="0600"), id="decimal permissions"),
    pytest.param(
        "owner: ops:web", File(path="/a", content="", user="ops", group="web"), id="owner with group"
    ),
    pytest.param("owner: ops", File(path="/a", content="", user="ops"), id="owner"),
    pytest.param(
        "append: true, content: x",
        File(path="/a", append=("x",), mode="0644", user="root", group="root"),
        id="append",
    ),
    pytest.param(
        "source: {uri: 'https://h/a', headers: {A: b}}",
        None,
        id="source",
    ),
]


@pytest.mark.parametrize(("fields", "expected"), FILES)
def test_files(fields: str, expected: File | None) -> None:
    packed = fields.replace("H4sI", "H4sIAAAAAAAAA8vIBACsKpPYAgAAAA==")
    body = f"users: [{{name: ops}}]\ngroups: [web]\nwrite_files:\n  - {{path: /a, {packed}}}"

    (made,) = cloud_document(body).files

    if expected is not None:
        assert made == expected
    else:
        assert made.headers is not None
        assert (made.source, made.headers["A"].reveal()) == ("https://h/a", "b")


def test_what_is_appended_to_a_file_of_the_config_is_part_of_it() -> None:
    body = """\
write_files:
  - {path: /a, content: "1\\n"}
  - {path: /b, content: x, append: true}
  - {path: /a, content: Mgo=, encoding: b64, append: true}
  - {path: /b, content: y, append: true}
"""
    made = cloud_document(body).files

    assert [(file.path, file.content, file.append) for file in made] == [
        ("/a", "1\n2\n", None),
        ("/b", None, ("x", "y")),
    ]


def test_deferred_files_come_last() -> None:
    made = cloud_document("write_files: [{path: /a, defer: true}, {path: /b}]")

    assert [file.path for file in made.files] == ["/b", "/a"]


def test_commands_are_one_script_so_that_a_change_of_directory_lasts() -> None:
    made = cloud_document('runcmd:\n  - cd /srv\n  -\n  - [echo, "it\'s", 5]\n')

    assert made.commands == (
        Command(
            name="runcmd", script="#!/bin/sh\ncd /srv\n'echo' 'it'\\''s' '5'\n", once=True, deadline_s=3600
        ),
    )


def test_commands_of_each_boot_are_a_unit() -> None:
    made = cloud_document("bootcmd: [echo hi]")

    (file,), (unit,) = made.files, made.units
    assert (file.content, file.mode) == ("#!/bin/sh\necho hi\n", "0700")
    assert unit.enable
    assert f"ExecStart={file.path}\n" in (unit.content or "")
    assert "WantedBy=sysinit.target" in (unit.content or "")


def test_packages_are_there_before_the_commands_that_need_them() -> None:
    body = "runcmd: [nginx]\npackages: [nginx, [curl, '7.88'], {apt: [jq]}]\npackage_upgrade: true"

    packages, runcmd = cloud_document(body).commands

    assert (packages.name, runcmd.name) == ("packages", "runcmd")
    lines = (packages.script or "").splitlines()
    assert lines[:2] == ["#!/bin/sh", "set -eu"]
    assert [line.rpartition("Timeout=600 ")[2] for line in lines[3:]] == [
        "update",
        "dist-upgrade",
        "install 'nginx' 'curl=7.88' 'jq'",
    ]


def test_settings_are_sections_of_ours() -> None:
    body = """\
ntp: {servers: [ntp.example], pools: [pool.example]}
timezone: Europe/Berlin
locale: de_DE.UTF-8
keyboard: {layout: de, variant: nodeadkeys, options: "ctrl:nocaps, compose:rwin"}
"""
    made = cloud_document(body)

    assert made.time == Time(zone="Europe/Berlin", ntp=("ntp.example", "pool.example"))
    assert made.locale == Locale(lang="de_DE.UTF-8")
    assert made.keyboard == Keyboard(
        layout="de", variant="nodeadkeys", options=("ctrl:nocaps", "compose:rwin")
    )


def test_ntp_without_servers_asks_debians() -> None:
    made = cloud_document("ntp: {enabled: true}").time

    assert made is not None
    assert made.ntp[0] == "0.debian.pool.ntp.org"
    assert cloud_document("ntp: {enabled: false}").time is None


def test_password_logins_of_ssh() -> None:
    (file,) = cloud_document("ssh_pwauth: no").files

    assert (file.path, file.content) == (
        "/etc/ssh/sshd_config.d/50-cloud-init.conf",
        "PasswordAuthentication no\n",
    )
    assert cloud_document("ssh_pwauth: unchanged").files == ()


def test_a_machine_that_reboots_does_so_once_and_when_all_is_done() -> None:
    (unit,) = cloud_document("power_state: {mode: reboot, delay: '+5', condition: [test, -f, /x]}").units

    text = unit.content or ""
    assert "After=multi-user.target\n" in text
    stamp, shutdown = [line for line in text.splitlines() if line.startswith("ExecStart=")]
    assert "power-state.done" in stamp
    assert shutdown == "ExecStart=/usr/sbin/shutdown --reboot +5"
    assert "ExecCondition=test -f /x\n" in text
    assert cloud_document("power_state: {mode: halt, condition: false}").units == ()


def test_a_machine_tells_home_what_was_asked() -> None:
    (command,) = cloud_document("phone_home: {url: 'http://h/', post: [hostname], tries: 3}").commands

    assert "hostname=$(hostname)" in (command.script or "")
    assert "--retry 2 " in (command.script or "")


FOUND = [
    pytest.param("hostnam: a", ["unknown-key hostnam"], id="unknown key"),
    pytest.param(
        "write_files: [{path: /a, contents: x}]", ["unknown-key write_files[0].contents"], id="deep"
    ),
    pytest.param("write-files: [{path: a}]", ["path-not-absolute write_files[0].path"], id="other spelling"),
    pytest.param("ca-certs: {}\nca_certs: {}", ["duplicate-key ca_certs"], id="both spellings"),
    pytest.param("write_files: [{path: /a, permissions: 644}]", ["mode-decimal write_files[0].permissions"]),
    pytest.param("write_files: [{path: /a, permissions: 420}]", ["mode-octal write_files[0].permissions"]),
    pytest.param("write_files: [{path: /a, permissions: '9'}]", ["mode write_files[0].permissions"]),
    pytest.param("write_files: [{path: /a, encoding: b32}]", ["wrong-type write_files[0].encoding"]),
    pytest.param("write_files: [{path: /a, encoding: gz}]", ["encoding write_files[0].encoding"]),
    pytest.param("write_files: [{path: /a, encoding: b64, content: '%'}]", ["base64 write_files[0].content"]),
    pytest.param(
        "write_files: [{path: /a, content: _w==, encoding: b64, append: true}]",
        ["append-bytes write_files[0].content"],
    ),
    pytest.param("write_files: [{path: /a}, {path: /a}]", ["duplicate-path write_files[1].path"]),
    pytest.param("users: [{name: A}]", ["user-name users[0].name"]),
    pytest.param("users: [{name: a, uid: x}]", ["wrong-type users[0].uid"]),
    pytest.param("users: [{name: a, sudo: true}]", ["wrong-type users[0].sudo"]),
    pytest.param("users: [{name: a, groups: [G]}]", ["group-name users[0].groups[0]"]),
    pytest.param("users: [{name: a, plain_text_passwd: x}]", ["not-carried users[0].plain_text_passwd"]),
    pytest.param("users: [{name: a, passwd: x}]", ["password-plaintext users[0].passwd"]),
    pytest.param(
        "chpasswd: {expire: false, users: [{name: a, type: RANDOM}]}",
        ["password-random chpasswd.users[0].type"],
    ),
    pytest.param(
        "chpasswd: {expire: false, users: [{name: a, type: text, password: x}]}",
        ["password-plaintext chpasswd.users[0].password"],
    ),
    pytest.param("chpasswd: {expire: false, list: ['a:x']}", ["password-plaintext chpasswd.list[0]"]),
    pytest.param("chpasswd: {expire: false, list: [a]}", ["password-line chpasswd.list[0]"]),
    pytest.param(f"chpasswd: {{list: ['a:{HASH}']}}", ["not-carried chpasswd.expire"]),
    pytest.param("ssh_pwauth: maybe", ["ssh-pwauth ssh_pwauth"]),
    pytest.param("ssh_keys: {rsa_public: x}", ["host-key-pair ssh_keys.rsa_public"]),
    pytest.param("ssh_keys: {ed25519_private: x}", ["host-key ssh_keys.ed25519_private"]),
    pytest.param("ntp: {servers: [a_b]}", ["ntp-server ntp.servers[0]"]),
    pytest.param("ntp: {ntp_client: chrony}", ["ntp-client ntp.ntp_client"]),
    pytest.param("timezone: Mars/Base", ["time-zone timezone"]),
    pytest.param("locale: german", ["locale locale"]),
    pytest.param("ca_certs: {trusted: [x]}", ["certificate ca_certs.trusted[0]"]),
    pytest.param("packages: [[a]]", ["package packages[0]"]),
    pytest.param("packages: [[a, 1.10]]", ["wrong-type packages[0][1]"], id="a version that YAML cuts"),
    pytest.param("power_state: {mode: sleep}", ["wrong-type power_state.mode"]),
    pytest.param("power_state: {mode: halt, delay: x}", ["power-delay power_state.delay"]),
    pytest.param("phone_home: {url: 'http://h/$INSTANCE_ID'}", ["instance-id phone_home.url"]),
    pytest.param("bootcmd: [echo $INSTANCE_ID]", ["instance-id bootcmd"]),
    pytest.param("runcmd: [true]", ["wrong-type runcmd[0]"]),
    pytest.param("manage_etc_hosts: true", ["manage-etc-hosts manage_etc_hosts"]),
    pytest.param(
        "write_files: [{path: /a, content: $private_ipv4}]", ["coreos-variable write_files[0].content"]
    ),
]


@pytest.mark.parametrize(("body", "expected"), FOUND)
def test_what_is_wrong_is_found_under_the_users_own_path(body: str, expected: list[str]) -> None:
    assert codes(load_cloud(body)) == expected


def not_carried() -> list[Any]:
    """Every key of the top, with what becomes of it."""
    info = inspect.type_info(CloudConfig)
    assert isinstance(info, inspect.StructType)
    return [
        pytest.param(field.encode_name, str((field.type.extra or {})["not_carried"]), id=field.encode_name)
        for field in info.fields
        if isinstance(field.type, inspect.Metadata) and "not_carried" in (field.type.extra or {})
    ]


@pytest.mark.parametrize(("key", "severity"), not_carried())
def test_a_key_that_is_not_carried_out_is_said_by_name(key: str, severity: str) -> None:
    loaded = load_cloud(f"hostname: a\n{key}: {{x: 1}}")

    assert codes(loaded) == [f"not-carried {key}"]
    assert str(loaded.findings[0].severity) == severity
    assert loaded.valid is (severity == "warning")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ("users: [{name: a, ssh_import_id: [gh:a]}]", "users[0].ssh_import_id"),
        ("users: [{name: a, expiredate: '2030-01-01'}]", "users[0].expiredate"),
        ("users: [{name: a, no_create_home: true}]", "users[0].no_create_home"),
        ("ssh_keys: {dsa_private: x}", "ssh_keys.dsa_private"),
        ("ssh_keys: {rsa_certificate: x}", "ssh_keys.rsa_certificate"),
        ("ca_certs: {remove-defaults: true}", "ca_certs.remove_defaults"),
        ("packages: [{snap: [x]}]", "packages[0].snap"),
        ("ntp: {config: {template: x}}", "ntp.config"),
    ],
)
def test_what_is_not_carried_out_deeper_down_is_said_too(body: str, path: str) -> None:
    assert codes(load_cloud(body)) == [f"not-carried {path}"]


def shown(text: str) -> str:
    reports = [load_bytes(text.encode(), file="user-data").report]
    return render_text(reports) + render_json(reports) + render_github(reports)


SECRETS = [
    f"users: [{{name: a, passwd: {SECRET}}}]",
    f"users: [{{name: a, plain-text-passwd: {SECRET}}}]",
    f"users: [{{name: a, hashed_passwd: [{SECRET}]}}]",
    f"password: {SECRET}",
    f"chpasswd: {{list: ['a:{SECRET}']}}",
    f"chpasswd: {{list: 'a:{SECRET}'}}",
    f"chpasswd:\n  list: |\n    a:{SECRET}\n",
    f"chpasswd: {{users: [{{name: a, password: {SECRET}}}]}}",
    f"chpasswd: {{users: [{{name: a, type: text, password: {SECRET}}}]}}",
    f"ssh_keys: {{rsa_private: {SECRET}}}",
    f"ssh_keys: {{dsa_private: {SECRET}}}",
    f"write_files: [{{path: a, source: {{uri: 'ftp://h/', headers: {{A: {SECRET}}}}}}}]",
    f"coreos: {{fleet: {{etcd-password: {SECRET}}}}}",
]


@pytest.mark.parametrize("body", SECRETS)
def test_a_secret_never_shows(body: str) -> None:
    output = shown(f"#cloud-config\n{body}")

    assert "error" in output
    assert SECRET not in output


@pytest.mark.parametrize("body", SECRETS)
def test_a_secret_does_not_show_in_a_text_that_is_no_yaml(body: str) -> None:
    for damaged in (f"#cloud-config\n{body}\n: [", f"#cloud-config\n}}\n{body}"):
        assert "error" in shown(damaged)
        assert SECRET not in shown(damaged)


def test_what_looks_like_a_variable_of_ours_is_meant_as_it_stands() -> None:
    (file,) = cloud_document("write_files: [{path: /a, content: '${facts.hostname} ${vars.x}'}]").files

    assert file.content == "$${facts.hostname} ${vars.x}"


@given(
    st.lists(
        st.tuples(
            st.integers(0, 300), st.sampled_from(["{", "[", "&a ", "*a", "\n", ": ", "!!binary ", "<<"])
        ),
        max_size=4,
    )
)
def test_whatever_is_written_there_are_findings_and_no_exception(damage: list[tuple[int, str]]) -> None:
    text = f"#cloud-config\nusers:\n- name: a\n  passwd: {SECRET}\n  groups: {{b-c: }}\nwrite-files:\n"
    text += "- {path: /a, content: !!binary aGk=}\ngroups: [a, {b: [c]}]\nruncmd: [a, [b], null]\n"
    for place, put in damage:
        text = text[: 13 + place] + put + text[13 + place :]

    loaded = load_bytes(text.encode(), file="user-data")

    assert all(SECRET not in f"{one.message} {one.hint}" for one in loaded.findings)
    assert loaded.document is None  # the password is no hash


def test_a_loop_of_aliases_ends() -> None:
    loaded = load_cloud("users: &a [*a, {name: x}]\nwrite_files: [&f {path: /a, <<: *f}]")

    assert {one.code for one in loaded.findings} == {"alias-loop"}


def test_merged_mappings_are_spelt_alike() -> None:
    body = f"""\
users:
  - &base {{name: a, ssh-authorized-keys: [{KEY}], lock-passwd: false}}
  - {{<<: *base, name: b}}
  - {{<<: [*base], name: c, shell: /bin/sh}}
"""
    made = cloud_document(body).users

    assert [(user.name, user.lock, user.ssh_authorized_keys) for user in made] == [
        (name, False, (KEY,)) for name in "abc"
    ]


@pytest.mark.parametrize("body", ["", "# nothing\n", "{}", "---\n", "ssh_authorized_keys: []\nusers:"])
def test_a_config_that_says_nothing_asks_for_nothing(body: str) -> None:
    assert cloud_document(body) == Document()
