"""Section `trust`: accepts and refuses, and what it asks for."""

from __future__ import annotations

import base64
import json

import pytest

from provision.actions import EnsureBlock, EnsureLink, WriteFile
from provision.facts import Facts
from provision.findings import render_text
from provision.load import load_bytes
from provision.sections import plan_document
from provision.sections.certificates import CertificateError, read_certificate
from tests.unit.provision.checks import codes

ROOT = """\
-----BEGIN CERTIFICATE-----
MIIBqzCCAVGgAwIBAgIUFBIXEcYHLnQ0um9jJdqdEAwjeFwwCgYIKoZIzj0EAwIw
KjEVMBMGA1UECgwMTGFiICBFeGFtcGxlMREwDwYDVQQDDAhMYWIgUm9vdDAgFw0y
NjExMjMyMzE0NDNaGA8yMTI2MTAzMDIzMTQ0M1owKjEVMBMGA1UECgwMTGFiICBF
eGFtcGxlMREwDwYDVQQDDAhMYWIgUm9vdDBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABKDupM6zqeetlR+lgJqbcwFIC7I6lhaVnF9sjWRk9Vt0C4NxNhi9aQz0XOyz
399eDt8yUsJ6Z8dI2HBHBV9rmxqjUzBRMB0GA1UdDgQWBBR6LKHi6CDLVRfuWQ/O
YKY8mm68bzAfBgNVHSMEGDAWgBR6LKHi6CDLVRfuWQ/OYKY8mm68bzAPBgNVHRMB
Af8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCICfonwTosNg9NPjBQ8K6ue+zDatd
BPqZMo2itHNDJ04/AiEAy+p92XRI97yv5pMD5GThSgXok8xCzoTlhLvocMZGngk=
-----END CERTIFICATE-----
"""
# The same subject in another spelling, with another key: the successor.
NEXT_ROOT = """\
-----BEGIN CERTIFICATE-----
MIIBqDCCAU+gAwIBAgIUDFQnff5lFjpsthGZVJ7Zdxbgy4wwCgYIKoZIzj0EAwIw
KTEUMBIGA1UECgwLbGFiIGV4YW1wbGUxETAPBgNVBAMMCExBQiBST09UMCAXDTI2
MTEyMzIzMTQ0M1oYDzIxMjYxMDMwMjMxNDQzWjApMRQwEgYDVQQKDAtsYWIgZXhh
bXBsZTERMA8GA1UEAwwITEFCIFJPT1QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AASp8lFEpup7Wvj3/+2t3yLHmlXDtCzR6KRfiEJH2vxEadhL6JqJoBJX7UZGQUn6
dYeG1i/Sf0Oqi1Z5KFrUq10ao1MwUTAdBgNVHQ4EFgQUQImqCw4Lt8xwwamVKeFQ
wWBEm/0wHwYDVR0jBBgwFoAUQImqCw4Lt8xwwamVKeFQwWBEm/0wDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiB9yX/wIszAye4II1Pn9mzK/9G8l2B2
JGg07VzvB48mpAIgPHoVs9Y+jGB/WihAfQr4S+cN6BnM1fbE+BOuGyguYJI=
-----END CERTIFICATE-----
"""
SERVER = """\
-----BEGIN CERTIFICATE-----
MIIBjTCCATSgAwIBAgIUUqHsds6nFE/3r98ExqA7gNnS4VswCgYIKoZIzj0EAwIw
HTEbMBkGA1UEAwwSc2VydmVyLmxhYi5leGFtcGxlMCAXDTI2MTEyMzIzMTQ0M1oY
DzIxMjYxMDMwMjMxNDQzWjAdMRswGQYDVQQDDBJzZXJ2ZXIubGFiLmV4YW1wbGUw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAROXa8IStvpNlVaHUSaaEJ2KeCKSpyx
VUOfkEObN92Cs3ebOXtxP9qDpv02c8o/7GWAdxn4Xvb0HYw/FSgZ1q/Zo1AwTjAd
BgNVHQ4EFgQU+yn8PfRSGJEci1WDDGNOb0EbPBgwHwYDVR0jBBgwFoAU+yn8PfRS
GJEci1WDDGNOb0EbPBgwDAYDVR0TAQH/BAIwADAKBggqhkjOPQQDAgNHADBEAiAJ
n+na9INT/90286aBGV0Ro94vrFC5oLRXlQh4+SH1/AIgGqDqxdv7aB7AvXF994tU
8thnGblk2hm3IRYzacc6FPw=
-----END CERTIFICATE-----
"""
KEY = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\n-----END PRIVATE KEY-----\n"


def authorities(*pems: str) -> str:
    listed = [{"name": f"ca-{index}", "pem": pem} for index, pem in enumerate(pems)]
    return json.dumps({"trust": {"certificate_authorities": listed}})


@pytest.mark.parametrize(
    ("pems", "expected"),
    [
        pytest.param([ROOT, NEXT_ROOT], [], id="an authority and its successor"),
        pytest.param([f"Issued by: lab\n{ROOT}"], [], id="text around it"),
        pytest.param([ROOT.replace("\n", "\r\n")], [], id="line breaks"),
        pytest.param([SERVER], ["certificate-no-authority [0].pem"], id="a server's own"),
        pytest.param([ROOT, ROOT], ["duplicate-certificate [1].pem"], id="twice"),
        pytest.param([ROOT + NEXT_ROOT], ["certificate [0].pem"], id="two in one"),
        pytest.param([""], ["certificate [0].pem"], id="empty"),
        pytest.param([ROOT[:-30]], ["certificate [0].pem"], id="without its end"),
        pytest.param([ROOT.replace("MIIB", "MII*")], ["certificate [0].pem"], id="no base64"),
        pytest.param([ROOT.replace("MIIB", "MIIC")], ["certificate [0].pem"], id="a length that is wrong"),
        pytest.param([KEY], ["certificate [0].pem"], id="a key"),
        pytest.param([ROOT + KEY], ["certificate [0].pem"], id="a key beside it"),
        pytest.param([ROOT.replace("CERT", "X509 CERT")], ["certificate [0].pem"], id="another label"),
    ],
)
def test_certificates(pems: list[str], expected: list[str]) -> None:
    found = codes(authorities(*pems))

    assert [code.replace(" trust.certificate_authorities", " ") for code in found] == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param(["a", "lab-root-2"], [], id="names"),
        pytest.param(["a/b", "c"], ["authority-name [0].name"], id="leaves the folder"),
        pytest.param(["A", "c"], ["authority-name [0].name"], id="capital"),
        pytest.param(["a", "a"], ["duplicate-name [1].name"], id="twice"),
    ],
)
def test_names(names: list[str], expected: list[str]) -> None:
    listed = [{"name": name, "pem": pem} for name, pem in zip(names, [ROOT, NEXT_ROOT], strict=True)]
    found = codes(json.dumps({"trust": {"certificate_authorities": listed}}))

    assert [code.replace(" trust.certificate_authorities", " ") for code in found] == expected


def test_a_key_in_place_of_a_certificate_is_not_shown() -> None:
    loaded = load_bytes(authorities(ROOT + KEY).encode(), file="config.yaml")

    assert "MIGHAgEAMBMG" not in render_text([loaded.report])


def test_no_other_section_writes_the_same_files() -> None:
    text = f"{authorities(ROOT)[:-1]}, "
    bundle = text + '"files": [{"path": "/etc/ssl/certs/ca-certificates.crt", "content": "x"}]}'
    own = text + '"files": [{"path": "/etc/ssl/certs/provision-ca-0.pem", "content": "x"}]}'

    assert codes(bundle) == ["duplicate-path trust"]
    assert codes(own) == ["duplicate-path trust.certificate_authorities[0].name"]


@pytest.mark.parametrize("cut", range(0, 430, 7))
def test_a_certificate_cut_anywhere_is_refused(cut: int) -> None:
    der = base64.b64decode("".join(ROOT.splitlines()[1:-1]))
    pem = f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(der[:cut]).decode()}\n-----END CERTIFICATE-----"

    with pytest.raises(CertificateError):
        read_certificate(pem)


@pytest.mark.parametrize("place", range(0, 430, 3))
def test_a_damaged_certificate_is_read_or_refused(place: int) -> None:
    der = bytearray(base64.b64decode("".join(ROOT.splitlines()[1:-1])))
    der[place] ^= 0xFF
    pem = f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(der).decode()}\n-----END CERTIFICATE-----"

    try:
        assert read_certificate(pem).pem
    except CertificateError as refused:
        assert "damaged" in str(refused)


def test_an_authority_is_a_file_a_block_in_the_bundle_and_a_link_by_its_subject() -> None:
    loaded = load_bytes(authorities(f"a comment\n{ROOT}", NEXT_ROOT).encode(), file="config.yaml")
    assert loaded.document is not None, loaded.findings

    found = plan_document(loaded.document, Facts())

    bundle = "/etc/ssl/certs/ca-certificates.crt"
    assert [step.action for step in found] == [
        WriteFile("/etc/ssl/certs/provision-ca-0.pem", ROOT.encode()),
        EnsureBlock(bundle, "certificate authority ca-0", ROOT.encode()),
        EnsureLink("/etc/ssl/certs/e848cd56.0", "provision-ca-0.pem"),
        WriteFile("/etc/ssl/certs/provision-ca-1.pem", NEXT_ROOT.encode()),
        EnsureBlock(bundle, "certificate authority ca-1", NEXT_ROOT.encode()),
        EnsureLink("/etc/ssl/certs/e848cd56.1", "provision-ca-1.pem"),
    ]
    assert {step.because for step in found[:3]} == {"trust.certificate_authorities[0]"}
