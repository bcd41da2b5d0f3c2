"""Section `containers`: one description of a container, run by whichever engine is named."""

from __future__ import annotations

from collections.abc import Iterator

from provision.actions import Step
from provision.facts import Facts
from provision.findings import Place, Problem
from provision.sections.claims import Claim
from provision.sections.containers.checks import check_container
from provision.sections.containers.paths import paths
from provision.sections.containers.together import check_together
from provision.sections.containers.types import Container

__all__ = ["Container", "check", "claims", "plan"]


def check(containers: tuple[Container, ...], place: Place) -> Iterator[Problem]:
    for index, container in enumerate(containers):
        yield from check_container(container, (*place, index))
    yield from check_together(containers, place)


def claims(containers: tuple[Container, ...], place: Place) -> Iterator[Claim]:
    names: set[str] = set()
    for index, container in enumerate(containers):
        if container.name not in names:  # a name twice is reported above
            for path in paths(container):
                yield Claim(path, (*place, index, "name"))
        names.add(container.name)


def plan(containers: tuple[Container, ...], facts: Facts) -> Iterator[Step]:
    # Not at the top: who only validates needs none of the engines.
    from provision.sections.containers.planning import plan_containers

    return plan_containers(containers, facts)
