"""Certificates as OpenSSL and the distribution's own trust store have them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from provision.sections.certificates import read_certificate


def test_every_certificate_of_the_distribution_is_read_and_has_the_hash_its_link_is_called_by() -> None:
    links = sorted(Path("/etc/ssl/certs").glob("????????.[0-9]"))

    found = {link.name: read_certificate(link.read_text()) for link in links}

    assert len(found) > 100  # Mozilla trusts some 140
    assert [name for name, read in found.items() if read.subject_hash != name[:8]] == []
    assert [name for name, read in found.items() if not read.is_authority] == []


def test_openssl_trusts_what_is_called_by_our_hash(tmp_path: Path) -> None:
    subject = "/C=DE/O=Lab  Größe \\/ GmbH/OU= spaces /CN=The ROOT"
    key, pem = tmp_path / "key", tmp_path / "root.pem"
    request = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-utf8",
    ]
    subprocess.run(
        [*request, "-subj", subject, "-keyout", str(key), "-out", str(pem)], check=True, capture_output=True
    )

    read = read_certificate(pem.read_text())
    (tmp_path / f"{read.subject_hash}.0").write_text(read.pem)

    verify = ["openssl", "verify", "-no-CAfile", "-no-CAstore", "-CApath", str(tmp_path), str(pem)]
    assert subprocess.run(verify, check=False, capture_output=True, text=True).stdout == f"{pem}: OK\n"
