"""Members of etcd, run as the machine would run them: with the environment that systemd reads from the drop-in."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from provision.actions import WriteFile
from provision.facts import Facts
from provision.load import load_bytes
from provision.sections import plan_document
from provision.sections.etcd import DROPIN_PATH
from tests.unit.provision.systemd_reader import settings, words

FORM_TIMEOUT_S = 60.0
FAST = {"heartbeat-interval": 200, "election-timeout": 2000}


def wait_until(condition: Callable[[], bool], what: str, timeout_s: float = FORM_TIMEOUT_S) -> None:
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {timeout_s} s")


def environment(etcd: dict[str, Any], name: str, ipv4: str) -> dict[str, str]:
    """What systemd gives to etcd for this section, on a machine with these facts."""
    config = json.dumps({"hostname": name, "etcd": etcd}).encode()
    loaded = load_bytes(config, file="config.yaml")
    assert loaded.document is not None and loaded.valid, loaded.findings
    (dropin,) = (
        step.action.content
        for step in plan_document(loaded.document, Facts(ipv4=ipv4))
        if isinstance(step.action, WriteFile) and step.action.path == DROPIN_PATH
    )
    assert isinstance(dropin, bytes)
    pairs = (words(value) for value in settings(dropin.decode(), "Environment"))
    return dict(text.split("=", 1) for (text,) in pairs)


@dataclass
class Member:
    """One etcd process. `prefix` is what starts it elsewhere, as in a network namespace."""

    environment: dict[str, str]
    log: Path
    prefix: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        surroundings = {"PATH": os.environ["PATH"], **self.environment}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, "etcd"], stdout=log, stderr=log, env=surroundings, cwd=self.log.parent
            )

    def kill(self) -> None:
        """As when the power goes."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@dataclass(frozen=True)
class Authority:
    """A certificate authority in a folder of its own."""

    folder: Path

    @property
    def certificate(self) -> Path:
        return self.folder / "ca.crt"

    @classmethod
    def make(cls, folder: Path) -> Authority:
        folder.mkdir()
        _openssl(
            "req", "-x509", *_new_key(folder / "ca.key"), "-out", folder / "ca.crt", "-subj", "/CN=lab CA"
        )
        return cls(folder)

    def issue(self, name: str, *alternative_names: str) -> dict[str, str]:
        """Paths of a certificate for both roles of a member, its key and the authority."""
        certificate, key = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        _openssl(
            *("req", "-x509", *_new_key(key), "-out", certificate, "-subj", f"/CN={name}"),
            *("-CA", self.certificate, "-CAkey", self.folder / "ca.key"),
            *("-addext", "basicConstraints=critical,CA:false"),
            *("-addext", "extendedKeyUsage=serverAuth,clientAuth"),
            *("-addext", f"subjectAltName={','.join(alternative_names)}"),
        )
        return {"certificate": str(certificate), "key": str(key), "authority": str(self.certificate)}

    def context(self, files: dict[str, str] | None) -> ssl.SSLContext:
        """What a client uses: with these files, or without a certificate of its own."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        if files is not None:
            context.load_cert_chain(files["certificate"], files["key"])
        return context


def _new_key(key: Path) -> tuple[str | Path, ...]:
    return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-days", "2")


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def is_healthy(url: str, context: ssl.SSLContext | None = None) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5, context=context) as answer:  # noqa: S310
            return bool(json.load(answer)["health"] == "true")
    except OSError:
        return False
