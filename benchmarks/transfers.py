"""How fast files leave the servers: the same client, the same files, alone and many at once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.servers import Server, http_servers, inside, running, tftp_servers
from benchmarks.table import Row, table

KERNEL, KERNEL_BYTES = "kernel", 14_000_000
IMAGE, IMAGE_BYTES = "image", 120_000_000
IMAGE_DIGEST = "ab" * 32  # of the right form; nobody looks at the content here
BLKSIZE_BYTES = 1468
WINDOWSIZE = 16
MANY = 64
RUNS, RUNS_OF_MANY = 9, 1
FAST_RUNS_OF_MANY = 3  # of seconds each, where lock-step takes a minute
LOCK_STEP, WINDOWED, HTTP = "TFTP, lock-step", f"TFTP, windowsize {WINDOWSIZE}", "HTTP"


@dataclass(frozen=True, slots=True)
class Case:
    protocol: str
    at_once: int

    def __str__(self) -> str:
        return f"{self.protocol}, {'alone' if self.at_once == 1 else f'{self.at_once} at once'}"


@dataclass(frozen=True, slots=True)
class Figure:
    """What one server did in one case."""

    case: Case
    server: str
    mb_s: float
    cpu_s_gb: float
    """The server's processor time for each gigabyte."""


def measure(namespace: str, place: Path) -> list[Figure]:
    """All cases; the servers take turns, so that what else the machine does hits them alike."""
    for name, size in ((KERNEL, KERNEL_BYTES), (IMAGE, IMAGE_BYTES)):
        (place / name).write_bytes(os.urandom(size))
    tftp, http = tftp_servers(place), http_servers(place)
    figures = []
    for case in (Case(LOCK_STEP, 1), Case(LOCK_STEP, MANY)):
        figures += _in_turns(namespace, case, tftp, RUNS if case.at_once == 1 else RUNS_OF_MANY)
    for case in (Case(WINDOWED, 1), Case(WINDOWED, MANY)):  # the peers grant no windowsize
        figures += _in_turns(namespace, case, tftp[:1], RUNS if case.at_once == 1 else FAST_RUNS_OF_MANY)
    for case in (Case(HTTP, 1), Case(HTTP, MANY)):
        figures += _in_turns(namespace, case, http, RUNS if case.at_once == 1 else FAST_RUNS_OF_MANY)
    return figures


def _in_turns(namespace: str, case: Case, servers: Sequence[Server], runs: int) -> list[Figure]:
    with ExitStack() as stack:
        at_work = [stack.enter_context(running(namespace, server)) for server in servers]
        if case.at_once == 1:
            for server in servers:
                _seconds(namespace, case, server)  # the first run fills the caches
        used_s = [one.cpu_s() for one in at_work]
        rounds = [[_seconds(namespace, case, server) for server in servers] for _ in range(runs)]
        used_s = [one.cpu_s() - before_s for one, before_s in zip(at_work, used_s, strict=True)]
    size_mb = case.at_once * (IMAGE_BYTES if case.protocol == HTTP else KERNEL_BYTES) / 1e6
    return [
        Figure(case, server.name, size_mb / median(times_s), cpu / (size_mb * runs / 1000))
        for server, times_s, cpu in zip(servers, zip(*rounds, strict=True), used_s, strict=True)
    ]


def _seconds(namespace: str, case: Case, server: Server) -> float:
    if case.protocol == HTTP:
        path = f"/assets/sha256/{IMAGE_DIGEST}/{IMAGE}" if server.name == "pxeserver" else f"/{IMAGE}"
        client = ["benchmarks.http_client", server.address, path, IMAGE_BYTES]
    else:
        window = 1 if case.protocol == LOCK_STEP else WINDOWSIZE
        client = ["benchmarks.tftp_client", server.address, KERNEL, KERNEL_BYTES, BLKSIZE_BYTES, window]
    command = inside(namespace, sys.executable, "-m", *map(str, client), str(case.at_once))
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def figures_table(figures: Sequence[Figure]) -> str:
    return table(
        [
            ("what", "server", "MB/s", "server CPU s/GB"),
            *((str(one.case), one.server, f"{one.mb_s:.0f}", f"{one.cpu_s_gb:.2f}") for one in figures),
        ]
    )


def transfer_rows(figures: Sequence[Figure]) -> Iterator[Row]:
    found = {(one.case, one.server): one.mb_s for one in figures}
    for at_once in (1, MANY):
        lock_step, windowed, http = (Case(protocol, at_once) for protocol in (LOCK_STEP, WINDOWED, HTTP))
        ours, hpa, tftpy = (found[lock_step, name] for name in ("pxeserver", "tftpd-hpa", "tftpy"))
        best = max(
            speed for (case, name), speed in found.items() if case == lock_step and name != "pxeserver"
        )
        yield _ratio(f"{windowed} / best peer, lock-step", found[windowed, "pxeserver"], best, 2.0)
        yield _ratio(f"{lock_step} / tftpd-hpa", ours, hpa, 0.7)
        yield _ratio(f"{lock_step} / tftpy", ours, tftpy, 3.0)
        yield _ratio(f"{http} / nginx", found[http, "pxeserver"], found[http, "nginx"], 0.9)


def _ratio(what: str, ours: float, theirs: float, least: float) -> Row:
    return Row(what, f"{ours:.0f} MB/s", f"{theirs:.0f} MB/s", ours / theirs, least, is_floor=True)
