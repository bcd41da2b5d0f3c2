"""The DHCP and TFTP servers alone, as a program that prints what they report as lines of JSON."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from pxeserver.boot.choice import BootSources
from pxeserver.boot.decide import DhcpMode, Ignore
from pxeserver.dhcp.lease_book import LeaseBook
from pxeserver.dhcp.leases import Lease, Pool, Reservation
from pxeserver.dhcp.responder import Decision, DhcpSettings, EveryMachine
from pxeserver.dhcp.subnet import Subnet
from pxeserver.dhcp.transport import DhcpServer
from pxeserver.tftp.files import TftpFiles
from pxeserver.tftp.session import TransferResult
from pxeserver.tftp.transport import TftpServer

ADDRESS = IPv4Address("10.77.0.1")


class MemoryLeases:
    """Leases that end with the program."""

    def leases(self) -> Iterable[Lease]:
        return ()

    def save_lease(self, lease: Lease) -> None:
        say(lease=str(lease.address), state=lease.state, mac=lease.mac)


class Inventory(EveryMachine):
    """Machines with a name and an address; all may boot."""

    def __init__(self, reservations: Mapping[str, Reservation]) -> None:
        self._reservations = reservations

    def reservations(self) -> Mapping[str, Reservation]:
        return self._reservations


def say(**facts: object) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def say_decision(decision: Decision) -> None:
    answer = None if isinstance(decision.outcome, Ignore) else decision.outcome.packet.message_type.name
    say(
        dhcp=decision.message_type.name,
        mac=decision.mac,
        kind=decision.client.kind,
        answer=answer,
        reason=decision.outcome.reason,
    )


def say_transfer(result: TransferResult) -> None:
    say(tftp=result.file, bytes=result.acknowledged_bytes, outcome=result.outcome, detail=result.detail)


async def serve(mode: str, reserved: Mapping[str, str], root: str, tftp_address: str = str(ADDRESS)) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    pool = Pool(IPv4Address("10.77.0.100"), IPv4Address("10.77.0.150"))
    settings = DhcpSettings(
        interface="server0",
        mode=DhcpMode(mode),
        sources=BootSources(
            ADDRESS, "http://10.77.0.1:8080/boot.ipxe", frozenset(("snponly.efi", "undionly.kpxe"))
        ),
        subnets=(Subnet(IPv4Network("10.77.0.0/24"), 600, ADDRESS, (ADDRESS,), "lab.example", pool),),
    )
    machines = Inventory({mac: Reservation(mac, IPv4Address(a), "node1") for mac, a in reserved.items()})
    dhcp = DhcpServer(
        settings,
        LeaseBook(MemoryLeases()),
        say_decision,
        machines=machines,
        on_drop=lambda reason: say(drop=reason),
    )
    files = TftpFiles(virtual={"hello.txt": b"hello\n"}, root=Path(root))
    tftp = TftpServer(IPv4Address(tftp_address), files, say_transfer, on_drop=lambda reason: say(drop=reason))
    await dhcp.start()
    await tftp.start()
    say(ready=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(**json.loads(sys.argv[1])))
