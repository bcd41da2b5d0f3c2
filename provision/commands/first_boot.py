"""`provision first-boot`: what a machine runs by itself. The stages and their order are in provision/agent.py."""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from provision.errors import ExitCode

if TYPE_CHECKING:
    from provision.agent import BootRecord, World
    from provision.cluster.decide import Observation, Spec
    from provision.findings import FileReport
    from provision.plan.build import Plan
    from provision.platforms.source import Source

HELP = "what a machine runs at first boot: find the source, fetch, validate, apply, join, report"

STATE = Path("/run/provision")
RECORD_PATH = STATE / "boot.json"
OUTBOX_PATH = STATE / "outbox.jsonl"
CONFIG_LIMIT_BYTES = 16 * 1024 * 1024
FETCH_DEADLINE_S = 20.0  # for one attempt; the agent itself goes on trying
JOIN_INTERVAL_S = 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stage",
        choices=("apply", "start", "join"),
        required=True,
        help="apply: before systemd; start: services start; join: wait for the cluster",
    )
    parser.add_argument(
        "--once", action="store_true", help="end at the first failure instead of trying again"
    )
    parser.add_argument("--timeout", type=float, metavar="S", help="join: give up after so many seconds")


def run(args: argparse.Namespace) -> int:
    if args.stage == "apply":
        return _apply_stage(keep_trying=not args.once)
    from provision.agent import decode_record, join_stage, start_stage

    try:
        record = decode_record(RECORD_PATH.read_text())
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"provision first-boot: {RECORD_PATH}: {error!r}; was the stage 'apply' run?", file=sys.stderr)
        return ExitCode.NO_SOURCE
    world = _world(record.report_url, record.token)
    if args.stage == "start":
        return start_stage(record, world)
    return join_stage(record, world, deadline_s=args.timeout, interval_s=JOIN_INTERVAL_S)


def _apply_stage(*, keep_trying: bool) -> int:
    from provision.agent import apply_stage

    source = _find_source()
    if source is None:
        print(
            "provision first-boot: no config source: the kernel command line has no provision.config=URL",
            file=sys.stderr,
        )
        return ExitCode.NO_SOURCE
    code, record = apply_stage(source, _world(source.report_url, source.token), keep_trying=keep_trying)
    if record is not None:
        _keep(record)
    return code


def _find_source() -> Source | None:
    from provision.platforms import PLATFORMS

    command_line = Path("/proc/cmdline").read_text()
    return next((source for platform in PLATFORMS if (source := platform(command_line))), None)


def _keep(record: BootRecord) -> None:
    from provision.agent import encode_record

    STATE.mkdir(parents=True, exist_ok=True)
    RECORD_PATH.touch(mode=0o600)
    RECORD_PATH.write_text(encode_record(record))


def _world(report_url: str | None, token: str | None) -> World:
    """The agent's functions, for real. The token goes to the boot server's config and events only."""
    from provision.agent import World
    from provision.cluster.health import member_health
    from provision.cluster.peers import observe_peers
    from provision.execute.observe import observe
    from provision.fetch.http import fetch
    from provision.report.sinks import HttpPost, Outbox, Reporter, bearer, write_to_console
    from provision.resolve import Includes

    STATE.mkdir(parents=True, exist_ok=True)
    outbox = Outbox(OUTBOX_PATH, HttpPost(report_url, token)) if report_url else None
    reporter = Reporter(write_to_console, outbox)
    headers = bearer(token)
    get = partial(fetch, deadline_s=FETCH_DEADLINE_S, size_limit_bytes=CONFIG_LIMIT_BYTES)
    return World(
        fetch=lambda url: get(url, headers=headers),
        observe_facts=lambda: observe(Path("/")),
        observe_registry=lambda spec, wal: _registry(spec, wal, get),
        observe_peers=lambda listed, files, wal: observe_peers(listed, files, has_data=Path(wal).is_dir()),
        apply=_apply,
        member_health=member_health,
        tell=reporter.tell,
        settle=reporter.settle,
        clock=time.monotonic,
        sleep=time.sleep,
        explain=_explain,
        report_to=lambda url, secret: reporter.report_to(Outbox(OUTBOX_PATH, HttpPost(url, secret))),
        # No file of the initramfs is anybody's config, and the boot token is for no other server.
        includes=Includes(fetch=get, reads_files=False),
    )


def _registry(spec: Spec, wal: str, get: partial[bytes]) -> Observation:
    from provision.cluster.registry import observe_registry

    return observe_registry(spec.discovery_url, has_data=Path(wal).is_dir(), fetch=get)


def _apply(built: Plan, data: bytes) -> str:
    from provision.execute.apply import apply
    from provision.execute.journal import Journal
    from provision.execute.running.system import running_system
    from provision.execute.target import Target
    from provision.fetch.gather import gather
    from provision.plan.build import in_own_words

    with Target(Path("/")) as target, in_own_words(built):
        contents = gather(built, target, deadline_s=FETCH_DEADLINE_S)
        journal = Journal(target, config_digest=hashlib.sha256(data).hexdigest())
        outcome = apply(
            built,
            target,
            contents=contents,
            journal=journal,
            on_step=lambda _: None,
            system=running_system(Path("/")),  # None from the initramfs: systemd starts what is there
        )
    return f"{outcome.created} created, {outcome.changed} changed, {outcome.unchanged} as they were"


def _explain(report: FileReport) -> None:
    """All findings on the console, with source excerpts, for whoever stands before the machine."""
    from provision.findings import render_text
    from provision.report.sinks import write_to_console

    write_to_console(render_text((report,)))
