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
HASHING = ("balance-xor", "802.3ad", "balance-tlb")
RATES = ("slow", "fast")
POLICIES: tuple[HashPolicy, ...] = ("layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4")


def bond(members: tuple[str, ...], parameters: Mapping[str, Any]) -> Bond:
    """`parameters` by their names in the kernel, without `bond` in front; spelled with `-` or `_`."""
    said = {key.replace("_", "-").removeprefix("bond-"): str(value) for key, value in parameters.items()}
    rate = said.get("lacp-rate", "")
    interval = said.get("miimon", said.get("mii-monitor-interval", ""))
    mode: Mode = _chosen(said.get("mode", ""), MODES) or "balance-rr"  # the kernel's own default
    policy = said.get("xmit-hash-policy", said.get("transmit-hash-policy", ""))
    return Bond(
        members=members,
        mode=mode,
        miimon=int(interval) if interval.isdecimal() else 100,
        # The kernel passes over what has no meaning in a mode; the language does not.
        lacp_rate=_chosen(rate, RATES) if mode == "802.3ad" else None,
        hash_policy=_chosen(policy, POLICIES) if mode in HASHING else None,
        primary=said.get("primary") if mode in ("active-backup", "balance-tlb", "balance-alb") else None,
    )


def _chosen(word: str, words: tuple[Any, ...]) -> Any:
    if word.isdecimal() and int(word) < len(words):
        return words[int(word)]
    return word if word in words else None
