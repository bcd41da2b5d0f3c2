"""Section `locale`: language and conventions of the system's programs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct, structs

from provision.actions import EnsureLink, Step, WriteFile
from provision.facts import Facts
from provision.findings import Place, Problem, did_you_mean, error, warning
from provision.sections.claims import Claim
from provision.variables import has_variable

LOCALE_PATH = "/etc/locale.conf"
DEBIAN_LOCALE_PATH = "/etc/default/locale"

# locale(7): language[_TERRITORY][.codeset][@modifier]
LOCALE = re.compile(r"(?:C|POSIX|[a-z]{2,3}(?:_[A-Z]{2})?)(?:\.(?P<codeset>[A-Za-z0-9-]+))?(?:@[a-z]+)?")
# What locale.conf(5) takes besides LANG; LC_ALL is not among them, it would hide all others.
CATEGORIES = frozenset(
    [
        "LC_ADDRESS",
        "LC_COLLATE",
        "LC_CTYPE",
        "LC_IDENTIFICATION",
        "LC_MEASUREMENT",
        "LC_MESSAGES",
        "LC_MONETARY",
        "LC_NAME",
        "LC_NUMERIC",
        "LC_PAPER",
        "LC_TELEPHONE",
        "LC_TIME",
    ]
)


class Locale(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The system's locale. C.UTF-8 is on every machine; others must have been built into its image."""

    lang: Annotated[str, Meta(description="Locale of everything.", examples=["C.UTF-8", "de_DE.UTF-8"])]
    categories: Annotated[
        dict[str, str],
        Meta(description="Categories with another locale.", examples=[{"LC_TIME": "en_DK.UTF-8"}]),
    ] = {}


def check(locale: Locale, place: Place) -> Iterator[Problem]:
    yield from _check_name(locale.lang, (*place, "lang"))
    for category, name in locale.categories.items():
        here = (*place, "categories", category)
        if category not in CATEGORIES:
            hint = did_you_mean(category.upper(), CATEGORIES) or f"known are {', '.join(sorted(CATEGORIES))}"
            problem = error("locale-category", here, f"there is no category {category!r}", hint)
            yield structs.replace(problem, at_key=True)
        yield from _check_name(name, here)


def _check_name(name: str, place: Place) -> Iterator[Problem]:
    if has_variable(name):
        return
    match = LOCALE.fullmatch(name)
    if match is None:
        yield error("locale", place, f"{name!r} is no locale", "write it as de_DE.UTF-8, or C.UTF-8")
    elif (match["codeset"] or "").upper().replace("-", "") != "UTF8":
        hint = f"did you mean {name.partition('.')[0].partition('@')[0]}.UTF-8?"
        yield warning("locale-not-utf8", place, f"{name!r} is a locale without UTF-8", hint)


def claims(_locale: Locale, place: Place) -> Iterator[Claim]:
    yield Claim(LOCALE_PATH, place)
    yield Claim(DEBIAN_LOCALE_PATH, place, "link")


def plan(locale: Locale, _facts: Facts) -> Iterator[Step]:
    lines = {"LANG": locale.lang, **dict(sorted(locale.categories.items()))}
    text = "".join(f"{name}={value}\n" for name, value in lines.items())
    yield Step(WriteFile(LOCALE_PATH, text.encode()), "locale")
    # pam_env reads Debian's own place; a link, as later Debians have it, so that the two cannot differ.
    yield Step(EnsureLink(DEBIAN_LOCALE_PATH, "../locale.conf"), "locale")
