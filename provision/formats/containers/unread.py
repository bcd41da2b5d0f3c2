"""Texts that are known, and that nobody here reads: what they are, and what to write instead."""

from __future__ import annotations

from provision.formats.parts import Part, Surroundings, Unpacked
from provision.formats.recognise import OLD_VERSION, begins, is_headerless
from provision.formats.source import Mark, TextError

NATIVE_HINT = "write a native config, a cloud-config or Ignition 3"


def unpack(part: Part, _surroundings: Surroundings) -> Unpacked:
    data = part.data
    if begins(data, b"#cloud-config-jsonp"):
        raise TextError(
            "format-unread", "patches of other configs are not read", hint="write a #cloud-config"
        )
    if begins(data, b"#part-handler"):
        raise TextError(
            "format-unread", "handlers of parts are programs, and not run", hint="write a script (#!)"
        )
    if begins(data, b"#upstart-job"):
        raise TextError("format-unread", "there is no upstart", hint="write a unit of systemd")
    if begins(data, b"<"):
        raise TextError("format-unread", "this is XML or HTML, and no config", hint="is it an error page?")
    if begins(data, b"{"):
        version = OLD_VERSION.search(data)
        mark = _mark(data, version.start("version")) if version else Mark(0, 0)
        message = "Ignition configs are read from version 3.0.0 on"
        raise TextError("format-version", message, mark, "translate it, as `ign-converter` does")
    if is_headerless(data):
        hint = "begin the file with the line #cloud-config"
        raise TextError("cloud-config-header", "a cloud-config without its first line", hint=hint)
    raise TextError("format-unread", "this is Terraform's language, and no config", hint=NATIVE_HINT)


def _mark(data: bytes, offset: int) -> Mark:
    before = data[:offset].decode("utf-8", "replace")
    return Mark(before.count("\n"), len(before) - before.rfind("\n") - 1)
