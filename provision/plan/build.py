"""A plan: everything a config asks of a machine, in an order that works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from provision.actions import Step
from provision.facts import Facts
from provision.plan.order import ordered

if TYPE_CHECKING:
    from provision.document import Document


class Plan(Struct, frozen=True):
    steps: tuple[Step, ...]


def plan(document: Document, facts: Facts) -> Plan:
    """Pure: the same document and facts give the same plan, whatever the machine looks like."""
    from provision.sections import plan_document

    return Plan(ordered(plan_document(document, facts)))
