"""The platforms' access to the world, for real: HTTP, drives, programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from provision.errors import SourceError
from provision.execute.command import Programs, run_program
from provision.fetch.limits import Limits
from provision.platforms.contract import Access, Deadline, always
from provision.platforms.drive import mounted
from provision.platforms.observation import Observation

SIZE_LIMIT_BYTES = 16 * 1024 * 1024  # no cloud hands out as much as a megabyte; a boot server may


def access(
    root: Path,
    observation: Observation,
    deadline: Deadline,
    *,
    state: Path,
    say: Callable[[str], None],
    programs: Programs = run_program,
) -> Access:
    """`root` is where files are read, `state` where drives may be mounted."""
    return Access(
        root=root,
        deadline=deadline,
        fetch=_Fetch(deadline, say),
        mounted=partial(mounted, programs=programs, state=state),
        programs=programs,
        say=say,
        interfaces=lambda: interfaces(root),
        observation=observation,
    )


def interfaces(root: Path) -> tuple[str, ...]:
    """Names of the interfaces that are up, without loopback."""
    found = sorted((root / "sys/class/net").glob("*/operstate"))
    return tuple(
        place.parent.name
        for place in found
        if place.parent.name != "lo" and place.read_text().strip() in ("up", "unknown")
    )


def first_mac(root: Path) -> str:
    """The address of the first Ethernet card; empty without one. What is made of others has no `device`."""
    for place in sorted((root / "sys/class/net").glob("*/address")):
        if (place.parent / "device").exists():
            return place.read_text().strip()
    return ""


class _Fetch:
    def __init__(self, deadline: Deadline, say: Callable[[str], None]) -> None:
        self._deadline = deadline
        self._say = say

    def __call__(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        passing: frozenset[int] = frozenset(),
        is_wanted: Callable[[], bool] = always,
    ) -> bytes:
        def say(text: str) -> None:
            if not is_wanted():
                raise SourceError(f"{url} is not wanted any more")
            self._say(text)

        limits = Limits(
            self._deadline.left_s(),
            SIZE_LIMIT_BYTES,
            clock=self._deadline.clock,
            sleep=self._deadline.sleep,
            headers=headers or {},
            method=method,
            passing=passing,
            say=say,
        )
        if url.lower().startswith("tftp:"):
            from provision.fetch import tftp

            return tftp.fetch_within(url, limits)
        from provision.fetch.http import fetch_within

        return fetch_within(url, limits)
