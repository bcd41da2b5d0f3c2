"""The examples for other systems: valid, and with the boot script that these systems document."""

from __future__ import annotations

from pathlib import Path

import pytest

from pxeserver.cli import main
from pxeserver.images.manifest import Manifest, describe_file, write_manifest
from tests.unit.inventory.directory import GOOD, write

ROOT = Path(__file__).parents[3]
SCRIPTS = Path(__file__).parent / "scripts"
FILES = {
    "debian-live": ("vmlinuz", "initrd.img", "filesystem.squashfs"),
    "fedora-coreos": ("live-kernel", "live-initramfs.img", "live-rootfs.img"),
    "flatcar": ("flatcar_production_pxe.vmlinuz", "flatcar_production_pxe_image.cpio.gz"),
    "ubuntu": ("vmlinuz", "initrd", "live-server-amd64.iso"),
}


def shelf(folder: Path, name: str) -> Path:
    """A shelf with an image of that name, whose files hold their own names."""
    image = folder / "images" / name
    image.mkdir(parents=True)
    for file in FILES[name]:
        (image / file).write_text(file)
    parts = dict(
        zip(("kernel", "initrd", "root"), (describe_file(image / file) for file in FILES[name]), strict=False)
    )
    write_manifest(image, Manifest(name, "1", "amd64", (), **parts, has_agent=False))
    return folder / "images"


@pytest.mark.parametrize("name", sorted(FILES))
def test_the_script_is_the_one_that_the_system_documents(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data, images = str(ROOT / "examples" / name), str(shelf(tmp_path, name))

    assert main(["render", "node1", "--data", data, "--images", images, "--part", "script"]) == 0
    assert capsys.readouterr().out == (SCRIPTS / f"{name}.ipxe").read_text()


@pytest.mark.parametrize("name", sorted(FILES))
def test_the_example_is_valid_with_and_without_the_image(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data, images = str(ROOT / "examples" / name), str(shelf(tmp_path, name))

    assert main(["check", data, "--images", images]) == 0, capsys.readouterr().out
    assert main(["check", data, "--images", str(tmp_path / "none")]) == 1
    assert capsys.readouterr().out.count("error[") == 1  # the image that is not there


@pytest.mark.parametrize(
    "text",
    [
        "#cloud-config\nusers:\n  - name: a\n    hashed_passwd: hunter2\n    lock_passwd: false\n",
        '{"ignition": {"version": "3.3.0"}, "passwd": {"users": [{"name": "a", "passwordHash": "hunter2"}]}}\n',
    ],
)
def test_secrets_of_other_languages_are_hidden(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(
        tmp_path, {**GOOD, "profiles/node.yaml": "image: x\nconfig: node.yaml\n", "configs/node.yaml": text}
    )

    assert main(["render", "node1", "--data", str(tmp_path), "--part", "config"]) == 0
    assert "hunter2" not in capsys.readouterr().out
    assert main(["render", "node1", "--data", str(tmp_path), "--part", "config", "--show-secrets"]) == 0
    assert capsys.readouterr().out == text
