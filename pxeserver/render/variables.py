"""The variables of config templates. A value nobody gave is absent, so that using it is an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pxeserver.inventory.model import Labels
from pxeserver.inventory.select import Selection


@dataclass(frozen=True, slots=True)
class ServerUrls:
    """Where machines reach this server, without a slash at the end."""

    control: str
    assets: str


def template_variables(
    selection: Selection,
    labels: Labels,
    urls: ServerUrls,
    discovery_url: str | None,
    given: Mapping[str, str],
) -> dict[str, object]:
    """`machine`, `group`, `profile`, `vars`, `server` and `etcd`.

    In `vars`, what was given on the command line wins over machine over group over profile.
    """
    etcd = {"discovery": discovery_url} if discovery_url is not None else {}
    return {
        "machine": _machine(selection, labels),
        "group": {"name": selection.group.name},
        "profile": {"name": selection.profile.name},
        "vars": {
            **selection.profile.vars,
            **selection.group.vars,
            **(selection.machine.vars if selection.machine else {}),
            **given,
        },
        "server": {"url": urls.control},
        "etcd": etcd,
    }


def machine_name(selection: Selection, labels: Labels) -> str:
    """The name of the machine's file; a machine without one is named after its MAC address."""
    return selection.machine.name if selection.machine else labels.mac.replace(":", "-")


def _machine(selection: Selection, labels: Labels) -> dict[str, object]:
    machine = selection.machine
    name = machine_name(selection, labels)
    known = {
        "address": str(machine.address) if machine and machine.address else None,
        "hostname": machine.hostname if machine else name,
        "mac": labels.mac,
        "name": name,
        "serial": labels.serial or None,
        "uuid": labels.uuid or None,
    }
    return {key: value for key, value in known.items() if value is not None}
