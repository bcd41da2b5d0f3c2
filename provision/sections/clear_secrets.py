"""Secrets where every user of the machine can read them. Only what is hardly ever anything else is reported."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

from msgspec import structs

from provision.findings import Place, Problem, warning
from provision.sections.appended import Appended
from provision.sections.data_url import is_data_url
from provision.sections.file_contents import Contents, contents_of
from provision.sections.places import MODE

if TYPE_CHECKING:
    from provision.document import Document

OTHERS_READ = 0o004

# Texts, compiled by the first search: most configs need none but the last.
PRIVATE_KEY = r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
# 44 characters are 32 bytes in base64: wg(8).
WIREGUARD_KEY = r"(?m)^\s*(?:PrivateKey|PresharedKey)\s*=\s*[A-Za-z0-9+/]{43}=\s*$"
# Forms that their issuers chose so that they are found; what ends in EXAMPLE stands in manuals.
ISSUED = (
    r"\b(?:AKIA|ASIA)(?![A-Z0-9]{9}EXAMPLE)[A-Z0-9]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bgithub_pat_[A-Za-z0-9_]{82}\b|\bglpat-[A-Za-z0-9_-]{20}\b"
    r"|\bxox[abprs]-[0-9]{8,}-[A-Za-z0-9-]{20,}"
)
PASSWORD_IN_URL = r"\b[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@\"']*:(?P<value>[^\s/@\"']+)@"
SECRET_NAME = (
    r"(?i)(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY|SECRET_KEY|ACCESS_KEY|PRIVATE_KEY)$"
)
# A path, a variable, a specifier, a placeholder, or a switch is no secret.
NO_SECRET = r"(?i)$|[/$%<{]|file:|(?:true|false|yes|no|on|off|none|null|[0-9])$"
ENVIRONMENT = r"(?m)^\s*Environment\s*=(.*)$"
ASSIGNMENT = r"""["']?([A-Za-z_][A-Za-z0-9_]*)=("[^"]*"|'[^']*'|[^\s"']*)"""
# One of these is in every text that has something to report: the search for the rest is for few texts.
MAYBE = (
    r"PRIVATE KEY|PrivateKey|PresharedKey|AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox[abprs]-|://|Environment"
)


class TextFile(Contents, Protocol):
    """What of a file says who reads what."""

    @property
    def mode(self) -> str | None: ...
    @property
    def append(self) -> tuple[str | Appended, ...] | None: ...


def check(document: Document) -> Iterator[Problem]:
    for index, file in enumerate(document.files):
        yield from _check_file(file, ("files", index))
    for index, unit in enumerate(document.units):
        hint = "write it to a file of mode 0600, and read that with EnvironmentFile= or LoadCredential="
        netdev = unit.name.endswith(".netdev")  # written so that others cannot read it when it has a key
        texts: list[tuple[Place, str]] = [(("units", index, "content"), unit.content or "")]
        texts += [
            (("units", index, "dropins", number, "content"), dropin.content)
            for number, dropin in enumerate(unit.dropins)
        ]
        for here, text in texts:
            yield from _check_text(text, here, hint, in_unit=not netdev)
    for index, container in enumerate(document.containers):
        place: Place = ("containers", index, "environment")
        yield from _check_environment(container.environment, place, "write it under secret_environment")
    for index, command in enumerate(document.commands):
        hint = "write it to a file of mode 0600 that the program reads"
        yield from _check_environment(command.environment, ("commands", index, "environment"), hint)
        for number, argument in enumerate(command.command or ()):
            yield from _check_text(argument, ("commands", index, "command", number), hint)
    yield from _check_urls(document)


def _check_file(file: TextFile, place: Place) -> Iterator[Problem]:
    mode = 0o644 if file.mode is None else int(match[1], 8) if (match := MODE.fullmatch(file.mode)) else 0
    for field, url in _file_urls(file):
        if not is_data_url(url) and _has_password(url):
            hint = "write it as headers: {Authorization: ...}"
            yield _found("nobody sends the password in a URL", (*place, *field), hint)
    if not mode & OTHERS_READ:
        return
    hint = 'write mode: "0600"'
    for field, text in _texts(file):
        if re.search(PRIVATE_KEY, text) or re.search(WIREGUARD_KEY, text):
            yield _found("a private key in a file that every user can read", (*place, *field), hint)
        elif re.search(ISSUED, text):
            yield _found("an access key in a file that every user can read", (*place, *field), hint)


def _texts(file: TextFile) -> Iterator[tuple[Place, str]]:
    if file.content is not None:
        yield ("content",), file.content
    else:
        yield from _packed(file, ())
    for number, piece in enumerate(file.append or ()):
        here: Place = ("append", number)
        if isinstance(piece, str):
            yield here, piece
        else:
            yield from _packed(piece, here)


def _packed(piece: Contents, place: Place) -> Iterator[tuple[Place, str]]:
    try:
        content = contents_of(piece)
    except ValueError:  # reported by the section itself
        return
    if isinstance(content, bytes) and content:
        field = "source" if piece.content_base64 is None else "content_base64"
        yield (*place, field), content.decode("latin-1")


def _file_urls(file: TextFile) -> Iterator[tuple[Place, str]]:
    if file.source is not None:
        yield ("source",), file.source
    for number, piece in enumerate(file.append or ()):
        if not isinstance(piece, str) and piece.source is not None:
            yield ("append", number, "source"), piece.source


def _check_text(text: str, place: Place, hint: str, *, in_unit: bool = False) -> Iterator[Problem]:
    if not re.search(MAYBE, text):
        return
    if re.search(PRIVATE_KEY, text) or (in_unit and re.search(WIREGUARD_KEY, text)):
        yield _found("a private key that every user can read", place, hint)
    elif re.search(ISSUED, text):
        yield _found("an access key that every user can read", place, hint)
    elif _has_password(text):
        yield _found("a password in a URL that every user can read", place, hint)
    elif in_unit:
        for line in re.finditer(ENVIRONMENT, text):
            names = [
                match[1]
                for match in re.finditer(ASSIGNMENT, line[1])
                if _is_secret(match[1], match[2].strip("\"'"))
            ]
            if names:
                problem = _found(f"every user can read the environment of a unit: {names[0]}", place, hint)
                yield structs.replace(problem, text_line=text.count("\n", 0, line.start(1)))


def _check_environment(environment: Mapping[str, str], place: Place, hint: str) -> Iterator[Problem]:
    for name, value in environment.items():
        if _is_secret(name, value) or re.search(ISSUED, value) or _has_password(value):
            yield _found(
                f"the value of {name} is shown by plan, and can be read by every user", (*place, name), hint
            )


def _check_urls(document: Document) -> Iterator[Problem]:
    for index, tree in enumerate(document.trees):
        if not is_data_url(tree.source) and _has_password(tree.source):
            hint = "write it as headers: {Authorization: ...}"
            yield _found("nobody sends the password in a URL", ("trees", index, "source"), hint)
    if document.etcd is not None and _has_password(document.etcd.discovery or ""):
        message = "a password in a URL that every user can read"
        yield _found(message, ("etcd", "discovery"), "write the URL that the service gave")
    if document.report is not None and _has_password(document.report.url):
        yield _found("nobody sends the password in a URL", ("report", "url"), "write token")


def _is_secret(name: str, value: str) -> bool:
    return bool(re.search(SECRET_NAME, name)) and not re.match(NO_SECRET, value)


def _has_password(text: str) -> bool:
    return "@" in text and any(
        not re.match(NO_SECRET, match["value"]) for match in re.finditer(PASSWORD_IN_URL, text)
    )


def _found(message: str, place: Place, hint: str) -> Problem:
    return structs.replace(warning("secret-in-clear", place, message, hint), sensitive=True)
