"""Enabled and masked units, by systemctl working on files: no running systemd is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import json

from provision.actions import EnableUnit, MaskUnit
from provision.errors import ProvisionError
from provision.execute.command import demand, failure
from provision.execute.difference import Difference, changed, created
from provision.execute.machine import Handler, Machine, during
from provision.plan.describe import describe

MISSING = "missing"

# States in which `systemctl enable` leaves a unit as it is, and is content: static, indirect and generated
# units have nothing of their own to enable.
NOTHING_TO_ENABLE = frozenset({"alias", "enabled", "generated", "indirect", "static"})
ENABLED = frozenset({"enabled", "enabled-runtime"})
MASKED = "masked"

# systemd.unit(5), "Unit File Search Path"; what follows systemd/system or systemd/user there.
UNIT_PLACES = ("/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib", "/usr/local/share", "/usr/share")


def unit_states(machine: Machine, names: Sequence[str], *, user: bool = False) -> Mapping[str, str]:
    """State of each unit in the words of `systemctl is-enabled`; one call for all but template instances."""
    there = [name for name in names if "@" in name or _has_file(machine, name, user=user)]
    if not there:
        return dict.fromkeys(names, MISSING)
    arguments = [*systemctl(machine, user=user), "--output=json", "list-unit-files", *map(_unescaped, there)]
    listed = machine.programs(arguments)
    # It fails when it finds none of them, and still prints its empty list.
    if listed.exit_code != 0 and not listed.stdout:
        raise failure(arguments, listed)
    known = {row["unit_file"]: row["state"] for row in json.decode(listed.stdout or "[]")}
    return {name: known.get(name) or _instance_state(machine, name, user=user) for name in names}


def probe_enabled(machine: Machine, actions: Sequence[EnableUnit]) -> list[Difference | None]:
    states = _states(machine, actions)
    return [_enabled_difference(states[action.user][action.name], action) for action in actions]


def perform_enabled(machine: Machine, actions: Sequence[EnableUnit]) -> None:
    _call(machine, "enable", [action for action in actions if action.enabled])
    _call(machine, "disable", [action for action in actions if not action.enabled])


def probe_masked(machine: Machine, actions: Sequence[MaskUnit]) -> list[Difference | None]:
    states = _states(machine, actions)
    return [_masked_difference(states[action.user][action.name], action) for action in actions]


def perform_masked(machine: Machine, actions: Sequence[MaskUnit]) -> None:
    _call(machine, "mask", [action for action in actions if action.masked])
    _call(machine, "unmask", [action for action in actions if not action.masked])


def systemctl(machine: Machine, *, user: bool = False) -> list[str]:
    """`--global` means the units of every user."""
    scope = ["--global"] if user else []
    return ["systemctl", f"--root={machine.target.root}", "--no-pager", *scope]


def _states(machine: Machine, actions: Sequence[EnableUnit | MaskUnit]) -> dict[bool, Mapping[str, str]]:
    """By whether they are units of users."""
    return {
        user: unit_states(machine, [action.name for action in actions if action.user == user], user=user)
        for user in (False, True)
    }


def _unescaped(name: str) -> str:
    """list-unit-files takes shell patterns, in which the backslash of an escaped unit name would vanish."""
    return name.replace("\\", "\\\\")


def _has_file(machine: Machine, name: str, *, user: bool) -> bool:
    """systemctl takes 12 ms to say that there are none of the units that are about to be written.

    Only a running system has more places: those that generators write to.
    """
    kind = "user" if user else "system"
    return machine.target.root == Path("/") or any(
        machine.target.stat(f"{place}/systemd/{kind}/{name}") for place in UNIT_PLACES
    )


def _instance_state(machine: Machine, name: str, *, user: bool) -> str:
    if "@" not in name:
        return MISSING
    # is-enabled prints nothing on standard output for a unit it does not find
    return machine.programs([*systemctl(machine, user=user), "is-enabled", name]).stdout.strip() or MISSING


def _enabled_difference(state: str, action: EnableUnit) -> Difference | None:
    summary = describe(action)
    if not action.enabled:
        return changed(summary, [f"-{state}", "+disabled"]) if state in ENABLED else None
    if state in NOTHING_TO_ENABLE:
        return None
    return created(summary, ["+enabled"] if state == MISSING else [f"-{state}", "+enabled"])


def _masked_difference(state: str, action: MaskUnit) -> Difference | None:
    summary = describe(action)
    if (state == MASKED) == action.masked:
        return None
    return created(summary, ["+masked"]) if action.masked else changed(summary, ["-masked"])


def _call(machine: Machine, verb: str, actions: Sequence[EnableUnit | MaskUnit]) -> None:
    for user in (False, True):
        of_scope = [action for action in actions if action.user == user]
        if of_scope:
            _call_once(machine, verb, of_scope)


def _call_once(machine: Machine, verb: str, actions: Sequence[EnableUnit | MaskUnit]) -> None:
    arguments = [*systemctl(machine, user=actions[0].user), verb, *(action.name for action in actions)]
    try:
        demand(machine.programs, arguments)
    except ProvisionError:
        if len(actions) == 1:
            with during(actions[0], f"{verb} unit {actions[0].name}"):
                raise
        # Again one by one, to say which of them it was.
        for action in actions:
            _call_once(machine, verb, [action])
        raise


ENABLE = Handler(EnableUnit, probe_enabled, perform_enabled)
MASK = Handler(MaskUnit, probe_masked, perform_masked)
