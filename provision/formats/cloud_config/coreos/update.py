"""`coreos.update` and `coreos.oem`: files that tell CoreOS's updater and its users what this machine is."""

from __future__ import annotations

import json
from typing import Literal

from msgspec import Struct

from provision.findings import Place, error
from provision.formats.cloud_config.coreos.units import Units
from provision.formats.draft import Draft

UPDATE_PATH = "/etc/coreos/update.conf"
OEM_PATH = "/etc/oem-release"
STRATEGIES = ("etcd-lock", "reboot", "off")


class Update(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`off` without quotes is false to YAML."""

    reboot_strategy: str | Literal[False] | None = None
    group: str | None = None
    server: str | None = None


class Oem(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    id: str | None = None
    name: str = ""
    version_id: str | int | float = ""
    home_url: str = ""
    bug_report_url: str = ""


def translate_update(update: Update, units: Units) -> None:
    place: Place = ("coreos", "update")
    strategy = "off" if update.reboot_strategy is False else update.reboot_strategy
    if strategy is not None and strategy not in STRATEGIES:
        message = f"{strategy!r} is no reboot strategy"
        here = (*place, "reboot_strategy")
        units.draft.report(error("reboot-strategy", here, message, f"strategies are {', '.join(STRATEGIES)}"))
        return
    lines = {"GROUP": update.group, "REBOOT_STRATEGY": strategy, "SERVER": update.server}
    text = "".join(f"{name}={value}\n" for name, value in lines.items() if value)
    if text:
        made = units.draft.root.item("files", place)
        made.put("path", UPDATE_PATH, place)
        made.put("content", text, place)
    if strategy == "off":
        here = (*place, "reboot_strategy")
        units.masked.add("locksmithd.service")
        units.entry("locksmithd.service", here).put("mask", True, here)


def translate_oem(oem: Oem, draft: Draft) -> None:
    if not oem.id:
        return
    place: Place = ("coreos", "oem")
    named = {"NAME": oem.name, "HOME_URL": oem.home_url, "BUG_REPORT_URL": oem.bug_report_url}
    lines = [f"ID={oem.id}\n", f"VERSION_ID={oem.version_id}\n"]
    lines += [f"{key}={json.dumps(value, ensure_ascii=False)}\n" for key, value in named.items()]
    made = draft.root.item("files", place)
    made.put("path", OEM_PATH, place)
    made.put("content", "".join(lines), place)
