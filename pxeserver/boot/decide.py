"""What a DHCP packet is answered with, and why: one pure, total function for all modes and ports."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network

from pxeserver.boot.architectures import Firmware
from pxeserver.boot.client import Client, ClientKind
from pxeserver.dhcp.leases import Lease, Refusal
from pxeserver.dhcp.options import (
    IpxeFeature,
    MessageType,
    Option,
    read_address,
    write_addresses,
    write_options,
    write_terminated,
    write_u32,
)
from pxeserver.dhcp.packet import BOOTREPLY, BOOTREQUEST, UNSPECIFIED, Packet, fit, max_reply_bytes

DHCP_PORT = 67
BOOT_SERVER_PORT = 4011  # PXE 2.1 sec. 2.2: where a PXE client asks the boot server it was pointed to
MAX_FILE_FIELD_BYTES = 127  # the header field has 128, one is for the NUL
MAX_BOOT_FILE_BYTES = 254  # option 67 without its NUL
# DISCOVERY_CONTROL (6) = 8: load the file named in this offer, without menu or search (PXE 2.1 sec. 2.3).
PXE_BOOT_FILE_OF_OFFER = b"\x06\x01\x08\xff"
# What a client can do without, should the reply be too long for it; least needed first.
DISPENSABLE = (Option.DOMAIN, Option.HOSTNAME, Option.REBINDING_TIME, Option.RENEWAL_TIME, Option.TFTP_SERVER)


class DhcpMode(StrEnum):
    PROXY = "proxy"
    """Boot data only; addresses come from the network's own DHCP server."""
    FULL = "full"
    """Addresses too: we are the only DHCP server of the network, and authoritative for it."""
    OFF = "off"


@dataclass(frozen=True)
class NetworkParameters:
    """What full mode tells a client about its network."""

    network: IPv4Network
    lease_s: int
    router: IPv4Address | None = None
    dns: tuple[IPv4Address, ...] = ()
    domain: str | None = None


@dataclass(frozen=True)
class Context:
    """All that a decision depends on besides the packet."""

    mode: DhcpMode
    port: int
    """The local port the packet came to: 67 or 4011."""
    server: IPv4Address
    """Our address on the interface the packet came from."""
    boot_url: str
    """The iPXE script, such as http://10.77.0.1:8080/boot.ipxe."""
    loaders: frozenset[str]
    """File names of the loaders that are really served."""
    may_boot: bool = True
    """Whether the policy lets this machine boot."""
    loader_url: str | None = None
    """Where loaders are served over HTTP, without a final slash. None: HTTP boot firmware is not answered."""
    network: NetworkParameters | None = None
    """Full mode only."""
    allocation: Lease | Refusal | None = None
    """Full mode only: the address for this machine."""
    hostname: str | None = None
    """Full mode only: the name for this machine."""


@dataclass(frozen=True)
class Reply:
    packet: Packet
    reason: str


@dataclass(frozen=True)
class Ignore:
    reason: str


@dataclass(frozen=True)
class BootData:
    """What to boot, in the options of one kind of client."""

    file: str
    vendor_class: bytes
    reason: str
    vendor_options: bytes | None = None


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


def choose_boot(client: Client, context: Context) -> BootData | Ignore:
    """The boot data for a client: the one policy of all ports."""
    architecture = client.architecture
    if client.kind is ClientKind.PLAIN:
        return Ignore("no option 93: not a network boot client")
    if not context.may_boot:
        return Ignore("this machine may not boot from the network")
    if client.kind is ClientKind.IPXE:
        return _boot_data(context.boot_url, "iPXE gets the boot script")
    if architecture is None:
        return Ignore(f"no loader for architecture {', '.join(map(str, client.architecture_codes))}")
    if architecture.loader not in context.loaders:
        return Ignore(f"loader {architecture.loader!r} for {architecture.name} is not installed")
    if client.kind is ClientKind.HTTP:
        return _http_boot(architecture.loader, context)
    if client.kind is ClientKind.LIMITED_IPXE:
        # As URL: iPXE takes a bare name relative to whatever it was itself loaded from.
        return _boot_data(f"tftp://{context.server}/{architecture.loader}", "limited iPXE gets our iPXE")
    # Without option 43, UEFI firmware asks again on port 4011, the way all of it supports; some of it ignores
    # offers that try to spare it the question.
    vendor_options = PXE_BOOT_FILE_OF_OFFER if architecture.firmware is Firmware.BIOS else None
    return BootData(
        architecture.loader, b"PXEClient", f"{architecture.name} firmware gets iPXE", vendor_options
    )


def _http_boot(loader: str, context: Context) -> BootData | Ignore:
    if context.loader_url is None:
        return Ignore("loaders are not served over HTTP")
    return _boot_data(f"{context.loader_url}/{loader}", "HTTP boot firmware gets iPXE", b"HTTPClient")


def _boot_data(url: str, reason: str, vendor_class: bytes = b"PXEClient") -> BootData | Ignore:
    if len(url) > MAX_BOOT_FILE_BYTES:
        return Ignore(f"boot URL of {len(url)} bytes: option 67 has room for {MAX_BOOT_FILE_BYTES}")
    return BootData(url, vendor_class, reason)


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
    boot = choose_boot(client, context)
    if isinstance(boot, Ignore):
        return boot
    # Option 60 is what makes this a proxy offer; a full DHCP server must not send it, as clients would then
    # ask its port 4011.
    options: dict[int, bytes] = {
        Option.VENDOR_CLASS: boot.vendor_class,
        Option.BOOT_FILE: write_terminated(boot.file),
    }
    if boot.vendor_options is not None:
        options[Option.VENDOR_OPTIONS] = boot.vendor_options
    return _reply(packet, context, _Answer(message_type, options, boot.reason, boot))


def _decide_full(packet: Packet, client: Client, context: Context) -> Reply | Ignore:
    network = context.network
    if network is None:
        return Ignore("full mode needs the network's parameters")
    if packet.is_relayed and packet.giaddr not in network.network:
        return Ignore(f"relay {packet.giaddr} is outside {network.network}: no addresses for its clients")
    match packet.message_type:
        case MessageType.DISCOVER:
            return _offer_address(packet, client, context, network)
        case MessageType.REQUEST:
            return _confirm_address(packet, client, context, network)
        case MessageType.INFORM:
            options = _network_options(network, context.hostname)
            return _with_boot(packet, client, context, options=options, address=UNSPECIFIED)
        case MessageType.RELEASE:
            return Ignore(f"RELEASE of {packet.ciaddr} has no answer")
        case MessageType.DECLINE:
            return Ignore(f"DECLINE of {requested_address(packet)} has no answer")
    return Ignore(f"{packet.message_type.name} is sent by servers")


def _offer_address(
    packet: Packet, client: Client, context: Context, network: NetworkParameters
) -> Reply | Ignore:
    if not isinstance(context.allocation, Lease):
        return Ignore(_refusal_reason(context))
    options = _lease_options(network, context.hostname)
    return _with_boot(packet, client, context, options=options, address=context.allocation.address)


def _confirm_address(
    packet: Packet, client: Client, context: Context, network: NetworkParameters
) -> Reply | Ignore:
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
    options = _lease_options(network, context.hostname)
    return _with_boot(packet, client, context, options=options, address=requested)


def _refusal_reason(context: Context) -> str:
    return context.allocation.reason if isinstance(context.allocation, Refusal) else "no address allocated"


def _refuse_address(packet: Packet, context: Context, reason: str) -> Reply:
    options: dict[int, bytes] = {Option.MESSAGE: reason.encode("ascii", "replace")}
    return _reply(packet, context, _Answer(MessageType.NAK, options, reason))


def requested_address(packet: Packet) -> IPv4Address:
    """The address a client speaks of: option 50 before it has one, then `ciaddr` (RFC 2131 sec. 4.3.2)."""
    return read_address(packet.options.get(Option.REQUESTED_ADDRESS, b"")) or packet.ciaddr


def _network_options(network: NetworkParameters, hostname: str | None) -> dict[int, bytes]:
    options: dict[int, bytes] = {Option.SUBNET_MASK: network.network.netmask.packed}
    if network.router is not None:
        options[Option.ROUTER] = network.router.packed
    if network.dns:
        options[Option.DNS_SERVERS] = write_addresses(network.dns)
    if network.domain is not None:
        options[Option.DOMAIN] = network.domain.encode("ascii", "replace")
    if hostname is not None:
        options[Option.HOSTNAME] = hostname.encode("ascii", "replace")
    return options


def _lease_options(network: NetworkParameters, hostname: str | None) -> dict[int, bytes]:
    return {
        Option.LEASE_TIME: write_u32(network.lease_s),
        Option.RENEWAL_TIME: write_u32(network.lease_s // 2),
        Option.REBINDING_TIME: write_u32(network.lease_s * 7 // 8),
        **_network_options(network, hostname),
    }


def _with_boot(
    packet: Packet, client: Client, context: Context, *, options: dict[int, bytes], address: IPv4Address
) -> Reply:
    """An OFFER or ACK of full mode: the address always, boot data for those that can use it."""
    message_type = MessageType.OFFER if packet.message_type is MessageType.DISCOVER else MessageType.ACK
    boot = choose_boot(client, context)
    if isinstance(boot, Ignore):
        reason = f"address without boot data: {boot.reason}"
        return _reply(packet, context, _Answer(message_type, options, reason, None, address))
    options = options | {Option.BOOT_FILE: write_terminated(boot.file)}
    if client.kind is ClientKind.HTTP:
        options[Option.VENDOR_CLASS] = boot.vendor_class  # without it the firmware ignores the URL
    else:
        options[Option.TFTP_SERVER] = write_terminated(str(context.server))
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
