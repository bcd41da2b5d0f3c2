"""Finds the platform of this machine and reads it: what `search` decides, carried out."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from msgspec import Struct, structs

from provision.errors import SourceError
from provision.execute.command import Programs, run_program
from provision.platforms.access import access, first_mac
from provision.platforms.contract import Access, Deadline, Identified, Platform, Provided, read_optional
from provision.platforms.observation import Observation
from provision.platforms.observe import observe
from provision.platforms.pxe import source
from provision.platforms.registry import PLATFORMS
from provision.platforms.search import (
    ALLOWED_PATH,
    Allowed,
    Choice,
    allowed,
    choose,
    refused,
    wait_for_choice,
)
from provision.platforms.source import Source

PEEK_DEADLINE_S = 10.0
REDACTION_DEADLINE_S = 10.0
DRIVES = frozenset({"config-drive", "nocloud"})
PATHS = tuple(path for platform in PLATFORMS for path in platform.paths)


class Found(Struct, frozen=True):
    """A platform that this machine is on for certain."""

    platform: Platform
    identified: Identified
    observation: Observation
    root: Path
    reach: Callable[[Observation, Deadline], Access]

    def read(self, deadline_s: float) -> Provided:
        return self.platform.read(self.identified, self._access(deadline_s))

    def redact(self) -> None:
        if self.platform.redact is not None:
            self.platform.redact(self._access(REDACTION_DEADLINE_S))

    def source(self) -> Source:
        made = source(self.observation, self.identified.place, self.identified.platform)
        return made if made.machine else structs.replace(made, machine=first_mac(self.root))

    def _access(self, deadline_s: float) -> Access:
        return self.reach(self.observation, Deadline(time.monotonic() + deadline_s))


class Finder:
    """`find` may be asked again: drives come and go."""

    def __init__(
        self, root: Path, state: Path, *, say: Callable[[str], None], programs: Programs = run_program
    ) -> None:
        self._root = root
        self._say = say
        self._reach = partial(access, root, state=state, say=say, programs=programs)
        self._observation = Observation()
        self._permitted = Allowed()

    def find(self, *, wait_s: float) -> Found | None:
        """None when nothing is certain, also not after waiting for drives."""
        observation = self._observe()
        text = read_optional(self._root / ALLOWED_PATH.lstrip("/"))
        self._permitted = allowed(
            observation, None if text is None else text.decode("utf-8", "replace"), PLATFORMS
        )
        for warning in self._permitted.warnings:
            self._say(warning)
        takes_drives = any(self._permitted.permits(name) for name in DRIVES)
        deadline = Deadline(time.monotonic() + (wait_s if takes_drives else 0.0))
        hypervisor = self._hypervisor(observation)
        if hypervisor is not None and self._has_config(hypervisor):
            return self._told(hypervisor)
        self._observation, choice = wait_for_choice(self._observe, self._choose, deadline, self._say)
        return self._told(hypervisor if choice is None else self._found(choice))

    def _hypervisor(self, observation: Observation) -> Found | None:
        """The one that the machine is on, when nothing that is certain comes before it."""
        choice = choose(observation, PLATFORMS, self._permitted)
        self._observation = observation
        return self._found(choice) if choice is not None and choice.platform.is_hypervisor else None

    def _has_config(self, found: Found) -> bool:
        try:
            return found.read(PEEK_DEADLINE_S).user_data is not None
        except SourceError as error:  # its tools may be missing because its images bring a disc
            self._say(f"{found.platform.name}: {error}")
            return False

    def _found(self, choice: Choice) -> Found:
        return Found(choice.platform, choice.identified, self._observation, self._root, self._reach)

    def _told(self, found: Found | None) -> Found | None:
        if found is not None:
            self._say(f"config source {found.platform.name}: {found.identified.because}")
        return found

    def reason(self) -> str:
        """Why nothing was found, for a person."""
        seen = refused(self._observation, PLATFORMS, self._permitted)
        if seen:
            return "; ".join(seen)
        return "neither firmware, drives, files nor the kernel command line (provision.config=URL) name one"

    def _observe(self) -> Observation:
        return observe(self._root, PATHS)

    def _choose(self, observation: Observation) -> Choice | None:
        """Without hypervisors: their drives may still come."""
        certain = (platform for platform in PLATFORMS if not platform.is_hypervisor)
        return choose(observation, certain, self._permitted)
