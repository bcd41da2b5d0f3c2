"""A root directory that has something of everything, and how a config is applied to it under the tracer."""

from __future__ import annotations

import subprocess
from pathlib import Path

# Imported before the fork: each copy would import them anew otherwise, which takes longer than all it does.
from provision.cli import main
from provision.commands import apply as _apply_command  # noqa: F401
from provision.fetch import gather as _gather  # noqa: F401
from provision.load import load_file
from tests.crash.system_calls import Decide, Run, always, run_traced
from tests.golden.apply.tree import build_tree

HERE = Path(__file__).parent


class Roots:
    """Copies of one machine that an earlier config was applied to: there is something to remove, too."""

    def __init__(self, folder: Path) -> None:
        load_file(HERE / "config.yaml")  # what is made on first use is made before the fork, too
        self._folder = folder
        self._first = folder / "first"
        self._first.mkdir()
        build_tree(self._first, (HERE / "before.txt").read_text())
        assert apply(self._first, "earlier.yaml").exit_code == 0

    def copy(self, name: str) -> Path:
        subprocess.run(["cp", "-a", str(self._first), str(self._folder / name)], check=True)
        return self._folder / name


def apply(root: Path, config: str, decide: Decide = always) -> Run:
    """Through the command line, as an operator does; its output is kept outside."""
    arguments = ["apply", str(HERE / config), "--root", str(root)]
    return run_traced(lambda: main(arguments), decide, output_of(root))


def output_of(root: Path) -> Path:
    """Beside the disk that is filled, too: two levels up."""
    return root.parent.with_name(f"{root.parent.name}-{root.name}.txt")


def different(expected: str, found: str) -> str:
    """Lines of one description that the other does not have."""
    lines = {f"-{line}" for line in set(expected.splitlines()) - set(found.splitlines())}
    lines |= {f"+{line}" for line in set(found.splitlines()) - set(expected.splitlines())}
    return "\n".join(sorted(lines, key=lambda line: line[1:]))
