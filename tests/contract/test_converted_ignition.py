"""What `convert --to ignition` writes, carried out by Debian's Ignition: the files that apply would make."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from provision.actions import EnsureDirectory, EnsureLink, WriteFile
from provision.convert.converted import convertible
from provision.convert.ignition_json import render
from provision.facts import Facts
from provision.load import load_bytes
from provision.plan.build import plan
from provision.sections.units import PRESET_NAME

IGNITION = "/usr/lib/dracut/modules.d/30ignition/ignition"
CONFIG = """\
#cloud-config
hostname: web
write_files:
  - {path: /etc/motd, content: "grün\\n"}
  - {path: /etc/issue, content: "replaced\\n"}
  - {path: /srv/key, content: AAECAw==, encoding: b64, permissions: '0600'}
  - {path: /etc/shells, content: "/bin/zsh\\n", append: true}
runcmd: [ls]
bootcmd: [ls]
timezone: UTC
coreos:
  units:
    - {name: apt-daily.timer, mask: true}
    - name: hello.service
      content: "[Service]\\nExecStart=/bin/true\\n"
      drop-ins: [{name: 10-a.conf, content: "[Service]\\nNice=5\\n"}]
    - {name: 10-lan.network, content: "[Match]\\nName=lan\\n"}
"""


def carry_out(config: Path, root: Path, place: Path) -> None:
    """Ignition relabels for SELinux whatever the machine is, with a program that Debian's images do not have."""
    (root / "etc/selinux").mkdir(parents=True)
    (root / "etc/selinux/config").write_text("SELINUX=disabled\nSELINUXTYPE=targeted\n")
    (root / "etc/selinux/targeted/contexts/files").mkdir(parents=True)
    (root / "etc/selinux/targeted/contexts/files/file_contexts").touch()
    programs = place / "bin"
    programs.mkdir()
    (programs / "setfiles").write_text("#!/bin/sh\n")
    (programs / "setfiles").chmod(0o755)
    for stage in ("fetch", "files"):
        command = [IGNITION, "--platform=file", f"--stage={stage}", f"--root={root}", "--log-to-stdout"]
        command += [f"--{name}={place / name}" for name in ("config-cache", "state-file", "neednet")]
        environment = {"IGNITION_CONFIG_FILE": str(config), "PATH": f"{programs}:{os.environ['PATH']}"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_ignition_makes_the_files_that_apply_would_make(tmp_path: Path) -> None:
    document = convertible(load_bytes(CONFIG.encode(), file="user-data")).document
    assert document is not None
    made = render(document, Facts())
    assert made.lost == ()
    config, root = tmp_path / "config.ign", tmp_path / "root"
    config.write_text(made.text)
    (root / "etc").mkdir(parents=True)
    (root / "etc/issue").write_text("old\n")
    (root / "etc/shells").write_text("/bin/sh\n")

    carry_out(config, root, tmp_path)

    actions = [step.action for step in plan(document, Facts()).steps]
    files = [action for action in actions if isinstance(action, WriteFile) and PRESET_NAME not in action.path]
    assert len(files) > 8
    for file in files:
        place = root / file.path.lstrip("/")
        assert (place.read_bytes(), place.stat().st_mode & 0o7777) == (file.content, file.mode), file.path
    for link in (action for action in actions if isinstance(action, EnsureLink)):
        assert str((root / link.path.lstrip("/")).readlink()) == link.target
    assert (root / "etc/shells").read_text() == "/bin/sh\n/bin/zsh\n"
    assert str((root / "etc/systemd/system/apt-daily.timer").readlink()) == "/dev/null"
    assert (
        "enable provision-bootcmd.service"
        in (root / "etc/systemd/system-preset/20-ignition.preset").read_text()
    )


def test_directories_and_their_modes(tmp_path: Path) -> None:
    text = (
        b"directories: [{path: /srv/a, mode: '0750'}, {path: /srv/a/b}]\nlinks: [{path: /srv/l, target: a}]\n"
    )
    document = load_bytes(text, file="config.yaml").document
    assert document is not None
    config, root = tmp_path / "config.ign", tmp_path / "root"
    config.write_text(render(document, Facts()).text)

    carry_out(config, root, tmp_path)

    for step in plan(document, Facts()).steps:
        if isinstance(step.action, EnsureDirectory):
            mode = (root / step.action.path.lstrip("/")).stat().st_mode & 0o7777
            assert mode == (0o755 if step.action.mode is None else step.action.mode)
    assert str((root / "srv/l").readlink()) == "a"
