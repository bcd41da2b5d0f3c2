"""`make bench`: prints tables of what provision and pxeserver, and their peers, take for the same work."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks import agent, inventory, servers, transfers
from benchmarks.scripts import script_row
from benchmarks.table import aims

MEMORY = Path("/dev/shm")  # noqa: S108 - a tmpfs: what is measured is the programs, not the disk


def main() -> int:
    if missing := [name for name in (*agent.PROGRAMS, *servers.PROGRAMS) if not shutil.which(name)]:
        print(f"bench: {', '.join(missing)} not found; run it as `make bench`", file=sys.stderr)
        return 2
    print(_heading())
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        place = Path(name)
        place.chmod(0o755)  # Ignition writes a user's files as that user; servers read as nobody
        print(aims(list(agent.agent_rows(place)), "provision"), flush=True)
        with servers.network() as namespace:
            figures = transfers.measure(namespace, place)
            scripts = script_row(namespace, place)
        ten_thousand = list(inventory.rows(place, agent.RUNS))
    print(f"\n{transfers.figures_table(figures)}")
    print(f"\n{aims([*transfers.transfer_rows(figures), scripts, *ten_thousand], 'pxeserver')}")
    return 0


def _heading() -> str:
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, msgspec {version('msgspec')}, PyYAML {version('PyYAML')}; "
        f"medians, taken in turns: of {agent.RUNS} runs; of {transfers.RUNS} and {transfers.RUNS_OF_MANY} "
        f"for one and for {transfers.MANY} transfers\n"
    )


if __name__ == "__main__":
    sys.exit(main())
