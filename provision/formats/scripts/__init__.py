"""Scripts, alone or as parts: what other formats say in commands becomes commands and units of ours."""

from __future__ import annotations

import yaml
from msgspec import Struct
from yaml.nodes import MappingNode, ScalarNode

from provision.findings import Place
from provision.formats.draft import Draft
from provision.formats.nodes import TAG, Construction
from provision.formats.tree import Tree

SCRIPT_DIRECTORY = "/var/lib/provision/scripts"
DEADLINE_S = 3600  # the peers know none; an hour is more than a machine needs to get ready

EARLY = """\
[Unit]
Description={name} of the config, early at each boot
DefaultDependencies=no
After=local-fs.target systemd-networkd-wait-online.service networking.service
Before=sysinit.target shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
TimeoutStartSec={deadline_s}
ExecStart={path}

[Install]
WantedBy=sysinit.target
"""
LATE = """\
[Unit]
Description={name} of the config, at each boot
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
TimeoutStartSec={deadline_s}
ExecStart={path}

[Install]
WantedBy=multi-user.target
"""


class Script(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    script: str


def parse(text: str) -> Tree:
    """A text that is one script."""
    start, end = yaml.Mark("", 0, 0, 0, None, 0), yaml.Mark("", 0, 0, 1, None, 0)
    key = ScalarNode(f"{TAG}str", "script", start, end)
    value = ScalarNode(f"{TAG}str", text.replace("\r\n", "\n"), start, end, style='"')
    root = MappingNode(f"{TAG}map", [(key, value)], start, end)
    data, _ = Construction().make(root)
    return Tree(root, data, ())


def name_of(kind: str, text: str) -> str:
    """Parts have no names of their own that can be relied on; the same script twice is one script."""
    import hashlib

    return f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def run_once(draft: Draft, name: str, text: str, place: Place) -> None:
    """Once it has succeeded, never again."""
    made = draft.root.item("commands", place)
    made.put("name", name, place)
    made.put("script", text, place)
    made.put("once", True, place)
    made.put("deadline_s", DEADLINE_S, place)


def run_each_boot(draft: Draft, name: str, text: str, place: Place, unit: str) -> None:
    """`unit` is EARLY, or LATE."""
    path = f"{SCRIPT_DIRECTORY}/{name}"
    file = draft.root.item("files", place)
    file.put("path", path, place)
    file.put("content", text, place)
    file.put("mode", "0700", place)
    made = draft.root.item("units", place)
    made.put("name", f"provision-{name}.service", place)
    made.put("enable", True, place)
    made.put("content", unit.format(name=name, path=path, deadline_s=DEADLINE_S), place)
