"""The demonstration: power on, watch, and end with a cluster, or say which machine stopped where."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from pxeserver.lab.lab import HOST_ADDRESS, PREFIX_LENGTH, Lab
from pxeserver.lab.namespace import LabError
from pxeserver.lab.screen import Row, screen_for

POLL_S = 0.5
CONSOLE_TAIL_LINES = 25


class DemoFailed(Exception):
    """A machine did not get through; the text says which, at which step, and shows its console's end."""


def power_on_and_watch(lab: Lab, console: Console, deadline_s: float) -> float:
    """Seconds until every machine has passed every step; DemoFailed when one has not by the deadline."""
    begun = time.monotonic()
    for machine in lab.machines:
        machine.power_on()
    screen = screen_for(console)
    rows: list[Row] = []
    try:
        while True:
            elapsed_s = time.monotonic() - begun
            rows = read_rows(lab) or rows
            screen.show(rows, elapsed_s)
            if rows and all(is_done(row) for row in rows):
                return elapsed_s
            for machine in lab.machines:
                if (trouble := machine.trouble()) is not None:
                    raise DemoFailed(f"{machine.name}: {trouble}")
            if elapsed_s > deadline_s:
                raise DemoFailed(describe_stop(lab, rows, deadline_s))
            time.sleep(POLL_S)
    finally:
        screen.close()


def read_rows(lab: Lab) -> list[Row]:
    """The lab's machines as the server sees them; none while the server does not answer."""
    try:
        rows = lab.api.get("/v1/machines")["machines"]
    except OSError:
        return []
    macs = {machine.hardware.mac for machine in lab.machines}
    return [row for row in rows if row["mac"] in macs]


def is_done(row: Row) -> bool:
    return all(step["state"] == "ok" for step in row["steps"])


def describe_stop(lab: Lab, rows: Sequence[Row], deadline_s: float) -> str:
    """For each machine that is not done: the step it stopped at, why, and what its console said last."""
    parts = [f"not every machine has joined after {deadline_s:.0f} s"]
    for row in rows:
        if is_done(row):
            continue
        machine = next(machine for machine in lab.machines if machine.hardware.mac == row["mac"])
        stopped = next(step["id"] for step in row["steps"] if step["state"] != "ok")
        failure: Any = row.get("failure")
        why = f": {failure['message']}" if failure else ""
        parts.append(f"\n{row['name']} stopped at step {stopped!r}{why}")
        parts.append(f"--- the end of its console ({machine.console}):")
        parts.append(machine.tail(CONSOLE_TAIL_LINES) or "(nothing)")
    return "\n".join(parts)


def member_list(lab: Lab, rows: Sequence[Row]) -> str:
    """What `etcdctl member list` says, asked at every member; LabError when it fails."""
    endpoints = ",".join(f"http://{row['address']}:2379" for row in rows)
    command = ["env", "ETCDCTL_API=3", "etcdctl", f"--endpoints={endpoints}"]
    health = lab.namespace.run([*command, "endpoint", "health"])
    if health.returncode != 0:
        raise LabError(f"etcdctl endpoint health: {health.stdout}{health.stderr}")
    done = lab.namespace.run([*command, "--write-out=table", "member", "list"])
    if done.returncode != 0:
        raise LabError(f"etcdctl member list: {done.stderr}")
    return done.stdout


def what_next(lab: Lab, rows: Sequence[Row], *, keep: bool, key: str) -> str:
    """Commands to type next, true for what is left running."""
    first = rows[0]["address"]
    program = sys.argv[0] if sys.argv[0].endswith("/pxeserver") else "pxeserver"
    if not keep:
        return (
            "To look around in it:  make demo KEEP=1\n"
            "For real machines: copy examples/etcd-cluster to my-rack/, edit it, and run:\n"
            f"  {program} image build --kernel generic\n"
            f"  {program} check my-rack/ && {program} serve --interface eth1 --data my-rack/"
        )
    return (
        f"Machines × steps:   {lab.api.base_url}/\n"
        f"Log in:             ssh -i {key} -o StrictHostKeyChecking=no ops@{first}\n"
        f"Write a key:        ETCDCTL_API=3 etcdctl --endpoints=http://{first}:2379 put hello world\n"
        f"What happened:      {program} events --state {lab.folder / 'state'}\n"
        f"Logs:               {lab.server_log} and *.console beside it\n"
        "Ctrl-C ends it and cleans up."
    )


def open_to_host(lab: Lab) -> None:
    """Let the host's browser and ssh in."""
    lab.namespace.connect_host(f"{HOST_ADDRESS}/{PREFIX_LENGTH}")
