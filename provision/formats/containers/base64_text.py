"""A config in base64, as the interfaces of some clouds want user data."""

from __future__ import annotations

import binascii

from provision.formats.parts import Part, Surroundings, Unpacked, inside
from provision.formats.source import TextError


def unpack(part: Part, _surroundings: Surroundings) -> Unpacked:
    try:
        data = binascii.a2b_base64(b"".join(part.data.split()), strict_mode=True)
    except binascii.Error as problem:
        raise TextError("base64", "the base64 ends too early", hint="is the file whole?") from problem
    return Unpacked((inside(part, data, "unpacked", None),))
