"""`write_files`: files with their content, owner and permissions."""

from __future__ import annotations

import base64
import re
from typing import Annotated, Literal

from msgspec import Struct

from provision.compression import gunzip
from provision.findings import Place, error, warning
from provision.formats.cloud_config.words import SECRET
from provision.formats.draft import Draft, Entry
from provision.sections.file_contents import MAX_INLINE_BYTES

Encoding = Literal[
    "gz", "gzip", "gz+base64", "gzip+base64", "gz+b64", "gzip+b64", "b64", "base64", "text/plain"
]
MAX_DECIMAL = 0o777


class Source(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    uri: str
    headers: Annotated[dict[str, str], SECRET] = {}


class WriteFile(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    path: str
    content: str = ""
    source: Source | None = None
    owner: str = "root:root"
    permissions: str | int | None = None
    encoding: Encoding = "text/plain"
    append: bool = False
    defer: bool = False


class Written(Struct):
    """A path that was written to, with the texts that were added to it: what is appended to it goes there."""

    entry: Entry
    text: str | None
    texts: list[str]


def translate_files(files: tuple[WriteFile, ...], draft: Draft) -> None:
    """Deferred files come last, as they do in cloud-init; all come after users and groups."""
    written: dict[str, Written] = {}
    order = sorted(range(len(files)), key=lambda index: files[index].defer)
    for index in order:
        _translate_file(files[index], ("write_files", index), draft, written)


def _translate_file(file: WriteFile, place: Place, draft: Draft, written: dict[str, Written]) -> None:
    if file.append:
        _translate_append(file, place, draft, written)
        return
    made = draft.root.item("files", place)
    made.put("path", file.path, (*place, "path"))
    _translate_content(file, made, place, draft)
    _translate_access(file, made, place, draft)
    written.setdefault(file.path, Written(made, file.content if _is_text(file) else None, []))


def _is_text(file: WriteFile) -> bool:
    return file.encoding == "text/plain" and file.source is None


def _translate_content(file: WriteFile, made: Entry, place: Place, draft: Draft) -> None:
    here = (*place, "content")
    if file.source is not None:
        made.put("source", file.source.uri, (*place, "source", "uri"))
        for name, value in file.source.headers.items():
            headers = made.entry("headers", (*place, "source", "headers"))
            headers.put(name, value, (*place, "source", "headers", name))
    elif file.encoding == "text/plain":
        made.put("content", file.content, here)
    elif "+" in file.encoding:
        made.put("content_base64", file.content, here)
        made.put("compression", "gzip", (*place, "encoding"))
    elif file.encoding in ("b64", "base64"):
        made.put("content_base64", file.content, here)
    else:
        made.put("content", "", here)
        message = "what gzip packs is no text"
        draft.report(
            error(
                "encoding", (*place, "encoding"), message, "write gz+b64, and the content as base64 prints it"
            )
        )


def _translate_append(file: WriteFile, place: Place, draft: Draft, written: dict[str, Written]) -> None:
    """To what this config wrote itself, the text is added here; to what the image has, on the machine."""
    try:
        text = _text_of(file)
    except ValueError:
        message = "only text can be appended, and this is none"
        draft.report(error("append-bytes", (*place, "content"), message))
        return
    known = written.get(file.path)
    if known is None:
        made = draft.root.item("files", place)
        made.put("path", file.path, (*place, "path"))
        made.append("append", text, (*place, "content"))
        _translate_access(file, made, place, draft)
        written[file.path] = Written(made, None, [text])
        return
    if known.texts:
        known.entry.append("append", text, (*place, "content"))
    elif known.text is None:
        message = f"{file.path!r} is written above from what is no text, and cannot be added to"
        draft.report(error("append-bytes", (*place, "append"), message))
        return
    else:
        known.text += text
        known.entry.put("content", known.text, (*place, "content"))
    _translate_access(file, known.entry, place, draft)


def _text_of(file: WriteFile) -> str:
    """Raises ValueError for what is no text."""
    if file.source is not None or file.encoding in ("gz", "gzip"):
        raise ValueError("not known here")
    if file.encoding == "text/plain":
        return file.content
    data = base64.b64decode("".join(file.content.split()), validate=True)
    if "+" in file.encoding:
        data = gunzip(data, limit_bytes=MAX_INLINE_BYTES)
    return data.decode()


def _translate_access(file: WriteFile, made: Entry, place: Place, draft: Draft) -> None:
    """Said of a file that is added to even where it is what others get: cloud-init sets it then, too."""
    _translate_mode(file, made, (*place, "permissions"), draft)
    user, _, group = file.owner.partition(":")
    for field, name in (("user", user.strip()), ("group", group.strip())):
        if file.append or name not in ("", "root"):
            made.put(field, name or "root", (*place, "owner"))


def _translate_mode(file: WriteFile, made: Entry, place: Place, draft: Draft) -> None:
    """Text is octal. A number is taken as it is, as cloud-init does: 420 is 0644, and 644 is nothing anybody means."""
    permissions = file.permissions
    if permissions is None:
        made.put("mode", "0644" if file.append else None, place)
        return
    if isinstance(permissions, str):
        made.put("mode", permissions.strip(), place)
        return
    reads_octal = re.fullmatch(r"[0-7]{3,4}", str(permissions)) is not None
    hint = f"write '{permissions:04}' in quotes" if reads_octal else "write octal digits in quotes: '0644'"
    if not 0 <= permissions <= MAX_DECIMAL:
        draft.report(error("mode-decimal", place, f"{permissions} is decimal; a mode is octal", hint))
        return
    if reads_octal:
        message = f"{permissions} is decimal, and {permissions:04o} in octal"
        draft.report(warning("mode-octal", place, message, f"{hint}, or '{permissions:04o}'"))
    made.put("mode", f"{permissions:04o}", place)
