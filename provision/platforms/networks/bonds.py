"""Bonds as descriptions have them, with the kernel's words for modes and parameters or their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from provision.sections.network.devices import Bond

Mode = Literal[
    "balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb"
]
HashPolicy = Literal["layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4"]
# In the order of the kernel's numbers (bonding.rst).
MODES: tuple[Mode, ...] = (
    "balance-rr",
    "active-backup",
    "balance-xor",
    "broadcast",
    "802.3ad",
    "balance-tlb",
    "balance-alb",
)
POLICIES: tuple[HashPolicy, ...] = ("layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4")


def bond(members: tuple[str, ...], parameters: Mapping[str, Any]) -> Bond:
    """`parameters` by their names in the kernel, without `bond` in front; spelled with `-` or `_`."""
    said = {key.replace("_", "-").removeprefix("bond-"): str(value) for key, value in parameters.items()}
    rate = said.get("lacp-rate", "")
    interval = said.get("miimon", said.get("mii-monitor-interval", ""))
    policy = said.get("xmit-hash-policy", said.get("transmit-hash-policy", ""))
    return Bond(
        members=members,
        mode=_chosen(said.get("mode", ""), MODES) or "balance-rr",  # the kernel's own default
        miimon=int(interval) if interval.isdecimal() else 100,
        lacp_rate="fast" if rate in ("1", "fast") else "slow" if rate in ("0", "slow") else None,
        hash_policy=_chosen(policy, POLICIES),
        primary=said.get("primary") or said.get("primary-slave"),
    )


def _chosen(word: str, words: tuple[Any, ...]) -> Any:
    if word.isdecimal() and int(word) < len(words):
        return words[int(word)]
    return word if word in words else None
