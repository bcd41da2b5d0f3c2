"""Section `trust`: certificate authorities that programs believe besides those of the distribution.

Debian's own way, /usr/local/share/ca-certificates and update-ca-certificates(8), needs a /usr that can be written
and a run of that program, by which a certificate taken out of the config would stay trusted until somebody ran it
again. So what that program makes is made here, as files like all others: a second apply finds nothing to do, and
removal is removal. Programs look in two places: GnuTLS, Go and curl in the one big file, where each authority is
a block between two marks (RFC 7468 section 2 lets text stand there); OpenSSL's own users, Python among them, in
files named by the hash of the subject. When a package upgrade makes the big file anew, the next apply adds to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct, structs

from provision.actions import EnsureBlock, EnsureLink, Step, WriteFile
from provision.facts import Facts
from provision.findings import Place, Problem, error, path_text, warning
from provision.sections.certificates import CertificateError, read_certificate
from provision.sections.claims import Claim

CERTIFICATE_DIRECTORY = "/etc/ssl/certs"
BUNDLE_PATH = f"{CERTIFICATE_DIRECTORY}/ca-certificates.crt"

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class CertificateAuthority(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One authority."""

    name: Annotated[
        str, Meta(description="Its file is /etc/ssl/certs/provision-NAME.pem.", examples=["lab-root"])
    ]
    pem: Annotated[
        str,
        Meta(
            description="One certificate as PEM, from -----BEGIN CERTIFICATE----- on; never its private key."
        ),
    ]


class Trust(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whom programs believe."""

    certificate_authorities: Annotated[
        tuple[CertificateAuthority, ...],
        Meta(description="Authorities trusted besides those of the distribution."),
    ] = ()


def certificate_path(authority: CertificateAuthority) -> str:
    return f"{CERTIFICATE_DIRECTORY}/provision-{authority.name}.pem"


def check(trust: Trust, place: Place) -> Iterator[Problem]:
    names: dict[str, Place] = {}
    certificates: dict[str, Place] = {}
    for index, authority in enumerate(trust.certificate_authorities):
        here = (*place, "certificate_authorities", index)
        yield from _check_name(authority.name, (*here, "name"), names)
        yield from _check_certificate(authority.pem, (*here, "pem"), certificates)


def _check_name(name: str, place: Place, seen: dict[str, Place]) -> Iterator[Problem]:
    if not NAME.fullmatch(name):
        hint = "a-z, 0-9 and hyphens, at most 64 characters"
        yield error("authority-name", place, f"{name!r} cannot name a certificate authority", hint)
    if name in seen:
        yield error("duplicate-name", place, f"{name!r} is used by {path_text(seen[name])} already")
    seen.setdefault(name, place)


def _check_certificate(pem: str, place: Place, seen: dict[str, Place]) -> Iterator[Problem]:
    try:
        certificate = read_certificate(pem)
    except CertificateError as problem:
        yield structs.replace(error("certificate", place, str(problem)), sensitive=True)
        return
    if not certificate.is_authority:
        hint = "give the certificate of the authority that signed it"
        yield warning("certificate-no-authority", place, "this certificate may not sign others", hint)
    if certificate.pem in seen:
        yield error("duplicate-certificate", place, f"the certificate of {path_text(seen[certificate.pem])}")
    seen.setdefault(certificate.pem, place)


def claims(trust: Trust, place: Place) -> Iterator[Claim]:
    names: set[str] = set()
    for index, authority in enumerate(trust.certificate_authorities):
        if not names:
            yield Claim(BUNDLE_PATH, place)
        if authority.name not in names:  # twice is reported above
            yield Claim(certificate_path(authority), (*place, "certificate_authorities", index, "name"))
        names.add(authority.name)


def plan(trust: Trust, _facts: Facts) -> Iterator[Step]:
    numbers: dict[str, int] = {}
    for index, authority in enumerate(trust.certificate_authorities):
        because = path_text(("trust", "certificate_authorities", index))
        certificate = read_certificate(authority.pem)
        # Two of one subject, an authority and its successor, are told apart by the number: OpenSSL tries 0, 1, 2.
        number = numbers.get(certificate.subject_hash, 0)
        numbers[certificate.subject_hash] = number + 1
        path = certificate_path(authority)
        link = f"{CERTIFICATE_DIRECTORY}/{certificate.subject_hash}.{number}"
        content = certificate.pem.encode()
        yield Step(WriteFile(path, content), because)
        yield Step(EnsureBlock(BUNDLE_PATH, f"certificate authority {authority.name}", content), because)
        yield Step(EnsureLink(link, path.rpartition("/")[2]), because)
