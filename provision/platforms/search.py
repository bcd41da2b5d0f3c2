"""Which platform has this machine's config: told by what is seen, waiting a while for drives that come late."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from provision.platforms.contract import Deadline, Identified, Platform
from provision.platforms.observation import Observation

ALLOWED_PATH = "/etc/provision/platforms"
ALLOWED_ARGUMENT = "provision.platforms"
POLL_S = 0.25


class Choice(Struct, frozen=True):
    """The platform and what it was told by."""

    platform: Platform
    identified: Identified


class Allowed(Struct, frozen=True):
    """Names of platforms that the image is for; None: any. `where` says who chose them."""

    names: frozenset[str] | None = None
    where: str = ""
    warnings: tuple[str, ...] = ()

    def permits(self, name: str) -> bool:
        return self.names is None or name in self.names


def allowed(observation: Observation, text: str | None, platforms: Sequence[Platform]) -> Allowed:
    """The kernel command line comes before the image's file: one name a line, `#` begins a comment."""
    argument = observation.argument(ALLOWED_ARGUMENT)
    if argument:
        names, where = [name.strip() for name in argument.split(",")], f"kernel argument {ALLOWED_ARGUMENT}"
    elif text is not None:
        names, where = [line.partition("#")[0].strip() for line in text.splitlines()], ALLOWED_PATH
    else:
        return Allowed()
    wanted = frozenset(name for name in names if name)
    if wanted <= {platform.name for platform in platforms}:
        return Allowed(wanted, where)
    from provision.findings import did_you_mean

    known = sorted({platform.name for platform in platforms})
    warnings = tuple(
        f"{where}: there is no platform {name!r}; {did_you_mean(name, known) or 'known: ' + ', '.join(known)}"
        for name in sorted(wanted - set(known))
    )
    return Allowed(wanted, where, warnings)


def choose(observation: Observation, platforms: Iterable[Platform], permitted: Allowed) -> Choice | None:
    """The first in order that is certain. Pure."""
    for platform in platforms:
        if permitted.permits(platform.name):
            identified = platform.identify(observation)
            if identified is not None:
                return Choice(platform, identified)
    return None


def refused(observation: Observation, platforms: Iterable[Platform], permitted: Allowed) -> tuple[str, ...]:
    """What was seen, and is not looked at because the image is for others."""
    return tuple(
        f"{found.because}, but {permitted.where} does not name {platform.name!r}"
        for platform in platforms
        if not permitted.permits(platform.name) and (found := platform.identify(observation))
    )


def wait_for_choice(
    observe: Callable[[], Observation],
    decide: Callable[[Observation], Choice | None],
    deadline: Deadline,
    say: Callable[[str], None],
) -> tuple[Observation, Choice | None]:
    """What is seen as soon as it tells a platform; after the deadline what is seen then, and None."""
    observation = observe()
    choice = decide(observation)
    if choice is None and deadline.left_s() > 0:
        say(
            f"no config source so far; waiting up to {deadline.left_s():.0f} s for a drive labelled cidata or config-2"
        )
    while choice is None and deadline.left_s() > 0:
        deadline.sleep(min(POLL_S, deadline.left_s()))
        observation = observe()
        choice = decide(observation)
    return observation, choice
