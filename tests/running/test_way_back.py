"""The previous files come back: when systemd refuses to reload, and when nobody confirms a change of the network."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.running.container import Container
from tests.running.test_units import main_pid, service

NETWORK = """
network:
  interfaces:
    - name: lan
      match: {name: lan0}
      addresses: [%s/24]
"""
FILE = "/etc/systemd/network/10-lan.network"


@pytest.fixture
def lan(system: Container) -> Iterator[Container]:
    """The system with a network card that has the address 10.9.0.1."""
    system.shell("ip link add lan0 type veth peer name far0 && ip link set far0 up")
    system.shell("systemctl start systemd-networkd")
    assert system.apply(NETWORK % "10.9.0.1").returncode == 0
    wait_for_address(system, "10.9.0.1")
    yield system
    system.provision("confirm")
    system.apply("hosts: []\n")
    system.shell("ip link delete lan0")


def wait_for_address(system: Container, address: str) -> None:
    """The only one."""
    shown = "ip -4 -oneline address show dev lan0 | awk '{print $4}'"
    system.wait_for(f'test "$({shown})" = {address}/24')


def test_a_reload_that_systemd_refuses_brings_the_previous_files_back(system: Container) -> None:
    motd = "files:\n  - {path: /etc/motd, content: '%s'}\n"
    system.apply(motd % "old" + "units:" + service("kept") + service("gone"))
    before = system.shell("find /etc/systemd /etc/motd | sort; cat /etc/systemd/system/kept.service")
    kept = main_pid(system, "kept")
    # systemd does not reload when /run has less than 16 MiB left for its state.
    system.shell("mount -o remount,size=12M /run")

    done = system.apply(motd % "new" + "units:" + service("kept", more="Nice=3") + service("new"))

    assert done.returncode == 4
    assert "not enough space available on /run/systemd" in done.stderr
    assert "the previous files are back" in done.stderr
    assert system.shell("cat /etc/motd") == "old"
    after = system.shell("find /etc/systemd /etc/motd | sort; cat /etc/systemd/system/kept.service")
    assert after == before
    assert main_pid(system, "kept") == kept
    assert main_pid(system, "gone") != "0"
    assert system.shell("ls /var/lib/provision") == "journal.jsonl\nkey\nlock\nstatus.json\nwanted.json"

    system.shell("mount -o remount,size=200M /run")
    again = system.apply(motd % "new" + "units:" + service("kept", more="Nice=3"))

    assert again.returncode == 0, again.stderr
    assert system.shell("systemctl show --property=LoadState --value gone") == "not-found"
    assert system.shell("systemctl show --property=Nice --value kept") == "3"


def test_an_address_that_nobody_confirms_is_taken_back_with_the_services_beside_it(lan: Container) -> None:
    lan.apply(NETWORK % "10.9.0.1" + "units:" + service("old"))
    text = lan.shell(f"cat {FILE}")

    done = lan.apply(NETWORK % "10.9.0.2" + "units:" + service("new"), "--confirm", "5")

    assert done.returncode == 0, done.stderr
    assert "`provision confirm` within 5 s keeps it" in done.stdout
    wait_for_address(lan, "10.9.0.2")
    assert lan.shell("systemctl is-active new.service") == "active"
    wait_for_address(lan, "10.9.0.1")
    lan.wait_for("! test -e /var/lib/provision/previous")
    assert lan.shell(f"cat {FILE}") == text
    assert lan.shell("systemctl is-active old.service new.service || true") == "active\ninactive"
    status = lan.provision("status")
    assert (status.returncode, "was not confirmed" in status.stdout) == (4, True)


def test_a_confirmed_address_stays_and_the_way_back_is_gone(lan: Container) -> None:
    lan.apply(NETWORK % "10.9.0.3", "--confirm", "60")
    assert lan.shell("stat -c %a /var/lib/provision/previous") == "700"
    second = lan.apply(NETWORK % "10.9.0.4")

    confirmed = lan.provision("confirm")

    assert (second.returncode, "waits to be confirmed" in second.stderr) == (4, True)
    assert (confirmed.returncode, confirmed.stderr) == (0, "")
    assert lan.shell("systemctl list-timers --all --no-legend provision-rollback.timer") == ""
    assert lan.shell("ls /var/lib/provision") == "journal.jsonl\nkey\nlock\nstatus.json\nwanted.json"
    wait_for_address(lan, "10.9.0.3")
    assert lan.provision("confirm").returncode == 4


def test_a_change_can_be_taken_back_by_hand_and_is_found_by_the_next_apply(lan: Container) -> None:
    lan.apply(NETWORK % "10.9.0.5", "--confirm", "60")
    wait_for_address(lan, "10.9.0.5")

    back = lan.provision("rollback")

    assert back.returncode == 0, back.stderr
    wait_for_address(lan, "10.9.0.1")
    plan = lan.provision("plan", "/root/config.yaml", "--detailed-exitcode")
    assert (plan.returncode, "+Address=10.9.0.5/24" in plan.stdout) == (6, True)
    assert lan.provision("apply", "/root/config.yaml").returncode == 0
    wait_for_address(lan, "10.9.0.5")


def test_without_a_change_of_the_network_nothing_waits(system: Container) -> None:
    done = system.apply("units:" + service("plain"), "--confirm", "60")

    assert done.returncode == 0
    assert "confirm" not in done.stdout
    assert system.provision("rollback").returncode == 4
