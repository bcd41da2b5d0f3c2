"""A script (`#!`) as user data: runs once."""

from __future__ import annotations

from provision.formats.draft import Draft
from provision.formats.front_end import FrontEnd
from provision.formats.scripts import Script, name_of, parse, run_once


def translate(config: Script, draft: Draft) -> None:
    run_once(draft, name_of("script", config.script), config.script, ("script",))


FRONT_END = FrontEnd(parse=parse, types=Script, translate=translate)
