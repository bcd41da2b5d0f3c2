"""One line of authorized_keys (sshd(8), "AUTHORIZED_KEYS FILE FORMAT")."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

from msgspec import structs

from provision.findings import Place, Problem, did_you_mean, error
from provision.variables import has_variable

KEY_TYPES = (
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "sk-ssh-ed25519@openssh.com",
    "ssh-ed25519",
    "ssh-rsa",
)
# Options before the type: words, some with a quoted value in which \" is a quote.
OPTIONS = re.compile(r'(?:[A-Za-z0-9-]+(?:="(?:[^"\\]|\\.)*")?(?:,|(?=[ \t])))+[ \t]+')


def check_ssh_key(line: str, place: Place) -> Iterator[Problem]:
    if "PRIVATE KEY" in line:
        hint = "write the public half (the .pub file), and make a new pair: this one is known now"
        yield structs.replace(error("ssh-private-key", place, "this is a private key", hint), sensitive=True)
        return
    key = line.strip()
    if has_variable(key):
        return
    if "\n" in key:
        yield error("ssh-key", place, "more than one line", "one list item for each key")
        return
    yield from _check_line(key, place)


def _check_line(key: str, place: Place) -> Iterator[Problem]:
    key_type, blob = _type_and_blob(key)
    if key_type in ("ssh-dss", "ssh-dsa"):
        yield error("ssh-key", place, "DSA keys are refused by sshd since OpenSSH 7.0", "use ssh-ed25519")
    elif key_type not in KEY_TYPES:
        hint = did_you_mean(key_type, KEY_TYPES) or "the content of a .pub file: ssh-ed25519 AAAA... comment"
        problem = error("ssh-key", place, "does not start with a known key type", hint)
        # What is no key may be anything, also a password.
        yield structs.replace(problem, sensitive=True)
    elif not blob:
        yield error("ssh-key", place, f"nothing after {key_type!r}", "was the key cut?")
    else:
        yield from _check_blob(key_type, blob, place)


def _type_and_blob(key: str) -> tuple[str, str]:
    words = key.split(maxsplit=2)
    if words and words[0] not in KEY_TYPES and (options := OPTIONS.match(key)):
        words = key[options.end() :].split(maxsplit=2)
    return (words[0] if words else "", words[1] if len(words) > 1 else "")


def _check_blob(key_type: str, blob: str, place: Place) -> Iterator[Problem]:
    try:
        data = base64.b64decode(blob, validate=True)
    except ValueError:  # also for characters that are not ASCII
        yield error("ssh-key", place, "the key data is no base64", "was the key cut or wrapped?")
        return
    fields = _fields(data)
    if not fields:
        yield error("ssh-key", place, "the key data ends too early", "was the key cut?")
    elif fields[0] != key_type.encode():
        inner = fields[0].decode("ascii", "replace")
        yield error("ssh-key", place, f"the line says {key_type!r}, the key data {inner!r}")
    elif key_type == "ssh-ed25519" and [len(field) for field in fields[1:]] != [32]:
        yield error("ssh-key", place, "an ssh-ed25519 key has 32 bytes", "was the key cut?")
    elif len(fields) < 2:
        yield error("ssh-key", place, "the key data names its type and holds no key", "was the key cut?")


def _fields(data: bytes) -> list[bytes]:
    """The length-prefixed strings of RFC 4251 section 5, or none when they do not fill it exactly."""
    fields = []
    while data:
        end = 4 + int.from_bytes(data[:4])
        if len(data) < max(4, end):
            return []
        fields.append(data[4:end])
        data = data[end:]
    return fields
