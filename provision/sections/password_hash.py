"""Hashes of passwords in crypt(5) form."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provision.findings import Place, Problem, error, warning
from provision.sections.hidden import HiddenText

# crypt(5): $y$ yescrypt, $gy$ gost-yescrypt, $7$ scrypt, $2b$ bcrypt, $6$ and $5$ SHA-crypt, $sm3$.
CRYPT = re.compile(r"\$(?:y|gy|7|2[abxy]|6|5|sm3|sm3y)\$[!-9;-~]*[./A-Za-z0-9]")
WEAK_CRYPT = re.compile(r"\$(?:1|3|md5|sha1)[$,]|_[./A-Za-z0-9]{19}$|[./A-Za-z0-9]{13}$")
SHA_CRYPT = re.compile(r"\$([56])\$(?:rounds=\d+\$)?[^$]*\$([./A-Za-z0-9]*)")
SHA_CRYPT_CHARS = {"5": 43, "6": 86}  # crypt(5): 256 and 512 bits in base 64
LOCKED = re.compile(r"[*!][!-9;-~]*")  # shadow(5): no password matches; `!` may stand before a hash


def check_password_hash(secret: HiddenText, place: Place) -> Iterator[Problem]:
    """Says what is wrong without a character of the value: a refused value is often the password itself."""
    text = secret.reveal()
    if text == "":
        hint = "remove the key, or write '*' for no password login"
        yield error("password-empty", place, "an empty hash lets anyone log in without a password", hint)
    elif LOCKED.fullmatch(text):
        return
    elif CRYPT.fullmatch(text):
        yield from _check_sha_crypt(text, place)
    elif WEAK_CRYPT.match(text):
        hint = "make one with `mkpasswd -m yescrypt`"
        yield error("password-weak", place, "this hashing method can be broken quickly", hint)
    else:
        hint = "make a hash with `mkpasswd -m yescrypt`; the password itself never belongs in a config"
        yield error("password-plaintext", place, "this is no password hash in crypt(5) form", hint)


def _check_sha_crypt(text: str, place: Place) -> Iterator[Problem]:
    match = SHA_CRYPT.fullmatch(text)
    if match and len(match[2]) != SHA_CRYPT_CHARS[match[1]]:
        expected = SHA_CRYPT_CHARS[match[1]]
        message = f"the last part of a ${match[1]}$ hash has {expected} characters, this one {len(match[2])}"
        yield warning("password-hash-length", place, message, "no password will match it; was it cut?")
