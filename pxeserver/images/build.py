"""Building an image: Debian packages, then the agent, then squashfs, kernel and initrd, and the manifest last.

The layer of packages is kept, so that a change of ours costs seconds. Needs root (mmdebstrap unpacks as root) and the
programs in PROGRAMS.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import provision
from pxeserver.images.initrd import pack_initrd
from pxeserver.images.manifest import (
    Manifest,
    ManifestError,
    describe_file,
    put_in_place,
    read_manifest,
    verify_image,
    write_manifest,
)
from pxeserver.images.recipe import (
    DISABLED_UNITS,
    ENABLED_UNITS,
    EXCLUDED_PATHS,
    KEPT_PATHS,
    KERNEL_ARGS,
    KERNEL_PACKAGES,
    PACKAGES,
    PYTHON_VERSION,
    REMOVED_FROM_TREE,
    REMOVED_MODULES,
    SUITE,
    Recipe,
    content_id,
    packages_id,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

PROVISION = Path(provision.__file__).parent
BOOT_FILES = PROVISION / "boot"
AGENT_LOCK = Path(__file__).parent / "agent.lock"
# What bookworm's C library runs: pip takes the newest of these that a package offers.
WHEEL_PLATFORMS = (
    "manylinux_2_34_x86_64",
    "manylinux_2_28_x86_64",
    "manylinux_2_17_x86_64",
    "manylinux2014_x86_64",
)
AGENT_FOLDER = "usr/lib/provision"
LAUNCHER = f"""#!/usr/bin/python3 -I
import sys
sys.path.insert(0, "/{AGENT_FOLDER}")
from provision.cli import program
program()
"""

PROGRAMS = {  # program: the Debian package that has it
    "cpio": "cpio",
    "depmod": "kmod",
    "dpkg-deb": "dpkg",
    "mksquashfs": "squashfs-tools",
    "mmdebstrap": "mmdebstrap",
    "zstd": "zstd",
}

Progress = Callable[[str, float], None]
"""Called with what is being done and how much of the whole is behind us, 0 to 1."""


class BuildError(Exception):
    """An image could not be built; the text says at which stage, why, and what to do."""


def build_image(recipe: Recipe, images: Path, *, progress: Progress) -> Manifest:
    """The image of `recipe` below `images`, built unless one of the same content is already there."""
    wanted = content_id(recipe, _inputs(), PROVISION.parent)
    folder = images / recipe.name
    if (present := _present(folder, wanted)) is not None:
        return present
    _require_programs()
    images.mkdir(parents=True, exist_ok=True)
    base = _packages_layer(recipe, images / ".cache", progress)
    with _work_folder(images) as work:
        tree = work / "tree"
        progress("copying the packages' layer", 0.55)
        _run("copying", ["cp", "-a", "--reflink=auto", str(base), str(tree)])
        progress("adding the agent", 0.60)
        _add_agent(tree)
        _set_units(tree)
        built = work / "image"
        built.mkdir()
        progress("packing the initrd", 0.68)
        pack_initrd(tree, BOOT_FILES, work / "initrd", built / "initrd.img")
        (kernel,) = (tree / "boot").glob("vmlinuz-*")
        shutil.copyfile(kernel, built / "vmlinuz")
        shutil.rmtree(tree / "boot")
        (tree / "boot").mkdir()
        _squash(tree, built / "root.squashfs", progress)
        manifest = Manifest(
            name=recipe.name,
            version=wanted,
            architecture="amd64",
            kernel_args=KERNEL_ARGS,
            kernel=describe_file(built / "vmlinuz"),
            initrd=describe_file(built / "initrd.img"),
            root=describe_file(built / "root.squashfs"),
        )
        write_manifest(built, manifest)
        put_in_place(built, folder)
    progress("done", 1.0)
    return manifest


def _inputs() -> list[Path]:
    """Every file of ours that the image depends on."""
    ours = [path for path in PROVISION.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    return [*ours, AGENT_LOCK, *Path(__file__).parent.glob("*.py")]


def _present(folder: Path, wanted: str) -> Manifest | None:
    try:
        manifest = read_manifest(folder)
    except ManifestError:  # none yet, or half of one: build it
        return None
    return manifest if manifest.version == wanted and not verify_image(folder, manifest) else None


def _require_programs() -> None:
    if os.geteuid() != 0:
        raise BuildError("building an image needs root: it unpacks packages with their owners")
    missing = sorted(package for program, package in PROGRAMS.items() if shutil.which(program) is None)
    if missing:
        raise BuildError(f"missing programs; install them with: apt-get install {' '.join(missing)}")


@contextmanager
def _work_folder(images: Path) -> Iterator[Path]:
    """Beside the images, so that the result moves into place by rename; gone afterwards, whatever happens."""
    work = Path(tempfile.mkdtemp(prefix=".build-", dir=images))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _packages_layer(recipe: Recipe, cache: Path, progress: Progress) -> Path:
    """A tree with all packages and the kernel, made once for each list of packages."""
    layer = cache / packages_id(recipe)
    if layer.is_dir():
        return layer
    with _work_folder_below(cache) as work:
        tree = work / "tree"
        debs = work / "debs"
        debs.mkdir()
        progress("downloading packages", 0.02)
        _run("mmdebstrap", _mmdebstrap_command(recipe, tree, debs), on_line=_package_progress(progress))
        progress("unpacking the kernel", 0.48)
        _add_kernel(tree, debs)
        for pattern in REMOVED_FROM_TREE:
            for path in tree.glob(pattern):
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        for old in cache.iterdir():
            if old != work:
                shutil.rmtree(old)
        tree.rename(layer)
    return layer


@contextmanager
def _work_folder_below(cache: Path) -> Iterator[Path]:
    cache.mkdir(parents=True, exist_ok=True)
    with _work_folder(cache) as work:
        yield work


def _mmdebstrap_command(recipe: Recipe, tree: Path, debs: Path) -> list[str]:
    # The kernel's package is downloaded but not installed: its scripts would build an initrd nobody boots.
    kernel = KERNEL_PACKAGES[recipe.kernel]
    download = (
        f'cd {debs} && export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" && apt-get -qq download '
        f"$(apt-cache depends {kernel} | sed -n 's/.*Depends: \\(linux-image-[0-9].*\\)/\\1/p')"
    )
    options = [f"--dpkgopt=path-exclude={path}" for path in EXCLUDED_PATHS]
    options += [f"--dpkgopt=path-include={path}" for path in KEPT_PATHS]
    return [
        "mmdebstrap",
        "--mode=root",
        "--variant=minbase",
        f"--include={','.join(PACKAGES)}",
        '--aptopt=Apt::Install-Recommends "false"',
        *options,
        f"--customize-hook={download}",
        SUITE,
        str(tree),
        *recipe.sources,
    ]


def _package_progress(progress: Progress) -> Callable[[str], None]:
    """dpkg says a line for each package it sets up: the best measure there is."""
    expected = 190  # packages in the layer, with what they depend on
    done = 0

    def on_line(line: str) -> None:
        nonlocal done
        if match := re.match(r"Setting up (\S+)", line):
            done += 1
            progress(f"installing {match[1].partition(':')[0]}", 0.1 + 0.38 * min(done / expected, 1))

    return on_line


def _add_kernel(tree: Path, debs: Path) -> None:
    (package,) = debs.glob("linux-image-*.deb")
    unpacked = debs / "unpacked"
    _run("dpkg-deb", ["dpkg-deb", "-x", str(package), str(unpacked)])
    (modules,) = (unpacked / "lib/modules").iterdir()
    for folder in REMOVED_MODULES:
        shutil.rmtree(modules / folder, ignore_errors=True)
    target = tree / "usr/lib/modules"
    target.mkdir(parents=True, exist_ok=True)
    shutil.move(modules, target / modules.name)
    for kernel in (unpacked / "boot").glob("vmlinuz-*"):
        shutil.move(kernel, tree / "boot" / kernel.name)
    _run("depmod", ["depmod", "-b", str(tree), modules.name])


def _add_agent(tree: Path) -> None:
    """The agent with its locked dependencies, compiled: nothing can write byte code on a read-only /usr."""
    target = tree / AGENT_FOLDER
    _run(
        "pip",
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"),
            *("--only-binary=:all:", f"--python-version={PYTHON_VERSION}", "--implementation=cp"),
            *(f"--platform={tag}" for tag in WHEEL_PLATFORMS),
            *("--no-compile", f"--target={target}", "--requirement", str(AGENT_LOCK)),
        ],
    )
    shutil.rmtree(target / "bin", ignore_errors=True)
    shutil.copytree(PROVISION, target / "provision", ignore=shutil.ignore_patterns("__pycache__", "boot"))
    launcher = tree / "usr/bin/provision"
    launcher.write_text(LAUNCHER)
    launcher.chmod(0o755)
    for unit in BOOT_FILES.glob("*.service"):
        shutil.copyfile(unit, tree / "usr/lib/systemd/system" / unit.name)
    for network in BOOT_FILES.glob("*.network"):
        shutil.copyfile(network, tree / "usr/lib/systemd/network" / network.name)
    # Hash-based and unchecked: the files never change, and squashfs need not keep their times.
    compile_all = ["python3", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    _run("compileall", ["chroot", str(tree), *compile_all, f"/{AGENT_FOLDER}"])


def _set_units(tree: Path) -> None:
    _run("systemctl", ["systemctl", f"--root={tree}", "--quiet", "disable", *DISABLED_UNITS])
    _run("systemctl", ["systemctl", f"--root={tree}", "--quiet", "enable", *ENABLED_UNITS])
    (tree / "etc/machine-id").write_text("")  # the initramfs writes the machine's own
    resolv_conf = tree / "etc/resolv.conf"
    resolv_conf.unlink(missing_ok=True)
    resolv_conf.symlink_to("../run/systemd/resolve/stub-resolv.conf")


def _squash(tree: Path, output: Path, progress: Progress) -> None:
    def on_line(line: str) -> None:
        if match := re.search(r"(\d+)%", line):
            progress("packing the root file system", 0.70 + 0.28 * int(match[1]) / 100)

    # zstd unpacks several times faster than xz, which counts on every page a booting machine reads.
    _run(
        "mksquashfs",
        [
            *("mksquashfs", str(tree), str(output), "-noappend", "-progress"),
            *("-comp", "zstd", "-Xcompression-level", "19", "-b", "256K"),
        ],
        on_line=on_line,
    )


def _run(stage: str, argv: list[str], *, on_line: Callable[[str], None] | None = None) -> None:
    """Run a program; BuildError with the end of its output when it fails."""
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    tail: list[str] = []
    with subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            tail = [*tail[-19:], line.rstrip()]
            if on_line is not None:
                on_line(line)
    if process.returncode != 0:
        raise BuildError(f"{stage} failed ({process.returncode}):\n  " + "\n  ".join(tail))
