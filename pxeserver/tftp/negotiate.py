"""The terms of a transfer: which of a client's options are granted, and with what value (RFC 2347)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

DEFAULT_BLKSIZE_BYTES = 512  # RFC 1350
MIN_BLKSIZE_BYTES = 8  # RFC 2348
# IP and UDP headers, TFTP's four bytes, and a little for a tunnel: many ROMs cannot put fragments together.
HEADERS_BYTES = 32
# 64 blocks are 94 kB in flight: enough for any local network, and less than a socket's usual buffer.
MAX_WINDOWSIZE = 64
DEFAULT_TIMER_S = 1.0
# Longer timers would pass the time after which a silent client is given up.
MAX_TIMEOUT_S = 8


@dataclass(frozen=True)
class Terms:
    """How one file travels."""

    size_bytes: int
    blksize_bytes: int = DEFAULT_BLKSIZE_BYTES
    windowsize: int = 1
    """Blocks sent before an acknowledgement is awaited."""
    timeout_s: int | None = None
    """Time before the first retransmission, if the client asked for one."""
    granted: Mapping[str, str] = field(default_factory=dict)
    """What the OACK says; without any, there is none."""

    @cached_property
    def last_block(self) -> int:
        """The number of the block that ends the transfer by being shorter than the others, maybe empty."""
        return self.size_bytes // self.blksize_bytes + 1

    @cached_property
    def first_timer_s(self) -> float:
        """How long to wait before the first retransmission."""
        return DEFAULT_TIMER_S if self.timeout_s is None else float(self.timeout_s)


def negotiate(requested: Mapping[str, str], *, size_bytes: int, mtu_bytes: int) -> Terms:
    """The terms for a file: only options that were asked for and make sense, no value above the requested."""
    blksize_bytes = _number(requested.get("blksize"), at_least=MIN_BLKSIZE_BYTES)
    windowsize = _number(requested.get("windowsize"), at_least=1)
    timeout_s = _number(requested.get("timeout"), at_least=1)
    granted: dict[str, str] = {}
    if blksize_bytes is not None:
        blksize_bytes = min(blksize_bytes, mtu_bytes - HEADERS_BYTES)
        granted["blksize"] = str(blksize_bytes)
    if _number(requested.get("tsize"), at_least=0) is not None:
        granted["tsize"] = str(size_bytes)
    if timeout_s is not None and timeout_s > MAX_TIMEOUT_S:
        timeout_s = None  # any other value than the requested would abort the transfer (RFC 2349)
    if timeout_s is not None:
        granted["timeout"] = str(timeout_s)
    if windowsize is not None:
        windowsize = min(windowsize, MAX_WINDOWSIZE)
        granted["windowsize"] = str(windowsize)
    return Terms(size_bytes, blksize_bytes or DEFAULT_BLKSIZE_BYTES, windowsize or 1, timeout_s, granted)


def _number(value: str | None, *, at_least: int) -> int | None:
    """A decimal number; None for garbage, which counts as not asked for."""
    if value is None or not (value.isascii() and value.isdigit() and len(value) <= 10):
        return None
    number = int(value)
    return number if number >= at_least else None
