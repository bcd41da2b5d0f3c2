"""What firmware of each architecture is told in each mode: for the tests of the table, and for the documents."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from pxeserver.boot.architectures import LOADER_NAMES
from pxeserver.boot.choice import BootSources
from pxeserver.boot.client import classify
from pxeserver.boot.decide import Context, DhcpMode, Reply, decide
from pxeserver.dhcp.leases import Lease, LeaseState
from pxeserver.dhcp.options import MessageType, Option, read_text
from pxeserver.dhcp.packet import Packet
from pxeserver.dhcp.subnet import Subnet

S = IPv4Address("10.77.0.1")
MAC = bytes.fromhex("525400123456")
SOURCES = BootSources(
    S, "http://10.77.0.1:8080/boot.ipxe", frozenset(LOADER_NAMES), "http://10.77.0.1:8080/loaders"
)
PROXY = Context(DhcpMode.PROXY, 67, SOURCES)
CONTEXTS = {
    "proxy": (PROXY, MessageType.DISCOVER),
    "4011": (replace(PROXY, port=4011), MessageType.REQUEST),
    "full": (
        replace(
            PROXY,
            mode=DhcpMode.FULL,
            subnet=Subnet(IPv4Network("10.77.0.0/24"), 600),
            allocation=Lease(IPv4Address("10.77.0.9"), MAC.hex(":"), LeaseState.OFFERED, 60),
        ),
        MessageType.DISCOVER,
    ),
}


def asked(code: int, message_type: MessageType, mac: bytes = MAC, **options: bytes) -> Packet:
    values: dict[int, bytes] = {
        Option.MESSAGE_TYPE: bytes((message_type,)),
        Option.CLIENT_ARCHITECTURE: code.to_bytes(2, "big"),
    }
    values |= {Option[name.upper()]: value for name, value in options.items()}
    return Packet(1, 1, mac, values)


def answer(code: int, mode: str) -> str:
    context, message_type = CONTEXTS[mode]
    packet = asked(code, message_type)
    outcome = decide(packet, classify(packet), context)
    assert isinstance(outcome, Reply), outcome.reason
    reply = outcome.packet
    assert read_text(reply.options[Option.BOOT_FILE]) == reply.file.decode()
    assert (reply.siaddr, reply.sname, reply.options[Option.SERVER_ID]) == (S, b"10.77.0.1", S.packed)
    vendor_class = read_text(reply.options.get(Option.VENDOR_CLASS, b"-"))
    vendor_options = (
        reply.options[Option.VENDOR_OPTIONS].hex() if Option.VENDOR_OPTIONS in reply.options else "-"
    )
    return f"{code} {mode} {reply.message_type.name} {reply.file.decode()} {vendor_class} {vendor_options}"


def documented(code: int) -> str:
    """A row of the table in docs/your-network.md."""
    return f"| {code} | {' | '.join(_cell(answer(code, mode)) for mode in CONTEXTS)} |"


def _cell(told: str) -> str:
    _, _, _, file, vendor_class, vendor_options = told.split()
    sent = [f"`{file.replace('10.77.0.1:8080', 'SERVER')}`"]
    sent += [f"60 {vendor_class}"] if vendor_class != "-" else []
    sent += ["43 no discovery"] if vendor_options == "060108ff" else []
    sent += ["43 menu"] if vendor_options.startswith("09") else []
    return ", ".join(sent)
