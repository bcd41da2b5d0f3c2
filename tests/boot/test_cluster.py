"""Three blank machines that become one etcd cluster, undisturbed and disturbed."""

from __future__ import annotations

import json

import pytest

from pxeserver.boot.steps import expected_steps
from tests.boot.conftest import BootLab, MakeLab

pytestmark = pytest.mark.boot

NODES = [(f"node{number}", f"52:54:00:77:00:0{number}") for number in (1, 2, 3)]
ADDRESSES = ["10.77.0.11", "10.77.0.12", "10.77.0.13"]
ENDPOINTS = ",".join(f"http://{address}:2379" for address in ADDRESSES)
DEADLINE_S = 420


def assert_is_one_healthy_cluster(lab: BootLab, inside: str) -> None:
    members = json.loads(
        lab.inside(inside, f"ETCDCTL_API=3 etcdctl --endpoints={ENDPOINTS} -w json member list")
    )
    assert sorted(member["name"] for member in members["members"]) == ["node1", "node2", "node3"]
    health = json.loads(
        lab.inside(inside, f"ETCDCTL_API=3 etcdctl --endpoints={ENDPOINTS} -w json endpoint health")
    )
    assert [entry["health"] for entry in health] == [True, True, True]


def test_three_machines_form_a_cluster_and_one_that_lost_its_data_is_refused(make_lab: MakeLab) -> None:
    lab = make_lab("etcd-cluster", NODES)
    _node1, _node2, node3 = lab.machines

    for machine in lab.machines:
        machine.power_on()
    for machine in lab.machines:
        lab.wait_for(machine, "join", deadline_s=DEADLINE_S)

    for machine in lab.machines:
        assert lab.ok_steps(machine, boot=1) == list(expected_steps(dhcp_mode="full", etcd=True))
    assert_is_one_healthy_cluster(lab, ADDRESSES[0])
    assert (
        lab.inside(ADDRESSES[1], "hostname; systemctl is-active etcd.service hello.service")
        == "node2\nactive\nactive"
    )
    assert f"inet {ADDRESSES[1]}/24" in lab.inside(ADDRESSES[1], "ip -4 address show scope global")
    assert "dynamic" in lab.inside(ADDRESSES[1], "ip -4 address show scope global")

    node3.power_off()
    node3.power_on()

    refusal = lab.wait_for(node3, "join", "failed", boot=2, deadline_s=DEADLINE_S)
    assert "member 'node3' belongs to a complete cluster, but its data is gone" in refusal["message"]
    assert "replace it as a member" in refusal["message"]
    assert refusal["path"] == "etcd"
    assert "start" not in lab.ok_steps(node3, boot=2)
    told = [event for event in node3.events() if event["step"] == "join" and event["result"] == "failed"]
    assert told[0]["message"] == refusal["message"]
    assert lab.row(node3)["failure"]["message"] == refusal["message"]
    # The other two are not disturbed by it.
    endpoints = ",".join(f"http://{address}:2379" for address in ADDRESSES[:2])
    assert (
        lab.inside(ADDRESSES[0], f"ETCDCTL_API=3 etcdctl --endpoints={endpoints} endpoint health 2>&1").count(
            "is healthy"
        )
        == 2
    )


def test_power_cuts_and_a_killed_server_do_not_keep_the_cluster_from_forming(make_lab: MakeLab) -> None:
    lab = make_lab("etcd-cluster", NODES)
    node1, node2, node3 = lab.machines

    # node1 loses power while it waits for the others; they complete the registration before it is back.
    node1.power_on()
    lab.wait_for(node1, "register", deadline_s=DEADLINE_S)
    node1.power_off()
    node2.power_on()
    # node2 loses power while its image is on the way or being checked.
    lab.wait_for(node2, "network", deadline_s=DEADLINE_S)
    node2.power_off()
    node2.power_on()
    node3.power_on()
    # The server is killed while all are booting, and comes back.
    lab.wait_for(node3, "script", deadline_s=DEADLINE_S)
    lab.lab.kill_server()
    lab.lab.start_server()
    lab.wait_for(node3, "register", deadline_s=DEADLINE_S)
    lab.wait_for(node2, "register", deadline_s=DEADLINE_S)
    node1.power_on()

    lab.wait_for(node1, "join", boot=2, deadline_s=DEADLINE_S)
    for machine in (node2, node3):
        lab.wait_for(machine, "join", deadline_s=DEADLINE_S)
    assert_is_one_healthy_cluster(lab, ADDRESSES[2])
    for machine in lab.machines:
        told = [event["step"] for event in machine.events() if event["result"] == "ok"]
        stored = lab.ok_steps(machine, boot=lab.row(machine)["boot"])
        assert set(told) <= set(stored), (
            "the server misses an event that the machine told before or after the kill"
        )
