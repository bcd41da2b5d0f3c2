"""The agent and its peers: validating and applying the same content."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.configs import LARGE, SMALL, Content, ignition, lines, native
from benchmarks.measure import Cost, Task, medians
from benchmarks.roots import fresh_root
from benchmarks.seeds import ours as our_fetch
from benchmarks.seeds import seed_server
from benchmarks.seeds import theirs as their_fetch
from benchmarks.table import Row

PROVISION = str(Path(sys.executable).with_name("provision"))
IGNITION = "/usr/lib/dracut/modules.d/30ignition/ignition"
PROGRAMS = (IGNITION, "cloud-init")
STAGES = ("fetch-offline", "fetch", "files")
RUNS = 11
# What no agent in Python with these packages does without: nothing of ours is in it.
LEAST = """\
import sys
sys.modules["typing_extensions"] = None
import argparse, hashlib, msgspec, subprocess, yaml
yaml.compose(open(sys.argv[1]), Loader=yaml.CSafeLoader)
for number in range(2):
    options = ["--root", sys.argv[2], "--no-create-home", "--password", "*", "--user-group", "--groups", "sudo"]
    subprocess.run(["useradd", *options, f"user{number}"], check=True)
"""
MANY = 1000


def agent_rows(place: Path) -> Iterator[Row]:
    for count in (SMALL, LARGE):
        yield _validate(place, count)
    yield _validate_many(place)
    yield from _apply(place)
    yield _fetch(place)
    yield _version()
    yield _memory(place)


def _validate(place: Path, count: int) -> Row:
    ours, theirs = place / "config.yaml", place / "user-data"
    native_text, cloud_text = lines(count)
    ours.write_text(native_text)
    theirs.write_text(cloud_text)
    tasks = [
        Task(((PROVISION, "validate", str(ours)),)),
        Task((("cloud-init", "schema", "--config-file", str(theirs)),)),
    ]
    limit = 0.30 if count == SMALL else 0.35
    return _ratio(f"validate, {count} lines / cloud-init schema", medians(tasks, runs=RUNS), limit)


def _validate_many(place: Path) -> Row:
    text, _ = lines(SMALL)
    files = [place / f"{number:04}.yaml" for number in range(MANY)]
    for file in files:
        file.write_text(text)
    few, many = medians(
        [Task(((PROVISION, "validate", *map(str, chosen)),)) for chosen in (files[:1], files)], runs=RUNS
    )
    each_ms = many.user_s / MANY * 1000
    what = f"validate, {MANY} configs in one call: user CPU of each"
    return Row(what, f"{many.user_s:.2f} s in all", f"{few.user_s:.2f} s for one", each_ms, 1.0, "ms")


def _apply(place: Path) -> Iterator[Row]:
    for files, limit in ((50, 1.0), (2000, 0.35)):
        content = Content(files=files, units=10, users=2)
        with _ignition(place, content) as theirs:
            root, config = place / "root", place / "node.yaml"
            config.write_text(native(content))
            command = (PROVISION, "apply", str(config), "--root", str(root))
            ours = Task((command,), prepare=partial(fresh_root, root))
            least = Task(((sys.executable, "-c", LEAST, str(config), str(root)),), prepare=ours.prepare)
            mine, floor, peer = medians([ours, least, theirs], runs=RUNS)
        what = f"apply, {files} files, 10 units, 2 users / Ignition"
        yield _ratio(what, (mine, peer), limit)
        yield _ratio("of that: Python, its packages, the parsed YAML and two useradd", (floor, peer), None)


@contextmanager
def _ignition(place: Path, content: Content) -> Iterator[Task]:
    """Its three stages as one measurement. It relabels in any case, by a program that servers here do not have."""
    work = place / "ignition"
    programs = work / "bin"
    programs.mkdir(parents=True)
    (programs / "setfiles").write_text("#!/bin/sh\nexit 0\n")
    (programs / "setfiles").chmod(0o755)
    config, root = work / "config.ign", work / "root"
    config.write_text(ignition(content))
    cache, state, flag = work / "cache.json", work / "state", work / "neednet"

    def prepare() -> None:
        fresh_root(root)
        for left in (cache, state, flag):
            left.unlink(missing_ok=True)

    options = (f"--root={root}", f"--config-cache={cache}", f"--state-file={state}", f"--neednet={flag}")
    commands = [
        (IGNITION, "--platform=file", f"--stage={stage}", *options, "--log-to-stdout") for stage in STAGES
    ]
    environment = {"IGNITION_CONFIG_FILE": str(config), "PATH": f"{os.environ['PATH']}:{programs}"}
    try:
        yield Task(tuple(commands), environment, prepare)
    finally:
        shutil.rmtree(work)


def _fetch(place: Path) -> Row:
    with seed_server() as url:
        (ours,) = medians([our_fetch(PROVISION, url, place)], runs=RUNS)
        (theirs,) = medians([their_fetch(url, place)], runs=1)  # it waits a second before each of its tries
    what = "fetch a NoCloud seed over HTTP, optional files missing / cloud-init's reader"
    return Row(what, _ms(ours), _ms(theirs), ours.wall_s * 1000, 100.0, "ms")


def _version() -> Row:
    tasks = [Task(((PROVISION, "--version"),)), Task(((sys.executable, "-c", "pass"),))]
    return _ratio("--version / python3 -c pass", medians(tasks, runs=RUNS), 3.0)


def _memory(place: Path) -> Row:
    config = place / "config.yaml"
    config.write_text(lines(LARGE)[0])
    (cost,) = medians([Task(((PROVISION, "validate", str(config)),))], runs=3)
    peak_mib = cost.peak_kib / 1024
    return Row(f"peak memory of validate, {LARGE} lines", f"{peak_mib:.1f} MiB", "", peak_mib, 30.0, "MiB")


def _ratio(what: str, costs: Sequence[Cost], limit: float | None) -> Row:
    ours, theirs = costs
    return Row(what, _ms(ours), _ms(theirs), ours.wall_s / theirs.wall_s, limit)


def _ms(cost: Cost) -> str:
    return f"{cost.wall_s * 1000:.0f} ms"
