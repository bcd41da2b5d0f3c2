"""A system with systemd as its PID 1, in namespaces of this machine: what a guest would be, within seconds."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
BOOT = Path(__file__).with_name("boot.sh")
BOOT_DEADLINE_S = 60.0
UNSHARE = ["unshare", "--mount", "--pid", "--uts", "--ipc", "--net", "--fork", "--kill-child"]
REMOVE_CGROUP = 'mount -t cgroup2 cgroup2 "$1" && find "$1/$2" -depth -type d -exec rmdir {} +'


class Container:
    def __init__(self, work: Path) -> None:
        self._work = work
        self._cgroup = f"provision-test-{os.getpid()}-{work.name}"
        self._console = work / "console"

    def start(self) -> None:
        binds = dict.fromkeys(str(Path(path).resolve()) for path in (REPOSITORY, sys.prefix, sys.base_prefix))
        binds.pop("/usr", None)  # part of the root anyway
        with self._console.open("wb") as console:
            self._process = subprocess.Popen(
                [*UNSHARE, str(BOOT), str(self._work), self._cgroup, *binds],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
            )
        self._pid = self._init_pid()
        self.wait_for("systemctl is-active basic.target", BOOT_DEADLINE_S)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        place = self._work / "cgroup"
        # The kernel takes a moment to clear a group whose last process was killed.
        for _ in range(50):
            remove = ["unshare", "--mount", "sh", "-c", REMOVE_CGROUP, "sh", str(place), self._cgroup]
            done = subprocess.run(remove, capture_output=True, check=False)
            if done.returncode == 0:
                return
            time.sleep(0.1)
        raise AssertionError(f"control group {self._cgroup} is still in use")

    def run(self, *arguments: str, deadline_s: float = 90.0) -> subprocess.CompletedProcess[str]:
        """A program inside, as root, with the modules of this test run's interpreter."""
        enter = ["nsenter", f"--target={self._pid}", "--all", "--root", "--wdns=/"]
        return subprocess.run(
            [*enter, "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=deadline_s,
            check=False,
        )

    def shell(self, script: str) -> str:
        """What a script printed that must succeed."""
        done = self.run("sh", "-c", script)
        assert done.returncode == 0, f"{script}: {done.stdout}{done.stderr}{self.console_tail()}"
        return done.stdout.strip()

    def provision(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "provision", *arguments)

    def apply(self, config: str, *options: str) -> subprocess.CompletedProcess[str]:
        (self.root / "root/config.yaml").write_text(config)
        return self.provision("apply", "/root/config.yaml", *options)

    @property
    def root(self) -> Path:
        """Its root directory, as it is seen from here."""
        return Path(f"/proc/{self._pid}/root")

    def wait_for(self, command: str, deadline_s: float = 30.0) -> None:
        ends = time.monotonic() + deadline_s
        while self.run("sh", "-c", command).returncode != 0:
            assert time.monotonic() < ends, f"{command} failed for {deadline_s:g} s\n{self.console_tail()}"
            time.sleep(0.1)

    def console_tail(self) -> str:
        return "\n--- console:\n" + self._console.read_text(errors="replace")[-3000:]

    def _init_pid(self) -> int:
        """Of the first process in its PID namespace, seen from here, once it is systemd."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        ends = time.monotonic() + BOOT_DEADLINE_S
        while time.monotonic() < ends:
            assert self._process.poll() is None, self.console_tail()
            for pid in children.read_text().split():
                if Path(f"/proc/{pid}/comm").read_text().strip() == "systemd":
                    return int(pid)
            time.sleep(0.02)
        raise AssertionError(f"systemd did not start{self.console_tail()}")
