"""What a machine and the server say when something is wrong, and that mending the config is all it takes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.boot.conftest import MakeLab

pytestmark = pytest.mark.boot

BOX = ("box", "52:54:00:77:00:21")


def with_file(source: str, digest: str) -> str:
    return f"""
files:
  - path: /etc/extra.conf
    source: {source}
    sha256: {digest}
"""


def test_without_a_valid_config_the_screen_says_why_and_the_machine_boots_once_it_is_mended(
    make_lab: MakeLab,
) -> None:
    good: dict[str, str] = {}

    def misspell(data: Path) -> None:
        config = data / "configs/box.yaml"
        good["config"] = config.read_text()
        config.write_text(good["config"].replace("users:", "user:"))

    lab = make_lab("single", [BOX], change=misspell)
    (box,) = lab.machines

    box.power_on()

    lab.wait_for_console(box, "user: unknown key")
    refused = lab.wait_for(box, "script", "failed")
    assert "did you mean" in refused["message"]
    assert "box.yaml:" in refused["message"]
    assert lab.ok_steps(box, boot=1) == ["offer", "lease"]

    (lab.data / "configs/box.yaml").write_text(good["config"])

    lab.wait_for(box, "start")


def test_an_agent_that_cannot_fetch_a_file_says_so_waits_and_boots_when_the_config_is_mended(
    make_lab: MakeLab,
) -> None:
    good: dict[str, str] = {}
    script = "http://10.77.0.1:8080/boot.ipxe"
    unreachable = with_file("http://10.77.0.1:9/extra.conf", "0" * 64)
    wrong_digest = with_file(script, hashlib.sha256(b"something else").hexdigest())

    def add_unreachable_source(data: Path) -> None:
        config = data / "configs/box.yaml"
        good["config"] = config.read_text()
        config.write_text(good["config"].replace("\nfiles:", unreachable))

    lab = make_lab("single", [BOX], change=add_unreachable_source)
    (box,) = lab.machines
    box.power_on()

    failed = lab.wait_for(box, "apply", "failed")
    assert failed["path"] == "files[0].source"
    assert "http://10.77.0.1:9/extra.conf" in failed["message"]
    assert "trying again in" in failed["message"]

    (lab.data / "configs/box.yaml").write_text(good["config"].replace("\nfiles:", wrong_digest))

    lab.wait_for_console(box, "sha256 is")
    assert lab.wait_for(box, "apply", "failed", text="sha256 is")["path"] == "files[0].source"
    assert "start" not in lab.ok_steps(box, boot=1)
    assert "login:" not in box.console_text()

    (lab.data / "configs/box.yaml").write_text(good["config"])

    lab.wait_for(box, "start")
    assert lab.inside("10.77.0.21", "ls /etc/extra.conf 2>&1 || true").endswith("No such file or directory")


def test_an_image_that_is_not_what_the_manifest_says_is_never_booted(
    make_lab: MakeLab, images: Path, tmp_path: Path
) -> None:
    fake_images = tmp_path / "images"
    folder = fake_images / "debian-12"
    folder.mkdir(parents=True)
    for name in ("manifest.json", "vmlinuz", "initrd.img"):
        (folder / name).symlink_to(images / "debian-12" / name)
    root = bytearray((images / "debian-12/root.squashfs").read_bytes())
    root[len(root) // 2] ^= 1
    (folder / "root.squashfs").write_bytes(root)
    lab = make_lab("single", [BOX], images=fake_images)
    (box,) = lab.machines

    box.power_on()

    failed = lab.wait_for(box, "verify", "failed")
    assert "the manifest says" in failed["message"]
    assert "root" not in lab.ok_steps(box, boot=1)
