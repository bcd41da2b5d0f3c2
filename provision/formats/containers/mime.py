"""MIME messages of parts (RFC 2045, 2046), as `cloud-init devel make-mime` writes them."""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Iterator
from email import policy
from email.errors import MessageError
from email.message import EmailMessage
from email.parser import BytesParser

from msgspec import Struct

from provision.findings import Problem, error
from provision.formats.containers.types import in_order, typed
from provision.formats.nodes import NodeProblem
from provision.formats.parts import Part, Surroundings, Unpacked, at, inside
from provision.formats.source import Mark, TextError

MAX_NESTED = 8
PLAIN = ("", "7bit", "8bit", "binary")
# Headers that say how cloud-init treats a part.
NOT_CARRIED = {
    "Launch-Index": "machines that are started together are not told apart",
    "Merge-Type": "parts are merged entry by entry; a later one holds",
    "X-Merge-Type": "parts are merged entry by entry; a later one holds",
}


class Entity(Struct, frozen=True):
    """Lines of the message: headers from `start` on, the body from `body` up to `end`. `is_closed` by a delimiter,
    to which the line break before it belongs.
    """

    headers: EmailMessage
    start: int
    body: int
    end: int
    is_closed: bool


def unpack(part: Part, _surroundings: Surroundings) -> Unpacked:
    message = _Message(part)
    whole = message.entity(0, len(message.lines), is_closed=False)
    message.walk(whole, 0)
    return Unpacked(in_order(message.parts), tuple(message.problems))


class _Message:
    def __init__(self, part: Part) -> None:
        self.lines = part.data.removeprefix(b"\xef\xbb\xbf").splitlines(keepends=True)
        self.parts: list[Part] = []
        self.problems: list[NodeProblem] = []
        self._container = part

    def entity(self, start: int, end: int, *, is_closed: bool) -> Entity:
        body = next((line for line in range(start, end) if not self.lines[line].strip()), end)
        try:
            headers = BytesParser(policy=policy.default).parsebytes(b"".join(self.lines[start:body]), True)
            headers.get_content_type()
        except (MessageError, ValueError, IndexError, LookupError) as problem:
            raise TextError("mime", "the headers cannot be read", Mark(start, 0)) from problem
        assert isinstance(headers, EmailMessage)
        return Entity(headers, start, min(body + 1, end), end, is_closed)

    def walk(self, entity: Entity, depth: int) -> None:
        if entity.headers.get_content_maintype() == "multipart":
            if depth == MAX_NESTED:
                raise TextError("include-depth", "parts of parts too deep", Mark(entity.start, 0))
            for inner in self._inner(entity):
                self.walk(inner, depth + 1)
            return
        self._add(entity)

    def _inner(self, entity: Entity) -> Iterator[Entity]:
        boundary = entity.headers.get_boundary()
        if not boundary:
            message = "a message of several parts names no boundary"
            raise TextError("mime", message, Mark(entity.start, 0), 'write boundary="..." behind its type')
        mark = b"--" + boundary.encode("ascii", "replace")
        begin: int | None = None
        for number in range(entity.body, entity.end):
            line = self.lines[number].rstrip()
            if line not in (mark, mark + b"--"):
                continue
            if begin is not None:
                yield self.entity(begin, number, is_closed=True)
            begin = number + 1
            if line != mark:
                return
        message = "the message ends without the last delimiter" if begin is not None else "there is no part"
        raise TextError(
            "mime", message, Mark(max(entity.end - 1, 0), 0), f"is it whole? it ends with --{boundary}--"
        )

    def _add(self, entity: Entity) -> None:
        name = f"part {len(self.parts) + len(self.problems) + 1}"
        filename = entity.headers.get_filename()
        if filename:
            name = f"{name}, {_printable(filename)}"
        for header, why in NOT_CARRIED.items():
            if header in entity.headers:
                self._report(error("not-carried", (), f"{header!r} is not carried out: {why}"), entity.start)
        body = b"".join(self.lines[entity.body : entity.end])
        if entity.is_closed:
            body = re.sub(rb"\r?\n\Z", b"", body)
        if not body.strip():
            self._report(error("empty", (), f"{name} is empty"), entity.start)
            return
        made = self._decoded(body, name, entity)
        if made is None:
            return
        found = typed(made, entity.headers.get_content_type())
        if found.problem is not None:
            self._report(found.problem, entity.start)
            return
        self.parts.append(found.part)

    def _decoded(self, body: bytes, name: str, entity: Entity) -> Part | None:
        encoding = str(entity.headers.get("Content-Transfer-Encoding", "")).strip().lower()
        offset: Mark | None = Mark(entity.body, 0)
        if encoding == "base64":
            try:
                body, offset = binascii.a2b_base64(b"".join(body.split()), strict_mode=True), None
            except binascii.Error:
                self._report(error("base64", (), f"{name} is no base64: was it cut?"), entity.body)
                return None
        elif encoding == "quoted-printable":
            body, offset = quopri.decodestring(body), None
        elif encoding not in PLAIN:
            message = f"{encoding!r} is no encoding that is read"
            self._report(error("mime", (), message, "use base64"), entity.start)
            return None
        charset = entity.headers.get_content_charset("utf-8")
        if charset not in ("utf-8", "us-ascii") and entity.headers.get_content_maintype() == "text":
            try:
                body = body.decode(charset).encode()
            except (LookupError, UnicodeDecodeError):
                self._report(
                    error("not-utf8", (), f"{name} is no text in {charset!r}", "use UTF-8"), entity.start
                )
                return None
        return inside(self._container, body, name, offset)

    def _report(self, problem: Problem, line: int) -> None:
        self.problems.append(at(problem, Mark(line, 0)))


def _printable(name: str) -> str:
    return "".join(char for char in name[:60] if char.isprintable())
