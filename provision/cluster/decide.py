"""May this machine start its etcd member? A pure table over what the registry says and what is on disk."""

from __future__ import annotations

from msgspec import Struct

from provision.urls import shown_url


class Spec(Struct, frozen=True):
    """What the config asks for. `peer_urls` identify the member in the registry."""

    name: str
    discovery_url: str
    peer_urls: tuple[str, ...]


class RegisteredMember(Struct, frozen=True):
    """A registry entry. `started` is false only when its etcd was never told the whole membership: it cannot
    have voted, so it may begin again from nothing. Registries that do not say so count as started."""

    name: str
    peer_urls: tuple[str, ...]
    started: bool = True


class Observation(Struct, frozen=True):
    """`size` and `members` are None when the registry could not be asked (`trouble` says why)."""

    has_data: bool
    size: int | None = None
    members: tuple[RegisteredMember, ...] = ()
    trouble: str | None = None


class Bootstrap(Struct, frozen=True):
    """Start and register; so many members are still missing."""

    missing: int


class AlreadyMember(Struct, frozen=True):
    """The data directory is there: etcd knows the way without the registry."""


class Wait(Struct, frozen=True):
    reason: str


class Refuse(Struct, frozen=True):
    reason: str
    hint: str


Decision = Bootstrap | AlreadyMember | Wait | Refuse


def decide(spec: Spec, observation: Observation) -> Decision:
    """What this machine may do. Rows in the order they are asked."""
    if observation.has_data:
        return AlreadyMember()
    if observation.size is None:
        return Wait(observation.trouble or "the discovery service gave no answer")
    own = [member for member in observation.members if set(member.peer_urls) & set(spec.peer_urls)]
    namesakes = [member for member in observation.members if member.name == spec.name and member not in own]
    missing = observation.size - len(observation.members)
    if namesakes:
        return Refuse(
            f"another machine is registered as {spec.name!r} with {', '.join(namesakes[0].peer_urls)}",
            "give each machine a hostname of its own",
        )
    if missing > 0:
        return Bootstrap(missing)
    if own and not own[0].started:
        return Bootstrap(0)
    if own:
        # A member that forgot its votes could vote twice: Raft forbids its return under the same identity.
        return Refuse(
            f"member {spec.name!r} belongs to a complete cluster, but its data is gone (it was in memory, and the "
            "machine was restarted); starting it empty could lose what the cluster has agreed on",
            "replace it as a member, or begin a new cluster with a new discovery token",
        )
    return Refuse(
        f"the cluster at {shown_url(spec.discovery_url)} already has its {observation.size} members",
        "make the group's etcd size larger before the cluster begins, or take etcd out of this machine's config",
    )
