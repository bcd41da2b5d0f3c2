"""What the operator wants of one machine when it asks for a boot."""

from __future__ import annotations

from dataclasses import dataclass

from pxeserver.boot.architectures import Loader
from pxeserver.boot.policy import ALLOWED, Arming, BootMode, Permission, Verdict, permit
from pxeserver.inventory.model import Index, Labels
from pxeserver.inventory.select import Selection, select

# What DHCP tells; all other labels come with the request for a boot script.
LABELS_OF_DHCP = frozenset({"arch", "mac", "uuid"})


@dataclass(frozen=True, slots=True)
class Directive:
    """`loader` is a `Loader`, a file's name, or the URL of an EFI file."""

    permission: Permission = ALLOWED
    loader: str = Loader.IPXE
    mode: BootMode = BootMode.ALWAYS


@dataclass(frozen=True, slots=True)
class Defaults:
    """Of the server's settings: for profiles that say nothing, and for machines that nothing is known about."""

    loader: str = Loader.IPXE
    ignores_unknown: bool = False


def directive(index: Index, labels: Labels, arming: Arming | None, defaults: Defaults) -> Directive:
    """The machine's own word, else its group's; for a machine without a group, that of the settings."""
    machine = index.by_mac.get(labels.mac)
    own = machine.boot if machine is not None else None
    selection = select(index, labels)
    if not isinstance(selection, Selection):
        if own is not None:
            return Directive(permit(own, arming), defaults.loader, own)
        return Directive(_unknown(index, labels, selection.reason, defaults), defaults.loader)
    mode = own or selection.group.boot or BootMode.ALWAYS
    return Directive(permit(mode, arming), selection.profile.loader or defaults.loader, mode)


def _unknown(index: Index, labels: Labels, reason: str, defaults: Defaults) -> Permission:
    # A machine with a file but without a group is a mistake to be shown, not a stranger.
    if not defaults.ignores_unknown or labels.mac in index.by_mac or _may_still_match(index, labels):
        return ALLOWED
    return Permission(Verdict.SILENCE, reason)


def _may_still_match(index: Index, labels: Labels) -> bool:
    """Whether a group asks for what this machine has not had the chance to say."""
    if labels.serial or labels.others:
        return False
    known = LABELS_OF_DHCP if labels.arch else LABELS_OF_DHCP - {"arch"}
    return any(label not in known for group in index.groups.values() for label, _ in group.selector)
