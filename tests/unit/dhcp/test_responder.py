"""Whole exchanges: packets in, replies and leases out, over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxeserver.boot.choice import BootSources
from pxeserver.boot.client import Client, ClientKind
from pxeserver.boot.decide import DhcpMode, Ignore, Reply
from pxeserver.boot.policy import BootMode, permit
from pxeserver.dhcp.lease_book import LeaseBook
from pxeserver.dhcp.leases import Lease, LeaseState, Pool, Reservation
from pxeserver.dhcp.options import MessageType, Option
from pxeserver.dhcp.packet import BROADCAST_FLAG, Packet, parse
from pxeserver.dhcp.responder import Decision, DhcpSettings, EveryMachine, Machines, Responder
from pxeserver.dhcp.subnet import Subnet
from pxeserver.inventory.directive import Directive
from pxeserver.wire import Endpoint

S = IPv4Address("10.77.0.1")
ADDRESS = IPv4Address("10.77.0.100")
MAC = "52:54:00:12:34:56"
CLIENT = Endpoint(IPv4Address("0.0.0.0"), 68)
EVERYBODY = Endpoint(IPv4Address("255.255.255.255"), 68)
SETTINGS = DhcpSettings(
    interface="eth1",
    mode=DhcpMode.FULL,
    sources=BootSources(S, "http://10.77.0.1:8080/boot.ipxe", frozenset(("undionly.kpxe",))),
    subnets=(
        Subnet(IPv4Network("10.77.0.0/24"), lease_s=600, pool=Pool(ADDRESS, IPv4Address("10.77.0.101"))),
    ),
)
BIOS: dict[int, bytes] = {
    Option.CLIENT_ARCHITECTURE: b"\0\0",
    Option.VENDOR_CLASS: b"PXEClient:Arch:00000:UNDI:002001",
}


class MemoryStore:
    def __init__(self) -> None:
        self.kept: dict[IPv4Address, Lease] = {}

    def leases(self) -> Iterable[Lease]:
        return self.kept.values()

    def save_lease(self, lease: Lease) -> None:
        self.kept[lease.address] = lease


class OneNamedMachine(EveryMachine):
    def reservations(self) -> Mapping[str, Reservation]:
        return {MAC: Reservation(MAC, IPv4Address("10.77.0.5"), "node5")}


class NobodyMayBoot(EveryMachine):
    def directive(self, mac: str, client: Client) -> Directive:
        return Directive(permit(BootMode.NEVER, None))


class Network:
    """A server with a clock that stands still until it is set."""

    def __init__(self, settings: DhcpSettings = SETTINGS, machines: Machines | None = None) -> None:
        self.store = MemoryStore()
        self.now_s = 1_000_000.0
        book = LeaseBook(self.store)
        self._responder = Responder(settings, book, machines or EveryMachine(), lambda: self.now_s)

    def withdraw(self, address: IPv4Address) -> None:
        self._responder.withdraw(address)

    def say(self, packet: Packet, *, port: int = 67, source: Endpoint = CLIENT) -> Decision:
        return self._responder.respond(packet, port=port, source=source)


def packet(message_type: MessageType, options: Mapping[int, bytes] | None = None, mac: str = MAC) -> Packet:
    chaddr = bytes.fromhex(mac.replace(":", ""))
    return Packet(1, 0x1234, chaddr, {Option.MESSAGE_TYPE: bytes((message_type,)), **(options or {})})


def request(address: IPv4Address = ADDRESS, server: IPv4Address = S) -> Packet:
    options: dict[int, bytes] = {Option.REQUESTED_ADDRESS: address.packed, Option.SERVER_ID: server.packed}
    return packet(MessageType.REQUEST, options)


def reply(decision: Decision) -> Packet:
    assert isinstance(decision.outcome, Reply), decision.outcome.reason
    assert parse(decision.datagram) == decision.outcome.packet
    return decision.outcome.packet


def reason(decision: Decision) -> str:
    assert isinstance(decision.outcome, Ignore)
    assert (decision.destination, decision.datagram) == (None, b"")
    return decision.outcome.reason


def test_a_lease_is_offered_confirmed_and_stored() -> None:
    network = Network()

    offered = reply(network.say(packet(MessageType.DISCOVER)))
    assert (offered.message_type, offered.yiaddr, network.store.kept) == (MessageType.OFFER, ADDRESS, {})

    confirmed = reply(network.say(request()))
    assert (confirmed.message_type, confirmed.yiaddr) == (MessageType.ACK, ADDRESS)
    assert network.store.kept == {ADDRESS: Lease(ADDRESS, MAC, LeaseState.BOUND, 1_000_600)}


def test_two_machines_are_not_offered_the_same_address() -> None:
    network = Network()

    first = reply(network.say(packet(MessageType.DISCOVER)))
    second = reply(network.say(packet(MessageType.DISCOVER, mac="52:54:00:00:00:01")))

    assert [str(first.yiaddr), str(second.yiaddr)] == ["10.77.0.100", "10.77.0.101"]


def test_a_renewal_is_answered_to_the_machines_address_and_lasts_from_now() -> None:
    network = Network()
    network.say(packet(MessageType.DISCOVER))
    network.say(request())

    network.now_s += 300
    decision = network.say(replace(packet(MessageType.REQUEST), ciaddr=ADDRESS))

    assert reply(decision).message_type is MessageType.ACK
    assert decision.destination == Endpoint(ADDRESS, 68)
    assert network.store.kept[ADDRESS].expires_unix_s == 1_000_900


def test_a_request_for_an_address_of_another_network_is_refused_by_broadcast() -> None:
    decision = Network().say(replace(packet(MessageType.REQUEST), ciaddr=IPv4Address("192.168.9.9")))

    refused = reply(decision)
    assert (refused.message_type, refused.yiaddr, refused.flags) == (
        MessageType.NAK,
        IPv4Address(0),
        BROADCAST_FLAG,
    )
    assert decision.destination == EVERYBODY


def test_a_client_that_chose_another_server_is_left_to_it() -> None:
    assert "chose the DHCP server 10.77.0.2" in reason(
        Network().say(request(server=IPv4Address("10.77.0.2")))
    )


def test_a_restarted_server_confirms_the_offer_it_has_forgotten() -> None:
    assert reply(Network().say(request())).message_type is MessageType.ACK


def test_a_released_lease_ends_and_the_machine_gets_the_address_again() -> None:
    network = Network()
    network.say(request())

    assert "RELEASE" in reason(network.say(replace(packet(MessageType.RELEASE), ciaddr=ADDRESS)))

    assert network.store.kept[ADDRESS].state is LeaseState.RELEASED
    assert reply(network.say(packet(MessageType.DISCOVER))).yiaddr == ADDRESS


def test_a_declined_address_is_replaced_by_another() -> None:
    network = Network()
    network.say(request())

    decline = packet(MessageType.DECLINE, {Option.REQUESTED_ADDRESS: ADDRESS.packed})
    assert "DECLINE" in reason(network.say(decline))

    assert reply(network.say(packet(MessageType.DISCOVER))).yiaddr == IPv4Address("10.77.0.101")


def test_an_inform_is_answered_without_address_or_lease() -> None:
    network = Network()
    address = IPv4Address("10.77.0.50")

    decision = network.say(replace(packet(MessageType.INFORM), ciaddr=address))

    answer = reply(decision)
    assert (answer.message_type, answer.yiaddr) == (MessageType.ACK, IPv4Address(0))
    assert Option.LEASE_TIME not in answer.options
    assert decision.destination == Endpoint(address, 68)
    assert network.store.kept == {}


def test_a_reserved_address_comes_with_its_name() -> None:
    offered = reply(Network(machines=OneNamedMachine()).say(packet(MessageType.DISCOVER)))

    assert (str(offered.yiaddr), offered.options[Option.HOSTNAME]) == ("10.77.0.5", b"node5")


def test_a_machine_that_may_not_boot_still_gets_an_address_in_full_mode() -> None:
    decision = Network(machines=NobodyMayBoot()).say(packet(MessageType.DISCOVER, BIOS))

    assert (reply(decision).yiaddr, reply(decision).file) == (ADDRESS, b"")
    assert decision.outcome.reason == "address without boot data: boot: never"


@pytest.mark.parametrize(("port", "message_type"), [(67, MessageType.DISCOVER), (4011, MessageType.REQUEST)])
def test_a_machine_that_may_not_boot_hears_nothing_from_the_proxy(
    port: int, message_type: MessageType
) -> None:
    network = Network(replace(SETTINGS, mode=DhcpMode.PROXY), NobodyMayBoot())

    assert reason(network.say(packet(message_type, BIOS), port=port)) == "boot: never"


def test_firmware_without_an_address_is_answered_by_broadcast_with_the_flag_set() -> None:
    decision = Network(replace(SETTINGS, mode=DhcpMode.PROXY)).say(packet(MessageType.DISCOVER, BIOS))

    assert (decision.destination, reply(decision).flags) == (EVERYBODY, BROADCAST_FLAG)
    assert decision.client.kind is ClientKind.PXE


def test_a_relayed_request_is_answered_to_the_relay_not_the_client() -> None:
    relay = IPv4Address("10.77.0.254")
    relayed = replace(packet(MessageType.DISCOVER, {Option.RELAY_AGENT: b"\1\1x"}), giaddr=relay)

    decision = Network().say(relayed, source=Endpoint(IPv4Address("10.9.9.9"), 67))

    assert (decision.destination, reply(decision).flags) == (Endpoint(relay, 67), 0)
    assert reply(decision).options[Option.RELAY_AGENT] == b"\1\1x"


def test_a_relayed_refusal_has_the_broadcast_flag_as_the_client_has_no_usable_address() -> None:
    relay = IPv4Address("10.77.0.254")
    decision = Network().say(replace(request(IPv4Address("192.168.9.9")), giaddr=relay))

    assert (decision.destination, reply(decision).flags) == (Endpoint(relay, 67), BROADCAST_FLAG)


def test_a_request_on_port_4011_is_answered_to_where_it_came_from() -> None:
    source = Endpoint(ADDRESS, 4011)
    network = Network(replace(SETTINGS, mode=DhcpMode.PROXY))

    decision = network.say(
        replace(packet(MessageType.REQUEST, BIOS), ciaddr=ADDRESS), port=4011, source=source
    )

    assert (reply(decision).message_type, decision.destination) == (MessageType.ACK, source)
    assert network.store.kept == {}


def test_a_client_without_room_for_everything_gets_the_shorter_reply_that_fits() -> None:
    settings = replace(
        SETTINGS,
        sources=replace(SETTINGS.sources, boot_url="http://10.77.0.1:8080/" + "long/" * 40 + "boot.ipxe"),
        subnets=(replace(SETTINGS.subnets[0], domain="domain." * 20 + "example"),),
    )
    ipxe = {**BIOS, Option.IPXE: b"\x13\1\1\x18\1\1"}

    decision = Network(settings).say(packet(MessageType.DISCOVER, ipxe))

    assert len(decision.datagram) <= 548
    assert Option.DOMAIN not in reply(decision).options
    assert reply(decision).options[Option.BOOT_FILE].endswith(b"boot.ipxe\0")
    assert reply(decision).file == b""


OPTIONS = st.dictionaries(st.integers(1, 254), st.binary(max_size=20), max_size=10)


@given(
    st.sampled_from(MessageType),
    OPTIONS,
    st.sampled_from((67, 4011)),
    st.sampled_from(DhcpMode),
    st.sampled_from(("0.0.0.0", "10.77.0.9", "10.99.0.1")),
)
def test_whatever_the_options_there_is_a_decision_and_what_is_sent_can_be_read(
    message_type: MessageType, options: Mapping[int, bytes], port: int, mode: DhcpMode, giaddr: str
) -> None:
    network = Network(replace(SETTINGS, mode=mode))
    asked = replace(packet(message_type), giaddr=IPv4Address(giaddr))
    options = {**options, Option.MESSAGE_TYPE: bytes((message_type,))}

    decision = network.say(replace(asked, options=options), port=port)

    assert decision.outcome.reason
    if decision.datagram:
        assert parse(decision.datagram).options.get(Option.RELAY_AGENT) == options.get(Option.RELAY_AGENT)


def test_only_an_address_that_a_machine_never_had_is_probed() -> None:
    network = Network()

    first = network.say(packet(MessageType.DISCOVER))
    again = network.say(packet(MessageType.DISCOVER))
    confirmed = network.say(request())

    assert (first.probe, again.probe, confirmed.probe) == (ADDRESS, None, None)


def test_a_reserved_address_is_not_probed() -> None:
    assert Network(machines=OneNamedMachine()).say(packet(MessageType.DISCOVER)).probe is None


def test_an_address_that_was_found_in_use_is_offered_to_nobody_for_a_while() -> None:
    network = Network()
    decision = network.say(packet(MessageType.DISCOVER))
    assert decision.probe is not None

    network.withdraw(decision.probe)
    now = network.say(packet(MessageType.DISCOVER))
    network.now_s += 600
    later = [network.say(packet(MessageType.DISCOVER, mac=f"52:54:00:00:00:0{n}")) for n in (8, 9)]

    assert str(reply(now).yiaddr) == "10.77.0.101"
    assert sorted(str(reply(decision).yiaddr) for decision in later) == ["10.77.0.100", "10.77.0.101"]


def test_a_machine_with_a_reserved_address_elsewhere_gets_one_of_the_pool_here() -> None:
    class ReservedElsewhere(EveryMachine):
        def reservations(self) -> Mapping[str, Reservation]:
            return {MAC: Reservation(MAC, IPv4Address("10.99.0.5"), "node5")}

    assert reply(Network(machines=ReservedElsewhere()).say(packet(MessageType.DISCOVER))).yiaddr == ADDRESS
