"""Ignition configs: what they become, and what is said about what they do not become."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.findings import render_github, render_json, render_text
from provision.formats.recognise import is_ignition
from provision.load import load_bytes
from provision.sections.appended import Appended
from provision.sections.directories import Directory
from provision.sections.files import File
from provision.sections.groups import Group
from provision.sections.kernel import Arguments
from provision.sections.links import Link
from provision.sections.units import DropIn, Unit
from tests.unit.provision.formats.loading import codes, document, load

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
SHA512 = "0" * 128
SECRET = "hunter2hunter2"


def ignition(**sections: Any) -> dict[str, Any]:
    return {"ignition": {"version": "3.3.0"}, **sections}


def storage(**kinds: Any) -> dict[str, Any]:
    return ignition(storage=kinds)


def test_a_file_with_contents_is_a_file_with_that_source() -> None:
    contents = {
        "source": "https://files.example/a.gz",
        "compression": "gzip",
        "verification": {"hash": f"sha512-{SHA512}"},
    }
    file = {"path": "/srv/a", "mode": 420, "overwrite": True, "contents": contents, "group": {"name": "adm"}}

    assert document(storage(files=[file])).files == (
        File(
            path="/srv/a",
            source="https://files.example/a.gz",
            compression="gzip",
            sha512=SHA512,
            mode="0644",
            group="adm",
        ),
    )


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        pytest.param({}, File(path="/a", append=()), id="nothing said about contents: kept, or empty"),
        pytest.param({"contents": {}}, File(path="/a", append=()), id="nothing said in contents"),
        pytest.param(
            {"contents": {"source": ""}}, File(path="/a", content="", overwrite="own"), id="empty source"
        ),
        pytest.param(
            {"contents": {"source": "data:,x", "compression": ""}, "mode": None, "user": {"id": 0}},
            File(path="/a", source="data:,x", overwrite="own", user=0),
            id="null says nothing",
        ),
        pytest.param({"mode": 0o1755}, File(path="/a", append=(), mode="0755"), id="sticky before 3.6.0"),
        pytest.param(
            {"append": [{"source": "data:,x"}, {"source": ""}]},
            File(path="/a", append=(Appended(source="data:,x"), Appended(source="data:,"))),
            id="appended",
        ),
        pytest.param(
            {"contents": {"source": "data:,x"}, "append": [{"source": "data:,y"}]},
            File(path="/a", source="data:,x", append=(Appended(source="data:,y"),), overwrite="own"),
            id="appended to contents",
        ),
    ],
)
def test_what_is_in_a_file_is_what_ignition_puts_there(file: dict[str, Any], expected: File) -> None:
    assert document(storage(files=[{"path": "/a", **file}])).files == (expected,)


def test_headers_are_secret_and_stand_under_their_names() -> None:
    headers = [{"name": "Authorization", "value": "${vars.x} hunter2"}]
    contents = {"source": "https://files.example/a", "httpHeaders": headers}

    (file,) = document(storage(files=[{"path": "/a", "contents": contents}])).files

    assert file.headers is not None
    assert file.headers["Authorization"].reveal() == "${vars.x} hunter2"


def test_directories_and_links() -> None:
    config = storage(
        directories=[{"path": "/srv/data", "mode": 488, "user": {"name": "www-data"}}],
        links=[
            {"path": "/etc/localtime", "target": "../usr/share/zoneinfo/UTC"},
            {"path": "/etc/app", "target": "/opt/app", "hard": True, "overwrite": True},
        ],
    )

    made = document(config)

    assert made.directories == (Directory(path="/srv/data", mode="0750", user="www-data"),)
    assert made.links == (
        Link(path="/etc/localtime", target="../usr/share/zoneinfo/UTC", overwrite="own"),
        Link(path="/etc/app", target="/opt/app", hard=True),
    )


def test_arguments_of_the_kernel_are_words() -> None:
    arguments = {"shouldExist": ["quiet", "a=b console=tty0"], "shouldNotExist": ["splash"]}

    kernel = document(ignition(kernelArguments=arguments)).kernel

    assert kernel is not None
    assert kernel.arguments == Arguments(present=("quiet", "a=b", "console=tty0"), absent=("splash",))


def test_homes_and_groups_of_users_and_passwords_of_groups() -> None:
    users = [
        {"name": "a", "noCreateHome": True, "noUserGroup": True},
        {"name": "b", "system": True},
        {"name": "c", "system": True, "noCreateHome": True},
    ]
    made = document(ignition(passwd={"users": users, "groups": [{"name": "g", "passwordHash": "*"}]}))

    assert [(user.create_home, user.user_group) for user in made.users] == [
        (False, False),
        (True, True),
        (False, True),
    ]
    assert made.groups[0].password_hash is not None
    assert made.groups[0].password_hash.reveal() == "*"


def test_a_masked_unit_is_a_link_whatever_else_is_said_of_it() -> None:
    unit = {"name": "a.service", "mask": True, "enabled": True, "contents": "[Unit]\n"}

    loaded = load(ignition(systemd={"units": [unit]}))

    assert codes(loaded) == ["unit-mask-contents systemd.units[0].contents"]
    assert loaded.document is not None
    assert loaded.document.units == (Unit(name="a.service", mask=True, preset=True),)


def test_units_with_drop_ins() -> None:
    text = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"
    dropin = {"name": "10-user.conf", "contents": "[Service]\nUser=nobody\n"}
    units = [
        {"name": "a.service", "enabled": True, "contents": text},
        {"name": "b.service", "mask": False, "contents": "", "dropins": [dropin]},
    ]

    assert document(ignition(systemd={"units": units})).units == (
        Unit(name="a.service", enable=True, content=text),
        Unit(
            name="b.service",
            mask=False,
            dropins=(DropIn(name="10-user.conf", content="[Service]\nUser=nobody\n"),),
        ),
    )


def test_users_and_groups() -> None:
    user = {
        "name": "core",
        "passwordHash": "*",
        "sshAuthorizedKeys": [KEY],
        "uid": 1500,
        "gecos": "Core",
        "homeDir": "/srv/core",
        "shell": "/bin/bash",
        "primaryGroup": "ops",
        "groups": ["sudo"],
        "system": False,
    }
    passwd = {
        "users": [user, {"name": "old", "shouldExist": False}],
        "groups": [{"name": "ops", "gid": 1600}, {"name": "older", "shouldExist": False}],
    }

    made = document(ignition(passwd=passwd))

    core, old = made.users
    assert core.password_hash is not None
    assert (core.name, core.password_hash.reveal(), core.ssh_authorized_keys) == ("core", "*", (KEY,))
    assert (core.uid, core.gecos, core.home, core.shell) == (1500, "Core", "/srv/core", "/bin/bash")
    assert (core.primary_group, core.groups, core.system) == ("ops", ("sudo",), False)
    assert (old.name, old.absent) == ("old", True)
    assert made.groups == (Group(name="ops", gid=1600), Group(name="older", absent=True))


FOUND = [
    pytest.param({"ignition": {"version": "9.0.0"}}, ["format-version ignition.version"], id="version"),
    pytest.param({"ignition": {}}, ["missing-key ignition"], id="no version"),
    pytest.param(ignition(Storage={}), ["unknown-key Storage"], id="unknown section"),
    pytest.param(ignition(storage=[]), ["wrong-type storage"], id="wrong type"),
    pytest.param(
        storage(files=[{"path": "/a", "mode": "0644"}]),
        ["wrong-type storage.files[0].mode"],
        id="mode as text",
    ),
    pytest.param(
        storage(files=[{"path": "/a", "mode": 644}]), ["mode-octal storage.files[0].mode"], id="octal mode"
    ),
    pytest.param(
        storage(files=[{"path": "/a", "mode": -1}]),
        ["out-of-range storage.files[0].mode"],
        id="negative mode",
    ),
    pytest.param(
        storage(files=[{"path": "/a", "contents": {"source": "s3://bucket/a"}}]),
        ["url storage.files[0].contents.source"],
        id="a scheme that is not read",
    ),
    pytest.param(
        storage(files=[{"path": "/a", "contents": {"verification": {"hash": f"sha512-{SHA512}"}}}]),
        ["digest-without-source storage.files[0].contents.verification"],
        id="digest of nothing",
    ),
    pytest.param(
        storage(files=[{"path": "/a"}, {"path": "/a/b"}]),
        ["below-file storage.files[1].path"],
        id="below a file",
    ),
    pytest.param(storage(links=[{"path": "/a"}]), ["missing-key storage.links[0]"], id="no target"),
    pytest.param(
        ignition(systemd={"units": [{"name": "a.service", "dropins": [{"name": "a.conf"}]}]}),
        ["unit-nothing systemd.units[0]", "unit-nothing systemd.units[0].dropins[0]"],
        id="empty drop-in",
    ),
    pytest.param(
        ignition(passwd={"users": [{"name": "a", "uid": 0}]}), ["reserved-id passwd.users[0].uid"], id="uid 0"
    ),
    pytest.param(
        ignition(passwd={"users": [{"name": "a", "groups": ["zzz"]}]}),
        ["unknown-group passwd.users[0].groups[0]"],
        id="unknown group",
    ),
]


@pytest.mark.parametrize(("config", "expected"), FOUND)
def test_what_is_wrong_is_found_under_ignitions_own_path(config: object, expected: list[str]) -> None:
    assert codes(load(config)) == expected


@pytest.mark.parametrize(
    ("config", "path"),
    [
        (storage(disks=[{"device": "/dev/vda"}]), "storage.disks"),
        (storage(raid=[{}]), "storage.raid"),
        (storage(luks=[{}]), "storage.luks"),
        (storage(filesystems=[{}]), "storage.filesystems"),
        (storage(directories=[{"path": "/a", "overwrite": True}]), "storage.directories[0].overwrite"),
        ({"ignition": {"version": "3.3.0", "proxy": {"httpProxy": "http://p:1"}}}, "ignition.proxy"),
        ({"ignition": {"version": "3.3.0", "security": {"tls": {}}}}, "ignition.security"),
    ],
)
def test_what_is_not_carried_out_is_refused_by_name(config: object, path: str) -> None:
    loaded = load(config)

    assert codes(loaded) == [f"not-carried {path}"]
    assert loaded.document is None


def test_what_changes_nothing_is_a_warning() -> None:
    loaded = load({"ignition": {"version": "3.3.0", "timeouts": {"httpTotal": 60}}})

    assert codes(loaded) == ["not-carried ignition.timeouts"]
    assert loaded.valid


def test_nothing_is_said_of_what_says_nothing() -> None:
    empty = storage(disks=[], raid=None, directories=[{"path": "/a", "overwrite": False}])

    assert load(empty).findings == ()


def test_a_mistake_hides_no_other() -> None:
    config = storage(files=[{"path": "a", "contents": {"sorce": "x"}}], links=[{"path": "/b", "target": ""}])

    assert codes(load(config)) == [
        "path-not-absolute storage.files[0].path",
        "unknown-key storage.files[0].contents.sorce",
        "link-target storage.links[0].target",
    ]


HEADERS = [{"name": "A", "value": SECRET}]
SECRETS = [
    pytest.param(ignition(passwd={"users": [{"name": "a b", "passwordHash": SECRET}]}), id="beside"),
    pytest.param(ignition(passwd={"users": [{"name": "a", "passwordHash": [SECRET]}]}), id="wrong type"),
    pytest.param(ignition(passwd={"users": {"passwordHash": SECRET}}), id="wrong place"),
    pytest.param(ignition(passwd={"groups": [{"name": "a", "passwordHash": SECRET}]}), id="not carried"),
    pytest.param(
        storage(files=[{"path": "a", "contents": {"source": "ftp://h/", "httpHeaders": HEADERS}}]),
        id="header",
    ),
]
SECRETS_BY_OTHER_NAMES = [
    pytest.param(ignition(passwd={"users": [{"name": "a", "passwordHsh": SECRET}]}), id="misspelt"),
    pytest.param(storage(files=[{"path": "a", "contents": {"source": f"ftp://u:{SECRET}@h/"}}]), id="URL"),
]


def shown(text: str) -> str:
    reports = [load_bytes(text.encode(), file="config.ign").report]
    return render_text(reports) + render_json(reports) + render_github(reports)


@pytest.mark.parametrize("config", [*SECRETS, *SECRETS_BY_OTHER_NAMES])
def test_a_secret_never_shows(config: object) -> None:
    output = shown(json.dumps(config))

    assert "error" in output
    assert SECRET not in output


@pytest.mark.parametrize("config", SECRETS)
def test_a_secret_does_not_show_in_a_text_that_is_no_json(config: object) -> None:
    text = json.dumps(config)

    for damaged in (text[:-1], text.replace("{", "{,", 1), text.replace('"a', "a", 1)):
        assert "error" in shown(damaged)
        assert SECRET not in shown(damaged)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'\xef\xbb\xbf \n{"ignition": {"version": "3.3.0"}}', True),
        (b'{"storage": {}, "ignition" :1', True),
        (b'{"hostname": "ignition"}', False),
        (b'{"files": [{"path": "/a", "content": "{\\"ignition\\": {}}"}]}', False),
        (b'{"vars": {"ignition": "a"}}', False),
        (b"ignition: {version: 3.3.0}", False),
    ],
)
def test_an_ignition_config_is_known_by_its_key(data: bytes, expected: bool) -> None:
    assert is_ignition(data) is expected


@given(
    st.lists(
        st.tuples(
            st.integers(0, 400), st.sampled_from(['"', "{", "}", "[]", ",", "null", "\t", "1e9", '"\\ud800"'])
        ),
        max_size=4,
    )
)
def test_whatever_is_written_there_are_findings_and_no_exception(damage: list[tuple[int, str]]) -> None:
    user = {"name": "core", "passwordHash": SECRET, "sshAuthorizedKeys": [KEY]}
    files = [{"path": "/a", "contents": {"source": "data:,${vars.x}"}, "user": {"id": 1}}]
    text = json.dumps(ignition(storage={"files": files}, passwd={"users": [user]}), indent=1)
    for place, put in damage:
        text = text[:place] + put + text[place + 1 :]

    loaded = load_bytes(text.encode(), file="config.ign")

    assert all(SECRET not in f"{one.message} {one.hint}" for one in loaded.findings)
    assert loaded.document is None  # the password is no hash


def test_the_same_header_twice_is_refused() -> None:
    headers = [{"name": "A", "value": "1"}, {"name": "a", "value": "2"}, {"name": "A", "value": "3"}]
    contents = {"source": "https://files.example/a", "httpHeaders": headers}

    assert "header storage.files[0].contents.httpHeaders[1].name" in codes(
        load(storage(files=[{"path": "/a", "contents": contents}]))
    )
