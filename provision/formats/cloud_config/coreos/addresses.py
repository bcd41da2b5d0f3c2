"""`$private_ipv4` and its like, which CoreOS filled in wherever they stood in a config; with a backslash before it,
one stands for itself (coreos-cloudinit, initialize/env.go).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import structs

from provision.findings import Problem, error
from provision.variables import strings

VARIABLE = re.compile(r"(?P<escape>\\?)\$(?P<name>(?:private|public)_ipv(?P<version>[46]))")


def in_ours(text: str) -> str:
    return VARIABLE.sub(_ours, text) if "_ipv" in text else text


def _ours(found: re.Match[str]) -> str:
    if found["escape"]:
        return found[0][1:]
    return f"${{facts.{found['name']}}}" if found["version"] == "4" else found[0]


def check_addresses(config: object) -> Iterator[Problem]:
    """CoreOS filled in nothing where it knew nothing; what is never known here is an error."""
    for place, text in strings(config, ()):
        for found in VARIABLE.finditer(text) if "_ipv6" in text else ():
            if found["version"] == "6" and not found["escape"]:
                problem = error(
                    "unknown-variable", place, f"${found['name']} is not known here", "write the address"
                )
                yield structs.replace(problem, text_line=text.count("\n", 0, found.start()))


def mentioned(config: object) -> Iterator[Problem]:
    """In a config without the section `coreos`, where they mean nothing."""
    from provision.findings import warning

    for place, text in strings(config, ()):
        found = VARIABLE.search(text) if "_ipv" in text else None
        if found is not None and not found["escape"]:
            message = f"${found['name']} stays as it is: only configs with a section coreos have variables"
            problem = warning("coreos-variable", place, message, "add `coreos: {}` to have it filled in")
            yield structs.replace(problem, text_line=text.count("\n", 0, found.start()))
