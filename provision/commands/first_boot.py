"""`provision first-boot`: what a machine runs by itself. The stages and their order are in provision/agent.py."""

from __future__ import annotations

import argparse
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from provision.errors import ExitCode

if TYPE_CHECKING:
    from provision.agent import BootRecord, World
    from provision.cluster.decide import Observation, Spec
    from provision.execute.running.system import RunningSystem
    from provision.findings import FileReport
    from provision.plan.build import Plan
    from provision.platforms.finding import Found

HELP = "what a machine runs at first boot: find the source, fetch, validate, apply, join, report"

STATE = Path("/run/provision")
RECORD_PATH = STATE / "boot.json"
OUTBOX_PATH = STATE / "outbox.jsonl"
CONFIG_LIMIT_BYTES = 16 * 1024 * 1024
FETCH_DEADLINE_S = 20.0  # for one attempt; the agent itself goes on trying
SEARCH_DEADLINE_S = 240.0  # a metadata service may come up after the machines that ask it
LOCAL_WAIT_S = 10.0  # everything waits for the stage before the network; drives appear in the first seconds
DRIVE_WAIT_S = 30.0
KNOWN_WAIT_S = 5.0  # the disc of the first boot may have been taken out for good
JOIN_INTERVAL_S = 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stage",
        choices=("apply", "local", "network", "fetch", "start", "join"),
        required=True,
        help="apply: before systemd; local, network: the same under systemd, before and with a network; "
        "fetch: find the config, change nothing; start: services start; join: wait for the cluster",
    )
    parser.add_argument(
        "--once", action="store_true", help="end at the first failure instead of trying again"
    )
    parser.add_argument("--timeout", type=float, metavar="S", help="give up after so many seconds")
    parser.add_argument(
        "--look-in",
        type=Path,
        default=Path("/"),
        metavar="DIR",
        help="fetch: where /proc, /sys, /dev and /etc of the machine are (default: /)",
    )


def run(args: argparse.Namespace) -> int:
    if args.stage == "fetch":
        return _fetch_stage(args.look_in, args.timeout)
    if args.stage in ("apply", "local", "network"):
        return _apply_stage(args)
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


def _fetch_stage(look_in: Path, timeout_s: float | None) -> int:
    """What was found, as one JSON object; without the user data, which may be secret."""
    from msgspec import json

    from provision.platforms.finding import Finder

    finder = Finder(look_in, STATE, say=lambda text: print(f"provision: {text}", file=sys.stderr))
    found = finder.find(wait_s=0.0 if timeout_s is None else timeout_s)
    if found is None:
        print(f"provision first-boot: no config source: {finder.reason()}", file=sys.stderr)
        return ExitCode.NO_SOURCE
    provided = found.read(FETCH_DEADLINE_S)
    shown = {
        "platform": found.identified.platform,
        "because": found.identified.because,
        "user_data_bytes": None if provided.user_data is None else len(provided.user_data),
        "instance_id": provided.instance_id,
        "hostname": provided.hostname,
        "ssh_keys": len(provided.ssh_keys),
        "interfaces": [entry.name for entry in provided.network.interfaces] if provided.network else [],
        "facts": provided.facts,
        "warnings": provided.warnings,
    }
    print(json.encode(shown).decode())
    return ExitCode.DONE


def _apply_stage(args: argparse.Namespace) -> int:
    from provision.platforms.finding import Finder
    from provision.platforms.memory import memory
    from provision.report.sinks import write_to_console

    finder = Finder(Path("/"), STATE, say=lambda text: write_to_console(f"provision: {text}"))
    kept = memory(Path("/"), redact=lambda: None)
    is_known = kept.recall() is not None
    found = finder.find(wait_s=_wait_s(args, is_known=is_known))
    if found is not None and not (args.stage == "local" and found.identified.needs_network):
        return _apply_found(found, args)
    if args.stage == "local":  # the stage with a network looks again
        return ExitCode.DONE
    if is_known:
        kept.degrade(f"no config source: {finder.reason()}")
        write_to_console(
            "provision: degraded: no config source; the machine stays what it was at its last boot"
        )
        return ExitCode.DONE
    print(f"provision first-boot: no config source: {finder.reason()}", file=sys.stderr)
    write_to_console(f"provision: no config source: {finder.reason()}")
    return ExitCode.NO_SOURCE


def _wait_s(args: argparse.Namespace, *, is_known: bool) -> float:
    if args.timeout is not None:
        return float(args.timeout)
    if is_known:
        return KNOWN_WAIT_S
    return LOCAL_WAIT_S if args.stage == "local" else DRIVE_WAIT_S


def _apply_found(found: Found, args: argparse.Namespace) -> int:
    from provision.agent import apply_stage
    from provision.platforms.memory import memory

    source = found.source()
    kept = memory(Path("/"), redact=found.redact)
    # A machine that is known need not wait long: it stays what it is.
    deadline_s = FETCH_DEADLINE_S if args.stage == "apply" or kept.recall() else SEARCH_DEADLINE_S
    world = _world(source.report_url, source.token)
    world = structs.replace(world, read=lambda: found.read(deadline_s), memory=kept)
    if args.stage == "local":
        from provision.early import apply_early

        code, record = apply_early(source, world, Path("/"))
    else:
        code, record = apply_stage(source, world, keep_trying=args.stage == "apply" and not args.once)
    if record is not None:
        _keep(record)
    return code


def _keep(record: BootRecord) -> None:
    from provision.agent import encode_record

    STATE.mkdir(parents=True, exist_ok=True)
    RECORD_PATH.touch(mode=0o600)
    RECORD_PATH.write_text(encode_record(record))


def _world(report_url: str | None, token: str | None) -> World:
    """The agent's functions, for real; who reads a config gives `read` and `memory` of its own."""
    from provision.agent import World
    from provision.cluster.health import member_health
    from provision.cluster.peers import observe_peers
    from provision.execute.observe import observe
    from provision.fetch.http import fetch
    from provision.platforms.contract import Provided
    from provision.platforms.memory import memory
    from provision.report.sinks import HttpPost, Outbox, Reporter, write_to_console
    from provision.resolve import Includes

    STATE.mkdir(parents=True, exist_ok=True)
    outbox = Outbox(OUTBOX_PATH, HttpPost(report_url, token)) if report_url else None
    reporter = Reporter(write_to_console, outbox)
    get = partial(fetch, deadline_s=FETCH_DEADLINE_S, size_limit_bytes=CONFIG_LIMIT_BYTES)
    return World(
        read=Provided,
        memory=memory(Path("/"), redact=lambda: None),
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
    import hashlib

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
            system=_without_waiting(running_system(Path("/"))),
        )
    return f"{outcome.created} created, {outcome.changed} changed, {outcome.unchanged} as they were"


def _without_waiting(system: RunningSystem | None) -> RunningSystem | None:
    """None from the initramfs: systemd starts what is there. A boot that is going on waits for this stage."""
    return None if system is None else structs.replace(system, waits=False)


def _explain(report: FileReport) -> None:
    """All findings on the console, with source excerpts, for whoever stands before the machine."""
    from provision.findings import render_text
    from provision.report.sinks import write_to_console

    write_to_console(render_text((report,)))
