"""May this machine start its member of a listed cluster? A pure table over what running members say."""

from __future__ import annotations

from msgspec import Struct

from provision.cluster.decide import AlreadyMember, Bootstrap, Decision, Refuse, RegisteredMember, Wait


class Listed(Struct, frozen=True):
    """What the config asks for: this member, the others, and whether it joins a cluster that runs already."""

    name: str
    peer_urls: tuple[str, ...]
    other_urls: tuple[str, ...]
    joins: bool = False


class Peers(Struct, frozen=True):
    """`answers` are the members that each peer that answered knows; `trouble` is why one that is there did not.

    A peer has the name of a member that it waits for from the list of the first members, and no name for one that
    was added later. `started` is false until the member has told where it serves clients.
    """

    has_data: bool
    answers: tuple[tuple[RegisteredMember, ...], ...] = ()
    trouble: str | None = None


def decide_listed(listed: Listed, peers: Peers) -> Decision:
    """What this machine may do. Rows in the order they are asked."""
    if peers.has_data:
        return AlreadyMember()
    if not peers.answers:
        return _unanswered(listed, peers)
    own = [member for answer in peers.answers for member in answer if _is_own(member, listed)]
    if not own:
        urls = ",".join(listed.peer_urls)
        return Refuse(
            f"the cluster runs without member {listed.name!r} at {urls}",
            f"`etcdctl member add {listed.name} --peer-urls={urls}` on a member, and write "
            "`initial_cluster_state: existing`",
        )
    if any(member.started for member in own):
        # A member that forgot its votes could vote twice: Raft forbids its return under the same identity.
        return Refuse(
            f"member {listed.name!r} belongs to a running cluster, but its data is gone (it was in memory, and the "
            "machine was restarted); starting it empty could lose what the cluster has agreed on",
            f"`etcdctl member remove` and `member add {listed.name}` on another member, and write "
            "`initial_cluster_state: existing`",
        )
    if not listed.joins and not any(member.name for member in own):
        hint = "write `initial_cluster_state: existing`"
        return Refuse(f"member {listed.name!r} was added to a cluster that runs already", hint)
    return Bootstrap(0)


def _unanswered(listed: Listed, peers: Peers) -> Decision:
    if peers.trouble is not None:
        return Wait(peers.trouble)
    if listed.joins:
        return Wait(f"no member of the cluster answers at {', '.join(listed.other_urls) or 'any address'}")
    return Bootstrap(len(listed.other_urls))


def _is_own(member: RegisteredMember, listed: Listed) -> bool:
    return bool(_plain(member.peer_urls) & _plain(listed.peer_urls))


def _plain(urls: tuple[str, ...]) -> set[str]:
    return {url.rstrip("/") for url in urls}
