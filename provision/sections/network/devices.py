"""Interfaces that the config makes itself: VLAN, bond, bridge, WireGuard, VRF (systemd.netdev(5))."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from provision.sections.hidden import HiddenText

Milliseconds = Annotated[int, Meta(ge=0, le=2**31 - 1)]  # the bonding driver keeps them in an int
TableId = Annotated[int, Meta(ge=1, le=2**32 - 1)]
PortNumber = Annotated[int, Meta(ge=1, le=65535)]
VlanId = Annotated[int, Meta(ge=1, le=4094)]  # IEEE 802.1Q 9.6: 0 means no VLAN, 4095 is reserved
# IEEE 802.1D 17.14 gives the ranges of the three times.
ForwardDelay = Annotated[int, Meta(ge=4, le=30)]
HelloTime = Annotated[int, Meta(ge=1, le=10)]
MaxAge = Annotated[int, Meta(ge=6, le=40)]
AgeingTime = Annotated[int, Meta(ge=0, le=1_000_000)]
Priority = Annotated[int, Meta(ge=0, le=65535)]
Count = Annotated[int, Meta(ge=0, le=2**32 - 1)]


class Vlan(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A VLAN (IEEE 802.1Q) on another interface."""

    parent: Annotated[str, Meta(description="Name of the entry that carries it.", examples=["lan"])]
    id: Annotated[VlanId, Meta(description="VLAN number.", examples=[10])]


class Bond(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Several interfaces used as one."""

    members: Annotated[tuple[str, ...], Meta(description="Names of the entries joined.")]
    mode: Annotated[
        Literal[
            "balance-rr",
            "active-backup",
            "balance-xor",
            "broadcast",
            "802.3ad",
            "balance-tlb",
            "balance-alb",
        ],
        Meta(description="How traffic is spread; 802.3ad is LACP.", examples=["active-backup"]),
    ]
    miimon: Annotated[
        Milliseconds, Meta(description="How often links are looked at, in ms; 0: never, failures go unseen.")
    ] = 100
    up_delay: Annotated[
        Milliseconds | None, Meta(description="Wait after a link came up, in ms, a multiple of miimon.")
    ] = None
    down_delay: Annotated[
        Milliseconds | None, Meta(description="Wait after a link went down, in ms, a multiple of miimon.")
    ] = None
    primary: Annotated[str | None, Meta(description="The member used while it works; not in every mode.")] = (
        None
    )
    primary_reselect: Annotated[
        Literal["always", "better", "failure"] | None,
        Meta(description="When to go back to the primary one."),
    ] = None
    lacp_rate: Annotated[
        Literal["slow", "fast"] | None, Meta(description="LACP every 30 s or every second; only 802.3ad.")
    ] = None
    hash_policy: Annotated[
        Literal["layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4"] | None,
        Meta(description="What decides the link a packet takes."),
    ] = None
    min_links: Annotated[Count | None, Meta(description="Links needed for the bond to count as up.")] = None


class Bridge(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A switch between interfaces. Without members it serves virtual machines and containers."""

    members: Annotated[tuple[str, ...], Meta(description="Names of the entries joined.")] = ()
    stp: Annotated[bool | None, Meta(description="Spanning tree protocol.")] = None
    forward_delay: Annotated[
        ForwardDelay | None, Meta(description="Seconds of listening and of learning.")
    ] = None
    hello_time: Annotated[HelloTime | None, Meta(description="Seconds between hellos.")] = None
    max_age: Annotated[MaxAge | None, Meta(description="Seconds a hello is valid.")] = None
    ageing_time: Annotated[AgeingTime | None, Meta(description="Seconds a MAC address is remembered.")] = None
    priority: Annotated[Priority | None, Meta(description="Smaller becomes the root bridge.")] = None
    vlan_filtering: Annotated[bool | None, Meta(description="Keep VLANs apart.")] = None
    multicast_snooping: Annotated[bool | None, Meta(description="Send multicast where it is wanted.")] = None


class WireGuardPeer(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Another end of the tunnel."""

    public_key: Annotated[str, Meta(description="The peer's key, as `wg pubkey` prints it.")]
    preshared_key: Annotated[
        HiddenText | None,
        Meta(description="Key both ends know, of `wg genpsk`. Secret.", extra={"secret": True}),
    ] = None
    preshared_key_file: Annotated[str | None, Meta(description="File that holds the preshared key.")] = None
    endpoint: Annotated[
        str | None,
        Meta(description="Where the peer is reached.", examples=["vpn.example:51820", "[fd00::1]:51820"]),
    ] = None
    allowed_ips: Annotated[
        tuple[str, ...], Meta(description="Networks behind the peer.", examples=[["10.9.0.2/32"]])
    ] = ()
    keepalive: Annotated[
        PortNumber | None, Meta(description="Seconds between packets that keep a NAT open.", examples=[25])
    ] = None


class WireGuard(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An encrypted tunnel. Exactly one of `private_key` and `private_key_file` is needed."""

    private_key: Annotated[
        HiddenText | None,
        Meta(description="This machine's key, of `wg genkey`. Secret.", extra={"secret": True}),
    ] = None
    private_key_file: Annotated[
        str | None,
        Meta(description="File that holds the private key, readable by group systemd-network."),
    ] = None
    listen_port: Annotated[PortNumber | None, Meta(description="UDP port; absent: any.")] = None
    route_allowed_ips: Annotated[bool, Meta(description="Route each peer's allowed_ips into the tunnel.")] = (
        False
    )
    peers: Annotated[tuple[WireGuardPeer, ...], Meta(description="The other ends.")] = ()


class Vrf(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A routing domain of its own (virtual routing and forwarding)."""

    table: Annotated[TableId, Meta(description="Number of its routing table.", examples=[100])]
    members: Annotated[tuple[str, ...], Meta(description="Names of the entries in it.")] = ()


Device = Vlan | Bond | Bridge | WireGuard | Vrf
