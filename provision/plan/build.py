"""A plan: everything a config asks of a machine, in an order that works."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct, field

from provision.actions import Origin, Step
from provision.errors import ProvisionError
from provision.facts import Facts
from provision.plan.order import ordered

if TYPE_CHECKING:
    from provision.document import Document


class Plan(Struct, frozen=True):
    """`origins`: where the user wrote what asks for a step, by its config path."""

    steps: tuple[Step, ...]
    origins: Mapping[str, Origin] = field(default_factory=dict)

    def shown(self, because: str | None) -> str | None:
        """The config path as users know it: in the words of the format that they wrote."""
        origin = self.origins.get(because or "")
        return origin.path if origin is not None and origin.path is not None else because


@contextmanager
def in_own_words(plan: Plan) -> Iterator[None]:
    """Errors name the config path as users know it."""
    try:
        yield
    except ProvisionError as error:
        error.path = plan.shown(error.path)
        raise


def plan(document: Document, facts: Facts, origin: Callable[[str], Origin | None] = lambda _: None) -> Plan:
    """Pure: the same document and facts give the same plan, whatever the machine looks like."""
    from provision.sections import plan_document

    steps = ordered(plan_document(document, facts))
    found = {step.because: origin(step.because) for step in steps}
    return Plan(steps, {because: place for because, place in found.items() if place})
