"""Image folders and their manifests."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from pxeserver.images.manifest import (
    Manifest,
    ManifestError,
    describe_file,
    list_images,
    read_manifest,
    verify_image,
    write_manifest,
)


def make_image(folder: Path) -> Manifest:
    folder.mkdir(parents=True)
    for name in ("vmlinuz", "initrd.img", "root.squashfs"):
        (folder / name).write_bytes(name.encode() * 100)
    manifest = Manifest(
        name=folder.name,
        version="abc",
        architecture="amd64",
        kernel_args=("quiet",),
        kernel=describe_file(folder / "vmlinuz"),
        initrd=describe_file(folder / "initrd.img"),
        root=describe_file(folder / "root.squashfs"),
    )
    write_manifest(folder, manifest)
    return manifest


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    manifest = make_image(tmp_path / "debian-12")

    assert read_manifest(tmp_path / "debian-12") == manifest
    assert manifest.bytes == 100 * len("vmlinuz" + "initrd.img" + "root.squashfs")
    assert manifest.kernel.sha256 == hashlib.sha256(b"vmlinuz" * 100).hexdigest()


def test_an_image_whose_files_are_as_described_has_no_problems(tmp_path: Path) -> None:
    manifest = make_image(tmp_path / "debian-12")

    assert verify_image(tmp_path / "debian-12", manifest) == []


def test_a_changed_and_a_missing_file_are_both_named(tmp_path: Path) -> None:
    folder = tmp_path / "debian-12"
    manifest = make_image(folder)
    (folder / "root.squashfs").write_bytes(b"broken")
    (folder / "vmlinuz").unlink()

    problems = verify_image(folder, manifest)

    assert problems[0] == f"{folder}/vmlinuz: missing"
    assert problems[1].startswith(f"{folder}/root.squashfs: has 6 bytes, sha256 ")


def test_a_folder_without_a_manifest_says_how_to_build_one(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="pxeserver image build debian-12"):
        read_manifest(tmp_path / "debian-12")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("[]", id="a list"),
        pytest.param('{"name": "x"}', id="fields missing"),
        pytest.param('{"files": {"kernel": {"file": 1, "size": 2}}}', id="other fields"),
    ],
)
def test_what_is_no_manifest_is_refused_with_its_path(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)

    with pytest.raises(ManifestError, match=r"manifest\.json: not an image manifest"):
        read_manifest(tmp_path)


def test_images_are_listed_with_what_is_wrong_and_without_builds_under_way(tmp_path: Path) -> None:
    manifest = make_image(tmp_path / "good")
    (tmp_path / "bad").mkdir()
    (tmp_path / ".build-x").mkdir()

    listed = dict(list_images(tmp_path))

    assert listed["good"] == manifest
    assert isinstance(listed["bad"], ManifestError)
    assert set(listed) == {"good", "bad"}


def test_no_folder_of_images_is_no_images(tmp_path: Path) -> None:
    assert list(list_images(tmp_path / "none")) == []
