"""The agent as a Debian package: for images that are not ours. `make deb` runs this.

Debian has no msgspec, so it is inside, for the one Python of the release that the package is for; all else is Debian's.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import provision
from provision.services import BOOT_FILES, ENABLED
from pxeserver.images.build import (
    AGENT_FOLDER,
    AGENT_LOCK,
    LAUNCHER,
    PROVISION,
    WHEEL_PLATFORMS,
    BuildError,
)
from pxeserver.images.recipe import PYTHON_VERSION

VENDORED = "msgspec"
DEPENDS = (
    "mount",
    "openssh-client",
    f"python3 (>= {PYTHON_VERSION})",
    "python3 (<< 3.12)",
    "python3-jsonschema",
    "python3-yaml",
    "systemd",
)
CONTROL = f"""\
Package: provision
Version: {provision.__version__}
Architecture: amd64
Maintainer: provision developers <provision@localhost>
Section: admin
Priority: optional
Depends: {", ".join(DEPENDS)}
Description: turns a machine into what one YAML file says
 Finds the config of this machine at boot (clouds, drives, firmware, kernel
 command line) and makes its users, files, units and network what it says.
"""
POSTINST = f"""\
#!/bin/sh
set -e
if [ "$1" = configure ]; then
    py3compile=$(command -v py3compile || true)
    [ -z "$py3compile" ] || "$py3compile" -p provision /{AGENT_FOLDER}
    systemctl --quiet enable {" ".join(ENABLED)}
fi
"""
PRERM = f"""\
#!/bin/sh
set -e
if [ "$1" = remove ]; then
    systemctl --quiet disable {" ".join(ENABLED)}
    find /{AGENT_FOLDER} -name __pycache__ -prune -exec rm -r {{}} +
fi
"""


def build_package(folder: Path) -> Path:
    """The package's file in `folder`. Needs dpkg-deb and the network, or pip's cache, for the one wheel."""
    folder.mkdir(parents=True, exist_ok=True)
    output = folder / f"provision_{provision.__version__}_amd64.deb"
    with tempfile.TemporaryDirectory(prefix="deb-") as name:
        tree = Path(name) / "tree"
        _lay_out(tree, Path(name))
        _run(["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(tree), str(output)])
    return output


def _lay_out(tree: Path, work: Path) -> None:
    agent = tree / AGENT_FOLDER
    agent.mkdir(parents=True)
    _vendor(agent, work)
    shutil.copytree(PROVISION, agent / "provision", ignore=shutil.ignore_patterns("__pycache__"))
    for path, content, mode in (
        ("usr/bin/provision", LAUNCHER, 0o755),
        ("DEBIAN/control", CONTROL, 0o644),
        ("DEBIAN/postinst", POSTINST, 0o755),
        ("DEBIAN/prerm", PRERM, 0o755),
    ):
        place = tree / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)
        place.chmod(mode)
    units, networks = tree / "usr/lib/systemd/system", tree / "usr/lib/systemd/network"
    units.mkdir(parents=True)
    networks.mkdir(parents=True)
    for unit in ENABLED:
        shutil.copyfile(BOOT_FILES / unit, units / unit)
    for network in BOOT_FILES.glob("*.network"):
        shutil.copyfile(network, networks / network.name)
    for made in [tree, *tree.rglob("*")]:
        made.chmod(0o755 if made.is_dir() or made.stat().st_mode & 0o100 else 0o644)


def _vendor(target: Path, work: Path) -> None:
    """The locked version, checked against its hashes."""
    lock = AGENT_LOCK.read_text()
    found = re.search(rf"^{VENDORED}==.*?(?=^\S|\Z)", lock, re.MULTILINE | re.DOTALL)
    if found is None:
        raise BuildError(f"{AGENT_LOCK.name} does not name {VENDORED}; run `make lock`")
    (work / "requirements").write_text(found[0])
    _run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"),
            *("--only-binary=:all:", f"--python-version={PYTHON_VERSION}", "--implementation=cp"),
            *(f"--platform={tag}" for tag in WHEEL_PLATFORMS),
            *("--no-compile", f"--target={target}", "--requirement", str(work / "requirements")),
        ]
    )


def _run(argv: list[str]) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildError(f"{argv[0]} failed ({done.returncode}): {done.stderr.strip()[-800:]}")


if __name__ == "__main__":
    sys.stdout.write(f"{build_package(Path(sys.argv[1]))}\n")
