"""The stage before the network: what it does at once, and what it leaves to the stage with one."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from provision.agent import BootRecord
from provision.early import apply_early, take_up
from provision.errors import ExitCode, ProvisionError
from provision.execute.command import Completed
from provision.platforms.contract import Provided
from provision.platforms.identity import Identity
from provision.platforms.source import Source
from provision.sections.network.types import Interface, Match, Network
from tests.unit.agent.test_first_boot import MAC, Stage
from tests.unit.agent.test_identity import Kept

SOURCE = Source("nocloud", MAC, "", None, None)
URL = "http://10.9.9.9/content"
CLOUD = Provided(
    instance_id="i-1",
    hostname="node1",
    network=Network(interfaces=(Interface(name="nic0", match=Match(mac=MAC), dhcp="ipv4"),)),
)
NETWORK_FILE = "etc/systemd/network/10-nic0.network"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\n")
    return root


def early(config: str, root: Path, kept: Kept) -> tuple[ExitCode, BootRecord | None, Stage]:
    stage = Stage([])
    provided = structs.replace(CLOUD, user_data=config.encode())
    world = structs.replace(stage.world(), read=lambda: provided, memory=kept.memory())
    code, record = apply_early(SOURCE, world, root)
    return code, record, stage


def test_a_config_that_is_whole_is_applied_before_there_is_a_network(root: Path) -> None:
    kept = Kept()

    code, record, stage = early("files: [{path: /etc/motd, content: hello}]\n", root, kept)

    assert (code, record) == (ExitCode.DONE, BootRecord(MAC, None, None, None))
    assert stage.story() == ["config ok", "validate ok", "apply start", "apply ok"]
    assert (root / "etc/motd").read_text() == "hello"
    assert (root / "etc/hostname").read_text() == "node1\n"
    assert (root / NETWORK_FILE).exists()
    assert kept.identity == Identity("nocloud", "i-1")


NEEDS_NETWORK = [
    pytest.param(f"include: [{{url: '{URL}', sha256: '{'a' * 64}'}}]\n", id="include"),
    pytest.param(
        f"files: [{{path: /etc/motd, source: '{URL}', sha256: '{'a' * 64}'}}, {{path: /etc/a, content: a}}]\n",
        id="content of a file",
    ),
    pytest.param(f"etcd: {{discovery: '{URL}/0123456789abcdef0123456789abcdef'}}\n", id="discovery"),
]


@pytest.mark.parametrize("config", NEEDS_NETWORK)
def test_what_needs_the_network_gets_one_and_is_left_to_the_next_stage(config: str, root: Path) -> None:
    kept = Kept()

    code, record, stage = early(config, root, kept)

    assert (code, record, kept.identity) == (ExitCode.DONE, None, None)
    assert stage.story() == ["config start"]  # not one word of a failure that is none
    assert URL in stage.told[0].message
    assert (root / NETWORK_FILE).exists()
    assert (root / "etc/hostname").read_text() == "node1\n"
    assert not (root / "etc/a").exists()


def test_a_machine_that_is_known_has_its_network_from_the_last_boot(root: Path) -> None:
    early("files: [{path: /etc/a, content: a}]\n", root, Kept())

    early(
        f"files: [{{path: /etc/motd, source: '{URL}', sha256: '{'a' * 64}'}}]\n",
        root,
        Kept(Identity("nocloud", "i-1")),
    )

    # A network that was applied alone would take away all that the whole config made.
    assert (root / "etc/a").read_text() == "a"


def test_a_config_with_errors_fails_here_and_they_are_shown(root: Path) -> None:
    code, record, stage = early("user: []\n", root, Kept())

    assert (code, record) == (ExitCode.INVALID_CONFIG, None)
    assert stage.story() == ["config ok", "validate failed"]
    assert len(stage.explained) == 1


NAME = [["hostname", "--file", "/etc/hostname"]]
NO_MORE = [["systemctl", "--no-block", "stop", "provision-network.service"]]


@pytest.mark.parametrize(
    ("has_hostname", "is_whole", "before", "after"),
    [
        pytest.param(True, True, NAME, NO_MORE, id="all is done"),
        pytest.param(False, False, [], [], id="the next stage goes on"),
    ],
)
def test_the_boot_that_goes_on_is_told_of_new_units_and_not_waited_for(
    has_hostname: bool, is_whole: bool, before: list[list[str]], after: list[list[str]]
) -> None:
    ran: list[list[str]] = []

    def programs(arguments: list[str], *, deadline_s: float) -> Completed:
        ran.append(arguments)
        return Completed(0, "", "")

    take_up(programs, has_hostname=has_hostname, is_whole=is_whole)

    assert ran == [
        *before,
        ["systemctl", "daemon-reload"],
        ["systemctl", "--no-block", "start", "default.target"],
        *after,
    ]


def test_a_systemd_that_does_not_reload_is_an_error() -> None:
    with pytest.raises(ProvisionError, match="daemon-reload"):
        take_up(lambda arguments, *, deadline_s: Completed(1, "", "no"), has_hostname=False, is_whole=True)
