"""The configurations of docs/your-network.md as they stand there, against the servers that they name."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.netns.networks import Networks, ip, wait_for_text

pytestmark = pytest.mark.netns

PAGE = Path(__file__).parents[2] / "docs/your-network.md"
BIOS, UEFI = 0, 7


def block(heading: str, name: str) -> str:
    """The file `name` as it stands below a heading of the page."""
    section = PAGE.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    blocks: list[str] = re.findall(r"```\w+\n(.*?)```", section, re.DOTALL)
    (found,) = [text for text in blocks if re.match(rf"(#|//) {re.escape(name)}\n", text)]
    return found


@pytest.fixture
def networks() -> Iterator[Networks]:
    made = Networks()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def data(tmp_path: Path) -> Callable[[str], Path]:
    def make(heading: str) -> Path:
        folder = tmp_path / "data"
        folder.mkdir()
        (folder / "pxeserver.yaml").write_text(block(heading, "pxeserver.yaml"))
        return folder

    return make


def office(networks: Networks) -> None:
    """This server, a machine, and the network's own DHCP server, on one switch."""
    for name, interface in (("srv", "eth1"), ("dhcp", "eth0"), ("pc", "eth0")):
        networks.cable((name, interface), ("switch", name))
    networks.switch("switch", ("srv", "dhcp", "pc"))
    networks.address("srv", "eth1", "10.77.0.1/24")
    networks.address("dhcp", "eth0", "10.77.0.2/24")


def write(tmp_path: Path, heading: str, name: str) -> Path:
    path = tmp_path / name
    path.write_text(block(heading, name))
    return path


def dnsmasq(config: Path, *options: str) -> tuple[str, ...]:
    base = ("dnsmasq", "--keep-in-foreground", "--port=0", "--user=root", "--pid-file=", "--log-facility=-")
    return (*base, "--dhcp-leasefile=/dev/null", f"--conf-file={config}", "--log-dhcp", *options)


def assert_boots_beside_the_other(networks: Networks) -> None:
    """Addresses from them, boot files from us, in time; and on port 4011 we are asked again and answer."""
    vendor_class = "PXEClient:Arch:00007:UNDI:003016"
    offers = networks.ask("pc", "eth0", arch=UEFI, vendor_class=vendor_class, answers=2)
    ours = next(offer for offer in offers if offer["from"] == "10.77.0.1")
    theirs = next(offer for offer in offers if offer["from"] == "10.77.0.2")

    assert (ours["kind"], ours["yiaddr"], ours["file"]) == ("offer", "0.0.0.0", "snponly.efi")
    assert (ours["vendor_class"], ours["siaddr"], ours["server"]) == ("PXEClient", "10.77.0.1", "10.77.0.1")
    assert ours["after_s"] < 1.0
    assert theirs["yiaddr"].startswith("10.77.0.")
    assert (theirs["file"], theirs["vendor_class"], theirs["router"]) == ("", None, "10.77.0.2")

    networks.address("pc", "eth0", f"{theirs['yiaddr']}/24")
    server_mac = networks.run("srv", "cat", "/sys/class/net/eth1/address").stdout.strip()
    (ack,) = networks.ask(
        "pc",
        "eth0",
        **{"from": theirs["yiaddr"], "to": "10.77.0.1", "to_mac": server_mac, "port": 4011, "sport": 4011},
        arch=UEFI,
        messages=["request"],
    )
    assert (ack["kind"], ack["from"], ack["from_port"]) == ("ack", "10.77.0.1", 4011)
    assert (ack["file"], ack["server"]) == ("snponly.efi", "10.77.0.1")


def test_an_isolated_lab(networks: Networks, data: Callable[[str], Path]) -> None:
    office(networks)
    with networks.pxeserver("srv", data("An isolated lab"), "--interface", "eth1"):
        (bios,) = networks.ask("pc", "eth0", arch=BIOS, mac="52:54:00:00:00:01")
        (ipxe,) = networks.ask("pc", "eth0", arch=BIOS, ipxe=True, mac="52:54:00:00:00:01")
        (plain,) = networks.ask("pc", "eth0", mac="52:54:00:00:00:02")
        networks.address("pc", "eth0", "10.77.0.77/24")  # nmap uses no interface without one
        nmap = networks.run("pc", "nmap", "-e", "eth0", "--script", "broadcast-dhcp-discover")

    assert (bios["yiaddr"], bios["file"], bios["siaddr"]) == ("10.77.0.100", "undionly.kpxe", "10.77.0.1")
    assert bios["vendor_class"] is None, "that would send the firmware to port 4011"
    assert bios["after_s"] < 1.0
    assert ipxe["file"] == "http://10.77.0.1:8080/boot.ipxe"
    assert (plain["yiaddr"], plain["file"], plain["router"]) == ("10.77.0.101", "", "10.77.0.1")
    assert "Server Identifier: 10.77.0.1" in nmap.stdout
    assert "Domain Name: lab.example" in nmap.stdout


def test_a_lease_outlives_the_server(networks: Networks, data: Callable[[str], Path], tmp_path: Path) -> None:
    office(networks)
    folder = data("An isolated lab")
    with networks.pxeserver("srv", folder, "--interface", "eth1"):
        first = dhclient(networks, tmp_path)
    (tmp_path / "dhclient.leases").unlink()  # the client forgets, the server does not

    with networks.pxeserver("srv", folder, "--interface", "eth1"):
        (stranger,) = networks.ask("pc", "eth0", mac="52:54:00:00:00:02")
        second = dhclient(networks, tmp_path)

    assert "bound to 10.77.0.100" in first
    assert (stranger["yiaddr"], "bound to 10.77.0.100" in second) == ("10.77.0.101", True)


def test_beside_dnsmasq(networks: Networks, data: Callable[[str], Path], tmp_path: Path) -> None:
    office(networks)
    config = write(tmp_path, "Beside dnsmasq", "dnsmasq.conf")
    with (
        networks.started("dhcp", *dnsmasq(config), log=tmp_path / "dnsmasq.log"),
        networks.pxeserver("srv", data("Beside dnsmasq"), "--interface", "eth1"),
    ):
        assert_boots_beside_the_other(networks)


def test_beside_isc_dhcpd(networks: Networks, data: Callable[[str], Path], tmp_path: Path) -> None:
    office(networks)
    config = write(tmp_path, "Beside ISC dhcpd", "dhcpd.conf")
    leases = tmp_path / "dhcpd.leases"
    leases.touch()
    command = (
        "dhcpd",
        "-4",
        "-f",
        "-d",
        "-cf",
        str(config),
        "-lf",
        str(leases),
        "-pf",
        str(tmp_path / "pid"),
    )
    with (
        networks.started("dhcp", *command, "eth0", log=tmp_path / "dhcpd.log") as process,
        networks.pxeserver("srv", data("Beside ISC dhcpd"), "--interface", "eth1"),
    ):
        wait_for_text(tmp_path / "dhcpd.log", "Sending on", process)
        assert_boots_beside_the_other(networks)


def test_beside_kea(networks: Networks, data: Callable[[str], Path], tmp_path: Path) -> None:
    office(networks)
    config = write(tmp_path, "Beside Kea", "kea-dhcp4.conf")
    places = ("env", f"KEA_PIDFILE_DIR={tmp_path}", f"KEA_LOCKFILE_DIR={tmp_path}")
    with (
        networks.started(
            "dhcp", *places, "kea-dhcp4", "-c", str(config), log=tmp_path / "kea.log"
        ) as process,
        networks.pxeserver("srv", data("Beside Kea"), "--interface", "eth1"),
    ):
        wait_for_text(tmp_path / "kea.log", "DHCP4_STARTED", process)
        assert_boots_beside_the_other(networks)


def test_beside_a_home_router(networks: Networks, data: Callable[[str], Path], tmp_path: Path) -> None:
    office(networks)
    router = tmp_path / "router.conf"
    router.write_text(
        "dhcp-range=10.77.0.20,10.77.0.250,24h\ndhcp-option=option:router,10.77.0.2\n"
        "dhcp-option=option:dns-server,10.77.0.2\ndomain=home\ndhcp-authoritative\n"
    )
    folder = data("Beside a home router")
    for place, text in (
        ("configs/box.yaml", "hostname: box\n"),
        ("profiles/box.yaml", "image: debian-12\nconfig: box.yaml\n"),
        ("groups/boxes.yaml", "profile: box\nselector: {mac: '52:54:00:00:00:09'}\n"),
    ):
        (folder / place).parent.mkdir(exist_ok=True)
        (folder / place).write_text(text)
    with (
        networks.started("dhcp", *dnsmasq(router), log=tmp_path / "router.log"),
        networks.pxeserver("srv", folder, "--interface", "eth1") as log,
    ):
        machine = networks.ask("pc", "eth0", arch=UEFI, mac="52:54:00:00:00:09", answers=2)
        laptop = networks.ask("pc", "eth0", arch=UEFI, mac="52:54:00:00:00:08")

    assert [offer["from"] for offer in laptop] == ["10.77.0.2"]
    assert sorted(offer["from"] for offer in machine) == ["10.77.0.1", "10.77.0.2"]
    assert "no group matches 52:54:00:00:00:08" in log.read_text()


def isc_relay(_folder: Path) -> tuple[str, ...]:
    program, *arguments = block("Behind a relay", "ISC").splitlines()[1].split()
    return (program, "-d", *arguments)


def dnsmasq_relay(folder: Path) -> tuple[str, ...]:
    return dnsmasq(write(folder, "Behind a relay", "dnsmasq.conf"))


@pytest.mark.parametrize("relay", [dnsmasq_relay, isc_relay])
def test_behind_a_relay(
    networks: Networks,
    data: Callable[[str], Path],
    tmp_path: Path,
    relay: Callable[[Path], tuple[str, ...]],
) -> None:
    networks.cable(("srv", "eth1"), ("router", "eth0"))
    networks.cable(("router", "eth1"), ("pc", "eth0"))
    networks.address("srv", "eth1", "10.77.0.1/24")
    networks.address("router", "eth0", "10.77.0.254/24")
    networks.address("router", "eth1", "10.78.0.1/24")
    networks.address(
        "router", "eth1", "10.78.0.100/24"
    )  # in the pool, and in use: found out by ping from afar
    networks.run("router", "sysctl", "-w", "net.ipv4.ip_forward=1")
    ip("-n", networks.namespace("srv"), "route", "add", "10.78.0.0/24", "via", "10.77.0.254")
    with (
        networks.started("router", *relay(tmp_path), log=tmp_path / "relay.log"),
        networks.pxeserver("srv", data("Behind a relay"), "--interface", "eth1"),
    ):
        time.sleep(1.0)  # the relay says nothing when it is ready
        (offer,) = networks.ask("pc", "eth0", arch=UEFI)
        bound = dhclient(networks, tmp_path)

    assert (offer["yiaddr"], offer["router"]) == ("10.78.0.101", "10.78.0.1")
    assert (offer["siaddr"], offer["server"], offer["file"]) == ("10.77.0.1", "10.77.0.1", "snponly.efi")
    assert offer["after_s"] < 1.0
    assert "bound to 10.78.0.101" in bound


def dhclient(networks: Networks, tmp_path: Path) -> str:
    """What ISC's client says when it asks for an address."""
    files = ("-lf", str(tmp_path / "dhclient.leases"), "-pf", str(tmp_path / "dhclient.pid"))
    done = networks.run("pc", "dhclient", "-4", "-v", "-1", "-sf", "/bin/true", *files, "eth0")
    networks.run("pc", "dhclient", "-x", *files, "eth0")
    return done.stderr


def test_several_networks(networks: Networks, data: Callable[[str], Path], tmp_path: Path) -> None:
    networks.cable(("srv", "eth1"), ("pc", "eth0"))
    networks.cable(("srv", "eth2"), ("pc2", "eth0"))
    networks.address("srv", "eth1", "10.77.0.1/24")
    networks.address("srv", "eth2", "10.79.0.1/24")
    with networks.pxeserver("srv", data("Several networks")):
        (one,) = networks.ask("pc", "eth0", arch=UEFI)
        (other,) = networks.ask("pc2", "eth0", arch=UEFI)
        (ipxe,) = networks.ask("pc2", "eth0", arch=UEFI, ipxe=True)
        networks.address("pc2", "eth0", "10.79.0.100/24")
        script = networks.run("pc2", "curl", "-s", ipxe["file"]).stdout
        tftp = networks.run("pc2", "curl", "-s", "tftp://10.79.0.1/autoexec.ipxe").stdout

    assert [one[key] for key in ("from", "siaddr", "server", "yiaddr")] == ["10.77.0.1"] * 3 + ["10.77.0.100"]
    assert [other[key] for key in ("from", "siaddr", "server", "yiaddr")] == ["10.79.0.1"] * 3 + [
        "10.79.0.100"
    ]
    assert (one["lease_s"], other["lease_s"]) == (12 * 3600, 3600)
    assert ipxe["file"] == "http://10.79.0.1:8080/boot.ipxe"
    assert "chain --replace --autofree http://10.79.0.1:8080/v1/boot?" in script
    assert "chain --replace --autofree http://10.79.0.1:8080/v1/boot?" in tftp


def test_an_address_that_somebody_uses_is_not_offered(
    networks: Networks, data: Callable[[str], Path]
) -> None:
    office(networks)
    networks.address("dhcp", "eth0", "10.77.0.100/24")
    with networks.pxeserver("srv", data("An isolated lab"), "--interface", "eth1") as log:
        (offer,) = networks.ask("pc", "eth0", arch=UEFI)
        networks.address("dhcp", "eth0", "10.77.0.102/24")
        networks.address("dhcp", "eth0", "10.77.0.103/24")
        (next_offer,) = networks.ask("pc", "eth0", arch=UEFI, mac="52:54:00:00:00:07")
        # The client finds out what the server could not.
        declined = {"mac": "52:54:00:00:00:07", "requested": "10.77.0.104"}
        assert networks.ask("pc", "eth0", messages=["decline"], answers=0, **declined) == []
        (after,) = networks.ask("pc", "eth0", arch=UEFI, mac="52:54:00:00:00:07")

    assert offer["yiaddr"] == "10.77.0.101"
    assert offer["after_s"] < 1.0
    assert (next_offer["yiaddr"], next_offer["after_s"] < 1.0) == ("10.77.0.104", True)
    assert after["yiaddr"] == "10.77.0.105"
    assert "10.77.0.100 is in use by a machine that has no lease" in log.read_text()


def test_a_router_solicitation_is_answered_with_no_router(
    networks: Networks, data: Callable[[str], Path]
) -> None:
    office(networks)
    solicit = (
        "from scapy.all import *\n"
        "mac = get_if_hwaddr('eth0')\n"
        "rs = Ether(dst='33:33:00:00:00:02')/IPv6(src='fe80::1', dst='ff02::2', hlim=255)/ICMPv6ND_RS()\n"
        "sniffer = AsyncSniffer(iface='eth0', filter='icmp6')\n"
        "sniffer.start(); time.sleep(0.3); sendp(rs, iface='eth0', verbose=False); time.sleep(1)\n"
        "heard = [p for p in sniffer.stop() if ICMPv6ND_RA in p]\n"
        "print([(p[IPv6].dst, p[IPv6].hlim, p[ICMPv6ND_RA].routerlifetime) for p in heard])\n"
    )
    networks.run("pc", "ip", "address", "add", "fe80::1/64", "dev", "eth0", "nodad")
    with networks.pxeserver("srv", data("An isolated lab"), "--interface", "eth1"):
        heard = networks.run("pc", sys.executable, "-c", solicit)

    assert heard.stdout == "[('fe80::1', 255, 0)]\n", heard.stderr
