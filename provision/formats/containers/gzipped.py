"""gzip around a config of any format, as people pack user data that is too large for a cloud."""

from __future__ import annotations

from provision.compression import gunzip
from provision.formats.parts import Part, Surroundings, Unpacked, inside
from provision.formats.source import MAX_CONFIG_BYTES, TextError


def unpack(part: Part, _surroundings: Surroundings) -> Unpacked:
    try:
        data = gunzip(part.data, limit_bytes=MAX_CONFIG_BYTES)
    except ValueError as problem:
        raise TextError("gzip", str(problem)) from problem
    return Unpacked((inside(part, data, "unpacked", None),))
