"""What each section asks for."""

from __future__ import annotations

import pytest

from provision.actions import (
    EnableUnit,
    EnsureAuthorizedKeys,
    EnsureDirectory,
    EnsureGroup,
    EnsureLink,
    EnsureUser,
    MaskUnit,
    RemoteContent,
    Step,
    WriteFile,
)
from provision.errors import ProvisionError
from provision.facts import Facts
from provision.load import load_bytes
from provision.sections import plan_document

FACTS = Facts(hostname="booted", machine="52:54:00:12:34:56", ipv4="10.77.0.11")


def steps(text: str, facts: Facts = FACTS) -> list[Step]:
    loaded = load_bytes(text.encode(), file="config.yaml")
    assert loaded.document is not None, loaded.findings
    return list(plan_document(loaded.document, facts))


def written(text: str) -> str:
    """The content of the one file that the config asks for."""
    (action,) = [step.action for step in steps(text) if isinstance(step.action, WriteFile)]
    assert isinstance(action.content, bytes)
    return action.content.decode()


def test_an_empty_section_asks_for_nothing() -> None:
    assert steps("users: []") == []


def test_the_hostname_is_a_file() -> None:
    assert steps("hostname: node1") == [Step(WriteFile("/etc/hostname", b"node1\n"), "hostname")]


def test_accounts_come_before_what_they_own() -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
    text = f"""
files: [{{path: /a, content: hi, mode: "0640", user: core, group: "10"}}]
directories: [{{path: /d, mode: 0700}}]
users: [{{name: core, groups: [ops], ssh_authorized_keys: ["{key}\\n"]}}]
groups: [{{name: ops, gid: 10}}]
"""
    assert steps(text) == [
        Step(EnsureGroup("ops", gid=10), "groups[0]"),
        Step(EnsureUser("core", groups=("ops",)), "users[0]"),
        Step(EnsureAuthorizedKeys("core", (key,)), "users[0].ssh_authorized_keys"),
        Step(EnsureDirectory("/d", mode=0o700, user=None, group=None), "directories[0]"),
        Step(WriteFile("/a", b"hi", mode=0o640, user="core", group=10, secret=True), "files[0]"),
    ]


def test_files_from_base64_and_from_elsewhere() -> None:
    text = (
        "files: [{path: /a, content_base64: AAE=}, {path: /b, source: 'https://h/b', sha512: "
        + "AB" * 64
        + "}]"
    )

    assert [step.action for step in steps(text)] == [
        WriteFile("/a", b"\x00\x01"),
        WriteFile("/b", RemoteContent("https://h/b", "sha512", "ab" * 64)),
    ]


def test_links() -> None:
    assert steps("links: [{path: /a, target: b}, {path: /c, target: /d, hard: true}]") == [
        Step(EnsureLink("/a", "b"), "links[0]"),
        Step(EnsureLink("/c", "/d", hard=True), "links[1]"),
    ]


def test_all_unit_texts_are_there_before_any_is_enabled() -> None:
    text = """
units:
  - {name: a.service, enable: true}
  - name: b.service
    enable: false
    mask: false
    content: "[Service]\\nExecStart=/b\\n"
    dropins: [{name: 1.conf, content: "[Unit]\\n"}]
"""
    assert steps(text) == [
        Step(WriteFile("/etc/systemd/system/b.service", b"[Service]\nExecStart=/b\n"), "units[1].content"),
        Step(WriteFile("/etc/systemd/system/b.service.d/1.conf", b"[Unit]\n"), "units[1].dropins[0]"),
        Step(
            WriteFile(
                "/etc/systemd/system-preset/20-provision.preset", b"enable a.service\ndisable b.service\n"
            ),
            "units",
        ),
        Step(EnableUnit("a.service", True), "units[0].enable"),
        Step(MaskUnit("b.service", False), "units[1].mask"),
        Step(EnableUnit("b.service", False), "units[1].enable"),
    ]


def test_an_interface_is_a_networkd_file() -> None:
    text = """
network:
  interfaces:
    - name: lan
      match: {mac: 52-54-00-12-AB-56, name: "en*"}
      dhcp: ipv6
      addresses: [10.77.0.11/24, fd00::2/64]
      gateway: 10.77.0.1
      routes:
        - {destination: 10.0.0.0/8, gateway: 10.77.0.254, metric: 0}
        - {destination: "fd01::/64", gateway: "fd00::1"}
      dns: [10.77.0.1, 10.77.0.2]
      domains: [lab.example, ~corp.example]
      mtu: 9000
"""
    assert written(text) == (
        "[Match]\nMACAddress=52:54:00:12:ab:56\nName=en*\n\n"
        "[Link]\nMTUBytes=9000\n\n"
        "[Network]\nDHCP=ipv6\nAddress=10.77.0.11/24\nAddress=fd00::2/64\nGateway=10.77.0.1\n"
        "DNS=10.77.0.1\nDNS=10.77.0.2\nDomains=lab.example ~corp.example\n\n"
        "[Route]\nDestination=10.0.0.0/8\nGateway=10.77.0.254\nMetric=0\n\n"
        "[Route]\nDestination=fd01::/64\nGateway=fd00::1\n"
    )


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        pytest.param("dhcp: false", "DHCP=no\nIPv6AcceptRA=no\n", id="nothing dynamic"),
        pytest.param(
            "addresses: [10.0.0.5/24]", "IPv6AcceptRA=no\nAddress=10.0.0.5/24\n", id="static does not wait"
        ),
        pytest.param("dhcp: true, accept_ra: false", "DHCP=yes\nIPv6AcceptRA=no\n", id="refused"),
        pytest.param(
            "accept_ra: true, addresses: [10.0.0.5/24]",
            "IPv6AcceptRA=yes\nAddress=10.0.0.5/24\n",
            id="asked for",
        ),
    ],
)
def test_router_advertisements_are_taken_with_dhcp_or_when_asked_for(fields: str, lines: str) -> None:
    text = f"network: {{interfaces: [{{name: lan, match: {{name: eth0}}, {fields}}}]}}"

    assert written(text) == f"[Match]\nName=eth0\n\n[Network]\n{lines}"


@pytest.mark.parametrize(("value", "word"), [("true", "yes"), ("ipv4", "ipv4"), ("ipv6", "ipv6")])
def test_dhcp_in_networkds_words(value: str, word: str) -> None:
    text = f"network: {{interfaces: [{{name: lan, match: {{name: eth0}}, dhcp: {value}}}]}}"

    assert written(text) == f"[Match]\nName=eth0\n\n[Network]\nDHCP={word}\n"


def test_an_etcd_member_is_a_drop_in_with_defaults_from_facts() -> None:
    text = """
etcd:
  discovery: http://10.77.0.1:8080/discovery/ab%20c
  settings: {snapshot-count: 5000, pre-vote: true, log-level: 'a "b" \\c'}
"""
    assert written(text) == (
        "[Unit]\nWants=network-online.target\nAfter=network-online.target\n\n"
        "[Service]\nTimeoutStartSec=infinity\nRestart=on-failure\nRestartSec=5\nEnvironmentFile=\n"
        'Environment="ETCD_NAME=booted"\n'
        'Environment="ETCD_DATA_DIR=/var/lib/etcd/default"\n'
        'Environment="ETCD_DISCOVERY=http://10.77.0.1:8080/discovery/ab%%20c"\n'
        'Environment="ETCD_DISCOVERY_FALLBACK=exit"\n'
        'Environment="ETCD_LISTEN_CLIENT_URLS=http://10.77.0.11:2379,http://127.0.0.1:2379"\n'
        'Environment="ETCD_LISTEN_PEER_URLS=http://10.77.0.11:2380"\n'
        'Environment="ETCD_ADVERTISE_CLIENT_URLS=http://10.77.0.11:2379"\n'
        'Environment="ETCD_INITIAL_ADVERTISE_PEER_URLS=http://10.77.0.11:2380"\n'
        'Environment="ETCD_LOG_LEVEL=a \\"b\\" \\\\c"\n'
        'Environment="ETCD_PRE_VOTE=true"\n'
        'Environment="ETCD_SNAPSHOT_COUNT=5000"\n'
    )
    assert steps(text)[-1] == Step(EnableUnit("etcd.service", True), "etcd")


def test_the_hostname_fact_means_the_configs_own_hostname() -> None:
    content = "${facts.hostname} $${facts.ipv4} ${HOME} $${X}"
    text = f"hostname: node-${{facts.ipv4}}\nfiles: [{{path: /a, content: '{content}'}}]"

    contents = [step.action.content for step in steps(text) if isinstance(step.action, WriteFile)]

    assert contents == [b"node-10.77.0.11\n", b"node-10.77.0.11 ${facts.ipv4} ${HOME} $${X}"]


def test_a_fact_that_is_not_known_stops_the_plan_and_names_the_place() -> None:
    with pytest.raises(ProvisionError) as failure:
        steps("files: [{path: /a, content: 'x ${facts.machine_id}'}]")

    assert failure.value.path == "files[0].content"
    assert failure.value.message == "fact 'machine_id' is not known on this machine"


def test_a_value_that_is_wrong_once_filled_in_stops_the_plan() -> None:
    with pytest.raises(ProvisionError) as failure:
        steps("hostname: node-${facts.machine}")

    assert failure.value.path == "hostname"


def test_two_paths_that_become_one_stop_the_plan() -> None:
    with pytest.raises(ProvisionError) as failure:
        steps("files: [{path: '/${facts.ipv4}', content: a}, {path: /10.77.0.11, content: b}]")

    assert failure.value.path == "files[1].path"
