"""A TFTP packet: bytes to value and back (RFC 1350 sec. 5, RFC 2347)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from pxeserver.wire import WireError


class Opcode(IntEnum):
    RRQ = 1
    WRQ = 2
    DATA = 3
    ACK = 4
    ERROR = 5
    OACK = 6


class ErrorCode(IntEnum):
    """RFC 1350 appendix I; 8 from RFC 2347."""

    UNDEFINED = 0
    NOT_FOUND = 1
    ACCESS_VIOLATION = 2
    ILLEGAL_OPERATION = 4
    UNKNOWN_TID = 5
    OPTION_REFUSED = 8


@dataclass(frozen=True)
class ReadRequest:
    file: str
    mode: str
    """Lower case: octet, netascii, or anything else a client thinks of."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case: RFC 2347 makes no difference."""


@dataclass(frozen=True)
class WriteRequest:
    file: str


@dataclass(frozen=True)
class Data:
    block: int
    payload: bytes


@dataclass(frozen=True)
class Ack:
    block: int


@dataclass(frozen=True)
class Error:
    code: int
    message: str


@dataclass(frozen=True)
class OptionAck:
    options: Mapping[str, str]


_ACK = Opcode.ACK.to_bytes(2, "big")
_DATA = int(Opcode.DATA)
_DATA_HEAD = struct.Struct("!HH")

TftpPacket = ReadRequest | WriteRequest | Data | Ack | Error | OptionAck


def ack_block(data: bytes) -> int | None:
    """The block number if these bytes are an ACK: the one packet that comes thousands of times a second."""
    is_ack = len(data) >= 4 and data[:2] == _ACK
    return data[2] << 8 | data[3] if is_ack else None  # whatever follows is ignored: some ROMs pad


def parse(data: bytes) -> TftpPacket:
    """The packet these bytes are; anything else raises `WireError`."""
    if len(data) < 4:
        raise WireError(f"packet of {len(data)} bytes: a TFTP packet has at least 4")
    opcode = int.from_bytes(data[:2], "big")
    number = int.from_bytes(data[2:4], "big")
    match opcode:
        case Opcode.RRQ:
            file, mode, *options = _read_strings(data[2:], at_least=2)
            return ReadRequest(file, mode.lower(), _read_options(options))
        case Opcode.WRQ:
            return WriteRequest(_read_strings(data[2:], at_least=2)[0])
        case Opcode.DATA:
            return Data(number, data[4:])
        case Opcode.ACK:
            return Ack(number)  # whatever follows is ignored: some ROMs pad
        case Opcode.ERROR:
            return Error(number, _read_text(data[4:].partition(b"\0")[0]))
        case Opcode.OACK:
            return OptionAck(_read_options(_read_strings(data[2:], at_least=0)))
    raise WireError(f"opcode is {opcode}, not 1 to 6")


def _read_strings(area: bytes, *, at_least: int) -> list[str]:
    """The NUL-terminated strings; an unterminated rest is left out, so that a cut option is no option."""
    strings = [_read_text(part) for part in area.split(b"\0")[:-1]]
    if len(strings) < at_least:
        raise WireError("request without a NUL-terminated file name and mode")
    return strings


def _read_text(value: bytes) -> str:
    # Names of other encodings name no file of ours; escapes keep them printable in logs.
    return value.decode("utf-8", "backslashreplace")


def _read_options(strings: list[str]) -> dict[str, str]:
    options: dict[str, str] = {}
    for name, value in zip(strings[::2], strings[1::2], strict=False):
        if name:  # padding after the last option
            options.setdefault(name.lower(), value)
    return options


def encode(packet: TftpPacket) -> bytes:
    """The packet's bytes."""
    match packet:
        case ReadRequest(file, mode, options):
            return _head(Opcode.RRQ) + _write_strings([file, mode, *_flat(options)])
        case WriteRequest(file):
            return _head(Opcode.WRQ) + _write_strings([file, "octet"])
        case Data(block, payload):
            return data_head(block) + payload
        case Ack(block):
            return _head(Opcode.ACK, block)
        case Error(code, message):
            return _head(Opcode.ERROR, code) + _write_strings([message])
        case OptionAck(options):
            return _head(Opcode.OACK) + _write_strings(_flat(options))


def data_head(block: int) -> bytes:
    """What stands before a block's bytes."""
    return _DATA_HEAD.pack(_DATA, block)


def _head(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(2, "big") for number in numbers)


def _flat(options: Mapping[str, str]) -> list[str]:
    return [text for item in options.items() for text in item]


def _write_strings(strings: list[str]) -> bytes:
    return b"".join(text.encode("utf-8") + b"\0" for text in strings)
