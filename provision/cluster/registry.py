"""Asking the discovery service who has registered, without disturbing it.

Our server's `/status` page says more than the v2 protocol (whether a member can have started); other services are read
by the protocol's own two requests.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from provision.cluster.decide import Observation, RegisteredMember
from provision.errors import SourceError
from provision.urls import shown_url

Fetch = Callable[[str], bytes]
"""Gives the body of a URL or raises SourceError."""


def observe_registry(discovery_url: str, *, has_data: bool, fetch: Fetch) -> Observation:
    """What the registry says. Trouble is part of the observation: the decision is the caller's."""
    base = discovery_url.rstrip("/")
    try:
        status = _own_status(base, fetch)
        size, members = status if status is not None else _protocol_status(base, fetch)
    except SourceError as error:
        return Observation(has_data=has_data, trouble=f"{shown_url(base)}: {error.message}")
    except (ValueError, KeyError, TypeError) as error:
        return Observation(
            has_data=has_data, trouble=f"{shown_url(base)}: not an answer of a discovery service: {error!r}"
        )
    return Observation(has_data=has_data, size=size, members=members)


def _own_status(base: str, fetch: Fetch) -> tuple[int, tuple[RegisteredMember, ...]] | None:
    try:
        status = json.loads(fetch(f"{base}/status"))
    except (SourceError, ValueError):  # another implementation: it has no such page
        return None
    if not isinstance(status, dict) or not isinstance(status.get("size"), int):
        return None
    return status["size"], tuple(
        RegisteredMember(name=member["name"], peer_urls=tuple(member["peer_urls"]), started=member["started"])
        for member in status["members"]
    )


def _protocol_status(base: str, fetch: Fetch) -> tuple[int, tuple[RegisteredMember, ...]]:
    size = int(json.loads(fetch(f"{base}/_config/size"))["node"]["value"])
    nodes: list[dict[str, Any]] = json.loads(fetch(base))["node"].get("nodes", [])
    nodes.sort(key=lambda node: node["createdIndex"])
    return size, tuple(parse_registration(node["value"]) for node in nodes[:size])


def parse_registration(value: str) -> RegisteredMember:
    """`node1=http://10.0.0.1:2380,node1=http://…` is how etcd registers itself."""
    pairs = [part.partition("=") for part in value.split(",")]
    return RegisteredMember(name=pairs[0][0], peer_urls=tuple(url for _, _, url in pairs))
