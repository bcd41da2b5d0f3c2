"""Section `units`: templates, presets, units of users, files of networkd, and names that systemd does not know."""

from __future__ import annotations

import json

import pytest

from provision.actions import Action, EnableUnit, EnsureLink, MaskUnit, WriteFile
from provision.facts import Facts
from provision.findings import Finding
from provision.load import load_bytes
from provision.sections import plan_document
from tests.unit.provision.checks import codes

SERVICE = "[Service]\nExecStart=/bin/echo %i\n"
INSTALL = "[Install]\nWantedBy=multi-user.target\n"


def document(*units: dict[str, object]) -> str:
    return json.dumps({"units": units})


def unit(**fields: object) -> list[str]:
    found = codes(document({"name": "a.service", **fields}))
    return [code.replace("units[0]", "") for code in found]


def actions(*units: dict[str, object]) -> list[Action]:
    loaded = load_bytes(document(*units).encode(), file="config.yaml")
    assert loaded.document is not None, loaded.findings
    return [step.action for step in plan_document(loaded.document, Facts(hostname="node1"))]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param(
            {"name": "e@.service", "content": SERVICE + INSTALL, "enable": True, "instances": ["a", "b"]},
            [],
            id="instances of a template",
        ),
        pytest.param({"name": "getty@tty2.service", "enable": True}, [], id="one instance by its name"),
        pytest.param(
            {"name": "e@.service", "enable": True, "instances": ["${facts.hostname}"]}, [], id="variable"
        ),
        pytest.param(
            {"content": SERVICE + INSTALL, "enable": True, "instances": ["a"]},
            ["unit-instances .instances"],
            id="instances of what is no template",
        ),
        pytest.param(
            {"name": "e@.service", "content": SERVICE + INSTALL, "instances": ["a"]},
            ["unit-instances .instances"],
            id="instances, and nothing asked of them",
        ),
        pytest.param(
            {"name": "e@.service", "enable": True, "instances": ["a/b"]},
            ["unit-instance-name .instances[0]"],
            id="slash in an instance",
        ),
        pytest.param(
            {"name": "e@.service", "enable": True, "instances": ["a", "a"]},
            ["duplicate-name .instances[1]"],
            id="instance twice",
        ),
        pytest.param(
            {"name": "e@.service", "content": SERVICE + INSTALL, "enable": True},
            ["unit-no-instance .enable"],
            id="template enabled without instance",
        ),
        pytest.param(
            {"name": "e@.service", "content": f"{SERVICE}{INSTALL}DefaultInstance=x\n", "enable": True},
            [],
            id="template that has a default",
        ),
        pytest.param({"preset": False}, [], id="preset alone"),
        pytest.param({"enable": True, "preset": True}, [], id="preset as enable"),
        pytest.param(
            {"enable": True, "preset": False}, ["unit-preset-enable .preset"], id="preset against it"
        ),
        pytest.param({"scope": "user", "content": SERVICE}, [], id="unit of users"),
        pytest.param({"scope": "session", "enable": True}, ["wrong-type .scope"], id="no such scope"),
        pytest.param({"name": "a.network", "content": "[Match]\nName=eth0\n"}, [], id=".network"),
        pytest.param({"name": "a.netdev", "content": "[NetDev]\nName=a\nKind=dummy\n"}, [], id=".netdev"),
        pytest.param({"name": "a.link", "content": "[Match]\nMACAddress=1\n"}, [], id=".link"),
        pytest.param({"name": "a.network", "mask": True}, [], id=".network hidden"),
        pytest.param(
            {"name": "a.network", "content": "[Macth]\nName=eth0\n"},
            ["unit-section .content"],
            id="misspelt section of .network",
        ),
        pytest.param(
            {"name": "a.link", "content": "[Network]\nDHCP=yes\n"},
            ["unit-section .content"],
            id="section of .network in .link",
        ),
        pytest.param(
            {"name": "a.network", "content": "[Match]\nName=eth0\n", "enable": True},
            ["unit-network-file .enable"],
            id=".network enabled",
        ),
        pytest.param({"content": "[Service\nA=b\n"}, ["unit-syntax .content"], id="open section header"),
        pytest.param({"content": "[Service] a\n"}, ["unit-syntax .content"], id="text after a header"),
        pytest.param({"content": "[Service]\nExec\nStart=a\n"}, ["unit-syntax .content"], id="broken key"),
        pytest.param({"content": "Restart=no\n"}, ["unit-syntax .content"], id="setting before a header"),
        pytest.param({"name": "a.snapshot", "enable": True}, ["unit-suffix .name"], id="type of long ago"),
        pytest.param(
            {"name": "a.network", "content": "[Match]\nName=eth0\n", "scope": "user"},
            ["unit-network-file .scope"],
            id=".network of users",
        ),
    ],
)
def test_a_unit(fields: dict[str, object], expected: list[str]) -> None:
    assert unit(**fields) == expected


@pytest.mark.parametrize(
    ("template", "instance", "expected"),
    [
        pytest.param({"content": SERVICE + INSTALL}, {}, [], id="the template has it"),
        pytest.param({"content": SERVICE}, {}, ["unit-no-install units[1].enable"], id="nobody has it"),
        pytest.param(
            {"content": SERVICE},
            {"dropins": [{"name": "a.conf", "content": INSTALL}]},
            [],
            id="a drop-in of the instance has it",
        ),
        pytest.param(
            {"content": SERVICE, "dropins": [{"name": "a.conf", "content": INSTALL}]},
            {},
            [],
            id="a drop-in of the template has it",
        ),
        pytest.param({"mask": False}, {}, [], id="the template is the system's own"),
        pytest.param({"content": SERVICE, "scope": "user"}, {}, [], id="another template of that name"),
    ],
)
def test_an_instance_is_enabled_by_what_its_template_says(
    template: dict[str, object], instance: dict[str, object], expected: list[str]
) -> None:
    units = [{"name": "e@.service", **template}, {"name": "e@a.service", "enable": True, **instance}]

    assert codes(document(*units)) == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param(
            "a.service", "[Service]\nType=oneshot\nRemainAfterExit=yes\nMemoryMax=1G\n", id="service"
        ),
        pytest.param("a.service", "[Unit]\nConditionPathExists=/a\nStartLimitBurst=3\n", id="unit"),
        pytest.param("a.service", "[Install]\nAlias=b.service\nRequiredBy=multi-user.target\n", id="install"),
        pytest.param("a.service", "[Service]\nProtectSystem=strict\nKillMode=mixed\n", id="exec and kill"),
        pytest.param("a.socket", "[Socket]\nListenStream=80\nAccept=no\n", id="socket"),
        pytest.param("a.timer", "[Timer]\nOnCalendar=daily\nPersistent=true\n", id="timer"),
        pytest.param("a.path", "[Path]\nPathChanged=/a\n", id="path"),
        pytest.param("a.mount", "[Mount]\nWhat=/dev/sda1\nWhere=/a\nType=ext4\n", id="mount"),
        pytest.param("a.automount", "[Automount]\nWhere=/a\nTimeoutIdleSec=60\n", id="automount"),
        pytest.param("a.swap", "[Swap]\nWhat=/dev/sda2\nPriority=5\n", id="swap"),
        pytest.param("a.slice", "[Slice]\nCPUQuota=50%\n", id="slice"),
        pytest.param("a.scope", "[Scope]\nRuntimeMaxSec=60\n", id="scope"),
        pytest.param("a.target", "[Unit]\nAllowIsolate=yes\n", id="target"),
        pytest.param("a.service", "[Service]\nX-Tool=1\n[X-Tool]\nAny=1\n", id="for applications"),
        pytest.param("a.service", "[Service]\nExecStart = /bin/true\n", id="spaces around ="),
        pytest.param("a.service", "[Service]\nExecStart=/bin/a \\\n  Nise=1\n", id="continued line"),
    ],
)
def test_directives_of_systemd_are_known(name: str, text: str) -> None:
    assert unit(name=name, content=text) == []


def first_finding(name: str, text: str) -> Finding:
    yaml = f"units:\n- name: {name}\n  content: |\n" + "".join(f"    {line}\n" for line in text.splitlines())
    (found,) = load_bytes(yaml.encode(), file="config.yaml").findings
    return found


@pytest.mark.parametrize(
    ("name", "text", "line", "hint"),
    [
        pytest.param("a.service", "[Service]\nExecStrat=/a\n", 5, "did you mean 'ExecStart'?", id="misspelt"),
        pytest.param(
            "a.service", "[Service]\nexecstart=/a\n", 5, "did you mean 'ExecStart'?", id="small letters"
        ),
        pytest.param("a.service", "[Service]\nWantedBy=b\n", 5, "it belongs into [Install]", id="elsewhere"),
        pytest.param("a.service", "[Unit]\nA=b\n\n# c\n[Unit]\n", 5, None, id="like nothing"),
        pytest.param("a.timer", "[Timer]\nExecStart=/a\n", 5, None, id="of another type"),
        pytest.param("a.slice", "[Unit]\n[Slice]\nUMask=1\n", 6, None, id="slices run nothing"),
        pytest.param("a.target", "[Install]\nWantedBy=b\nBefor=c\n", 6, None, id="target"),
    ],
)
def test_an_unknown_directive_is_pointed_at(name: str, text: str, line: int, hint: str | None) -> None:
    found = first_finding(name, text)

    assert (found.code, found.severity, found.line, found.hint) == ("unit-directive", "warning", line, hint)


def test_an_unknown_directive_in_a_section_that_is_not_read_is_not_told_as_well() -> None:
    assert unit(content="[Timer]\nExecStrat=/a\n") == ["unit-section .content"]


def test_many_unknown_directives_are_told_in_no_time() -> None:
    text = "[Service]\n" + "".join(f"ExecStrat{number}=/a\n" for number in range(3000))

    assert len(unit(content=text)) == 101  # the first hundred, and that there are more


def test_instances_of_a_template_are_enabled_each() -> None:
    given: dict[str, object] = {
        "name": "e@.service",
        "content": SERVICE + INSTALL,
        "enable": True,
        "instances": ["${facts.hostname}", "b"],
    }

    assert actions(given) == [
        WriteFile("/etc/systemd/system/e@.service", (SERVICE + INSTALL).encode()),
        WriteFile("/etc/systemd/system-preset/20-provision.preset", b"enable e@.service node1 b\n"),
        EnableUnit("e@node1.service", True),
        EnableUnit("e@b.service", True),
    ]


def test_instances_with_entries_of_their_own_share_the_line_of_their_template() -> None:
    preset, *_ = actions({"name": "e@b.service", "enable": True}, {"name": "e@a.service", "enable": True})

    assert preset == WriteFile("/etc/systemd/system-preset/20-provision.preset", b"enable e@.service b a\n")


def test_a_preset_is_for_a_unit_that_may_not_be_there_yet() -> None:
    given = actions(
        {"name": "late.service", "preset": True},
        {"name": r"a\x2db.service", "preset": False},
        {"name": "own.service", "scope": "user", "preset": False},
    )

    assert given == [
        WriteFile(
            "/etc/systemd/system-preset/20-provision.preset",
            b"enable late.service\ndisable a\\x2db.service\n",
        ),
        WriteFile("/etc/systemd/user-preset/20-provision.preset", b"disable own.service\n"),
    ]


def test_a_unit_of_users_has_its_own_places() -> None:
    given = {
        "name": "own.service",
        "scope": "user",
        "content": SERVICE,
        "enable": False,
        "mask": False,
        "dropins": [{"name": "a.conf", "content": SERVICE}],
    }

    assert actions(given) == [
        WriteFile("/etc/systemd/user/own.service", SERVICE.encode()),
        WriteFile("/etc/systemd/user/own.service.d/a.conf", SERVICE.encode()),
        WriteFile("/etc/systemd/user-preset/20-provision.preset", b"disable own.service\n"),
        MaskUnit("own.service", False, user=True),
        EnableUnit("own.service", False, user=True),
    ]


def test_files_of_networkd_are_written_as_they_are() -> None:
    given: dict[str, object] = {
        "name": "50-a.network",
        "content": "[Match]\nName=a\n",
        "dropins": [{"name": "a.conf", "content": "[Network]\nDHCP=yes\n"}],
    }

    assert actions(given, {"name": "80-b.network", "mask": True}) == [
        WriteFile("/etc/systemd/network/50-a.network", b"[Match]\nName=a\n"),
        WriteFile("/etc/systemd/network/50-a.network.d/a.conf", b"[Network]\nDHCP=yes\n"),
        EnsureLink("/etc/systemd/network/80-b.network", "/dev/null"),
    ]


def test_a_key_in_a_netdev_file_is_for_networkd_alone() -> None:
    text = "[NetDev]\nName=w\nKind=wireguard\n[WireGuard]\nPrivateKey=abc\n"

    assert actions({"name": "w.netdev", "content": text}) == [
        WriteFile(
            "/etc/systemd/network/w.netdev", text.encode(), mode=0o640, group="systemd-network", secret=True
        )
    ]


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        pytest.param(
            {"network": {"interfaces": [{"name": "lan", "match": {"name": "eth0"}, "dhcp": True}]}},
            ["duplicate-path network.interfaces[0].name"],
            id="a raw file and an interface",
        ),
        pytest.param(
            {"files": [{"path": "/etc/systemd/system-preset/20-provision.preset", "content": ""}]},
            ["duplicate-path units"],
            id="the file of presets",
        ),
    ],
)
def test_one_file_has_one_maker(other: dict[str, object], expected: list[str]) -> None:
    units = [
        {"name": "10-lan.network", "content": "[Match]\nName=a\n"},
        {"name": "ssh.service", "enable": True},
    ]

    assert codes(json.dumps({"units": units, **other})) == expected


@pytest.mark.parametrize(
    ("line", "found"),
    [
        pytest.param("ExecStart=bin/app --x", True, id="relative path"),
        pytest.param("ExecStartPre=-./app", True, id="relative path that may fail"),
        pytest.param("ExecReload = @opt/app app", True, id="with spaces"),
        pytest.param("ExecStart=app --dir=a/b", False, id="name alone"),
        pytest.param("ExecStart=-/bin/app a/b", False, id="absolute path"),
        pytest.param("ExecStart=%h/app", False, id="specifier"),
        pytest.param("ExecStart=", False, id="reset"),
        pytest.param("ExecPaths=a/b", False, id="list of paths"),
    ],
)
def test_a_program_is_a_name_or_an_absolute_path(line: str, found: bool) -> None:
    text = f"units: [{{name: a.service, content: '[Service]\\n{line}'}}]".replace("'", '"')

    assert codes(text) == (["unit-program units[0].content"] if found else [])
