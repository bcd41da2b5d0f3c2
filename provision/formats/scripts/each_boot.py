"""A script that runs at each boot, when the machine is up (text/x-shellscript-per-boot)."""

from __future__ import annotations

from provision.formats.draft import Draft
from provision.formats.front_end import FrontEnd
from provision.formats.scripts import LATE, Script, name_of, parse, run_each_boot


def translate(config: Script, draft: Draft) -> None:
    run_each_boot(draft, name_of("each-boot", config.script), config.script, ("script",), LATE)


FRONT_END = FrontEnd(parse=parse, types=Script, translate=translate)
