"""Who owns a file or directory."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from provision.findings import Place, error
from provision.formats.draft import Draft, Entry


class Owner(Struct, frozen=True, kw_only=True):
    id: int | None = None
    name: str | None = None


class Owned(Protocol):
    @property
    def user(self) -> Owner | None: ...
    @property
    def group(self) -> Owner | None: ...


def put_owner(node: Owned, made: Entry, place: Place, draft: Draft) -> None:
    for field, owner in (("user", node.user), ("group", node.group)):
        if owner is None:
            continue
        if owner.id is not None and owner.name is not None:
            message = "id and name exclude each other"
            draft.report(error("owner-twice", (*place, field), message, "remove one of the two"))
        name = "id" if owner.name is None else "name"
        made.put(field, owner.id if owner.name is None else owner.name, (*place, field, name))
