"""What can be wrong with an interface that is made: bond, WireGuard and their like."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import structs

from provision.findings import Place, Problem, did_you_mean, error, path_text, warning
from provision.sections.hosts import is_host_name
from provision.sections.network.devices import Bond, Bridge, WireGuard, WireGuardPeer
from provision.sections.network.types import Interface
from provision.sections.network.values import check_network, check_wireguard_key
from provision.sections.places import check_path
from provision.sections.urls import is_ip
from provision.variables import has_variable

# Linux Documentation/networking/bonding.rst, under primary and xmit_hash_policy.
PRIMARY_MODES = ("active-backup", "balance-tlb", "balance-alb")
HASH_MODES = ("balance-xor", "802.3ad", "balance-tlb")


def check_device(interface: Interface, place: Place) -> Iterator[Problem]:
    if interface.bond is not None:
        yield from _check_bond(interface.bond, (*place, "bond"))
    if interface.bridge is not None:
        yield from _check_bridge(interface.bridge, (*place, "bridge"))
    if interface.wireguard is not None:
        yield from _check_wireguard(interface.wireguard, (*place, "wireguard"))


def _check_bond(bond: Bond, place: Place) -> Iterator[Problem]:
    if not bond.members:
        yield error("bond-no-members", (*place, "members"), "a bond is made of at least one interface")
    if bond.primary is not None:
        if bond.primary not in bond.members:
            hint = did_you_mean(bond.primary, bond.members)
            yield error("bond-primary", (*place, "primary"), f"{bond.primary!r} is no member", hint)
        yield from _check_mode(bond, "primary", PRIMARY_MODES, place)
    if bond.primary_reselect is not None:
        yield from _check_mode(bond, "primary_reselect", PRIMARY_MODES, place)
    if bond.lacp_rate is not None:
        yield from _check_mode(bond, "lacp_rate", ("802.3ad",), place)
    if bond.hash_policy is not None:
        yield from _check_mode(bond, "hash_policy", HASH_MODES, place)
    for key in ("up_delay", "down_delay"):
        delay = getattr(bond, key)
        if delay and (bond.miimon == 0 or delay % bond.miimon):
            message = f"{delay} ms is no multiple of miimon, {bond.miimon} ms: the kernel rounds it down"
            yield warning("bond-delay", (*place, key), message)
    if bond.miimon == 0:
        message = "without miimon a broken link goes unseen"
        yield warning("bond-miimon", (*place, "miimon"), message, "100 is usual")


def _check_mode(bond: Bond, key: str, modes: tuple[str, ...], place: Place) -> Iterator[Problem]:
    if bond.mode not in modes:
        message = f"{key} means nothing in mode {bond.mode}"
        problem = error("bond-mode", (*place, key), message, f"it is for {', '.join(modes)}")
        yield structs.replace(problem, at_key=True)


def _check_bridge(bridge: Bridge, place: Place) -> Iterator[Problem]:
    # IEEE 802.1D 17.14, which the kernel leaves to the user to keep.
    delay, age, hello = bridge.forward_delay or 15, bridge.max_age or 20, bridge.hello_time or 2
    if not 2 * (hello + 1) <= age <= 2 * (delay - 1):
        message = f"hello_time {hello}, max_age {age} and forward_delay {delay} do not go together"
        hint = "2 * (hello_time + 1) <= max_age <= 2 * (forward_delay - 1)"
        yield warning("bridge-times", place, message, hint)


def _check_wireguard(tunnel: WireGuard, place: Place) -> Iterator[Problem]:
    yield from _check_key_choice(tunnel, "private_key", place)
    if tunnel.private_key is None and tunnel.private_key_file is None:
        hint = "add private_key or private_key_file; `wg genkey` makes a key"
        yield error("wireguard-no-key", place, "a tunnel needs a private key", hint)
    keys: dict[str, Place] = {}
    networks: dict[str, Place] = {}
    for index, peer in enumerate(tunnel.peers):
        here = (*place, "peers", index)
        yield from _check_peer(peer, here)
        earlier = keys.setdefault(peer.public_key, here)
        if earlier is not here:
            message = f"the same key as {path_text(earlier)}"
            yield error("wireguard-peer-twice", (*here, "public_key"), message)
        yield from _check_allowed(peer, here, networks)


def _check_key_choice(holder: WireGuard | WireGuardPeer, key: str, place: Place) -> Iterator[Problem]:
    secret, file = getattr(holder, key), getattr(holder, f"{key}_file")
    if secret is not None:
        yield from check_wireguard_key(secret.reveal(), (*place, key))
    if file is not None:
        yield from check_path(file, (*place, f"{key}_file"))
    if secret is not None and file is not None:
        message = f"{key} and {key}_file exclude each other"
        yield structs.replace(error("wireguard-two-keys", (*place, f"{key}_file"), message), at_key=True)


def _check_peer(peer: WireGuardPeer, place: Place) -> Iterator[Problem]:
    if not has_variable(peer.public_key):
        for problem in check_wireguard_key(peer.public_key, (*place, "public_key")):
            yield structs.replace(problem, sensitive=True)  # what is no public key may be a secret
    yield from _check_key_choice(peer, "preshared_key", place)
    if peer.endpoint is not None and not has_variable(peer.endpoint) and not _is_endpoint(peer.endpoint):
        hint = "host and port: vpn.example:51820, or [fd00::1]:51820"
        yield error("wireguard-endpoint", (*place, "endpoint"), f"{peer.endpoint!r} is no endpoint", hint)
    if not peer.allowed_ips:
        message = "nothing is sent to this peer, and nothing taken from it"
        yield warning("wireguard-no-networks", place, message, "add allowed_ips")


def _check_allowed(peer: WireGuardPeer, place: Place, seen: dict[str, Place]) -> Iterator[Problem]:
    for index, network in enumerate(peer.allowed_ips):
        here = (*place, "allowed_ips", index)
        yield from check_network(network, here)
        earlier = seen.setdefault(network, here)
        if earlier is not here:
            message = (
                f"{network} is at {path_text(earlier)} already: the kernel gives it to the last peer only"
            )
            yield error("wireguard-network-twice", here, message)


def _is_endpoint(text: str) -> bool:
    match = re.fullmatch(r"(?:\[([^\]]+)\]|([^:\[\]]+)):(\d{1,5})", text)
    if match is None or not 1 <= int(match[3]) <= 65535:
        return False
    return is_ip(match[1]) and ":" in match[1] if match[1] else is_host_name(match[2])
