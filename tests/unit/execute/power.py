"""Power that fails after a given number of changes to the file system."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from provision.execute.syncfs import syncfs
from provision.execute.target import straight

P = ParamSpec("P")
T = TypeVar("T")


class PowerCut(Exception):
    """The machine is gone."""


class FailingPower:
    """Lets some changes through, then fails: a write that is cut gets half of its bytes out."""

    def __init__(self, changes_left: int) -> None:
        self.changes_left = changes_left

    def __call__(self, change: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        if self.changes_left == 0:
            if cast(object, change) is os.write:
                fd, data = cast(tuple[int, memoryview], args)
                os.write(fd, data[: len(data) // 2])
            raise PowerCut
        self.changes_left -= 1
        return without_waiting(change, *args, **kwargs)


def without_waiting(change: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """The disk of a test need not turn."""
    return cast(T, None) if cast(object, change) is syncfs else straight(change, *args, **kwargs)
