"""A script under `#cloud-boothook`: runs early at each boot."""

from __future__ import annotations

import re

from provision.findings import error
from provision.formats.draft import Draft
from provision.formats.front_end import FrontEnd
from provision.formats.scripts import EARLY, Script, name_of, parse, run_each_boot

MARK = re.compile(r"\s*#cloud-boothook", re.IGNORECASE)


def translate(config: Script, draft: Draft) -> None:
    mark = MARK.match(config.script)
    text = config.script[mark.end() if mark else 0 :].lstrip()
    if not text.startswith("#!"):
        message = "the line after #cloud-boothook names no interpreter"
        draft.report(error("script-interpreter", ("script",), message, "begin it with #!/bin/sh"))
        return
    run_each_boot(draft, name_of("boothook", text), text, ("script",), EARLY)


FRONT_END = FrontEnd(parse=parse, types=Script, translate=translate)
