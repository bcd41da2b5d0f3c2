"""One download over TFTP: datagrams in, datagrams out (RFC 1350, 2347, 2348 and 2349), no socket and no clock."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

DEFAULT_BLKSIZE_BYTES = 512  # RFC 1350
MIN_BLKSIZE_BYTES = 8  # RFC 2348
# 1500 of Ethernet less 40 of IPv6, 8 of UDP and 4 of TFTP is 1448; a tunnel on the way takes some more.
BLKSIZE_BYTES = 1428
BLOCK_NUMBERS = 65536  # after the last comes 0: so do servers that send files of more blocks
MAX_NAME_BYTES = 480  # a request fits the 512 bytes that every server reads
MAX_MESSAGE_CHARS = 200


class Opcode(IntEnum):
    RRQ = 1
    DATA = 3
    ACK = 4
    ERROR = 5
    OACK = 6


class ErrorCode(IntEnum):
    """RFC 1350 appendix I; 8 from RFC 2347."""

    NOT_FOUND = 1
    ACCESS_VIOLATION = 2
    DISK_FULL = 3
    UNKNOWN_TID = 5
    OPTION_REFUSED = 8


class TransferRefused(Exception):
    """The server ended the transfer, `code` and all, or what it said makes one impossible (`code` None).

    `reply` is what the server is to be told.
    """

    def __init__(self, message: str, *, code: int | None = None, reply: bytes | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reply = reply


class Download:
    """A file on its way. `content` is whole when `is_done`."""

    def __init__(self, name: bytes, *, size_limit_bytes: int, with_options: bool = True) -> None:
        """`name` has no NUL. Options are left out for servers that refuse them."""
        self._name = name
        self._size_limit_bytes = size_limit_bytes
        self._asked = {"blksize": str(BLKSIZE_BYTES), "tsize": "0"} if with_options else {}
        self._blksize_bytes = DEFAULT_BLKSIZE_BYTES
        self._announced_bytes: int | None = None
        self._blocks = 0  # received so far
        self._parts: list[bytes] = []
        self._received_bytes = 0
        self.is_done = False

    @property
    def content(self) -> bytes:
        return b"".join(self._parts)

    def request(self) -> bytes:
        options = [text.encode() for item in self._asked.items() for text in item]
        return b"".join([_number(Opcode.RRQ), *(text + b"\0" for text in (self._name, b"octet", *options))])

    def receive(self, datagram: bytes) -> bytes | None:
        """What to answer; None for what means nothing here. TransferRefused when there is no going on."""
        if len(datagram) < 4:
            return None
        opcode, number, rest = int.from_bytes(datagram[:2], "big"), datagram[2:4], datagram[4:]
        if opcode == Opcode.DATA:
            return self._data(int.from_bytes(number, "big"), rest)
        if opcode == Opcode.OACK and self._blocks == 0:
            self._agree(_options(datagram[2:]))
            return _ack(0)
        if opcode == Opcode.ERROR:
            raise TransferRefused(_message(rest), code=int.from_bytes(number, "big"))
        return None

    def _data(self, block: int, payload: bytes) -> bytes | None:
        if self._blocks and block == self._blocks % BLOCK_NUMBERS:
            return _ack(block)  # sent again, so our acknowledgement was lost
        if self.is_done or block != (self._blocks + 1) % BLOCK_NUMBERS:
            return None
        if len(payload) > self._blksize_bytes:
            raise _impossible(f"a block of {len(payload)} bytes where {self._blksize_bytes} were agreed on")
        self._received_bytes += len(payload)
        if self._received_bytes > self._size_limit_bytes:
            raise self._too_large()
        self._blocks += 1
        self._parts.append(payload)
        if len(payload) < self._blksize_bytes:
            self._check_whole()
            self.is_done = True
        return _ack(block)

    def _agree(self, options: Mapping[str, str]) -> None:
        """RFC 2347: an option that was not asked for, or a value that is not to be had, ends the transfer."""
        for name, value in options.items():
            number = int(value) if value.isascii() and value.isdigit() and len(value) < 20 else -1
            if name == "blksize" and name in self._asked and MIN_BLKSIZE_BYTES <= number <= BLKSIZE_BYTES:
                self._blksize_bytes = number
            elif name == "tsize" and name in self._asked and number >= 0:
                self._announced_bytes = number
            else:
                message = f"the server wants option {name[:40]!r} to be {value[:40]!r}"
                raise TransferRefused(message, reply=error_packet(ErrorCode.OPTION_REFUSED, "option refused"))
        if (self._announced_bytes or 0) > self._size_limit_bytes:
            raise self._too_large()

    def _check_whole(self) -> None:
        if self._announced_bytes not in (None, self._received_bytes):
            raise _impossible(
                f"{self._received_bytes} bytes came where {self._announced_bytes} were announced"
            )

    def _too_large(self) -> TransferRefused:
        reply = error_packet(ErrorCode.DISK_FULL, "file too large")
        return TransferRefused(f"the file is larger than {self._size_limit_bytes} bytes", reply=reply)


def error_packet(code: int, message: str) -> bytes:
    return _number(Opcode.ERROR) + _number(code) + message.encode() + b"\0"


def _impossible(message: str) -> TransferRefused:
    return TransferRefused(message, reply=error_packet(0, message))


def _ack(block: int) -> bytes:
    return _number(Opcode.ACK) + _number(block)


def _number(value: int) -> bytes:
    return value.to_bytes(2, "big")


def _options(area: bytes) -> dict[str, str]:
    strings = [part.decode("ascii", "replace") for part in area.split(b"\0")[:-1]]
    pairs = zip(strings[::2], strings[1::2], strict=False)
    return {name.lower(): value for name, value in pairs if name}  # padding after the last option


def _message(rest: bytes) -> str:
    """The server's words, safe to print."""
    text = rest.partition(b"\0")[0].decode("utf-8", "replace")[:MAX_MESSAGE_CHARS]
    return "".join(char if char.isprintable() else " " for char in text).strip()
