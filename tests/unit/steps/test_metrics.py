"""What is counted, read back with Prometheus' own parser."""

from __future__ import annotations

from ipaddress import IPv4Address
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from pxeserver.boot.client import Client, ClientKind
from pxeserver.boot.decide import DhcpMode, Ignore, Reply
from pxeserver.boot.events import Event, Result
from pxeserver.dhcp.options import MessageType, Option
from pxeserver.dhcp.packet import BOOTREPLY, Packet
from pxeserver.dhcp.responder import Decision
from pxeserver.metrics import MAX_REASONS, Metrics
from pxeserver.tftp.session import Outcome, TransferResult
from pxeserver.wire import Endpoint
from pxeserver.wiring import DhcpReports, DropReports, TransferReports
from tests.unit.web.memory import NODE1, control

CLIENT = Endpoint(IPv4Address("10.77.0.11"), 2070)


def samples(text: str) -> dict[str, float]:
    """Every sample as `name{label=value}`, read by Prometheus' parser."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def read(metrics: Metrics) -> dict[str, float]:
    return samples(metrics.text().decode())


def decision(outcome: Reply | Ignore) -> Decision:
    return Decision(NODE1, MessageType.DISCOVER, 67, Client(ClientKind.PXE), outcome)


def test_dhcp_decisions_are_counted_by_what_was_sent_and_by_reason(tmp_path: Path) -> None:
    made = control(tmp_path)
    reports = DhcpReports(made.services.journal, DhcpMode.PROXY, made.services.metrics)
    offer = Packet(
        op=BOOTREPLY, xid=1, chaddr=b"123456", options={Option.MESSAGE_TYPE: b"\x02", Option.BOOT_FILE: b"x"}
    )

    reports(decision(Reply(offer, "it may")))
    reports(decision(Ignore("no loader for architecture 99")))
    reports(decision(Ignore("no loader for architecture 98")))
    made.services.journal.close()  # events are stored after the answer

    found = read(made.services.metrics)
    assert found["pxeserver_dhcp_replies_total{client=pxe firmware,type=offer}"] == 1
    assert found["pxeserver_dhcp_ignored_total{reason=no loader for architecture …}"] == 2
    assert found["pxeserver_boot_steps_total{result=ok,step=offer}"] == 1


def test_what_machines_make_up_makes_no_new_series() -> None:
    metrics = Metrics()

    for number in range(200):
        metrics.ignored(f"client chose the DHCP server 10.0.0.{number}")
        metrics.ignored(f"loader 'x{number}.efi' for a machine is not installed")
        metrics.ignored(f"52:54:00:77:00:{number:02x} has no reserved address")
    for number in range(3 * MAX_REASONS):
        metrics.ignored(f"a reason named {chr(ord('a') + number % 26)}{'z' * number}")

    reasons = [name for name in read(metrics) if name.startswith("pxeserver_dhcp_ignored_total")]
    assert len(reasons) == MAX_REASONS + 1
    assert read(metrics)["pxeserver_dhcp_ignored_total{reason=client chose the DHCP server …}"] == 200
    assert read(metrics)["pxeserver_dhcp_ignored_total{reason=other}"] == 2 * MAX_REASONS + 3


def test_transfers_are_counted_with_their_bytes_and_seconds() -> None:
    metrics = Metrics()
    report = TransferReports(metrics)

    report(TransferResult(CLIENT, "a", 1000, 0.4, Outcome.DONE))
    report(TransferResult(CLIENT, "b", 0, 0.0, Outcome.REFUSED, "file not found"))
    DropReports("tftp", metrics)("noise")

    found = read(metrics)
    assert found["pxeserver_tftp_transfers_total{outcome=done}"] == 1
    assert found["pxeserver_tftp_transfers_total{outcome=refused}"] == 1
    assert found["pxeserver_tftp_bytes_total"] == 1000
    assert found["pxeserver_tftp_transfer_seconds_bucket{le=0.1}"] == 0
    assert found["pxeserver_tftp_transfer_seconds_bucket{le=0.5}"] == 1
    assert found["pxeserver_packets_dropped_total{protocol=tftp}"] == 1


def test_http_is_counted_by_route_and_never_by_url(tmp_path: Path) -> None:
    made = control(tmp_path)
    made.boot()
    made.client.get("/v1/config/52-54-00-77-00-01")
    made.client.get("/nowhere/at/all")

    answer = made.client.get("/metrics")

    found = samples(answer.text)
    assert found["pxeserver_http_requests_total{endpoint=boot.script,status=200}"] == 1
    assert found["pxeserver_http_requests_total{endpoint=configs.config,status=403}"] == 1
    assert found["pxeserver_http_requests_total{endpoint=none,status=404}"] == 1
    assert found["pxeserver_http_request_seconds_count{endpoint=boot.script}"] == 1
    assert NODE1.replace(":", "-") not in answer.text


def test_a_step_that_is_told_twice_counts_once(tmp_path: Path) -> None:
    made = control(tmp_path)

    for _ in range(2):
        made.services.record(Event(NODE1, "apply", Result.FAILED, "no such host"))

    assert read(made.services.metrics)["pxeserver_boot_steps_total{result=failed,step=apply}"] == 1


def test_reloads_count_and_the_inventory_in_use_is_known() -> None:
    metrics = Metrics()

    metrics.reloaded(3, is_good=True)
    metrics.reloaded(3, is_good=False)

    found = read(metrics)
    assert found["pxeserver_inventory_reloads_total{result=ok}"] == 1
    assert found["pxeserver_inventory_reloads_total{result=failed}"] == 1
    assert found["pxeserver_inventory_machines"] == 3
