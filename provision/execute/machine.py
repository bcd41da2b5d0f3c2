"""What a handler works on, and how it says which of its actions failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Generic, TypeVar

from msgspec import Struct, field

from provision.actions import Action, RemoteContent
from provision.errors import ProvisionError
from provision.execute.command import Programs, run_program
from provision.execute.difference import NOT_KNOWN, Difference, changed
from provision.execute.refusals import refusal
from provision.execute.target import Target
from provision.plan.describe import describe

A = TypeVar("A", bound=Action)


class Machine(Struct, frozen=True):
    """`contents` holds the remote contents that were fetched and verified."""

    target: Target
    contents: Mapping[RemoteContent, bytes] = field(default_factory=dict)
    programs: Programs = run_program


class Handler(Struct, Generic[A], frozen=True):
    """For one type of action: `probe` only reads, `perform` is given those that differ. Both take a batch."""

    action: type[A]
    probe: Callable[[Machine, Sequence[A]], list[Difference | None]]
    perform: Callable[[Machine, Sequence[A]], None]


class ActionError(ProvisionError):
    """One action of a batch failed."""

    def __init__(self, error: ProvisionError, action: Action) -> None:
        super().__init__(error.message, path=error.path, hint=error.hint)
        self.action = action


def probe_each(actions: Sequence[A], look: Callable[[A], Difference | None]) -> list[Difference | None]:
    found = []
    for action in actions:
        with during(action, f"look at {describe(action)}"):
            found.append(_look_as_allowed(action, look))
    return found


def _look_as_allowed(action: A, look: Callable[[A], Difference | None]) -> Difference | None:
    """A plan may be made without privileges: what it cannot see is shown as such, and not as being right."""
    try:
        return look(action)
    except PermissionError:
        return changed(describe(action), [f"{NOT_KNOWN}only root may look at it"])


@contextmanager
def during(action: Action, doing: str) -> Iterator[None]:
    """Failures inside are this action's; `doing` is e.g. `write file /etc/motd`."""
    try:
        yield
    except ActionError:
        raise
    except ProvisionError as error:
        raise ActionError(error, action) from error
    except OSError as error:
        raise ActionError(refusal(doing, error), action) from error
