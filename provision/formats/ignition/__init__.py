"""Ignition configs, specification 3 (https://coreos.github.io/ignition/specs/): one noun a file, as the language.

The types are a vocabulary that Butane is written with, too: spelling.py makes of it what each of the two takes.
"""

from __future__ import annotations

from provision.formats import json_tree
from provision.formats.draft import Draft
from provision.formats.front_end import FrontEnd
from provision.formats.ignition.config import Config, level, translate
from provision.formats.spelling import camel_case, in_vocabulary, spelled


def _translate(config: object, draft: Draft) -> None:
    translate(in_vocabulary(config, Config), draft)


FRONT_END = FrontEnd(
    parse=json_tree.parse,
    types=spelled(Config, camel_case, with_sugar=False),
    translate=_translate,
    hints={
        "headers-in-clear": "use https",
        "secret-in-clear": "write it to a file of mode 384 (0600)",
        "source-unverified": "add verification.hash: sha256- and the digest in hex, as `sha256sum` prints it",
        "unknown-group": "add it to passwd.groups, unless the image has it",
        "unknown-user": "add it to passwd.users, unless the image has it",
    },
    spell=camel_case,
    level=level,
)
