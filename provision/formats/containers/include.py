"""`#include` and `#include-once`: a list of URLs, each a config of any format.

A URL may end with `#sha256=DIGEST`, which other readers ignore. What is fetched is kept as long as the machine runs
its boot, so that there is no difference between the two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import structs

from provision.findings import Problem, Severity, error, warning
from provision.formats.nodes import NodeProblem
from provision.formats.parts import Part, Surroundings, Unpacked, at
from provision.formats.source import Mark, decode
from provision.resolve import CannotInclude, Included, Resolver
from provision.sections.include import Include
from provision.sections.urls import check_url

MARK = re.compile(r"#include(?:-once)?(?=\s|$)[ \t]*", re.IGNORECASE)
DIGEST = re.compile(r"#sha256=([^#]*)$")


def unpack(part: Part, surroundings: Surroundings) -> Unpacked:
    parts: list[Part] = []
    problems: list[NodeProblem] = []
    for mark, url in _urls(decode(part.data)):
        digest = DIGEST.search(url)
        include = Include(
            url=url[: digest.start()] if digest else url, sha256=digest[1].lower() if digest else None
        )
        found = list(_check(include))
        if not any(problem.severity is Severity.ERROR for problem in found):
            included = _read(include, part.file, surroundings.resolver)
            if isinstance(included, Problem):
                found.append(included)
            else:
                made = Part(included.file, included.data, asked_at=mark, identity=included.identity)
                parts.append(made)
        problems += [at(problem, mark) for problem in found]
    if not parts and not problems:
        problems.append(at(error("empty", (), "no URL is included"), Mark(0, 0)))
    return Unpacked(tuple(parts), tuple(problems))


def _urls(text: str) -> Iterator[tuple[Mark, str]]:
    """One a line, the first also behind the mark itself; other lines with # are comments."""
    for number, line in enumerate(text.splitlines()):
        mark = MARK.match(line)
        rest = line[mark.end() :] if mark else line
        column = len(line) - len(rest.lstrip())
        if rest.strip() and not rest.lstrip().startswith("#"):
            yield Mark(number, column), rest.strip()


def _check(include: Include) -> Iterator[Problem]:
    url = include.url or ""
    if "@" in url.partition("://")[2].partition("/")[0]:
        message = "a URL that is included holds no user or password"
        problem = error("include-url", (), message, "remove what stands before @")
        yield structs.replace(problem, sensitive=True)
        return
    yield from check_url(url, (), schemes=("http", "https"))
    if include.sha256 is not None and not re.fullmatch(r"[0-9a-f]{64}", include.sha256):
        yield error(
            "digest", (), f"a sha256 has 64 hexadecimal digits, this has {len(include.sha256)} characters"
        )
    if include.sha256 is None and url.lower().startswith("http:"):
        message = "anyone on the network can change what http delivers"
        yield warning(
            "source-unverified", (), message, "write https, or #sha256= and the digest behind the URL"
        )


def _read(include: Include, including: str, resolver: Resolver | None) -> Included | Problem:
    if resolver is None:
        return error("include-unresolved", (), "other configs cannot be included here")
    try:
        found = resolver.read(include, including)
    except CannotInclude as failure:
        return error(failure.code, (), failure.message, failure.hint)
    if found is None:
        return Problem(Severity.NOTE, "include-not-fetched", (), "not fetched: what it says is not checked")
    return found
