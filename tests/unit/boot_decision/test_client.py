"""Who sent a packet."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pxeserver.boot.architectures import ARCHITECTURES
from pxeserver.boot.client import ClientKind, classify
from pxeserver.dhcp.options import Option
from pxeserver.dhcp.packet import Packet

ARCHITECTURE: dict[int, bytes] = {Option.CLIENT_ARCHITECTURE: b"\0\0"}
FEATURES = b"\x13\1\1\x18\1\1"


def packet(options: Mapping[int, bytes]) -> Packet:
    return Packet(1, 1, bytes(6), {Option.MESSAGE_TYPE: b"\1", **options})


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        pytest.param({}, ClientKind.PLAIN, id="nothing"),
        pytest.param({Option.VENDOR_CLASS: b"PXEClient"}, ClientKind.PLAIN, id="PXEClient without option 93"),
        pytest.param({Option.CLIENT_ARCHITECTURE: b"\0"}, ClientKind.PLAIN, id="half an option 93"),
        pytest.param(ARCHITECTURE, ClientKind.PXE, id="option 93 alone"),
        pytest.param(
            {**ARCHITECTURE, Option.VENDOR_CLASS: b"HTTPClient:Arch"}, ClientKind.HTTP, id="HTTPClient"
        ),
        pytest.param({Option.CLIENT_ARCHITECTURE: b"\0\x10"}, ClientKind.HTTP, id="HTTP architecture"),
        pytest.param(
            {**ARCHITECTURE, Option.IPXE: FEATURES}, ClientKind.IPXE, id="iPXE with HTTP and bzImage"
        ),
        pytest.param(
            {**ARCHITECTURE, Option.IPXE: b"\x13\1\1\x24\1\1"}, ClientKind.IPXE, id="iPXE with HTTP and EFI"
        ),
        pytest.param(
            {**ARCHITECTURE, Option.IPXE: b"\x18\1\1"}, ClientKind.LIMITED_IPXE, id="iPXE without HTTP"
        ),
        pytest.param(
            {**ARCHITECTURE, Option.IPXE: b"\x13\1\0\x18\1\1"}, ClientKind.LIMITED_IPXE, id="HTTP = 0"
        ),
        pytest.param(
            {**ARCHITECTURE, Option.IPXE: b"\x13\x09"}, ClientKind.LIMITED_IPXE, id="damaged features"
        ),
        pytest.param(
            {**ARCHITECTURE, Option.USER_CLASS: b"iPXE"}, ClientKind.LIMITED_IPXE, id="raw user class"
        ),
        pytest.param(
            {**ARCHITECTURE, Option.USER_CLASS: b"\4iPXE"},
            ClientKind.LIMITED_IPXE,
            id="user class of RFC 3004",
        ),
        pytest.param({**ARCHITECTURE, Option.USER_CLASS: b"gPXE"}, ClientKind.PXE, id="another user class"),
    ],
)
def test_a_client_is_recognised_by_its_options(options: Mapping[int, bytes], kind: ClientKind) -> None:
    assert classify(packet(options)).kind is kind


def test_option_93_counts_and_the_digits_in_option_60_do_not() -> None:
    options: dict[int, bytes] = {
        Option.CLIENT_ARCHITECTURE: b"\0\7",
        Option.VENDOR_CLASS: b"PXEClient:Arch:00000:UNDI:002001",
    }

    architecture = classify(packet(options)).architecture

    assert architecture is not None
    assert architecture.name == "x86-64 UEFI"


def test_the_first_architecture_that_has_a_loader_counts() -> None:
    client = classify(packet({Option.CLIENT_ARCHITECTURE: b"\0\x0e\0\7\0\0"}))

    assert client.architecture_codes == (14, 7, 0)
    assert client.architecture is not None
    assert client.architecture.code == 7


@pytest.mark.parametrize(
    ("value", "uuid"),
    [
        pytest.param(
            "002a4c4d56179a3e4fb8b00c8e7c1d2f34",
            "564d4c2a-9a17-4f3e-b8b0-0c8e7c1d2f34",
            id="as SMBIOS has it",
        ),
        pytest.param("00" + "00" * 16, None, id="all zeros"),
        pytest.param("00" + "ff" * 16, None, id="all ones"),
        pytest.param("0000020003000400050006000700080009", None, id="an unset board"),
        pytest.param("0003000200040005000006000700080009", None, id="an unset board in the other byte order"),
        pytest.param("012a4c4d56179a3e4fb8b00c8e7c1d2f34", None, id="another type"),
        pytest.param("002a4c4d56", None, id="too short"),
        pytest.param("", None, id="absent"),
    ],
)
def test_a_uuid_is_read_unless_it_is_known_to_be_shared(value: str, uuid: str | None) -> None:
    assert classify(packet({Option.CLIENT_UUID: bytes.fromhex(value)})).uuid == uuid


def test_every_architecture_has_one_row() -> None:
    codes = [architecture.code for architecture in ARCHITECTURES]

    assert codes == sorted(set(codes))
