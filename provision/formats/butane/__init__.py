"""Butane configs (https://coreos.github.io/butane/): Ignition in YAML, with files that lie beside the config."""

from __future__ import annotations

from provision.formats.butane.config import Config, level, translate
from provision.formats.butane.numbers import parse
from provision.formats.draft import Draft
from provision.formats.front_end import FrontEnd
from provision.formats.spelling import in_vocabulary, spelled


def _translate(config: object, draft: Draft) -> None:
    translate(in_vocabulary(config, Config), draft)


FRONT_END = FrontEnd(
    parse=parse,
    types=spelled(Config, str, with_sugar=True),
    translate=_translate,
    hints={
        "headers-in-clear": "use https",
        "include-file": "write the content itself, with inline",
        "mode-octal": "write it with a leading zero: 0644",
        "secret-in-clear": "write it to a file of mode 0600",
        "source-unverified": "add verification.hash: sha256- and the digest in hex, as `sha256sum` prints it",
        "unknown-group": "add it to passwd.groups, unless the image has it",
        "unknown-user": "add it to passwd.users, unless the image has it",
    },
    level=level,
)
