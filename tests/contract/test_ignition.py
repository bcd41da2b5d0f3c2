"""The same config through the real Ignition and through this agent: the same tree, but for what EXCEPTIONS explain.

Two trees are the same when every path has the same type, mode, owner, number of links and bytes after the presets were
applied, as systemd does in a first boot.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.contract.ignition_configs import CASES, units
from tests.contract.ignition_peer import SERVICE, preset_all, run_ignition, run_provision, tree


@dataclass(frozen=True, slots=True)
class Explained:
    """A difference that stays: paths of both, and why."""

    paths: str
    why: str


EXCEPTIONS = (
    Explained(
        r"/etc/kind",
        "a file that a merged config makes a link: Ignition 2.14 gives it the owner of another file",
    ),
    Explained(
        r"/etc/systemd/system-preset(/20-(ignition|provision)\.preset)?",
        "the file has its maker's name; its lines are compared by themselves",
    ),
    Explained(
        r"/(home/[^/]+|root)/\.ssh/(authorized_keys|authorized_keys\.d(/ignition)?)",
        "Debian's sshd reads authorized_keys alone, Ignition writes authorized_keys.d/ignition for another one; "
        "the keys are compared by themselves",
    ),
)
# What is asked for, and refused: other than Ignition we take nothing away that we did not make.
REFUSED = {
    "a file in the place of a directory": "a directory with all that is in it would be removed",
    "a link in the place of a directory": "a directory with all that is in it would be removed",
    "a directory is emptied": "all that is in it would be removed, and again with every apply",
    "another owner of a link": "somebody else made the link, and `overwrite` does not say that it may be changed",
    "a directory in the place of a file": "the file would be removed, and its content lost",
}
# What is done, and differs: the config asks for something that cannot be done twice.
OTHERWISE = {
    "what is appended without a line break": "appended texts are whole lines, and are there once however often applied",
    "what is there is appended once more": "the same: a second apply would append it again",
    "a user who shall not exist": "the home directory stays: it can hold the only copy of something",
    "a user who is there, with another home": "the old home stays, and a new one is made: files are not moved",
}
# What Ignition refuses, and we do: a second apply with another id is a change like any other.
DONE = {"a group that is there, with another id"}


@dataclass(frozen=True, slots=True)
class Both:
    theirs: Path | None
    ours: Path | None


@pytest.fixture
def work() -> Iterator[Path]:
    """Ignition writes the files of a user as that user, who must be able to get there."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o755)
        yield place


def carried_out(name: str, work: Path) -> Both:
    config = {"ignition": {"version": "3.3.0"}, **CASES[name]}
    both = Both(run_ignition(config, work), run_provision(config, work))
    for root in (both.theirs, both.ours):
        if root is not None:
            preset_all(root)
    return both


def differences(both: Both) -> list[str]:
    assert both.theirs is not None
    assert both.ours is not None
    theirs, ours = tree(both.theirs), tree(both.ours)
    names = [name for name in sorted({*theirs, *ours}) if theirs.get(name) != ours.get(name)]
    explained = [name for name in names if any(re.fullmatch(one.paths, name) for one in EXCEPTIONS)]
    return [f"{name}: {theirs.get(name)} / {ours.get(name)}" for name in names if name not in explained]


@pytest.mark.parametrize("name", sorted(CASES.keys() - REFUSED.keys() - OTHERWISE.keys() - DONE))
def test_the_tree_is_the_one_that_ignition_makes(name: str, work: Path) -> None:
    both = carried_out(name, work)

    assert (both.theirs is None) == (both.ours is None)
    if both.theirs is not None:
        assert differences(both) == []
        assert presets(both.theirs, "ignition") == presets(both.ours, "provision")
        assert keys(both.theirs, "authorized_keys.d/ignition") == keys(both.ours, "authorized_keys")


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_would_change_what_others_made_is_refused(name: str, work: Path) -> None:
    both = carried_out(name, work)

    assert both.theirs is not None
    assert both.ours is None


@pytest.mark.parametrize("name", sorted(OTHERWISE))
def test_what_is_said_to_differ_does(name: str, work: Path) -> None:
    assert differences(carried_out(name, work)) != []


@pytest.mark.parametrize("name", sorted(DONE))
def test_what_ignition_refuses_is_done(name: str, work: Path) -> None:
    both = carried_out(name, work)

    assert both.theirs is None
    assert both.ours is not None


def presets(root: Path | None, maker: str) -> list[str]:
    """Lines in any order: Ignition's order is that of a Go map."""
    assert root is not None
    place = root / f"etc/systemd/system-preset/20-{maker}.preset"
    return sorted(place.read_text().splitlines()) if place.exists() else []


def keys(root: Path | None, name: str) -> dict[str, tuple[int, str]]:
    """By home: the owner of the file, and the keys."""
    assert root is not None
    places = [root / "root/.ssh" / name, *(root / "home").glob(f"*/.ssh/{name}")]
    return {
        str(place.relative_to(root)).removesuffix(name): (place.stat().st_uid, place.read_text())
        for place in places
        if place.exists()
    }


def test_instances_are_enabled_by_one_line_after_their_template(work: Path) -> None:
    """The Ignition of Debian asks a running systemd about instances; that line it writes before it fails to."""
    found = units(
        {"name": "e@.service", "contents": SERVICE},
        {"name": "e@b.service", "enabled": True},
        {"name": "e@a.service", "enabled": True},
    )
    config = {"ignition": {"version": "3.3.0"}, **found}

    assert run_ignition(config, work) is None
    ours = run_provision(config, work)

    (theirs,), (line,) = presets(work / "theirs", "ignition"), presets(ours, "provision")
    assert sorted(theirs.split()) == sorted(line.split())
    assert line == "enable e@.service b a"
    preset_all(work / "ours")
    wants = work / "ours/etc/systemd/system/multi-user.target.wants"
    assert sorted(place.name for place in wants.glob("e@*")) == ["e@a.service", "e@b.service"]
