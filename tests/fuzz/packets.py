"""`python -m tests.fuzz.packets COUNT`: that many packets, random and spoiled, to all that DHCP and TFTP do with one.

Parsing, deciding, leases and the replies' bytes; option negotiation, file names, transfers. No sockets: what is looked
for are exceptions other than `WireError`, and memory that is kept.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import NamedTuple

from pxeserver.boot.choice import BootSources
from pxeserver.boot.decide import DhcpMode
from pxeserver.dhcp import packet as dhcp_packet
from pxeserver.dhcp.lease_book import LeaseBook
from pxeserver.dhcp.leases import Lease, Pool
from pxeserver.dhcp.responder import DhcpSettings, EveryMachine, Responder
from pxeserver.dhcp.subnet import Subnet
from pxeserver.tftp import packet as tftp_packet
from pxeserver.tftp.files import TftpFiles
from pxeserver.tftp.negotiate import negotiate
from pxeserver.tftp.transfer import BLOCK_NUMBERS, Phase, acknowledge, ask_again, begin, time_out
from pxeserver.wire import Endpoint, WireError

DHCP_CORPUS = tuple(
    bytes.fromhex(path.read_text())
    for path in sorted((Path(__file__).parents[1] / "protocol/packets").glob("*.hex"))
)
TFTP_CORPUS = (
    b"\0\1undionly.kpxe\0octet\0",
    b"\0\1a/b/../loader\0octet\0tsize\x000\0blksize\x001432\0windowsize\x0016\0timeout\x003\0",
    b"\0\1loader\0netascii\0",
    b"\0\2core\0octet\0",
    b"\0\4\0\1",
    b"\0\5\0\x08User aborted the transfer\0",
    b"\0\6blksize\x001432\0",
)
FILES = TftpFiles(virtual={"loader": bytes(100_000), "undionly.kpxe": bytes(70_000)})
SERVER = IPv4Address("10.77.0.1")
WARM_UP_SHARE = 0.1  # by then every cache and table is as full as it gets


class Share(NamedTuple):
    """What one process found."""

    packets: int
    understood: int
    seconds: float
    grown_kib: int
    """Resident memory at the end, over that after the first tenth."""


class MemoryLeases:
    def leases(self) -> Iterable[Lease]:
        return ()

    def save_lease(self, lease: Lease) -> None:
        pass


class Clock:
    """A second for each packet: leases end, addresses come back."""

    def __init__(self) -> None:
        self.now_s = 1_000_000.0

    def __call__(self) -> float:
        self.now_s += 1
        return self.now_s


def responder(mode: DhcpMode) -> Responder:
    settings = DhcpSettings(
        interface="eth1",
        mode=mode,
        sources=BootSources(SERVER, "http://10.77.0.1:8080/boot.ipxe", frozenset(("undionly.kpxe",))),
        subnets=(
            Subnet(
                IPv4Network("10.77.0.0/24"),
                lease_s=600,
                pool=Pool(IPv4Address("10.77.0.100"), IPv4Address("10.77.0.250")),
            ),
        ),
    )
    return Responder(settings, LeaseBook(MemoryLeases()), EveryMachine(), Clock())


def spoiled(rng: random.Random, corpus: tuple[bytes, ...]) -> bytes:
    """One packet in eight is noise; the others are real ones with bytes changed, cut out, doubled or cut off."""
    draw = rng.random  # randrange takes three times as long, and making packets most of the time
    if draw() < 1 / 8:
        return rng.randbytes(int(draw() * 600))
    data = bytearray(corpus[int(draw() * len(corpus))])
    for _ in range(int(draw() * 6)):
        place = int(draw() * (len(data) + 1))
        length = int(draw() * 9)
        match int(draw() * 4):
            case 0:
                data[place : place + 1] = rng.randbytes(1)
            case 1:
                del data[place : place + length]
            case 2:
                data[place:place] = data[place : place + length]
            case 3:
                del data[place + 25 * length :]
    return bytes(data)


def dhcp(rng: random.Random) -> Callable[[], None]:
    responders = [responder(DhcpMode.FULL), responder(DhcpMode.PROXY)]

    def once() -> None:
        packet = dhcp_packet.parse(spoiled(rng, DHCP_CORPUS))
        source = Endpoint(IPv4Address(rng.getrandbits(32)), rng.getrandbits(16))
        rng.choice(responders).respond(packet, port=rng.choice((67, 4011)), source=source)

    return once


def tftp(rng: random.Random) -> Callable[[], None]:
    def once() -> None:
        packet = tftp_packet.parse(spoiled(rng, TFTP_CORPUS))
        if isinstance(packet, tftp_packet.ReadRequest):
            with suppress(FileNotFoundError):
                transfer(rng, packet)

    return once


def transfer(rng: random.Random, request: tftp_packet.ReadRequest) -> None:
    """A client that says anything but the next block's number, most of the time."""
    source = FILES.open(request.file)
    terms = negotiate(request.options, size_bytes=source.size_bytes, mtu_bytes=1500)
    tftp_packet.encode(tftp_packet.OptionAck(terms.granted))
    step = begin(terms)
    for _ in range(rng.randrange(20)):
        state = step.transfer
        events = (
            lambda: acknowledge(state, rng.getrandbits(16)),  # noqa: B023 - called in this turn
            lambda: acknowledge(state, state.sent % BLOCK_NUMBERS),  # noqa: B023
            lambda: time_out(state),  # noqa: B023
            lambda: ask_again(state),  # noqa: B023
        )
        step = rng.choice(events)()
        assert len(step.send) <= terms.windowsize
        assert -1 <= step.transfer.acked <= step.transfer.sent <= terms.last_block
        if step.transfer.phase is not Phase.SENDING:
            return


def look(seed: int, packets: int) -> Share:
    rng = random.Random(seed)  # noqa: S311 - a seed is what makes a failure repeatable
    parts = (dhcp(rng), tftp(rng))
    understood, before_kib, began_s = 0, 0, time.monotonic()
    for number in range(packets):
        if number == int(packets * WARM_UP_SHARE):
            before_kib = resident_kib()
        try:
            parts[number % 2]()
        except WireError:
            continue
        understood += 1
    return Share(packets, understood, time.monotonic() - began_s, resident_kib() - before_kib)


def resident_kib() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def main(packets: int) -> None:
    processes = os.cpu_count() or 1
    seed = int(time.time())
    with ProcessPoolExecutor(processes) as pool:
        shares = list(pool.map(look, range(seed, seed + processes), [packets // processes] * processes))
    sys.stdout.write(
        f"{sum(share.packets for share in shares)} packets, {sum(share.understood for share in shares)} understood, "
        f"in {max(share.seconds for share in shares):.0f} s (seed {seed}); "
        f"memory grew by {max(share.grown_kib for share in shares)} KiB\n"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
