"""What a DHCP packet is answered with, and why: one pure, total function for all modes and ports."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address

from pxeserver.boot.architectures import Loader
from pxeserver.boot.choice import RASPBERRY_PI_MENU, BootData, BootSources, NoBoot, choose_boot
from pxeserver.boot.client import Client, ClientKind
from pxeserver.boot.policy import ALLOWED, Permission
from pxeserver.dhcp.leases import Lease, Refusal
from pxeserver.dhcp.options import (
    END,
    IpxeFeature,
    MessageType,
    Option,
    PxeOption,
    read_address,
    read_options,
    write_addresses,
    write_options,
    write_terminated,
    write_u32,
)
from pxeserver.dhcp.packet import BOOTREPLY, BOOTREQUEST, UNSPECIFIED, Packet, fit, max_reply_bytes
from pxeserver.dhcp.subnet import Subnet
from pxeserver.wire import WireError

DHCP_PORT = 67
BOOT_SERVER_PORT = 4011  # PXE 2.1 sec. 2.2: where a PXE client asks the boot server it was pointed to
MAX_FILE_FIELD_BYTES = 127  # the header field has 128, one is for the NUL
# What a client can do without, should the reply be too long for it; least needed first.
DISPENSABLE = (Option.DOMAIN, Option.HOSTNAME, Option.REBINDING_TIME, Option.RENEWAL_TIME, Option.TFTP_SERVER)


class DhcpMode(StrEnum):
    PROXY = "proxy"
    """Boot data only; addresses come from the network's own DHCP server."""
    FULL = "full"
    """Addresses too: we are the only DHCP server of the network, and authoritative for it."""
    OFF = "off"


@dataclass(frozen=True)
class Context:
    """All that a decision depends on besides the packet."""

    mode: DhcpMode
    port: int
    """The local port the packet came to: 67 or 4011."""
    sources: BootSources
    permission: Permission = ALLOWED
    loader: str = Loader.IPXE
    """What the operator wants for this machine: a `Loader`, a file, or a URL."""
    subnet: Subnet | Refusal | None = None
    """Full mode only: the client's network, or why it has none."""
    allocation: Lease | Refusal | None = None
    """Full mode only: the address for this machine."""
    hostname: str | None = None
    """Full mode only: the name for this machine."""

    @property
    def server(self) -> IPv4Address:
        """Our address on the interface the packet came from."""
        return self.sources.server


@dataclass(frozen=True)
class Reply:
    packet: Packet
    reason: str


@dataclass(frozen=True)
class Ignore:
    reason: str


def decide(packet: Packet, client: Client, context: Context) -> Reply | Ignore:
    """The answer to a packet, or the reason to keep silent."""
    if packet.op != BOOTREQUEST:
        return Ignore("a reply, not a request")
    if len(packet.chaddr) != 6:
        return Ignore(f"hardware address of {len(packet.chaddr)} bytes: only Ethernet is served")
    if context.mode is DhcpMode.OFF:
        return Ignore("dhcp is off")
    if context.port == BOOT_SERVER_PORT:
        return _decide_boot_server(packet, client, context)
    if context.mode is DhcpMode.PROXY:
        return _decide_proxy(packet, client, context)
    return _decide_full(packet, client, context)


def boot_data(client: Client, context: Context) -> BootData | NoBoot:
    return choose_boot(client, context.sources, context.permission, context.loader)


def _decide_proxy(packet: Packet, client: Client, context: Context) -> Reply | Ignore:
    if packet.message_type is not MessageType.DISCOVER:
        # The REQUEST of the address is for the network's own DHCP server; ours comes to port 4011.
        return Ignore(f"{packet.message_type.name} is for the DHCP server: the proxy answers DISCOVER")
    return _proxy_reply(packet, client, context, MessageType.OFFER)


def _decide_boot_server(packet: Packet, client: Client, context: Context) -> Reply | Ignore:
    if context.mode is not DhcpMode.PROXY:
        return Ignore("port 4011 is answered in proxy mode only")
    if packet.message_type not in (MessageType.REQUEST, MessageType.INFORM):
        return Ignore(f"{packet.message_type.name} on port 4011: only REQUEST and INFORM make sense there")
    return _proxy_reply(packet, client, context, MessageType.ACK)


def _proxy_reply(
    packet: Packet, client: Client, context: Context, message_type: MessageType
) -> Reply | Ignore:
    boot = boot_data(client, context)
    if isinstance(boot, NoBoot):
        return Ignore(boot.reason)
    # Option 60 is what makes this a proxy offer; a full DHCP server must not send it, as clients would then
    # ask its port 4011.
    options: dict[int, bytes] = {
        Option.VENDOR_CLASS: boot.vendor_class,
        Option.BOOT_FILE: write_terminated(boot.file),
    }
    vendor_options = _chosen_item(packet) if message_type is MessageType.ACK else None
    if vendor_options or boot.vendor_options:
        options[Option.VENDOR_OPTIONS] = vendor_options or boot.vendor_options or b""
    return _reply(packet, context, _Answer(message_type, options, boot.reason, boot))


def _chosen_item(packet: Packet) -> bytes | None:
    """The boot item that a client asks a boot server for, which it wants to see again (PXE 2.1 sec. 2.2.3)."""
    try:
        asked = read_options(packet.options.get(Option.VENDOR_OPTIONS, b""))
    except WireError:  # the file is right whatever the client asked for
        return None
    item = asked.get(PxeOption.BOOT_ITEM)
    return write_options({PxeOption.BOOT_ITEM: item}) + bytes((END,)) if item is not None else None


def _decide_full(packet: Packet, client: Client, context: Context) -> Reply | Ignore:
    subnet = context.subnet
    if not isinstance(subnet, Subnet):
        return Ignore(subnet.reason if subnet is not None else "full mode needs a subnet")
    match packet.message_type:
        case MessageType.DISCOVER:
            return _offer_address(packet, client, context, subnet)
        case MessageType.REQUEST:
            return _confirm_address(packet, client, context, subnet)
        case MessageType.INFORM:
            options = _network_options(subnet, context.hostname)
            return _with_boot(packet, client, context, options=options, address=UNSPECIFIED)
        case MessageType.RELEASE:
            return Ignore(f"RELEASE of {packet.ciaddr} has no answer")
        case MessageType.DECLINE:
            return Ignore(f"DECLINE of {requested_address(packet)} has no answer")
    return Ignore(f"{packet.message_type.name} is sent by servers")


def _offer_address(packet: Packet, client: Client, context: Context, subnet: Subnet) -> Reply | Ignore:
    if not isinstance(context.allocation, Lease):
        return Ignore(_refusal_reason(context))
    options = _lease_options(subnet, context.hostname)
    return _with_boot(packet, client, context, options=options, address=context.allocation.address)


def _confirm_address(packet: Packet, client: Client, context: Context, subnet: Subnet) -> Reply | Ignore:
    chosen = read_address(packet.options.get(Option.SERVER_ID, b""))
    if chosen is not None and chosen != context.server:
        return Ignore(f"client chose the DHCP server {chosen}")
    if not isinstance(context.allocation, Lease):
        return _refuse_address(packet, context, _refusal_reason(context))
    requested = requested_address(packet)
    if requested != context.allocation.address:
        # Silence would leave the client with an address of another network until its old lease ends.
        reason = f"{requested} is not this machine's address: it can have {context.allocation.address}"
        return _refuse_address(packet, context, reason)
    options = _lease_options(subnet, context.hostname)
    return _with_boot(packet, client, context, options=options, address=requested)


def _refusal_reason(context: Context) -> str:
    return context.allocation.reason if isinstance(context.allocation, Refusal) else "no address allocated"


def _refuse_address(packet: Packet, context: Context, reason: str) -> Reply:
    options: dict[int, bytes] = {Option.MESSAGE: reason.encode("ascii", "replace")}
    return _reply(packet, context, _Answer(MessageType.NAK, options, reason))


def requested_address(packet: Packet) -> IPv4Address:
    """The address a client speaks of: option 50 before it has one, then `ciaddr` (RFC 2131 sec. 4.3.2)."""
    return read_address(packet.options.get(Option.REQUESTED_ADDRESS, b"")) or packet.ciaddr


def _network_options(subnet: Subnet, hostname: str | None) -> dict[int, bytes]:
    options: dict[int, bytes] = {Option.SUBNET_MASK: subnet.network.netmask.packed}
    if subnet.router is not None:
        options[Option.ROUTER] = subnet.router.packed
    if subnet.dns:
        options[Option.DNS_SERVERS] = write_addresses(subnet.dns)
    if subnet.domain is not None:
        options[Option.DOMAIN] = subnet.domain.encode("ascii", "replace")
    if hostname is not None:
        options[Option.HOSTNAME] = hostname.encode("ascii", "replace")
    return options


def _lease_options(subnet: Subnet, hostname: str | None) -> dict[int, bytes]:
    return {
        Option.LEASE_TIME: write_u32(subnet.lease_s),
        Option.RENEWAL_TIME: write_u32(subnet.lease_s // 2),
        Option.REBINDING_TIME: write_u32(subnet.lease_s * 7 // 8),
        **_network_options(subnet, hostname),
    }


def _with_boot(
    packet: Packet, client: Client, context: Context, *, options: dict[int, bytes], address: IPv4Address
) -> Reply:
    """An OFFER or ACK of full mode: the address always, boot data for those that can use it."""
    message_type = MessageType.OFFER if packet.message_type is MessageType.DISCOVER else MessageType.ACK
    boot = boot_data(client, context)
    if isinstance(boot, NoBoot):
        reason = f"address without boot data: {boot.reason}"
        return _reply(packet, context, _Answer(message_type, options, reason, None, address))
    options = options | {Option.BOOT_FILE: write_terminated(boot.file)}
    if client.kind is ClientKind.HTTP:
        options[Option.VENDOR_CLASS] = boot.vendor_class  # without it the firmware ignores the URL
    else:
        options[Option.TFTP_SERVER] = write_terminated(str(context.server))
    if boot.vendor_options == RASPBERRY_PI_MENU:
        options[Option.VENDOR_OPTIONS] = boot.vendor_options
    if client.kind in (ClientKind.IPXE, ClientKind.LIMITED_IPXE):
        # Spares iPXE its two seconds of waiting for a proxy: there is none beside an authoritative server.
        options[Option.IPXE] = write_options({IpxeFeature.NO_PROXY_DHCP: b"\x01"})
    return _reply(packet, context, _Answer(message_type, options, boot.reason, boot, address))


@dataclass(frozen=True)
class _Answer:
    """What differs between replies."""

    message_type: MessageType
    options: dict[int, bytes]
    reason: str
    boot: BootData | None = None
    address: IPv4Address = UNSPECIFIED


def _reply(packet: Packet, context: Context, answer: _Answer) -> Reply:
    """A reply with what every reply has: the client's identifiers, and us as the server."""
    boot = answer.boot
    own = {Option.MESSAGE_TYPE: bytes((answer.message_type,)), Option.SERVER_ID: context.server.packed}
    # Both byte for byte: RFC 4578 sec. 2.3 and RFC 3046 sec. 2.2.
    echoed = {o: packet.options[o] for o in (Option.CLIENT_UUID, Option.RELAY_AGENT) if o in packet.options}
    file = boot.file.encode("ascii", "replace") if boot is not None else b""
    reply = Packet(
        op=BOOTREPLY,
        xid=packet.xid,
        chaddr=packet.chaddr,
        options=dict([*own.items(), *answer.options.items(), *echoed.items()]),
        htype=packet.htype,
        flags=packet.flags,
        ciaddr=packet.ciaddr if answer.message_type is MessageType.ACK else UNSPECIFIED,
        yiaddr=answer.address,
        siaddr=context.server if boot is not None else UNSPECIFIED,
        giaddr=packet.giaddr,
        chaddr_padding=packet.chaddr_padding,
        sname=str(context.server).encode("ascii") if boot is not None else b"",
        # U-Boot and old ROMs read only the header field, some UEFI only option 67: both say the same.
        file=file if len(file) <= MAX_FILE_FIELD_BYTES else b"",
    )
    return Reply(fit(reply, DISPENSABLE, max_reply_bytes(packet)), answer.reason)
