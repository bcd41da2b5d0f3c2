"""A small guest that boots in seconds: kernel, an initramfs, the image's root, the agent of this tree."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import provision
from pxeserver.images.initrd import module_closure, module_name

HERE = Path(__file__).parent
MODULES = {
    "ata_piix",
    "ext4",
    "isofs",
    "loop",
    "nls_ascii",
    "nls_cp437",
    "nls_utf8",
    "overlay",
    "qemu_fw_cfg",
    "sr_mod",
    "squashfs",
    "udf",
    "vfat",
    "virtio_blk",
    "virtio_net",
    "virtio_pci",
    "virtio_rng",
    "virtio_scsi",
}
BOOT_DEADLINE_S = 240.0
MAC = "52:54:00:12:34:56"


def make_initramfs(image: Path, work: Path) -> Path:
    """From the image's own busybox and modules, so that they fit its kernel."""
    root = image / "root.squashfs"
    unpacked, tree = work / "unpacked", work / "tree"
    _run("unsquashfs", "-q", "-n", "-d", str(unpacked), str(root), "usr/bin/busybox", "usr/lib/modules")
    (modules,) = (unpacked / "usr/lib/modules").iterdir()
    dependencies = (modules / "modules.dep").read_text()
    paths = {line.partition(":")[0] for line in dependencies.splitlines()}
    wanted = {path for path in paths if module_name(path) in MODULES}
    for name in sorted(module_closure(wanted, dependencies)):
        target = tree / "lib/modules" / modules.name / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(modules / name, target)
    for name in ("modules.builtin", "modules.order"):
        shutil.copy2(modules / name, tree / "lib/modules" / modules.name / name)
    _run("depmod", "-b", str(tree), modules.name)
    (tree / "bin").mkdir()
    shutil.copy2(unpacked / "usr/bin/busybox", tree / "bin/busybox")
    shutil.copy2(HERE / "small_init", tree / "init")
    (tree / "init").chmod(0o755)
    shutil.copy2(HERE / "small_report.py", tree / "small_report.py")
    package = Path(provision.__file__).parent
    shutil.copytree(package, tree / "provision", ignore=shutil.ignore_patterns("__pycache__"))
    # Or the guest would do it, at a tenth of the speed.
    compiling = ("-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash")
    _run(sys.executable, *compiling, str(tree / "provision"))
    output = work / "initramfs"
    names = "\n".join([".", *sorted(str(path.relative_to(tree)) for path in tree.rglob("*"))])
    with output.open("wb") as stream:
        subprocess.run(
            ["cpio", "--quiet", "-o", "-H", "newc", "--owner=0:0"],
            cwd=tree,
            input=names.encode(),
            stdout=stream,
            check=True,
        )
    return output


def _run(*arguments: str) -> None:
    subprocess.run(arguments, check=True, capture_output=True)


@dataclass
class Guest:
    """One boot. `devices` are QEMU's arguments; `namespace` and `tap` give it a network."""

    image: Path
    initramfs: Path
    folder: Path
    devices: Sequence[str] = ()
    command_line: str = ""
    namespace: str | None = None
    tap: str | None = None
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def console(self) -> Path:
        return self.folder / "console"

    @property
    def results(self) -> Path:
        return self.folder / "results"

    def power_on(self, stages: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.results.unlink(missing_ok=True)
        network = (
            *("-netdev", f"tap,id=net,ifname={self.tap},script=no,downscript=no"),
            *("-device", f"virtio-net-pci,netdev=net,mac={MAC},romfile="),
        )
        argv = [
            *("qemu-system-x86_64", "-accel", "tcg,thread=multi", "-machine", "pc", "-m", "512"),
            *("-nodefaults", "-display", "none", "-no-reboot"),
            *("-kernel", str(self.image / "vmlinuz"), "-initrd", str(self.initramfs)),
            "-append",
            f"console=ttyS0 quiet panic=-1 net.ifnames=0 small.stages={stages} {self.command_line}",
            *("-serial", f"file:{self.console}", "-serial", f"file:{self.results}"),
            *("-qmp", f"unix:{self.folder}/qmp,server=on,wait=off"),
            *("-drive", f"file={self.image}/root.squashfs,if=virtio,format=raw,readonly=on"),
            *("-device", "virtio-rng-pci", "-device", "virtio-scsi-pci,id=scsi0"),
            *(network if self.tap else ()),
            *self.devices,
        ]
        inside = ["ip", "netns", "exec", self.namespace] if self.namespace else []
        with (self.folder / "qemu").open("wb") as errors:
            self._process = subprocess.Popen(
                inside + argv, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors
            )

    def wait(self) -> list[dict[str, Any]]:
        """What each stage left, once the guest has powered itself off."""
        assert self._process is not None
        try:
            self._process.wait(BOOT_DEADLINE_S)
        finally:
            self.power_off()
        lines = self.results.read_text(errors="replace").splitlines() if self.results.exists() else []
        assert lines, self.tail()
        return [json.loads(line) for line in lines]

    def run(self, stages: str) -> list[dict[str, Any]]:
        self.power_on(stages)
        return self.wait()

    def wait_for_console(self, text: str, deadline_s: float = 120.0) -> None:
        end_s = time.monotonic() + deadline_s
        while time.monotonic() < end_s:
            if self.console.exists() and text in self.console.read_text(errors="replace"):
                return
            time.sleep(0.2)
        raise AssertionError(f"{text!r} did not come; {self.tail()}")

    def monitor(self, *commands: dict[str, Any]) -> None:
        """QMP (qemu's docs/interop/qmp-spec): each command must be done without an error."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.folder / "qmp"))
            stream = connection.makefile("rw")
            stream.readline()
            for command in ({"execute": "qmp_capabilities"}, *commands):
                stream.write(json.dumps(command) + "\n")
                stream.flush()
                while "return" not in (answer := json.loads(stream.readline())):
                    assert "error" not in answer, answer

    def power_off(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def tail(self) -> str:
        said = self.console.read_text(errors="replace") if self.console.exists() else ""
        return f"console:\n{said[-3000:]}\nqemu:\n{(self.folder / 'qemu').read_text()[-500:]}"
