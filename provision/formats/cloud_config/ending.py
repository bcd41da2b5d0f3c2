"""`phone_home` and `power_state`: what happens when all is done."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Struct

from provision.findings import Place, error
from provision.formats.cloud_config.commands import quoted
from provision.formats.cloud_config.words import ignored
from provision.formats.draft import Draft
from provision.formats.scripts import run_once
from provision.sections.unit_words import command_line

Posted = Literal[
    "pub_key_dsa", "pub_key_rsa", "pub_key_ecdsa", "pub_key_ed25519", "instance_id", "hostname", "fqdn"
]
EVERYTHING: tuple[Posted, ...] = (
    "pub_key_rsa",
    "pub_key_ecdsa",
    "pub_key_ed25519",
    "instance_id",
    "hostname",
    "fqdn",
)
TRIES_PAUSE_S = 3  # as cloud-init has it
STAMP = "/var/lib/provision/commands/power-state.done"
# shutdown(8)
MODES = {"poweroff": "--poweroff", "reboot": "--reboot", "halt": "--halt"}

# All commands are wanted by multi-user.target, which is reached when each of them has ended. The stamp comes first:
# a machine must not reboot for ever.
POWER_UNIT = """\
[Unit]
Description=Power state of the config
After=multi-user.target
ConditionPathExists=!{stamp}

[Service]
Type=oneshot
{condition}ExecStart=/usr/bin/install -D -m 0600 /dev/null {stamp}
ExecStart={shutdown}

[Install]
WantedBy=multi-user.target
"""


class PhoneHome(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    url: str
    post: Literal["all"] | tuple[Posted, ...] = "all"
    tries: int | str = 10


class PowerState(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    mode: Literal["poweroff", "reboot", "halt"]
    delay: int | str = "now"
    message: str | None = None
    timeout: Annotated[Any, ignored("no program has to end first")] = None
    condition: bool | str | tuple[str, ...] = True


def translate_phone_home(home: PhoneHome, draft: Draft) -> None:
    place: Place = ("phone_home",)
    if "$INSTANCE_ID" in home.url:
        message = "INSTANCE_ID is not filled in"
        draft.report(error("instance-id", (*place, "url"), message, "post instance_id, or write the URL out"))
        return
    if not str(home.tries).isdecimal():
        draft.report(error("wrong-type", (*place, "tries"), "expected a whole number, got text"))
        return
    posted = EVERYTHING if home.post == "all" else home.post
    run_once(draft, "phone-home", _post_script(home.url, posted, int(home.tries)), place)


def _post_script(url: str, posted: tuple[Posted, ...], tries: int) -> str:
    """A POST of a form, as cloud-init sends it; curl encodes what it reads."""
    lines = ["#!/bin/sh", "set -eu", "set --"]
    for name in posted:
        if name.startswith("pub_key_"):
            path = f"/etc/ssh/ssh_host_{name.removeprefix('pub_key_')}_key.pub"
            lines.append(f'if [ -e {path} ]; then set -- "$@" --data-urlencode {name}@{path}; fi')
        else:
            program = {
                "hostname": "hostname",
                "fqdn": "hostname --fqdn",
                "instance_id": "cat /etc/machine-id",
            }
            lines.append(f'set -- "$@" --data-urlencode "{name}=$({program[name]})"')
    retries = f"--retry {max(tries - 1, 0)} --retry-delay {TRIES_PAUSE_S} --retry-all-errors"
    lines.append(f'exec curl --fail --silent --show-error --max-time 60 {retries} "$@" --url {quoted(url)}')
    return "".join(f"{line}\n" for line in lines)


def translate_power_state(power: PowerState, draft: Draft) -> None:
    place: Place = ("power_state",)
    if power.condition is False:
        return
    delay = str(power.delay).removeprefix("+")
    if delay != "now" and not delay.isdecimal():
        message = f"{power.delay!r} is neither minutes nor now"
        draft.report(error("power-delay", (*place, "delay"), message))
        return
    shutdown = ["/usr/sbin/shutdown", MODES[power.mode], "now" if delay == "now" else f"+{delay}"]
    shutdown += [power.message] if power.message else []
    text = POWER_UNIT.format(
        stamp=STAMP, condition=_condition(power.condition), shutdown=command_line(tuple(shutdown))
    )
    made = draft.root.item("units", place)
    made.put("name", "provision-power-state.service", place)
    made.put("enable", True, place)
    made.put("content", text, place)


def _condition(condition: bool | str | tuple[str, ...]) -> str:
    """ExecCondition= fails the unit at 255, and skips it at any other code than 0."""
    if isinstance(condition, str):
        condition = ("/bin/sh", "-c", condition)
    return f"ExecCondition={command_line(condition)}\n" if isinstance(condition, tuple) and condition else ""
