"""Front ends: one a format, each turns the user's text into a native tree.

A front end is a pure function. Its module has

    FRONT_END = FrontEnd(parse=..., types=Config, translate=translate, hints={...})

* `parse` makes a tree of nodes with marks: `tree.parse` for YAML, `json_tree.parse` for JSON.
* `types` are msgspec Structs that say what may be written, unknown keys forbidden. From them come, in the words of
  that format and at the user's line: unknown keys with "did you mean", missing keys, wrong types. A field that is known
  and not carried out has the type `Annotated[Any, not_carried(severity, why)]` and is found by name. A secret is a
  `HiddenText` with `Meta(extra={"secret": True})`, and is masked wherever a line is shown.
* `translate(config, draft)` gets the value of `types` and fills the draft, a native tree:
  `draft.root.item("files", place).put("path", file.path, (*place, "path"))`. A place is always one of the user's
  format: it gives the new value its line, column and path. What the types cannot say is `draft.report(error(...))`.
* `hints` replace the hints of native findings, which speak of native fields.
* Formats that say the same with other keys share a vocabulary (spelling.py): `spelled` makes the types of each, `spell`
  the keys of places, which `translate` writes as the vocabulary does.
* `level` says how new a config says to be: a field with `since("3.2.0")` in its type is an error in an older one.
* What lies beside the user's file comes from `draft.local` and `draft.listing`, through the resolver. `draft.include`
  asks for another config, which compose.py lays over this one, or puts in its place.

The rest is done for all formats alike (compose.py): the native checks run on the native tree, and what they find is
shown at the user's line with the user's path (Layout.places). A text that reads like `${vars.NAME}` means nothing in
other formats, and is escaped. A key with nothing behind it (null) says nothing.

A container's module has `unpack(part, surroundings) -> Unpacked`, see parts.py: each part goes through its own front
end, and the native trees are merged in order, as `include` does.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from provision.formats import recognise


class Format(Struct, frozen=True):
    """`recognises` looks at the bytes alone; the first format that says yes loads them.

    `front_end` and `container` are modules, imported only when there is something for them. The native format has
    neither.
    """

    name: str
    recognises: Callable[[bytes], bool]
    front_end: str | None = None
    container: str | None = None


FORMATS: tuple[Format, ...] = (
    Format("gzip", recognise.is_gzip, container="provision.formats.containers.gzipped"),
    Format("mime", recognise.is_mime, container="provision.formats.containers.mime"),
    Format("jinja", recognise.is_jinja, container="provision.formats.containers.jinja"),
    Format("include", recognise.is_include, container="provision.formats.containers.include"),
    Format("cloud-config-archive", recognise.is_archive, container="provision.formats.containers.archive"),
    Format("cloud-config", recognise.is_cloud_config, front_end="provision.formats.cloud_config"),
    Format("script", recognise.is_script, front_end="provision.formats.scripts.once"),
    Format(
        "script-per-boot", lambda _: False, front_end="provision.formats.scripts.each_boot"
    ),  # by its type alone
    Format("boothook", recognise.is_boothook, front_end="provision.formats.scripts.boothook"),
    Format("base64", recognise.is_base64, container="provision.formats.containers.base64_text"),
    Format("unread", recognise.is_unread, container="provision.formats.containers.unread"),
    Format("ignition", recognise.is_ignition, front_end="provision.formats.ignition"),
    Format("butane", recognise.is_butane, front_end="provision.formats.butane"),
    Format("native", lambda _: True),  # last: takes what nobody else does
)


def format_of(data: bytes, formats: tuple[Format, ...] = FORMATS) -> Format:
    return next(candidate for candidate in formats if candidate.recognises(data))
