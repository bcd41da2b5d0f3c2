"""What a platform is: how it is told, what it is asked, and what it gives."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

from provision.errors import SourceError
from provision.platforms.observation import Observation

if TYPE_CHECKING:
    from provision.execute.command import Programs
    from provision.sections.network.types import Network


class Identified(Struct, frozen=True):
    """`because` is what was seen. `place` is where to look: a URL, a device, a directory; empty where it is fixed."""

    platform: str
    because: str
    place: str = ""
    type: str = ""  # of the file system on a device
    sha256: str = ""  # what the config must have; empty: not said
    needs_network: bool = False


class Provided(Struct, frozen=True):
    """What a platform gives; None and empty: it does not say.

    `user_data` is secret: it may hold anything. `is_redacted`: it was there, and was taken away once it was applied.
    """

    user_data: bytes | None = None
    file: str = "user-data"  # the name that findings show
    instance_id: str | None = None
    hostname: str | None = None
    ssh_keys: tuple[str, ...] = ()
    network: Network | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    is_redacted: bool = False

    def __repr__(self) -> str:
        return f"Provided({self.file!r}, instance_id={self.instance_id!r}, hostname={self.hostname!r})"


class Deadline(Struct, frozen=True):
    """When the whole search ends, on a monotonic clock: each question gets what is left."""

    ends: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def left_s(self) -> float:
        return max(0.0, self.ends - self.clock())


def always() -> bool:
    return True


class Fetch(Protocol):
    """The body of a 200 answer before the deadline; AnswerError for another status, SourceError for no answer.

    `passing` are statuses that are to be waited out, beside those of a busy server. It is not asked again, and nothing
    is said, once the answer is not wanted any more.
    """

    def __call__(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        passing: frozenset[int] = frozenset(),
        is_wanted: Callable[[], bool] = always,
    ) -> bytes: ...


class Access(Struct, frozen=True):
    """All that reading a platform may do, as functions; tests give plain ones.

    `mounted` gives the files of a device of a type, read-only. `interfaces` are names of those that are up, for
    addresses that mean something on one of them only.
    """

    root: Path
    deadline: Deadline
    fetch: Fetch
    mounted: Callable[[str, str], AbstractContextManager[Path]]
    programs: Programs
    say: Callable[[str], None]
    interfaces: Callable[[], tuple[str, ...]]
    observation: Observation

    def file(self, path: str) -> Path:
        return self.root / path.lstrip("/")


class Platform(Struct, frozen=True):
    """`identify` is pure and answers None unless it is certain; `read` is asked only what was identified.

    `read` raises SourceError. `redact` takes away what `read` gave, where a platform allows that: others on the
    machine could read it there too. `paths` are files that say something by being there. `is_hypervisor`: the config
    may also be on a drive that it hands out, which may not be there yet.
    """

    name: str
    title: str
    identify: Callable[[Observation], Identified | None]
    read: Callable[[Identified, Access], Provided]
    redact: Callable[[Access], None] | None = None
    paths: tuple[str, ...] = ()
    is_hypervisor: bool = False


def names_platform(observation: Observation, *names: str) -> bool:
    """Whether the image says on its kernel command line what it was made for, as CoreOS's images did."""
    said = ("provision.platform", "ignition.platform.id", "coreos.oem.id", "flatcar.oem.id")
    return any(observation.argument(argument) in names for argument in said)


def read_optional(path: Path, *, limit_bytes: int = 16 * 1024 * 1024) -> bytes | None:
    """None when there is no such file; SourceError when it is too large or cannot be read."""
    try:
        with path.open("rb") as stream:
            data = stream.read(limit_bytes + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}", hint="is the drive damaged?") from error
    if len(data) > limit_bytes:
        raise SourceError(f"{path} is larger than {limit_bytes} bytes", hint="put large content elsewhere")
    return data
