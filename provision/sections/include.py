"""Key `include`: other configs that this one is built on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct, structs

from provision.findings import Place, Problem, error
from provision.sections.urls import check_url
from provision.variables import has_variable


class Include(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One config: a `file`, or a `url` with its digest. Includes are resolved before anything else: no variables."""

    file: Annotated[
        str | None,
        Meta(description="Path relative to the including file.", examples=["common/base.yaml"]),
    ] = None
    url: Annotated[
        str | None,
        Meta(description="URL (http or https).", examples=["https://configs.example/base.yaml"]),
    ] = None
    sha256: Annotated[
        str | None, Meta(description="SHA-256 of what `url` gives, in hex. Required with `url`.")
    ] = None


def check(include: Include, place: Place) -> Iterator[Problem]:
    if (include.file is None) == (include.url is None):
        yield error("include", place, "one of file or url is needed", "write {file: common/base.yaml}")
        return
    if include.file is not None:
        yield from _check_file(include, include.file, place)
    if include.url is not None:
        yield from _check_url(include, include.url, (*place, "url"))
    if include.sha256 is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", include.sha256):
        message = f"a sha256 has 64 hexadecimal digits, this has {len(include.sha256)} characters"
        yield error("digest", (*place, "sha256"), message)


def _check_file(include: Include, path: str, place: Place) -> Iterator[Problem]:
    here = (*place, "file")
    if has_variable(path):
        yield error("include-variable", here, "an include takes no variables", "write the path")
    elif path.startswith("/") or not path or any(not char.isprintable() for char in path):
        hint = "write the path as seen from the directory of this file: ../common/base.yaml"
        yield error("include-path", here, f"{path!r} is not relative to this file", hint)
    if include.sha256 is not None:
        problem = error("digest-without-source", (*place, "sha256"), "sha256 without a url to verify")
        yield structs.replace(problem, at_key=True)


def _check_url(include: Include, url: str, place: Place) -> Iterator[Problem]:
    yield from check_address(url, place)
    if include.sha256 is None and not has_variable(url):
        hint = "add sha256: the digest in hex, as `sha256sum` prints it"
        yield error("include-digest", place, "a config from elsewhere is taken with its digest only", hint)


def check_address(url: str, place: Place) -> Iterator[Problem]:
    """Where a config can be fetched from."""
    if has_variable(url):
        yield error("include-variable", place, "an include takes no variables", "write the URL")
        return
    yield from check_url(url, place, schemes=("http", "https"))
    if "@" in url.partition("://")[2].partition("/")[0]:
        # Nobody sends it: the digest says what is taken, whoever it comes from.
        message = "a URL that is included holds no user or password"
        yield structs.replace(
            error("include-url", place, message, "remove what stands before @"), sensitive=True
        )
