"""The initramfs: busybox, the kernel modules a boot needs, and `provision/boot/init`; packed as a zstd cpio archive."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from pxeserver.images.recipe import INITRD_MODULE_FOLDERS, INITRD_MODULES


def module_closure(wanted: set[str], modules_dep: str) -> set[str]:
    """The modules `wanted` (paths below the kernel's module folder) and all that they need, per modules.dep(5)."""
    needs: dict[str, list[str]] = {}
    for line in modules_dep.splitlines():
        path, _, dependencies = line.partition(":")
        needs[path] = dependencies.split()
    closure: set[str] = set()
    queue = sorted(wanted)
    while queue:
        path = queue.pop()
        if path not in closure:
            closure.add(path)
            queue.extend(needs.get(path, ()))
    return closure


def wanted_modules(modules_dep: str) -> set[str]:
    """Paths of the modules the initramfs loads by name or finds by device, out of all that modules.dep lists."""
    paths = {line.partition(":")[0] for line in modules_dep.splitlines()}
    by_name = {module_name(path): path for path in paths}
    named = {by_name[name] for name in INITRD_MODULES if name in by_name}  # absent: built into this kernel
    found = {path for path in paths if path.startswith(tuple(f"{name}/" for name in INITRD_MODULE_FOLDERS))}
    return named | found


def module_name(path: str) -> str:
    """`kernel/drivers/net/virtio_net.ko.xz` is the module `virtio_net`."""
    return re.sub(r"\.ko(\.\w+)?$", "", Path(path).name).replace("-", "_")


def pack_initrd(tree: Path, boot_files: Path, work: Path, output: Path) -> None:
    """Write the initramfs for the kernel and busybox found in `tree` to `output`; `work` is an empty folder."""
    (modules,) = (tree / "usr/lib/modules").iterdir()
    for folder in ("bin", "dev", "etc"):
        (work / folder).mkdir(parents=True)
    shutil.copy2(tree / "bin/busybox", work / "bin/busybox")
    for name in ("init", "udhcpc.script"):
        shutil.copy2(boot_files / name, work / name)
    _copy_modules(modules, work / "lib/modules" / modules.name)
    subprocess.run(["depmod", "-b", str(work), modules.name], check=True)
    listing = "\n".join([".", *sorted(str(path.relative_to(work)) for path in work.rglob("*"))]) + "\n"
    with output.open("wb") as stream:
        archive = subprocess.Popen(
            ["cpio", "--quiet", "-o", "-H", "newc", "--owner=0:0"],
            cwd=work,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        packer = subprocess.Popen(["zstd", "-q", "-T0", "-19"], stdin=archive.stdout, stdout=stream)
        assert archive.stdin is not None
        assert archive.stdout is not None
        archive.stdout.close()
        archive.stdin.write(listing.encode())
        archive.stdin.close()
        if archive.wait() != 0 or packer.wait() != 0:
            raise subprocess.CalledProcessError(1, "cpio | zstd")


def _copy_modules(source: Path, target: Path) -> None:
    dependencies = (source / "modules.dep").read_text()
    for path in module_closure(wanted_modules(dependencies), dependencies):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / path, target / path)
    for name in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        shutil.copy2(source / name, target / name)
