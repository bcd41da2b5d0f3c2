"""The section `coreos`: units, etcd, and the environment variables that CoreOS gave its services."""

from __future__ import annotations

import pytest

from provision.errors import ProvisionError
from provision.facts import Facts
from provision.plan.build import plan
from provision.sections.etcd.types import ClientTls, Etcd, PeerTls
from provision.sections.files import File
from provision.sections.units import DropIn, Unit
from tests.unit.provision.formats.cloud import cloud_document, load_cloud
from tests.unit.provision.formats.loading import codes

TOKEN = "https://discovery.etcd.io/0123456789abcdef0123456789abcdef"
SERVICE = "[Service]\\nExecStart=/bin/true\\n"
INSTALL = "[Install]\\nWantedBy=multi-user.target\\n"


def etcd_of(body: str) -> Etcd:
    found = cloud_document(body).etcd
    assert found is not None
    return found


def units_of(*units: str) -> tuple[Unit, ...]:
    return cloud_document("coreos:\n  units:\n" + "".join(f"    - {unit}\n" for unit in units)).units


def test_etcd2_is_our_section_whatever_its_keys_are_spelt_like() -> None:
    body = f"""\
coreos:
  etcd2:
    name: node1
    discovery: {TOKEN}
    advertise-client-urls: http://$private_ipv4:2379,http://$private_ipv4:4001
    initial_advertise_peer_urls: http://$private_ipv4:2380
    listen-client-urls: http://0.0.0.0:2379
    data-dir: /var/lib/etcd2
    heartbeat-interval: 500
    proxy: off
    discovery-fallback: exit
"""
    assert etcd_of(body) == Etcd(
        name="node1",
        discovery=TOKEN,
        advertise_client_urls=(
            "http://${facts.private_ipv4}:2379",
            "http://${facts.private_ipv4}:4001",
        ),
        advertise_peer_urls=("http://${facts.private_ipv4}:2380",),
        listen_client_urls=("http://0.0.0.0:2379",),
        data_dir="/var/lib/etcd2",
        settings={"heartbeat-interval": 500},
    )


def test_a_cluster_whose_members_are_listed_with_certificates() -> None:
    body = """\
coreos:
  etcd2:
    name: a
    initial-cluster: a=https://10.0.0.1:2380,b=https://10.0.0.2:2380, a=https://10.0.1.1:2380
    initial-cluster-token: lab
    initial-cluster-state: existing
    cert-file: /tls/c.crt
    key-file: /tls/c.key
    trusted-ca-file: /tls/ca.crt
    client-cert-auth: true
    peer-cert-file: /tls/p.crt
    peer-key-file: /tls/p.key
    peer-trusted-ca-file: /tls/ca.crt
"""
    etcd = etcd_of(body)

    assert etcd.initial_cluster == {
        "a": ("https://10.0.0.1:2380", "https://10.0.1.1:2380"),
        "b": ("https://10.0.0.2:2380",),
    }
    assert (etcd.initial_cluster_token, etcd.initial_cluster_state) == ("lab", "existing")
    assert etcd.tls.client == ClientTls(certificate="/tls/c.crt", key="/tls/c.key", authority="/tls/ca.crt")
    assert etcd.tls.peer == PeerTls(certificate="/tls/p.crt", key="/tls/p.key", authority="/tls/ca.crt")


def test_etcd_of_the_first_generation_has_hosts_and_ports() -> None:
    body = f"""\
coreos:
  etcd:
    name: node1
    discovery: {TOKEN}
    addr: $public_ipv4:4001
    bind-addr: 0.0.0.0
    peer-addr: $private_ipv4:7001
    peer-heartbeat-interval: 100
"""
    etcd = etcd_of(body)

    assert etcd.advertise_client_urls == ("http://${facts.public_ipv4}:4001",)
    assert etcd.listen_client_urls == ("http://0.0.0.0:4001",)
    assert etcd.advertise_peer_urls == ("http://${facts.private_ipv4}:7001",)
    assert etcd.listen_peer_urls == ("http://${facts.private_ipv4}:7001",)
    assert etcd.settings == {"heartbeat-interval": 100}


def test_a_config_with_an_etcd_of_its_own_gets_the_variables_as_coreos_wrote_them() -> None:
    body = f"""\
coreos:
  etcd2: {{name: a, discovery: {TOKEN}, max-wals: 5, debug: false, snapshot-count: 0}}
  units:
    - name: etcd2.service
      content: "{SERVICE}"
"""
    made = cloud_document(body)

    assert made.etcd is None
    assert made.units == (
        Unit(
            name="etcd2.service",
            content="[Service]\nExecStart=/bin/true\n",
            dropins=(
                DropIn(
                    name="20-cloudinit.conf",
                    content='[Service]\nEnvironment="ETCD_DISCOVERY=' + TOKEN + '"\n'
                    'Environment="ETCD_MAX_WALS=5"\nEnvironment="ETCD_NAME=a"\nEnvironment="ETCD_PROXY=off"\n',
                ),
            ),
        ),
    )


def test_the_unit_that_starts_etcd_is_our_sections() -> None:
    body = f"""\
coreos:
  etcd2: {{discovery: {TOKEN}}}
  units:
    - {{name: etcd2.service, command: start, drop-ins: [{{name: 10-a.conf, content: "[Service]\\nNice=5\\n"}}]}}
"""
    made = cloud_document(body)

    assert made.etcd is not None
    assert made.units == (
        Unit(name="etcd.service", dropins=(DropIn(name="10-a.conf", content="[Service]\nNice=5\n"),)),
    )


@pytest.mark.parametrize(
    ("section", "unit", "variables"),
    [
        (
            "fleet: {public-ip: $public_ipv4, metadata: region=us, verbosity: 1, verify-units: true}",
            "fleet.service",
            [
                *("FLEET_METADATA=region=us", "FLEET_PUBLIC_IP=${facts.public_ipv4}"),
                *("FLEET_VERBOSITY=1", "FLEET_VERIFY_UNITS=true"),
            ],
        ),
        (
            "flannel: {interface: $private_ipv4, etcd_prefix: /net}",
            "flanneld.service",
            ["FLANNELD_ETCD_PREFIX=/net", "FLANNELD_IFACE=${facts.private_ipv4}"],
        ),
        (
            "locksmith: {window-start: Thu 04:00, window-length: 1h, group: '100%'}",
            "locksmithd.service",
            ["LOCKSMITHD_GROUP=100%%", "REBOOT_WINDOW_START=Thu 04:00", "REBOOT_WINDOW_LENGTH=1h"],
        ),
    ],
)
def test_services_get_their_environment(section: str, unit: str, variables: list[str]) -> None:
    lines = "".join(f'Environment="{variable}"\n' for variable in variables)
    dropin = DropIn(name="20-cloudinit.conf", content=f"[Service]\n{lines}")

    assert cloud_document(f"coreos:\n  {section}").units == (Unit(name=unit, dropins=(dropin,)),)


def test_what_is_said_of_a_unit_in_two_places_is_one_entry() -> None:
    made = cloud_document("coreos: {fleet: {metadata: a=b}, units: [{name: fleet.service, command: start}]}")

    (unit,) = made.units
    assert (unit.name, unit.enable, len(unit.dropins)) == ("fleet.service", True, 1)


UNITS = [
    pytest.param("{name: a.service, command: start}", Unit(name="a.service", enable=True), id="start"),
    pytest.param("{name: a.service, command: stop}", Unit(name="a.service", enable=False), id="stop"),
    pytest.param(
        "{name: a.service, mask: true, runtime: true}", Unit(name="a.service", mask=True), id="mask"
    ),
    pytest.param(
        f'{{name: a.service, command: restart, content: "{SERVICE}"}}',
        Unit(
            name="a.service",
            content="[Service]\nExecStart=/bin/true\n",
            enable=True,
            dropins=(
                DropIn(name="30-provision-start.conf", content="[Install]\nWantedBy=multi-user.target\n"),
            ),
        ),
        id="started by CoreOS itself",
    ),
    pytest.param(
        f'{{name: a.service, enable: true, command: start, content: "{SERVICE}{INSTALL}"}}',
        Unit(
            name="a.service",
            content="[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n",
            enable=True,
        ),
        id="wanted",
    ),
    pytest.param(
        '{name: 00-eth0.network, runtime: true, enable: true, command: start, content: "[Match]\\nName=eth0\\n"}',
        Unit(name="00-eth0.network", content="[Match]\nName=eth0\n"),
        id="a file of networkd",
    ),
    pytest.param(
        '{name: a.service, drop_ins: [{name: a.conf, content: "[Service]\\nNice=5\\n"}]}',
        Unit(name="a.service", dropins=(DropIn(name="a.conf", content="[Service]\nNice=5\n"),)),
        id="drop-in",
    ),
]


@pytest.mark.parametrize(("unit", "expected"), UNITS)
def test_units(unit: str, expected: Unit) -> None:
    assert units_of(unit) == (expected,)


@pytest.mark.parametrize("strategy", ["off", "'off'"])
def test_a_machine_that_never_reboots_by_itself(strategy: str) -> None:
    made = cloud_document(
        f"coreos: {{update: {{reboot-strategy: {strategy}, group: alpha, server: 'http://u/'}}}}"
    )

    assert made.files == (
        File(path="/etc/coreos/update.conf", content="GROUP=alpha\nREBOOT_STRATEGY=off\nSERVER=http://u/\n"),
    )
    assert made.units == (Unit(name="locksmithd.service", mask=True),)


def test_who_made_the_image() -> None:
    oem = "{id: rackspace, name: Rackspace, version-id: 168.0.0, home-url: 'https://r/', bug-report-url: 'https://b/'}"

    (file,) = cloud_document(f"coreos: {{oem: {oem}}}").files

    assert (file.path, file.content) == (
        "/etc/oem-release",
        'ID=rackspace\nVERSION_ID=168.0.0\nNAME="Rackspace"\nHOME_URL="https://r/"\nBUG_REPORT_URL="https://b/"\n',
    )


def test_addresses_are_filled_in_everywhere_unless_escaped() -> None:
    body = "coreos: {}\nwrite_files: [{path: /a, content: 'a $private_ipv4 \\$public_ipv4 ${vars.x} $HOME'}]"

    (file,) = cloud_document(body).files
    assert file.content == "a ${facts.private_ipv4} $public_ipv4 ${vars.x} $HOME"


def test_an_address_that_is_not_known_is_an_error_with_its_place() -> None:
    loaded = load_cloud("coreos: {}\nwrite_files:\n  - path: /a\n    content: $private_ipv4")
    assert loaded.document is not None

    with pytest.raises(ProvisionError) as failure:
        plan(loaded.document, Facts(), loaded.origin)

    assert "private_ipv4" in failure.value.message
    origin = loaded.origin(failure.value.path or "")
    assert origin is not None
    assert origin.line == 5
    built = plan(loaded.document, Facts(private_ipv4="10.0.0.1"), loaded.origin)
    assert [step.action.content for step in built.steps if hasattr(step.action, "content")] == [b"10.0.0.1"]


FOUND = [
    pytest.param("coreos: {unit: []}", ["unknown-key coreos.unit"]),
    pytest.param(
        "coreos: {units: [{name: a}]}",
        ["unit-name coreos.units[0].name", "unit-nothing coreos.units[0].name"],
    ),
    pytest.param("coreos: {units: [{content: a}]}", ["missing-key coreos.units[0]"]),
    pytest.param(
        "coreos: {units: [{name: a.service, command: begin}]}", ["wrong-type coreos.units[0].command"]
    ),
    pytest.param(
        "coreos: {units: [{name: a.service, command: reload}]}", ["unit-nothing coreos.units[0].name"]
    ),
    pytest.param(
        "coreos: {units: [{name: a.service, mask: true, drop-ins: [{content: x}]}]}",
        ["unit-nothing coreos.units[0].drop_ins[0]"],
    ),
    pytest.param("coreos: {etcd2: {name: a}}", ["etcd-no-cluster coreos.etcd2"]),
    pytest.param(
        f"coreos: {{etcd2: {{discovery: '{TOKEN}', proxy: on}}}}", ["not-carried coreos.etcd2.proxy"]
    ),
    pytest.param(
        "coreos: {etcd2: {initial-cluster: a}}",
        ["etcd-cluster-empty coreos.etcd2", "etcd-cluster coreos.etcd2.initial_cluster"],
    ),
    pytest.param(
        f"coreos: {{etcd2: {{discovery: '{TOKEN}', peer-cert-file: /a, peer-key-file: /b}}}}",
        ["missing-key coreos.etcd2"],
    ),
    pytest.param("coreos: {etcd: {peers: 'a:7001'}}", ["etcd-no-cluster", "not-carried coreos.etcd.peers"]),
    pytest.param(
        f"coreos: {{etcd: {{discovery: '{TOKEN}', very-verbose: true}}}}",
        ["not-carried coreos.etcd.very_verbose"],
    ),
    pytest.param("coreos: {fleet: {etcd_password: x}}", ["not-carried coreos.fleet.etcd_password"]),
    pytest.param(
        "coreos: {update: {reboot-strategy: never}}", ["reboot-strategy coreos.update.reboot_strategy"]
    ),
    pytest.param(
        "coreos: {}\nwrite_files: [{path: /a, content: $public_ipv6}]",
        ["unknown-variable write_files[0].content"],
    ),
    pytest.param("coreos: {}\nmanage_etc_hosts: true", ["manage-etc-hosts manage_etc_hosts"]),
    pytest.param(
        "coreos: {}\nusers: [{name: a, coreos-ssh-import-github: b}]",
        ["not-carried users[0].coreos_ssh_import_github"],
    ),
    pytest.param(
        f"coreos: {{etcd2: {{discovery: '{TOKEN}'}}, units: [{{name: etcd2.service, command: stop}}]}}",
        ["unit-needed coreos.units[0].command"],
    ),
]


@pytest.mark.parametrize(("body", "expected"), FOUND)
def test_what_is_wrong_is_found_under_the_users_own_path(body: str, expected: list[str]) -> None:
    found = codes(load_cloud(body))

    assert len(found) == len(expected), found
    assert all(one.startswith(wanted) for one, wanted in zip(found, expected, strict=True)), found


def test_a_user_of_coreos_is_not_locked() -> None:
    assert not cloud_document("coreos: {}\nusers: [{name: a}]").users[0].lock
    assert cloud_document("users: [{name: a}]").users[0].lock
