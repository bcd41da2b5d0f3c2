"""Every row of the table of architectures, in every mode: what such firmware is told, and that it is there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pxeserver.boot.architectures import (
    ARCHITECTURES,
    LOADER_NAMES,
    Architecture,
    Firmware,
    Loader,
    find_architecture,
)
from pxeserver.boot.choice import BootData, choose_boot
from pxeserver.boot.client import Client, ClientKind, classify
from pxeserver.boot.decide import Reply, decide
from pxeserver.boot.loaders.files import loader_files, with_scripts
from pxeserver.boot.policy import BootMode, permit
from pxeserver.dhcp.options import MessageType, Option
from pxeserver.tftp.files import TftpFiles
from pxeserver.web.app import create_app
from tests.boot_answers import CONTEXTS, MAC, PROXY, SOURCES, answer, asked
from tests.unit.web.memory import control

# Architecture and mode; message; file in the header and in option 67; options 60 and 43.
ANSWERS = """\
0 proxy OFFER undionly.kpxe PXEClient 060108ff
0 4011 ACK undionly.kpxe PXEClient 060108ff
0 full OFFER undionly.kpxe - -
6 proxy OFFER snponly-i386.efi PXEClient -
6 4011 ACK snponly-i386.efi PXEClient -
6 full OFFER snponly-i386.efi - -
7 proxy OFFER snponly.efi PXEClient -
7 4011 ACK snponly.efi PXEClient -
7 full OFFER snponly.efi - -
9 proxy OFFER snponly.efi PXEClient -
9 4011 ACK snponly.efi PXEClient -
9 full OFFER snponly.efi - -
11 proxy OFFER snponly-arm64.efi PXEClient -
11 4011 ACK snponly-arm64.efi PXEClient -
11 full OFFER snponly-arm64.efi - -
15 proxy OFFER http://10.77.0.1:8080/loaders/snponly-i386.efi HTTPClient -
15 4011 ACK http://10.77.0.1:8080/loaders/snponly-i386.efi HTTPClient -
15 full OFFER http://10.77.0.1:8080/loaders/snponly-i386.efi HTTPClient -
16 proxy OFFER http://10.77.0.1:8080/loaders/snponly.efi HTTPClient -
16 4011 ACK http://10.77.0.1:8080/loaders/snponly.efi HTTPClient -
16 full OFFER http://10.77.0.1:8080/loaders/snponly.efi HTTPClient -
19 proxy OFFER http://10.77.0.1:8080/loaders/snponly-arm64.efi HTTPClient -
19 4011 ACK http://10.77.0.1:8080/loaders/snponly-arm64.efi HTTPClient -
19 full OFFER http://10.77.0.1:8080/loaders/snponly-arm64.efi HTTPClient -
21 proxy OFFER snponly-arm32.efi PXEClient -
21 4011 ACK snponly-arm32.efi PXEClient -
21 full OFFER snponly-arm32.efi - -
22 proxy OFFER snponly-arm64.efi PXEClient -
22 4011 ACK snponly-arm64.efi PXEClient -
22 full OFFER snponly-arm64.efi - -
41 proxy OFFER snponly-arm64.efi PXEClient 0914000011526173706265727279205069\
20426f6f740a0400505845ff
41 4011 ACK snponly-arm64.efi PXEClient 091400001152617370626572727920506920426f6f740a0400505845ff
41 full OFFER snponly-arm64.efi - 091400001152617370626572727920506920426f6f740a0400505845ff
"""


def test_every_row_is_answered_in_every_mode_as_the_table_says() -> None:
    found = [answer(row.code, mode) for row in ARCHITECTURES for mode in CONTEXTS]

    assert found == ANSWERS.splitlines()


@pytest.mark.parametrize("row", ARCHITECTURES, ids=lambda row: row.name)
def test_a_row_says_whence_it_is_and_has_a_loader_for_every_wish(row: Architecture) -> None:
    assert row.source
    assert row.build or row.firmware is Firmware.BIOS  # which says nothing about its processor
    assert {row.loader(wanted) for wanted in Loader} <= set(LOADER_NAMES)


@pytest.mark.parametrize(
    ("code", "wanted", "file"),
    [
        pytest.param(7, "grub", "grubx64.efi", id="GRUB"),
        pytest.param(7, "shim", "shimx64.efi", id="GRUB for Secure Boot"),
        pytest.param(11, "shim", "shimaa64.efi", id="the same on ARM"),
        pytest.param(0, "grub", "undionly.kpxe", id="nobody signs GRUB for a BIOS"),
        pytest.param(22, "shim", "snponly-arm64.efi", id="U-Boot"),
        pytest.param(7, "ipxe.efi", "ipxe.efi", id="a file of the operator's"),
        pytest.param(0, "ipxe.efi", "undionly.kpxe", id="a file that this firmware cannot run"),
        pytest.param(0, "lpxelinux.0", "lpxelinux.0", id="a file for BIOS"),
    ],
)
def test_the_operator_chooses_the_loader(code: int, wanted: str, file: str) -> None:
    architecture = find_architecture((code,))

    assert architecture is not None
    assert architecture.loader(wanted) == file


@pytest.mark.parametrize(
    ("codes", "mac", "name"),
    [
        pytest.param((14, 7), MAC, "x86-64 UEFI", id="the first that is known"),
        pytest.param((0,), bytes.fromhex("d83add000001"), "Raspberry Pi", id="a Pi 5 that says it is a PC"),
        pytest.param((11,), bytes.fromhex("d83add000001"), "ARM64 UEFI", id="a Pi with UEFI firmware"),
        pytest.param((14,), MAC, None, id="none"),
    ],
)
def test_a_client_is_found_in_the_table(codes: tuple[int, ...], mac: bytes, name: str | None) -> None:
    found = find_architecture(codes, mac)

    assert (found.name if found else None) == name


def test_direct_http_boot_of_a_file_is_for_http_boot_firmware_only() -> None:
    url = "http://files.example/node.efi"
    packet = asked(16, MessageType.DISCOVER)
    outcome = decide(packet, classify(packet), replace(PROXY, loader=url))
    assert isinstance(outcome, Reply)
    assert outcome.packet.file == url.encode()

    packet = asked(7, MessageType.DISCOVER)
    ignored = decide(packet, classify(packet), replace(PROXY, loader=url))
    assert ignored.reason == "the loader is a URL: x86-64 UEFI firmware loads over TFTP only"


def test_the_boot_item_that_a_client_chose_is_sent_back() -> None:
    chosen = b"\x47\x04\x80\x00\x00\x00\xff"
    packet = asked(0, MessageType.REQUEST, vendor_options=chosen)

    outcome = decide(packet, classify(packet), replace(PROXY, port=4011))

    assert isinstance(outcome, Reply)
    assert outcome.packet.options[Option.VENDOR_OPTIONS] == chosen


def test_boot_never_is_obeyed_on_both_ports_whatever_the_client() -> None:
    permission = permit(BootMode.NEVER, None)

    for kind in ClientKind:
        for row in ARCHITECTURES:
            client = Client(kind, (row.code,), row)
            assert not isinstance(choose_boot(client, SOURCES, permission), BootData)


def test_every_name_that_dhcp_advertises_is_served(tmp_path: Path) -> None:
    own = tmp_path / "data/loaders"
    own.mkdir(parents=True)
    for name in LOADER_NAMES:
        (own / name).write_text(name)
    services = control(tmp_path / "control").services
    served = with_scripts(loader_files(tmp_path / "data", packaged={}), services.urls.control)
    http = create_app(replace(services, loaders=served)).test_client()
    tftp = TftpFiles(virtual=served)
    clients = [Client(kind, (row.code,), row) for row in ARCHITECTURES for kind in ClientKind]

    advertised = set()
    for client in clients:
        for wanted in Loader:
            boot = choose_boot(client, SOURCES, loader=wanted)
            if isinstance(boot, BootData):
                advertised.add(boot.file)

    assert {urlsplit(file).path.rpartition("/")[2] for file in advertised} >= set(LOADER_NAMES)
    for file in sorted(advertised):
        url = urlsplit(file)
        if url.scheme == "http":
            answers = [http.head(url.path), http.get(url.path)]
            assert [one.status_code for one in answers] == [200, 200], file
            assert answers[0].headers["Content-Length"] == str(len(answers[1].data))
            if file.endswith(".efi"):
                assert answers[1].mimetype == "application/efi"
        else:
            source = tftp.open(url.path)
            assert source.read(0, source.size_bytes).decode() == url.path.lstrip("/")
            source.close()
