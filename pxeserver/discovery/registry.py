"""The registry of one discovery token: registry and request in, new registry and response out.

Paths, codes and index rules are those of etcd's v2 keys API, as far as `etcd --discovery` uses it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from provision.cluster.registry import parse_registration

MIN_SIZE = 1
MAX_SIZE = 9  # etcd's own advice is at most 7; 0 makes etcd 3.4 panic
# The index of the token itself. A member's own index, from which it watches, must be above 1: etcd turns 1
# into "wait for what comes from now on" and would never see its own registration.
START_INDEX = 2
MAX_VALUE_CHARS = 4096

TOKEN_PATTERN = re.compile(r"[0-9a-f]{32}")
MEMBER_PATTERN = re.compile(r"[0-9a-f]{1,16}")  # etcd prints its 64-bit member id in hex without padding


class Code(StrEnum):
    """Why a request was refused; for the log and the events, not for etcd."""

    CHANGED = "registered with another value"
    COMPLETE = "the cluster is complete"
    FULL = "the cluster is full"
    UNKNOWN = "not registered"
    UNSAFE = "the cluster is not complete yet"


# HTTP status, etcd's error code and its text. etcd exits on 105 with "has previously registered"; 107 is its
# "root is read only", the nearest it has to "not any more" and "not yet".
_REFUSALS = {
    Code.CHANGED: (412, 105, "Key already exists"),
    Code.COMPLETE: (412, 105, "Key already exists"),
    Code.FULL: (403, 107, "cluster is full"),
    Code.UNSAFE: (403, 107, "cluster is not complete yet"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened to a member's key. `action` is "create" or "delete"."""

    index: int
    action: str
    member: str
    value: str


@dataclass(frozen=True, slots=True, order=True)
class Home:
    """An IP address from which a member registered."""

    member: str
    address: str


@dataclass(frozen=True, slots=True)
class Registry:
    """A token: how many members make the cluster, and all that happened, oldest first.

    `told` has the addresses that were given the whole membership: from then on, etcd there may have voted.
    A member hears of the change that completes the cluster by waiting for it and in no other way, because etcd
    looks at the directory before it registers, too, but waits only afterwards: so a machine that begins again,
    and is still to register, is never taken for one that has started.
    """

    token: str
    size: int
    changes: tuple[Change, ...] = ()
    homes: frozenset[Home] = frozenset()
    told: frozenset[str] = frozenset()

    @property
    def index(self) -> int:
        return self.changes[-1].index if self.changes else START_INDEX

    @property
    def created(self) -> tuple[Change, ...]:
        """The registrations, first come first; the first `size` of them are the members."""
        return tuple(change for change in self.changes if change.action == "create")

    @property
    def present(self) -> tuple[Change, ...]:
        gone = {change.member for change in self.changes if change.action == "delete"}
        return tuple(change for change in self.created if change.member not in gone)

    @property
    def is_complete(self) -> bool:
        """Once complete a token stays complete: its cluster exists and its members are decided."""
        return len(self.created) >= self.size

    @property
    def completing(self) -> Change:
        """The registration that made a complete registry complete."""
        return self.created[self.size - 1]

    def has_started(self, member: str) -> bool:
        """Whether this member's etcd may have begun its work. One that was never told who the members are
        cannot have: it may begin again from nothing, even when the cluster has become complete meanwhile."""
        addresses = {home.address for home in self.homes if home.member == member}
        return self.is_complete and (not addresses or not addresses.isdisjoint(self.told))


@dataclass(frozen=True, slots=True)
class Response:
    """An answer in etcd's JSON. `index` goes into X-Etcd-Index, which the client needs."""

    status: int
    body: dict[str, object]
    index: int
    refusal: Code | None = None


def new_registry(token: str, size: int) -> Registry:
    """An empty registry; raises ValueError with the reason when the size cannot make a cluster."""
    if not MIN_SIZE <= size <= MAX_SIZE:
        raise ValueError(f"size: {size} is not from {MIN_SIZE} to {MAX_SIZE}")
    return Registry(token=token, size=size)


def read_size(registry: Registry) -> Response:
    node = {
        "key": f"{_root(registry)}/_config/size",
        "value": str(registry.size),
        "modifiedIndex": START_INDEX,
        "createdIndex": START_INDEX,
    }
    return Response(200, {"action": "get", "node": node}, registry.index)


def read_directory(registry: Registry, asker: str) -> Response:
    """The members in order of registration, for an IP address. `_config` is hidden, as every key with an underscore.

    A member that is still to be told sees the directory as it was before the cluster became complete.
    """
    if registry.is_complete and asker in {home.address for home in registry.homes} - registry.told:
        registry = replace(registry, changes=registry.changes[: registry.changes.index(registry.completing)])
    node: dict[str, object] = {
        "key": _root(registry),
        "dir": True,
        "modifiedIndex": START_INDEX,
        "createdIndex": START_INDEX,
    }
    if registry.present:
        node["nodes"] = [_node(registry, change) for change in registry.present]
    return Response(200, {"action": "get", "node": node}, registry.index)


def read_member(registry: Registry, member: str) -> Response:
    for change in registry.present:
        if change.member == member:
            return Response(200, {"action": "get", "node": _node(registry, change)}, registry.index)
    return not_found(registry.token, member, registry.index)


def register(registry: Registry, member: str, value: str, address: str) -> tuple[Registry, Response]:
    """Registers a member that asks from an IP address, once.

    The same member with the same value is welcome again as long as it cannot have started: it was power-cycled
    while it waited. Afterwards it must not be: its data is gone, and a member with an empty log would break the
    cluster's promises (Raft safety).
    """
    known = next((change for change in registry.created if change.member == member), None)
    if known is not None:
        refusal = _refusal_again(registry, known, value, address)
        if refusal is not None:
            return registry, _refused(registry, member, refusal)
        return _at_home(registry, member, address), _happened(registry, known, status=201)
    if registry.is_complete:
        return registry, _refused(registry, member, Code.FULL)
    change = Change(index=registry.index + 1, action="create", member=member, value=value)
    changed = _at_home(replace(registry, changes=(*registry.changes, change)), member, address)
    return changed, _happened(changed, change, status=201)


def tell(registry: Registry, address: str) -> Registry:
    """What must be remembered before the registry's contents are sent to an address."""
    return replace(registry, told=registry.told | {address}) if registry.is_complete else registry


def remove(registry: Registry, member: str) -> tuple[Registry, Response]:
    """Hides a member's key. Refused while others wait: etcd takes every change it sees for a new member."""
    known = next((change for change in registry.present if change.member == member), None)
    if known is None:
        return registry, not_found(registry.token, member, registry.index)
    if not registry.is_complete:
        return registry, _refused(registry, member, Code.UNSAFE)
    change = Change(index=registry.index + 1, action="delete", member=member, value=known.value)
    changed = replace(registry, changes=(*registry.changes, change))
    return changed, _happened(changed, change, status=200)


def next_change(registry: Registry, wait_index: int, member: str | None) -> Response | None:
    """The first change from `wait_index` on, of one member or of all; None: it has not happened yet."""
    for change in registry.changes:
        if change.index >= wait_index and member in {None, change.member}:
            return _happened(registry, change, status=200)
    return None


def status_json(registry: Registry) -> dict[str, object]:
    """What a human, and an agent that asks before it starts etcd, want to know about a token."""
    members = [_member_json(registry, change) for change in registry.created[: registry.size]]
    return {
        "size": registry.size,
        "members": members,
        "missing": max(0, registry.size - len(members)),
        "complete": registry.is_complete,
    }


def _member_json(registry: Registry, change: Change) -> dict[str, object]:
    member = parse_registration(change.value)
    return {
        "id": change.member,
        "name": member.name,
        "peer_urls": list(member.peer_urls),
        "started": registry.has_started(change.member),
    }


def not_found(token: str, member: str | None, index: int) -> Response:
    cause = f"/_etcd/registry/{token}" + (f"/{member}" if member else "")
    body: dict[str, object] = {"errorCode": 100, "message": "Key not found", "cause": cause, "index": index}
    return Response(404, body, index, Code.UNKNOWN)


def _refusal_again(registry: Registry, known: Change, value: str, address: str) -> Code | None:
    if known.value != value:
        return Code.CHANGED
    if registry.has_started(known.member):
        return Code.COMPLETE
    # Once complete, only the machine that registered may come back: of another we do not know what it was told.
    if registry.is_complete and Home(known.member, address) not in registry.homes:
        return Code.COMPLETE
    return None


def _at_home(registry: Registry, member: str, address: str) -> Registry:
    return replace(registry, homes=registry.homes | {Home(member, address)})


def _happened(registry: Registry, change: Change, *, status: int) -> Response:
    body: dict[str, object] = {"action": change.action, "node": _node(registry, change)}
    if change.action == "delete":
        created = next(known for known in registry.created if known.member == change.member)
        body["node"] = {
            "key": f"{_root(registry)}/{change.member}",
            "modifiedIndex": change.index,
            "createdIndex": created.index,
        }
        body["prevNode"] = _node(registry, created)
    return Response(status, body, registry.index)


def _node(registry: Registry, change: Change) -> dict[str, object]:
    return {
        "key": f"{_root(registry)}/{change.member}",
        "value": change.value,
        "modifiedIndex": change.index,
        "createdIndex": change.index,
    }


def _refused(registry: Registry, member: str, refusal: Code) -> Response:
    status, error_code, message = _REFUSALS[refusal]
    body: dict[str, object] = {
        "errorCode": error_code,
        "message": message,
        "cause": f"{_root(registry)}/{member}",
        "index": registry.index,
    }
    return Response(status, body, registry.index, refusal)


def _root(registry: Registry) -> str:
    return f"/_etcd/registry/{registry.token}"
