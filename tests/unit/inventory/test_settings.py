"""The server's settings file."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from pxeserver.boot.decide import DhcpMode
from pxeserver.config import DhcpSettings, ServerSettings, SubnetSettings, read_settings
from tests.unprivileged import as_nobody, open_directory


def test_without_a_file_every_setting_has_its_default(tmp_path: Path) -> None:
    settings, findings = read_settings(tmp_path)

    assert findings == ()
    assert settings == ServerSettings(DhcpSettings(mode=DhcpMode.PROXY), http_port=8080, assets_port=8081)


OWN = SubnetSettings(
    pool=(IPv4Address("10.0.0.100"), IPv4Address("10.0.0.199")),
    lease_s=600,
    router=IPv4Address("10.0.0.1"),
    dns=(IPv4Address("10.0.0.1"), IPv4Address("10.0.0.2")),
    domain="lab.example",
)


def test_everything_can_be_set(tmp_path: Path) -> None:
    (tmp_path / "pxeserver.yaml").write_text(
        "dhcp: {mode: full, pool: {first: 10.0.0.100, last: 10.0.0.199}, lease_s: 600, router: 10.0.0.1,"
        " dns: [10.0.0.1, 10.0.0.2], domain: lab.example, subnets: [{network: 10.1.0.0/24,"
        " pool: {first: 10.1.0.100, last: 10.1.0.199}, router: 10.1.0.1}]}\n"
        "interfaces: [eth1, eth2.20]\nloader: shim\nunknown_machines: ignore\n"
        "http_port: 80\nassets_port: 81\nassets_url: http://mirror.example/pxe/\nkeep_days: 7\n"
        "downloads_at_once: 40\n"
    )

    settings, findings = read_settings(tmp_path)

    assert findings == ()
    assert settings == ServerSettings(
        DhcpSettings(
            mode=DhcpMode.FULL,
            own=OWN,
            subnets=(
                replace(
                    OWN,
                    network=IPv4Network("10.1.0.0/24"),
                    pool=(IPv4Address("10.1.0.100"), IPv4Address("10.1.0.199")),
                    router=IPv4Address("10.1.0.1"),
                ),
            ),
        ),
        http_port=80,
        assets_port=81,
        assets_url="http://mirror.example/pxe",
        keep_days=7,
        downloads_at_once=40,
        interfaces=("eth1", "eth2.20"),
        loader="shim",
        ignores_unknown=True,
    )


def test_an_unquoted_off_means_off(tmp_path: Path) -> None:
    (tmp_path / "pxeserver.yaml").write_text("dhcp: {mode: off}\n")

    assert read_settings(tmp_path)[0].dhcp.mode is DhcpMode.OFF


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        pytest.param("http_prt: 1\n", "1:1 unknown key 'http_prt' (did you mean 'http_port'?)", id="key"),
        pytest.param("dhcp: {mode: ful}\n", "1:14 'ful' is no DHCP mode (did you mean 'full'?)", id="mode"),
        pytest.param("http_port: 70000\n", "1:12 a whole number from 1 to 65535 is needed here", id="port"),
        pytest.param("assets_port: 8080\n", "1:14 8080 is also the http_port", id="one port for two"),
        pytest.param(
            "dhcp:\n  pool: {first: 10.0.0.9, last: 10.0.0.1}\n",
            "2:33 10.0.0.1 comes before 10.0.0.9",
            id="pool",
        ),
        pytest.param(
            "dhcp:\n  subnets:\n    - {network: 10.1.0.0/24, router: 10.2.0.1}\n",
            "3:38 10.2.0.1 is outside 10.1.0.0/24",
            id="router of another subnet",
        ),
        pytest.param(
            "dhcp:\n  subnets:\n    - {network: 10.1.0.1/24}\n",
            "3:17 10.1.0.1/24 has host bits set (like 10.78.0.0/24)",
            id="no network",
        ),
        pytest.param("dhcp:\n  subnets: x\n", "2:12 a list of mappings is needed here", id="no list"),
        pytest.param(
            "unknown_machines: no\n", "1:19 'no' is neither 'ignore' nor 'show'", id="unknown machines"
        ),
        pytest.param(
            "loader: grb\n",
            "1:9 'grb' is neither a kind of loader nor a file's name"
            " (ipxe, grub, shim, a file in loaders/, or a URL)",
            id="loader",
        ),
        pytest.param("dhcp:\n  pool: {first: 10.0.0.9}\n", "2:9 'last' is missing", id="half a pool"),
        pytest.param(
            "assets_url: mirror\n", "1:13 'mirror' is not a URL (like http://mirror.example/pxe)", id="url"
        ),
    ],
)
def test_a_wrong_setting_is_found_where_it_is(tmp_path: Path, text: str, finding: str) -> None:
    (tmp_path / "pxeserver.yaml").write_text(text)

    (found,) = read_settings(tmp_path)[1]

    hint = f" ({found.hint})" if found.hint else ""
    assert f"{found.line}:{found.column} {found.message}{hint}" == finding


def test_a_file_that_cannot_be_read_is_a_finding() -> None:
    with open_directory() as folder:
        (folder / "pxeserver.yaml").write_text("http_port: 80\n")
        (folder / "pxeserver.yaml").chmod(0o600)
        with as_nobody():
            settings, (finding,) = read_settings(folder)

    assert settings == ServerSettings()
    assert (finding.code, finding.file) == ("unreadable", str(folder / "pxeserver.yaml"))
    assert finding.message == "Permission denied"
