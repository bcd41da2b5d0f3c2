"""One handler for each type of action."""

from __future__ import annotations

from typing import Any

from provision.execute.handlers import (
    appends,
    blocks,
    directories,
    files,
    groups,
    kernel_arguments,
    keys,
    links,
    removals,
    units,
    users,
)
from provision.execute.machine import Handler

# Any: a row's own type parameter is known only to the row.
HANDLERS: tuple[Handler[Any], ...] = (
    appends.HANDLER,
    blocks.HANDLER,
    directories.HANDLER,
    files.HANDLER,
    groups.HANDLER,
    groups.REMOVE,
    kernel_arguments.HANDLER,
    keys.HANDLER,
    links.HANDLER,
    removals.HANDLER,
    units.ENABLE,
    units.MASK,
    users.HANDLER,
    users.REMOVE,
)


def handler_of(action: object) -> Handler[Any]:
    return next(handler for handler in HANDLERS if handler.action is type(action))
