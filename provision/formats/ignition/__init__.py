"""Ignition configs, specification 3 (https://coreos.github.io/ignition/specs/): one noun a file, as the language."""

from __future__ import annotations

from provision.formats import json_tree
from provision.formats.front_end import FrontEnd
from provision.formats.ignition.config import Config, translate

FRONT_END = FrontEnd(
    parse=json_tree.parse,
    types=Config,
    translate=translate,
    hints={
        "headers-in-clear": "use https",
        "secret-in-clear": "write it to a file of mode 384 (0600)",
        "source-unverified": "add verification.hash: sha256- and the digest in hex, as `sha256sum` prints it",
        "unknown-group": "add it to passwd.groups, unless the image has it",
        "unknown-user": "add it to passwd.users, unless the image has it",
    },
)
