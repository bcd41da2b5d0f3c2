"""X.509 certificates, read as far as trust in them needs: PEM (RFC 7468), the subject, whether it is an authority."""

from __future__ import annotations

import base64
import re
import textwrap
from collections.abc import Iterator

from msgspec import Struct

BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
MAX_PEM_CHARS = (
    65536  # the longest root of Mozilla's list has 3,000; quantum-safe signatures have some 50,000
)

# X.690 8.1.2: tag octets
INTEGER, OID, SEQUENCE, SET, VERSION, EXTENSIONS, TRUE = 0x02, 0x06, 0x30, 0x31, 0xA0, 0xA3, b"\x01\x01\xff"
UTF8_STRING = 0x0C
# Text in a name, and how its octets are read; T61String is Latin-1 to everyone who still meets it.
TEXT_TYPES = {
    UTF8_STRING: "utf-8",
    0x13: "ascii",  # PrintableString
    0x14: "latin-1",  # T61String
    0x16: "ascii",  # IA5String
    0x1A: "ascii",  # VisibleString
    0x1C: "utf-32-be",  # UniversalString
    0x1E: "utf-16-be",  # BMPString
}
BASIC_CONSTRAINTS = bytes.fromhex("551d13")  # 2.5.29.19, RFC 5280 4.2.1.9


class CertificateError(Exception):
    """What is wrong, in words without a character of the text: it may be a private key."""


class Certificate(Struct, frozen=True):
    """`pem` is the text in its one normal form, `subject_hash` what OpenSSL calls files of trusted ones by."""

    pem: str
    subject_hash: str
    is_authority: bool


class _Element(Struct, frozen=True):
    """One DER element: its tag, its content, and all its octets."""

    tag: int
    content: bytes
    whole: bytes


def read_certificate(text: str) -> Certificate:
    """The one certificate in the text. Raises CertificateError."""
    der = _der_of(text)
    try:
        return _read(der)
    except (ValueError, IndexError, StopIteration) as problem:  # also text that is not in its encoding
        raise CertificateError("the certificate is damaged: it cannot be read as X.509") from problem


def _der_of(text: str) -> bytes:
    if len(text) > MAX_PEM_CHARS:
        raise CertificateError(f"longer than the {MAX_PEM_CHARS} characters a certificate may have")
    if "PRIVATE KEY" in text:
        raise CertificateError("a private key is not for others to trust; only the certificate belongs here")
    blocks = BLOCK.findall(text)
    if not blocks:
        raise CertificateError("no PEM: there is no -----BEGIN CERTIFICATE----- with its -----END")
    if len(blocks) > 1:
        raise CertificateError(f"{len(blocks)} certificates; one entry for each")
    label, body = blocks[0]
    if label != "CERTIFICATE":
        raise CertificateError("PEM of something else than a CERTIFICATE")
    try:
        return base64.b64decode("".join(body.split()), validate=True)
    except ValueError as problem:
        raise CertificateError("what is between BEGIN and END is no base64") from problem


def _read(der: bytes) -> Certificate:
    (certificate,) = _elements(der)
    signed, *_ = _elements(_content(certificate, SEQUENCE))
    # RFC 5280 4.1: version (absent in version 1), serial, signature, issuer, validity, subject, key, ...
    fields = list(_elements(_content(signed, SEQUENCE)))
    if fields[0].tag == VERSION:
        fields = fields[1:]
    _content(fields[0], INTEGER)
    issuer, subject = fields[2], fields[4]
    extensions = [field for field in fields[6:] if field.tag == EXTENSIONS]
    is_self_issued = issuer.whole == subject.whole
    return Certificate(
        pem=_pem_of(der),
        subject_hash=_subject_hash(_content(subject, SEQUENCE)),
        # Version 1 knows no constraints: there, a root is what is issued by itself.
        is_authority=_has_authority(extensions[0]) if extensions else is_self_issued,
    )


def _pem_of(der: bytes) -> str:
    lines = textwrap.wrap(base64.b64encode(der).decode(), 64)  # RFC 7468 section 2
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])


def _elements(data: bytes) -> Iterator[_Element]:
    start = 0
    while start < len(data):
        tag, length, body = data[start], data[start + 1], start + 2
        if length & 0x80:  # X.690 8.1.3.5: the long form says how many octets hold the length
            size = length & 0x7F
            if not 1 <= size <= 4:
                raise ValueError("length of an element")
            length, body = int.from_bytes(data[body : body + size], "big"), body + size
        end = body + length
        if end > len(data):
            raise ValueError("an element that is cut")
        yield _Element(tag, data[body:end], data[start:end])
        start = end


def _content(element: _Element, tag: int) -> bytes:
    if element.tag != tag:
        raise ValueError("another type of element")
    return element.content


def _has_authority(extensions: _Element) -> bool:
    (listed,) = _elements(extensions.content)
    for extension in _elements(_content(listed, SEQUENCE)):
        name, *_, value = _elements(_content(extension, SEQUENCE))
        if name.content == BASIC_CONSTRAINTS:
            (constraints,) = _elements(value.content)
            return constraints.content.startswith(TRUE)
    return False


def _subject_hash(subject: bytes) -> str:
    """As `openssl x509 -subject_hash`: SHA-1 over the name in canonical form, four octets, the last one first."""
    import hashlib  # late: a config without certificates is loaded without it

    canonical = b"".join(_canonical_set(part) for part in _elements(subject))
    digest = hashlib.sha1(canonical, usedforsecurity=False).digest()
    return digest[3::-1].hex()


def _canonical_set(part: _Element) -> bytes:
    attributes = sorted(_canonical_attribute(attribute) for attribute in _elements(_content(part, SET)))
    return _encoded(SET, b"".join(attributes))


def _canonical_attribute(attribute: _Element) -> bytes:
    """Text as UTF-8 in small ASCII letters, spaces single and none around it; anything else as it is."""
    name, value = _elements(_content(attribute, SEQUENCE))
    _content(name, OID)
    encoding = TEXT_TYPES.get(value.tag)
    if encoding is None:
        return _encoded(SEQUENCE, name.whole + value.whole)
    octets = value.content.decode(encoding).encode()
    # split() and lower() of bytes know ASCII only, as OpenSSL does here
    return _encoded(SEQUENCE, name.whole + _encoded(UTF8_STRING, b" ".join(octets.split()).lower()))


def _encoded(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big") + content
