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
    """A plan may be made without privileges: what it cannot see is shown as such, and not as being right."""
    found: list[Difference | None] = []
    for action in actions:
        try:
            found.append(look(action))
        except PermissionError:
            found.append(changed(describe(action), [f"{NOT_KNOWN}only root may look at it"]))
        except (ProvisionError, OSError) as error:
            raise _blamed(error, action, f"look at {describe(action)}") from error
    return found


@contextmanager
def during(action: Action, doing: str) -> Iterator[None]:
    """Failures inside are this action's; `doing` is e.g. `write file /etc/motd`."""
    try:
        yield
    except ActionError:
        raise
    except (ProvisionError, OSError) as error:
        raise _blamed(error, action, doing) from error


def _blamed(error: ProvisionError | OSError, action: Action, doing: str) -> ActionError:
    return ActionError(error if isinstance(error, ProvisionError) else refusal(doing, error), action)
