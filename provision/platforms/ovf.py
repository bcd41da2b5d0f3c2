"""The OVF environment (DSP0243 section 9): XML that a hypervisor hands to its guest; Azure's has words of its own."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from provision.errors import SourceError

LABELS = ("OVF-TRANSPORT", "OVFENV", "OVF ENV")
FILE = "ovf-env.xml"
MAX_BYTES = 10 * 1024 * 1024


class Environment(Struct, frozen=True):
    """`properties` by key; `texts` of elements that hold nothing else, by their name without its namespace."""

    properties: Mapping[str, str]
    texts: Mapping[str, tuple[str, ...]]

    def text(self, name: str) -> str:
        return next(iter(self.texts.get(name, ())), "")


def parse(data: bytes) -> Environment:
    """SourceError for what is no XML, and for XML with declarations of its own: entities can grow without end."""
    from xml.parsers import expat

    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, UnicodeDecodeError) as problem:
        raise SourceError(f"{FILE} is no XML: {problem}") from problem
    return Environment(reader.properties, {name: tuple(texts) for name, texts in reader.texts.items()})


def _refuse(*_: object) -> None:
    raise SourceError(f"{FILE} has a document type declaration", hint="no OVF environment needs one")


class _Reader:
    def __init__(self) -> None:
        self.properties: dict[str, str] = {}
        self.texts: dict[str, list[str]] = {}
        self._text = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._text = ""
        if _local(name) == "Property":
            named = {_local(key): value for key, value in attributes.items()}
            self.properties[named.get("key", "")] = named.get("value", "")

    def characters(self, text: str) -> None:
        self._text += text

    def end(self, name: str) -> None:
        if self._text.strip():
            self.texts.setdefault(_local(name), []).append(self._text.strip())
        self._text = ""


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
