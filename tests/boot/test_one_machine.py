"""One blank machine, from power-on to what its config says."""

from __future__ import annotations

import pytest

from pxeserver.boot.steps import expected_steps
from tests.boot.conftest import MakeLab

pytestmark = pytest.mark.boot

BOX = ("box", "52:54:00:77:00:21")
ADDRESS = "10.77.0.21"


def test_a_blank_machine_becomes_what_its_config_says_and_again_after_a_power_cut(make_lab: MakeLab) -> None:
    lab = make_lab("single", [BOX])
    (box,) = lab.machines

    box.power_on()
    lab.wait_for(box, "start")

    assert lab.ok_steps(box, boot=1) == list(expected_steps(dhcp_mode="full", etcd=False))
    console = [event["step"] for event in box.events() if event["result"] == "ok"]
    assert console == ["network", "image", "verify", "root", "config", "validate", "apply", "start"]
    assert lab.inside(ADDRESS, "hostname") == "box"
    assert lab.inside(ADDRESS, "id -un; id -nG") == "ops\nops sudo"
    assert lab.inside(ADDRESS, "stat -c '%a %U %G' /etc/box.conf /home/ops/.ssh/authorized_keys") == (
        "640 root ops\n600 ops ops"
    )
    assert (
        lab.inside(ADDRESS, "systemctl is-active hello.service systemd-networkd.service") == "active\nactive"
    )
    assert f"inet {ADDRESS}/24" in lab.inside(ADDRESS, "ip -4 address show scope global")
    assert "dynamic" not in lab.inside(ADDRESS, "ip -4 address show scope global")
    assert lab.inside(
        ADDRESS, "touch /usr/x 2>&1 || sudo -n true 2>&1 || findmnt -no OPTIONS /usr"
    ).startswith("touch:")
    assert lab.inside(ADDRESS, "findmnt -no FSTYPE,OPTIONS --target /usr/bin").startswith("squashfs ro")
    assert lab.inside(ADDRESS, "systemctl is-system-running || systemctl --failed --no-legend") == "running"
    assert '"result": "done"' in lab.inside(ADDRESS, "provision status --format json")
    machine_id = lab.inside(ADDRESS, "cat /etc/machine-id")

    box.power_off()
    box.power_on()
    lab.wait_for(box, "start", boot=2)

    assert lab.ok_steps(box, boot=2) == list(expected_steps(dhcp_mode="full", etcd=False))
    assert lab.inside(ADDRESS, "cat /etc/machine-id") == machine_id
