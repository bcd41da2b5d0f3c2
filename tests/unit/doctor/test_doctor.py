"""What is made of what the doctor sees."""

from __future__ import annotations

from ipaddress import IPv4Address
from pathlib import Path

import pytest

from pxeserver.boot.decide import DhcpMode
from pxeserver.config import DhcpSettings, ServerSettings
from pxeserver.doctor.clock import judge_by_date, judge_by_files
from pxeserver.doctor.dhcp_servers import OtherServer, check_dhcp_servers
from pxeserver.doctor.files import check_images, check_loaders, check_state
from pxeserver.doctor.ports import server_ports
from tests.unit.web.memory import write_image

OTHER = IPv4Address("10.77.0.2")
PLAIN = OtherServer(OTHER, IPv4Address("10.77.0.50"), "")
BOOTING = OtherServer(OTHER, IPv4Address("10.77.0.50"), "x.efi")
PROXY = OtherServer(IPv4Address("10.77.0.3"), None, "y.efi")


@pytest.mark.parametrize(
    ("mode", "others", "levels"),
    [
        pytest.param(DhcpMode.FULL, (), ["ok"], id="full, alone"),
        pytest.param(DhcpMode.FULL, (PLAIN,), ["failed"], id="full, not alone"),
        pytest.param(DhcpMode.PROXY, (), ["failed"], id="proxy, nobody gives addresses"),
        pytest.param(DhcpMode.PROXY, (PLAIN,), ["ok"], id="proxy, as meant"),
        pytest.param(DhcpMode.PROXY, (BOOTING,), ["warning"], id="proxy, another says what to boot"),
        pytest.param(DhcpMode.PROXY, (PLAIN, PROXY), ["ok", "warning"], id="proxy, two proxies"),
        pytest.param(DhcpMode.PROXY, (PROXY,), ["warning", "failed"], id="proxy, only another proxy"),
        pytest.param(DhcpMode.OFF, (BOOTING,), ["ok"], id="off, the other sends machines here"),
        pytest.param(DhcpMode.OFF, (PLAIN,), ["warning"], id="off, nobody says what to boot"),
    ],
)
def test_other_dhcp_servers_mean_different_things_in_each_mode(
    mode: DhcpMode, others: tuple[OtherServer, ...], levels: list[str]
) -> None:
    found = check_dhcp_servers(mode, others)

    assert [diagnosis.level for diagnosis in found] == levels
    assert all(bool(diagnosis.todo) == (diagnosis.level != "ok") for diagnosis in found)


@pytest.mark.parametrize(("off_s", "level"), [(0, "ok"), (20, "ok"), (40, "failed"), (-86400, "failed")])
def test_a_clock_that_is_off_by_more_than_half_a_minute_is_wrong(off_s: float, level: str) -> None:
    assert judge_by_date("http://x/", "Thu, 01 Jan 1970 00:16:40 GMT", 1000 + off_s).level == level


def test_no_date_is_no_clock() -> None:
    assert judge_by_date("http://x/", None, 0).level == "failed"
    assert judge_by_date("http://x/", "yesterday", 0).level == "failed"


def test_a_clock_from_before_the_program_was_installed_is_wrong() -> None:
    assert judge_by_files(now_s=1_000.0, installed_s=1_700_000_000.0).level == "failed"
    assert judge_by_files(now_s=1_700_000_100.0, installed_s=1_700_000_000.0).level == "ok"


def test_a_missing_loader_fails_only_when_there_is_none_at_all() -> None:
    some = list(check_loaders({"snponly.efi": Path("/x")}, "ipxe", Path("/l")))

    assert {diagnosis.level for diagnosis in check_loaders({}, "ipxe", Path("/l"))} == {"failed"}
    assert [diagnosis.level for diagnosis in some] == ["warning"] * (len(some) - 1) + ["ok"]
    assert "no boot loader undionly.kpxe: these machines do not boot: x86 BIOS" in some[0].what


def test_an_image_is_compared_byte_for_byte(tmp_path: Path) -> None:
    write_image(tmp_path / "debian-12")
    path = tmp_path / "debian-12/vmlinuz"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    (tmp_path / "broken").mkdir()

    assert [(d.level, d.what.split(":")[0]) for d in check_images(tmp_path)] == [
        ("failed", f"{tmp_path}/broken/manifest.json"),
        ("failed", f"{tmp_path}/debian-12/vmlinuz"),
    ]


def test_a_state_directory_that_is_still_to_be_made_is_no_fault(tmp_path: Path) -> None:
    (found,) = check_state(tmp_path / "a" / "b")

    assert found.level == "ok"
    assert not (tmp_path / "a").exists()


def test_every_port_that_the_server_opens_is_looked_at() -> None:
    def ports(mode: DhcpMode) -> list[str]:
        settings = ServerSettings(DhcpSettings(mode=mode), http_port=80)
        return [str(port) for port in server_ports(settings, "eth1", "10.77.0.1")]

    assert ports(DhcpMode.PROXY) == [
        *("udp port 67", "udp port 4011", "udp port 69"),
        *("tcp port 80", "tcp port 8081"),
    ]
    assert ports(DhcpMode.FULL)[:2] == ["udp port 67", "udp port 69"]
    assert ports(DhcpMode.OFF)[:1] == ["udp port 69"]
