"""An emulated machine: memory, a network card, a serial console, and nothing to boot from but the network."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pxeserver.lab.firmware import LabFirmware, card_options, firmware_arguments
from pxeserver.lab.namespace import LabError, Namespace

QEMU = "qemu-system-x86_64"
# Colours and cursor moves (ECMA-48), carriage returns, and what backspaces take back.
CONTROL_SEQUENCES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\r|.\x08|\x08")
EVENT_START = '{"provision":1,'


@dataclass(frozen=True, slots=True)
class Hardware:
    """`accelerator` is explicit: a /dev/kvm that opens can still hang its guests."""

    mac: str
    memory_mib: int = 1024
    cpus: int = 1
    accelerator: str = "tcg,thread=multi"
    firmware: LabFirmware = LabFirmware.BIOS


class Machine:
    """One QEMU process at a time. Memory is empty at every power-on; the console log grows over all of them."""

    def __init__(self, name: str, hardware: Hardware, namespace: Namespace, tap: str, folder: Path) -> None:
        self.name = name
        self.hardware = hardware
        self.console = folder / f"{name}.console"
        self._namespace = namespace
        self._tap = tap
        self._process: subprocess.Popen[bytes] | None = None
        self._errors = folder / f"{name}.qemu"

    def power_on(self) -> None:
        hardware = self.hardware
        argv = [
            *(QEMU, "-accel", hardware.accelerator, "-smp", str(hardware.cpus)),
            *firmware_arguments(hardware.firmware, self.console.with_suffix(".vars")),
            *("-m", str(hardware.memory_mib), "-nodefaults", "-display", "none"),
            # As servers do: when nothing answers, try again.
            *("-boot", "reboot-timeout=3000"),
            *("-chardev", f"file,id=console,path={self.console},append=on", "-serial", "chardev:console"),
            *("-netdev", f"tap,id=net,ifname={self._tap},script=no,downscript=no"),
            *(
                "-device",
                f"virtio-net-pci,netdev=net,mac={hardware.mac},bootindex=0{card_options(hardware.firmware)}",
            ),
            # Without entropy the kernel makes ssh and systemd wait at their first random number.
            *("-device", "virtio-rng-pci"),
        ]
        try:
            with self._errors.open("ab") as errors:
                self._process = subprocess.Popen(
                    self._namespace.command(argv),
                    stdin=subprocess.DEVNULL,
                    stdout=errors,
                    stderr=errors,
                )
        except FileNotFoundError:
            raise LabError(f"no program {QEMU}; install it with: apt-get install qemu-system-x86") from None

    def power_off(self) -> None:
        """As if the plug were pulled."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def trouble(self) -> str | None:
        """Why the emulator has stopped by itself, or None while it runs."""
        if self._process is None or self._process.poll() is None:
            return None
        return (
            f"{QEMU} ended with {self._process.returncode}: {self._errors.read_text(errors='replace')[-500:]}"
        )

    def console_text(self) -> str:
        """All that the console showed, without the terminal's control sequences."""
        if not self.console.exists():
            return ""
        return CONTROL_SEQUENCES.sub("", self.console.read_bytes().decode(errors="replace"))

    def tail(self, lines: int = 30) -> str:
        return "\n".join(self.console_text().splitlines()[-lines:])

    def events(self) -> Iterator[dict[str, Any]]:
        """The events on the console, oldest first, of all power-ons."""
        for line in self.console_text().splitlines():
            start = line.find(EVENT_START)
            if start >= 0:
                try:
                    yield json.loads(line[start:])
                except ValueError:  # the line is still being written
                    continue
