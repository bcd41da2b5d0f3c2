"""Real drives of platforms nocloud and config-drive, made by the programs that people make them with."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from provision.errors import SourceError
from provision.execute.command import run_program
from provision.platforms.contract import Deadline, Identified
from provision.platforms.drive import mounted
from provision.platforms.observation import Observation
from provision.platforms.observe import observe, volumes
from provision.platforms.registry import PLATFORMS
from provision.platforms.search import Allowed, Choice, choose, wait_for_choice

META = "instance-id: iid-1\n"


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    folder = tmp_path / "seed"
    folder.mkdir()
    (folder / "user-data").write_text("hostname: node1\n")
    (folder / "meta-data").write_text(META)
    return folder


def run(*arguments: str) -> None:
    subprocess.run(arguments, check=True, capture_output=True)


def xorriso(folder: Path, image: Path, label: str) -> None:
    run("xorriso", "-as", "mkisofs", "-quiet", "-J", "-R", "-V", label, "-o", str(image), str(folder))


def genisoimage(folder: Path, image: Path, label: str) -> None:
    run("genisoimage", "-quiet", "-J", "-r", "-V", label, "-o", str(image), str(folder))


def fat(bits: int, folder: Path, image: Path, label: str) -> None:
    # FAT32 must have 65525 clusters to be one.
    size = "64M" if bits == 32 else "8M"
    run("truncate", "-s", size, str(image))
    run("mkfs.vfat", "-F", str(bits), "-s", "1", "-n", label, str(image))
    run("mcopy", "-s", "-i", str(image), *map(str, folder.iterdir()), "::")


def fat12(folder: Path, image: Path, label: str) -> None:
    run("truncate", "-s", "2M", str(image))
    run("mkfs.vfat", "-F", "12", "-n", label, str(image))
    run("mcopy", "-s", "-i", str(image), *map(str, folder.iterdir()), "::")


def fat16(folder: Path, image: Path, label: str) -> None:
    fat(16, folder, image, label)


def fat32(folder: Path, image: Path, label: str) -> None:
    fat(32, folder, image, label)


def renamed(folder: Path, image: Path, label: str) -> None:
    fat16(folder, image, "OTHER")
    run("fatlabel", str(image), label)


def as_machine(root: Path, image: Path, name: str = "vdb") -> Path:
    """A fake /sys and /dev in which the image is a drive."""
    (root / "sys/class/block" / name).mkdir(parents=True)
    (root / "dev").mkdir(exist_ok=True)
    (root / "dev" / name).symlink_to(image)
    return root


MAKERS = [
    pytest.param(xorriso, "cidata", "iso9660", id="xorriso"),
    pytest.param(genisoimage, "config-2", "iso9660", id="genisoimage"),
    pytest.param(fat12, "CIDATA", "vfat", id="FAT12"),
    pytest.param(fat16, "CIDATA", "vfat", id="FAT16"),
    pytest.param(fat32, "CONFIG-2", "vfat", id="FAT32"),
    pytest.param(fat16, "config-2", "vfat", id="FAT16 in small letters"),
    pytest.param(renamed, "CIDATA", "vfat", id="FAT16 renamed"),
]


@pytest.mark.parametrize(("make", "label", "type"), MAKERS)
def test_a_drive_is_told_as_blkid_tells_it(make, label: str, type: str, seed: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    image = tmp_path / "image"
    make(seed, image, label)

    (volume,) = volumes(as_machine(tmp_path / "root", image))

    said = subprocess.run(
        ["blkid", "-p", "-o", "export", str(image)], capture_output=True, text=True, check=True
    )
    assert (volume.type, volume.label) == (type, label)
    assert f"TYPE={type}\n" in said.stdout
    assert f"LABEL={label}\n" in said.stdout.replace("LABEL_FATBOOT", "FATBOOT")


def test_a_udf_disc_is_told_by_its_label(tmp_path: Path) -> None:
    image = tmp_path / "image"
    run("truncate", "-s", "4M", str(image))
    run("mkudffs", "--media-type=hd", "--blocksize=2048", "--label=config-2", str(image))

    (volume,) = volumes(as_machine(tmp_path / "root", image))

    assert (volume.type, volume.label) == ("udf", "config-2")


@pytest.mark.parametrize("make", [["mkfs.ext4", "-q", "-L", "cidata"], ["mkswap", "-q", "-L", "config-2"]])
def test_other_file_systems_are_no_drives_whatever_they_are_called(make: list[str], tmp_path: Path) -> None:
    image = tmp_path / "image"
    run("truncate", "-s", "4M", str(image))
    run(*make, str(image))

    assert volumes(as_machine(tmp_path / "root", image)) == ()


@pytest.fixture
def loop_device(seed: Path, tmp_path: Path) -> Iterator[str]:
    """With ext4, as the kernel of whoever runs this may not know discs; the boot tests mount those."""
    image = tmp_path / "loop.img"
    run("truncate", "-s", "4M", str(image))
    run("mkfs.ext4", "-q", "-d", str(seed), str(image))
    made = subprocess.run(
        ["losetup", "--find", "--show", "--read-only", str(image)], capture_output=True, text=True, check=True
    )
    yield made.stdout.strip()
    run("losetup", "--detach", made.stdout.strip())


def test_a_drive_is_mounted_for_reading_only_and_not_any_more_afterwards(
    loop_device: str, tmp_path: Path
) -> None:
    with mounted(loop_device, "ext4", programs=run_program, state=tmp_path / "state") as files:
        options = next(line for line in Path("/proc/mounts").read_text().splitlines() if f" {files} " in line)
        assert {"ro", "nosuid", "nodev", "noexec"} <= set(options.split()[3].split(","))
        assert (files / "user-data").read_text() == "hostname: node1\n"

    assert loop_device not in Path("/proc/mounts").read_text()
    assert list((tmp_path / "state").iterdir()) == []


def test_a_drive_is_unmounted_when_reading_fails(loop_device: str, tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError),
        mounted(loop_device, "ext4", programs=run_program, state=tmp_path / "state"),
    ):
        raise RuntimeError

    assert loop_device not in Path("/proc/mounts").read_text()


def test_a_drive_that_is_none_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(bytes(65536))

    with (
        pytest.raises(SourceError, match="mount -t iso9660"),
        mounted(str(tmp_path / "image"), "iso9660", programs=run_program, state=tmp_path / "state"),
    ):
        pass


def decide(observation: Observation) -> Choice | None:
    return choose(observation, PLATFORMS, Allowed())


def test_a_drive_that_appears_late_is_found_and_the_console_says_that_it_is_waited_for(
    seed: Path, tmp_path: Path
) -> None:
    image, root, said = tmp_path / "image", tmp_path / "root", list[str]()
    xorriso(seed, image, "cidata")
    threading.Timer(1.0, as_machine, [root, image, "sr0"]).start()

    _, choice = wait_for_choice(lambda: observe(root), decide, Deadline(time.monotonic() + 20.0), said.append)

    assert choice is not None
    assert choice.identified == Identified("nocloud", "/dev/sr0 is labelled cidata", "/dev/sr0", "iso9660")
    assert said == ["no config source so far; waiting up to 20 s for a drive labelled cidata or config-2"]


def test_the_wait_for_a_drive_has_an_end(tmp_path: Path) -> None:
    now = [0.0]
    deadline = Deadline(
        30.0, clock=lambda: now[0], sleep=lambda seconds: now.__setitem__(0, now[0] + seconds)
    )

    _, choice = wait_for_choice(lambda: observe(tmp_path), decide, deadline, lambda text: None)

    assert choice is None
    assert now[0] == 30.0
