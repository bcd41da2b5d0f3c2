"""Every cloud's metadata service at its address, read by the agent in a network namespace; and services with faults."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.netns import clouds
from tests.netns.namespaces import Lab, Running, running
from tests.unit.platforms.roots import make_machine

pytestmark = pytest.mark.netns

IPV4 = "169.254.169.254"
EC2_IPV6 = "fd00:ec2::254"
LINK_LOCAL = "fe80::a9fe:a9fe"
BYTES = len(clouds.USER_DATA)
PROVISION = str(Path(sys.executable).with_name("provision"))
TOKEN = {
    "path": "/latest/api/token",
    "lifetime": "X-aws-ec2-metadata-token-ttl-seconds",
    "header": "X-aws-ec2-metadata-token",
}
NITRO = {"sys_vendor": "Amazon EC2", "product_name": "t3.micro"}
NOVA = {"product_name": "OpenStack Nova"}
DROPLET = {"sys_vendor": "DigitalOcean"}

CLOUDS = {
    "ec2": (NITRO, {"pages": clouds.EC2_PAGES, "token": TOKEN}),
    "openstack": (NOVA, {"pages": clouds.OPENSTACK_PAGES}),
    "gce": (
        {"product_name": "Google Compute Engine"},
        {"pages": clouds.GCE_PAGES, "headers": {"Metadata-Flavor": "Google"}},
    ),
    "azure": (
        {"chassis_asset_tag": "7783-7084-3265-9085-8269-3286-77"},
        {"pages": clouds.AZURE_PAGES, "headers": {"Metadata": "true"}},
    ),
    "digitalocean": (DROPLET, {"pages": clouds.DIGITALOCEAN_PAGES}),
    "hetzner": ({"sys_vendor": "Hetzner"}, {"pages": clouds.HETZNER_PAGES}),
    "vultr": ({"sys_vendor": "Vultr"}, {"pages": clouds.VULTR_PAGES}),
}
EXPECTED: dict[str, dict[str, Any]] = {
    "ec2": {
        "instance_id": "i-0123456789abcdef0",
        "hostname": "ip-10-0-0-4.eu-central-1.compute.internal",
        "interfaces": ["nic0"],
        "facts": {
            "private_ipv4": "10.0.0.4",
            "public_ipv4": "52.1.2.3",
            "region": "eu-central-1",
            "zone": "eu-central-1a",
        },
    },
    "openstack": {
        "instance_id": "d8e02d56-2648-49a3-bf97-6be8f1204f38",
        "hostname": "test.novalocal",
        "interfaces": ["nic0"],
        "facts": {"zone": "nova"},
    },
    "gce": {
        "instance_id": "4578390427895432",
        "hostname": "web-1.c.project.internal",
        "interfaces": [],
        "facts": {
            "private_ipv4": "10.156.0.2",
            "public_ipv4": "35.1.2.3",
            "region": "europe-west3",
            "zone": "europe-west3-a",
        },
    },
    "azure": {
        "instance_id": "02aab8a4-74ef-476e-8182-f6d2ba4166a6",
        "hostname": "vm1-host",
        "interfaces": ["nic0"],
        "facts": {
            "private_ipv4": "10.0.0.4",
            "public_ipv4": "20.1.2.3",
            "region": "westeurope",
            "zone": "1",
        },
    },
    "digitalocean": {
        "instance_id": "2756294",
        "hostname": "sample-droplet",
        "interfaces": ["public0"],
        "facts": {"public_ipv4": "104.131.20.105", "region": "nyc3"},
    },
    "hetzner": {
        "instance_id": "42",
        "hostname": "web",
        "interfaces": ["eth0"],
        "facts": {"public_ipv4": "78.1.2.3", "region": "eu-central", "zone": "fsn1-dc8"},
    },
    "vultr": {
        "instance_id": "cb676a46-66fd-4dfb-b839-443f2e6c0b60",
        "hostname": "guest",
        "interfaces": ["nic0"],
        "facts": {"public_ipv4": "108.61.89.242", "region": "EWR"},
    },
}


@pytest.fixture
def cable(network: Lab) -> Lab:
    """Link-local addresses on both ends, as a cloud's hypervisor has them."""
    for namespace, device, addresses in (
        (network.server, "server0", (f"{IPV4}/16", f"{EC2_IPV6}/64", f"{LINK_LOCAL}/64")),
        (network.client, "client0", ("169.254.10.1/16", "fd00:ec2::10/64")),
    ):
        for address in addresses:
            argv = ["ip", "-n", namespace, "address", "add", address, "dev", device]
            subprocess.run([*argv, "nodad"] if ":" in address else argv, check=True, capture_output=True)
    return network


@contextmanager
def service(cable: Lab, tmp_path: Path, **settings: Any) -> Iterator[Running]:
    settings.setdefault("addresses", [IPV4])
    with running(cable.server, "tests.netns.metadata_server", tmp_path / "service.json", **settings) as made:
        yield made


def fetched(cable: Lab, root: Path) -> subprocess.CompletedProcess[str]:
    return cable.in_client(PROVISION, "first-boot", "--stage", "fetch", "--look-in", str(root))


def machine(tmp_path: Path, dmi: dict[str, str], command_line: str = "quiet") -> Path:
    files = {"/sys/class/net/client0/operstate": "up", "/sys/class/net/lo/operstate": "unknown"}
    return make_machine(tmp_path / "machine", dmi=dmi, command_line=command_line, files=files)


def asked(service: Running) -> list[str]:
    return [line["asked"] for line in service.lines() if "asked" in line]


@pytest.mark.parametrize("platform", CLOUDS)
def test_a_cloud_gives_config_identity_name_keys_network_and_facts(
    platform: str, cable: Lab, tmp_path: Path
) -> None:
    dmi, settings = CLOUDS[platform]

    with service(cable, tmp_path, **settings):
        done = fetched(cable, machine(tmp_path, dmi))

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.pop("because").split()[0] == "DMI"
    assert found == {
        "platform": platform,
        "user_data_bytes": BYTES,
        "ssh_keys": 1,
        "warnings": [],
        **EXPECTED[platform],
    }


def test_a_machine_that_nothing_identifies_asks_no_address_at_all(cable: Lab, tmp_path: Path) -> None:
    with service(cable, tmp_path, pages=clouds.EC2_PAGES) as ec2:
        done = fetched(cable, machine(tmp_path, {"sys_vendor": "QEMU"}))

        assert done.returncode == 3
        assert asked(ec2) == []
    assert "provision.config=URL" in done.stderr


def test_ec2_over_ipv6_alone(cable: Lab, tmp_path: Path) -> None:
    with service(cable, tmp_path, addresses=[EC2_IPV6], pages=clouds.EC2_PAGES, token=TOKEN) as ec2:
        done = fetched(cable, machine(tmp_path, NITRO))

        assert done.returncode == 0, done.stderr
        assert ec2.lines()[-1]["host"] == f"[{EC2_IPV6}]"
    assert json.loads(done.stdout)["user_data_bytes"] == BYTES


def test_openstack_over_a_link_local_address_alone(cable: Lab, tmp_path: Path) -> None:
    with service(cable, tmp_path, addresses=[LINK_LOCAL], pages=clouds.OPENSTACK_PAGES) as openstack:
        end_s = time.monotonic() + 5.0
        while "tentative" in cable.in_client("ip", "-6", "address").stdout and time.monotonic() < end_s:
            time.sleep(0.1)  # the client's own address is not usable before nobody else claims it
        done = fetched(cable, machine(tmp_path, NOVA))

        assert done.returncode == 0, done.stderr
        assert openstack.lines()[-1]["host"] == f"[{LINK_LOCAL}]"  # the zone is the client's own business
    assert json.loads(done.stdout)["user_data_bytes"] == BYTES


def test_one_of_two_families_is_enough_though_the_other_is_silent(cable: Lab, tmp_path: Path) -> None:
    # Packets to the IPv4 address go nowhere: nobody refuses the connection.
    cable.in_client("ip", "route", "add", "blackhole", f"{IPV4}/32")
    with service(cable, tmp_path, addresses=[EC2_IPV6], pages=clouds.EC2_PAGES, token=TOKEN):
        begun = time.monotonic()
        done = fetched(cable, machine(tmp_path, NITRO))

    assert done.returncode == 0, done.stderr
    assert time.monotonic() - begun < 10


def test_a_token_that_is_not_valid_any_more_is_renewed(cable: Lab, tmp_path: Path) -> None:
    rule = {**TOKEN, "uses": 4}
    with service(cable, tmp_path, pages=clouds.EC2_PAGES, token=rule) as ec2:
        done = fetched(cable, machine(tmp_path, NITRO))

        assert done.returncode == 0, done.stderr
        assert asked(ec2).count("PUT /latest/api/token") > 2
    assert json.loads(done.stdout)["user_data_bytes"] == BYTES


def test_ec2_without_tokens_is_its_first_version(cable: Lab, tmp_path: Path) -> None:
    with service(cable, tmp_path, pages=clouds.EC2_PAGES):
        done = fetched(cable, machine(tmp_path, NITRO))

    assert json.loads(done.stdout)["user_data_bytes"] == BYTES


def test_a_service_that_forbids_tokens_is_off_and_is_not_asked_again(cable: Lab, tmp_path: Path) -> None:
    with service(cable, tmp_path, pages={}, put_status=403) as ec2:
        done = fetched(cable, machine(tmp_path, NITRO))

        assert asked(ec2) == ["PUT /latest/api/token"]
    assert done.returncode == 3
    assert "403" in done.stderr


def test_no_user_data_is_said_at_once_and_asked_for_once(cable: Lab, tmp_path: Path) -> None:
    pages = {path: page for path, page in clouds.EC2_PAGES.items() if not path.endswith("user-data")}
    with service(cable, tmp_path, pages=pages, token=TOKEN) as ec2:
        done = fetched(cable, machine(tmp_path, NITRO))

        assert asked(ec2).count("GET /2021-03-23/user-data") == 1
    found = json.loads(done.stdout)
    assert (found["user_data_bytes"], found["hostname"]) == (None, EXPECTED["ec2"]["hostname"])


def test_an_empty_config_is_none(cable: Lab, tmp_path: Path) -> None:
    pages = {**clouds.DIGITALOCEAN_PAGES, "/metadata/v1/user-data": ""}
    with service(cable, tmp_path, pages=pages):
        done = fetched(cable, machine(tmp_path, DROPLET))

    assert json.loads(done.stdout)["user_data_bytes"] is None


FAULTS = [
    pytest.param({"faults": {"/metadata/v1.json": [503, 500, 502]}}, "503 Service Unavailable", id="5xx"),
    pytest.param({"faults": {"/metadata/v1.json": [429]}}, "429 Too Many Requests", id="too many requests"),
    pytest.param({"truncated": {"/metadata/v1/user-data": 2}}, "bytes early", id="cut short"),
    pytest.param({"late_s": 2}, "Connection refused", id="not there yet"),
    pytest.param({"slow": {"/metadata/v1/user-data": 2}}, "", id="slow"),
]


@pytest.mark.parametrize(("fault", "words"), FAULTS)
def test_a_service_in_trouble_is_asked_again_and_the_console_says_why(
    fault: dict[str, Any], words: str, cable: Lab, tmp_path: Path
) -> None:
    with service(cable, tmp_path, pages=clouds.DIGITALOCEAN_PAGES, **fault):
        done = fetched(cable, machine(tmp_path, DROPLET))

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["user_data_bytes"] == BYTES
    assert words in done.stderr
    assert not words or "trying again in" in done.stderr


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        pytest.param(
            {"pages": clouds.DIGITALOCEAN_PAGES, "redirects": {"/metadata/v1.json": "http://10.9.9.9/"}},
            "redirects to another host",
            id="another host",
        ),
        pytest.param({"pages": {}}, "has no /metadata/v1.json", id="another cloud's service"),
        pytest.param(
            {"pages": {"/metadata/v1.json": '{"droplet_id": "x'}}, "not what was expected", id="no JSON"
        ),
        pytest.param(
            {"pages": {"/metadata/v1.json": "x"}, "repeated": 17 * 1024 * 1024},
            "is larger than",
            id="without end",
        ),
    ],
)
def test_an_answer_that_cannot_be_right_ends_the_search(
    settings: dict[str, Any], words: str, cable: Lab, tmp_path: Path
) -> None:
    with service(cable, tmp_path, **settings):
        done = fetched(cable, machine(tmp_path, DROPLET))

    assert done.returncode == 3
    assert words in done.stderr


def test_a_seed_server_is_named_by_the_firmware(cable: Lab, tmp_path: Path) -> None:
    pages = {
        "/n/ab-1/user-data": clouds.USER_DATA,
        "/n/ab-1/meta-data": "instance-id: i1\nlocal-hostname: seed\n",
    }
    dmi = {
        "product_serial": f"ds=nocloud;s=http://{IPV4}/n/__dmi.chassis-serial-number__/",
        "chassis_serial": "ab-1",
    }
    with service(cable, tmp_path, pages=pages) as seed:
        done = fetched(cable, machine(tmp_path, dmi))

        assert sorted(asked(seed)) == [
            f"GET /n/ab-1/{name}" for name in ("meta-data", "network-config", "user-data", "vendor-data")
        ]
    found = json.loads(done.stdout)
    assert (found["platform"], found["instance_id"], found["hostname"]) == ("nocloud", "i1", "seed")


def test_a_config_on_the_command_line_has_the_digest_that_was_said(cable: Lab, tmp_path: Path) -> None:
    right = "7a2d8ca3c7cd3ff2bd2b9b6a1c9b6a4e0a9e1c3fb9d9a3c3b3f0a1d2e3f4a5b6"
    line = f"provision.config=http://{IPV4}/node provision.config.sha256={right}"
    with service(cable, tmp_path, pages={"/node": clouds.USER_DATA}):
        done = fetched(cable, machine(tmp_path, {}, line))

    assert done.returncode == 3
    assert f"not {right}" in done.stderr
