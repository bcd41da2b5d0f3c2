"""Beside a DHCP server that knows nothing of booting: it gives the addresses, we say what to boot."""

from __future__ import annotations

from pathlib import Path

import pytest

from pxeserver.boot.steps import expected_steps
from tests.boot.conftest import MakeLab
from tests.boot.neighbours import dnsmasq

pytestmark = pytest.mark.boot

BOX = ("box", "52:54:00:77:00:21")


def use_proxy_mode(data: Path) -> None:
    (data / "pxeserver.yaml").write_text("dhcp:\n  mode: proxy\n")


def test_a_machine_with_an_address_from_another_server_boots_from_this_one(make_lab: MakeLab) -> None:
    lab = make_lab("single", [BOX], change=use_proxy_mode)
    (box,) = lab.machines

    with dnsmasq(lab):
        box.power_on()
        lab.wait_for(box, "start")

    assert lab.ok_steps(box, boot=1) == list(expected_steps(dhcp_mode="proxy", etcd=False))
    assert "lease" not in lab.ok_steps(box, boot=1)
    (network,) = [event for event in lab.events(box) if event["step"] == "network"]
    assert network["message"].startswith("eth0 10.77.0.5")
    assert lab.inside("10.77.0.21", "hostname") == "box"
