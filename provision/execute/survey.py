"""What an apply would do to a machine, found by reading only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby

from msgspec import Struct

from provision.actions import EnsureLink, Origin, Step, WriteFile
from provision.errors import ProvisionError
from provision.execute.difference import NOT_KNOWN, Difference, Kind
from provision.execute.handlers import handler_of
from provision.execute.journal import Thing
from provision.execute.machine import ActionError, Machine
from provision.execute.ownership import leaving, thing_of
from provision.execute.trees import unpacked
from provision.plan.build import Plan


class StepError(ProvisionError):
    """A step could not be probed or performed; `path` is the config path that asked for it."""

    def __init__(self, error: ProvisionError, step: Step) -> None:
        super().__init__(error.message, path=error.path or step.because, hint=error.hint)
        self.step = step


class Change(Struct, frozen=True):
    """`because` is None when something is removed that no config asks for any more."""

    because: str | None
    difference: Difference
    origin: Origin | None = None

    @property
    def path(self) -> str | None:
        """As users know it."""
        return self.origin.path if self.origin is not None and self.origin.path is not None else self.because


class Survey(Struct, frozen=True):
    """`changes` in the order in which an apply would make them; `differing` steps and `going` things ask for them.

    `plan` is the one that was asked about, with its trees unpacked.
    """

    plan: Plan
    changes: tuple[Change, ...]
    differing: tuple[Step, ...]
    going: tuple[Thing, ...]


def survey(plan: Plan, machine: Machine, owned: frozenset[Thing]) -> Survey:
    plan = unpacked(plan, machine.target, machine.contents)
    refuse_foreign(machine, careful_steps(plan), owned)
    removals = leaving(machine, owned, plan.steps).removals
    found = zip(plan.steps, probe_steps(machine, plan.steps), strict=True)
    differing = [(step, difference) for step, difference in found if difference]
    removed = [Change(None, removal.difference) for removal in removals]
    changed = [Change(step.because, found, plan.origins.get(step.because)) for step, found in differing]
    return Survey(
        plan,
        changes=(*removed, *changed),
        differing=tuple(step for step, _ in differing),
        going=tuple(removal.thing for removal in removals),
    )


def careful_steps(plan: Plan) -> list[Step]:
    """Those that replace only what an earlier apply made."""
    return [
        step
        for step in plan.steps
        if isinstance(step.action, (WriteFile, EnsureLink)) and step.action.overwrite == "own"
    ]


def refuse_foreign(machine: Machine, careful: Sequence[Step], owned: frozenset[Thing]) -> None:
    """StepError when somebody else made what is there, and it is not as asked for."""
    for step, difference in zip(careful, probe_steps(machine, careful), strict=True):
        if difference is None or difference.kind is Kind.CREATE or thing_of(step) in owned:
            continue
        if any(not line.startswith(NOT_KNOWN) for line in difference.lines):
            hint = "remove it, or write `overwrite: true`"
            raise StepError(ProvisionError(f"{difference.summary} is there already", hint=hint), step)


def batches(steps: Sequence[Step]) -> Iterator[tuple[Step, ...]]:
    """Neighbours with one type of action, which one handler takes together."""
    for _, batch in groupby(steps, key=lambda step: type(step.action)):
        yield tuple(batch)


def probe_steps(machine: Machine, steps: Sequence[Step]) -> list[Difference | None]:
    found: list[Difference | None] = []
    for batch in batches(steps):
        machine.target.look_anew()
        with blaming(batch):
            found += handler_of(batch[0].action).probe(machine, [step.action for step in batch])
    return found


@contextmanager
def blaming(batch: Sequence[Step]) -> Iterator[None]:
    """Failures inside become those of the step at fault; of the first, when the whole batch failed as one."""
    try:
        yield
    except ActionError as error:
        raise StepError(error, next(step for step in batch if step.action is error.action)) from error
    except StepError:
        raise
    except ProvisionError as error:
        raise StepError(error, batch[0]) from error
