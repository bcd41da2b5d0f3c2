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
        "arch": labels.arch or None,
    }
    said = {key: value for key, value in labels.others.items() if key not in known}
    return {**said, **{key: value for key, value in known.items() if value is not None}}


def origin_of(name: str, selection: Selection, given: Mapping[str, str]) -> str | None:
    """The file and line that gave a variable its value, or who else did; None for what is no variable of ours."""
    scope, _, key = name.partition(".")
    if scope == "vars":
        return f"--set {key}" if key in given else _written(f"vars.{key}", selection)
    if scope == "machine" and key in ("address", "hostname", "mac", "name"):
        machine = selection.machine
        if machine is None:
            return "what the machine says"
        line = machine.lines.get(key)
        return f"{machine.file}:{line}" if line else f"the name of {machine.file}"
    if scope == "machine":
        return "what the machine says"
    names = {"etcd": selection.group.file, "group": selection.group.file, "profile": selection.profile.file}
    return names.get(scope)


def _written(key: str, selection: Selection) -> str | None:
    for item in (selection.machine, selection.group, selection.profile):
        if item is not None and key in item.lines:
            return f"{item.file}:{item.lines[key]}"
    return None
