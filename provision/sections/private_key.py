"""Private keys as ssh-keygen writes them: OpenSSH's PROTOCOL.key, read as far as its public half."""

from __future__ import annotations

import base64

from msgspec import Struct

BEGIN = "-----BEGIN OPENSSH PRIVATE KEY-----"
END = "-----END OPENSSH PRIVATE KEY-----"
MAGIC = b"openssh-key-v1\0"


class PublicHalf(Struct, frozen=True):
    """`key_type` as in a .pub file, e.g. ssh-ed25519."""

    key_type: str
    blob: bytes

    @property
    def line(self) -> str:
        return f"{self.key_type} {base64.b64encode(self.blob).decode()}"


def read_public_half(text: str) -> PublicHalf:
    """Raises ValueError, without a character of the text, for what sshd could not load as a host key."""
    data = _decoded(text)
    if not data.startswith(MAGIC):
        raise ValueError("the key data does not begin as OpenSSH's does")
    cipher, rest = _string(data[len(MAGIC) :])
    _, rest = _string(rest)  # how a passphrase becomes a key, and its options
    _, rest = _string(rest)
    if cipher != b"none":
        raise ValueError("the key has a passphrase, and nobody is there to type it")
    if rest[:4] != (1).to_bytes(4):
        raise ValueError("there is more than one key, or none")
    blob, rest = _string(rest[4:])
    secret_part, rest = _string(rest)
    key_type, _ = _string(blob)
    if rest:
        raise ValueError("there is something after the key")
    _check_secret_part(secret_part, key_type)
    return PublicHalf(key_type.decode("ascii", "replace"), blob)


def _decoded(text: str) -> bytes:
    text = text.strip()
    if not (text.startswith(BEGIN) and text.endswith(END)):
        is_other = "PRIVATE KEY-----" in text and "OPENSSH" not in text
        raise ValueError("a private key of another format" if is_other else "no OpenSSH private key")
    body = text.removeprefix(BEGIN).removesuffix(END)
    try:
        return base64.b64decode("".join(body.split()), validate=True)
    except ValueError as problem:
        raise ValueError("the key data is no base64") from problem


def _check_secret_part(part: bytes, key_type: bytes) -> None:
    # Two equal numbers stand before the key: OpenSSH tells by them whether a passphrase was right.
    if len(part) < 8 or part[:4] != part[4:8]:
        raise ValueError("the key is damaged")
    inner_type, rest = _string(part[8:])
    if inner_type != key_type:
        raise ValueError("the two halves of the key are of different types")
    if not rest:
        raise ValueError("the key data ends too early")


def _string(data: bytes) -> tuple[bytes, bytes]:
    """The first string (RFC 4251 section 5) and what comes after it."""
    end = 4 + int.from_bytes(data[:4])
    if len(data) < max(4, end):
        raise ValueError("the key data ends too early")
    return data[4:end], data[end:]
