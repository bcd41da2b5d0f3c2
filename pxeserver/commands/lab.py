"""`pxeserver lab`: a private network with emulated machines that boot from a server on it. `make demo` is this."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from pxeserver.lab.lab import Lab

HELP = "power on emulated machines in a private network and watch them boot"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="data directory; its machines are emulated")
    parser.add_argument(
        "--images", type=Path, default=Path("/var/lib/pxeserver/images"), help="folder of images"
    )
    parser.add_argument("--keep", action="store_true", help="leave everything running until Ctrl-C")
    parser.add_argument(
        "--timeout", type=float, default=600.0, metavar="S", help="give up after (%(default)s s)"
    )
    parser.add_argument(
        "--memory", type=int, default=1024, metavar="MIB", help="memory of each (%(default)s MiB)"
    )


def run(args: argparse.Namespace) -> int:
    from rich.console import Console

    from pxeserver.lab.demo import DemoFailed
    from pxeserver.lab.lab import Lab, LabPlan
    from pxeserver.lab.namespace import LabError

    console = Console()
    machines = _machines(args.data)
    if not machines:
        return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended by a service manager: clean up as well
    with tempfile.TemporaryDirectory(prefix="pxelab-") as folder:
        key = _make_key(Path(folder))
        plan = LabPlan(
            data=args.data,
            images=args.images,
            folder=Path(folder),
            machines=machines,
            variables={"ssh_key": key.with_suffix(".pub").read_text().strip()},
            memory_mib=args.memory,
        )
        try:
            with Lab(plan) as lab:
                return _demonstrate(lab, console, args, key)
        except (LabError, DemoFailed) as error:
            print(f"pxeserver lab: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("\ninterrupted; everything is cleaned up", file=sys.stderr)
            return 130


def _machines(data: Path) -> list[tuple[str, str]]:
    """Name and MAC address of every machine in the data directory; none when it has errors, which are printed."""
    from provision.findings import FileReport, render_text
    from pxeserver.inventory.files import read_inventory

    inventory = read_inventory(data)
    if inventory.index is None:
        print(render_text((FileReport(str(data), "inventory", inventory.findings),)), file=sys.stderr)
        return []
    machines = sorted((machine.name, machine.mac) for machine in inventory.index.machines.values())
    if not machines:
        print(f"pxeserver lab: {data}/machines has no machines", file=sys.stderr)
    return machines


def _make_key(folder: Path) -> Path:
    """A key pair for this lab alone: nobody else can log in to its machines."""
    key = folder / "ssh-key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", str(key)], check=True)
    return key


def _demonstrate(lab: Lab, console: Console, args: argparse.Namespace, key: Path) -> int:
    from pxeserver.lab.demo import member_list, open_to_host, power_on_and_watch, read_rows, what_next

    lab.start_server()
    if args.keep:
        open_to_host(lab)
        console.print(f"machines × steps: [bold]{lab.api.base_url}/[/bold]")
    elapsed_s = power_on_and_watch(lab, console, args.timeout)
    rows = read_rows(lab)
    members = [row for row in rows if any(step["id"] == "join" for step in row["steps"])]
    console.print(f"\n{len(rows)} machines are up after {elapsed_s:.0f} s")
    if members:
        console.print(
            f"\n$ etcdctl member list\n{member_list(lab, members)}", highlight=False, soft_wrap=True
        )
    console.print(what_next(lab, rows, keep=args.keep, key=str(key)), highlight=False, soft_wrap=True)
    while args.keep:
        time.sleep(1)
    return 0
