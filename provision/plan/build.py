"""A plan: everything a config asks of a machine, in an order that works."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field

from provision.actions import Origin, Step
from provision.facts import Facts
from provision.plan.order import ordered

if TYPE_CHECKING:
    from provision.document import Document


class Plan(Struct, frozen=True):
    """`origins`: where the user wrote what asks for a step, by its config path."""

    steps: tuple[Step, ...]
    origins: Mapping[str, Origin] = field(default_factory=dict)


def plan(document: Document, facts: Facts, origin: Callable[[str], Origin | None] = lambda _: None) -> Plan:
    """Pure: the same document and facts give the same plan, whatever the machine looks like."""
    from provision.sections import plan_document

    steps = ordered(plan_document(document, facts))
    found = {step.because: origin(step.because) for step in steps}
    return Plan(steps, {because: place for because, place in found.items() if place})
