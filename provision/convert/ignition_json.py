"""A document as an Ignition config, specification 3.3: what `apply` would make, in Ignition's terms.

Sections that Ignition does not have become the files and units they are made of.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from urllib.parse import quote

from msgspec import Struct

from provision.actions import (
    Action,
    AppendText,
    EnableUnit,
    EnsureAuthorizedKeys,
    EnsureDirectory,
    EnsureGroup,
    EnsureKernelArguments,
    EnsureLink,
    EnsureUser,
    MaskUnit,
    RemoteContent,
    RemoveGroup,
    RemoveUser,
    Step,
    WriteFile,
)
from provision.document import Document
from provision.facts import Facts
from provision.findings import Problem, error, place_of
from provision.plan.describe import describe
from provision.plan.order import ordered
from provision.sections import plan_document
from provision.sections.units import PRESET_NAME, UNIT_DIRECTORY

VERSION = "3.3.0"  # what Debian's Ignition 2.14 reads
DROPINS = ".d/"

Config = dict[str, Any]
Kind = TypeVar("Kind")


class Rendered(Struct, frozen=True):
    """The text, with every secret of the config; and what it does not say."""

    text: str
    lost: tuple[Problem, ...]


def render(document: Document, facts: Facts) -> Rendered:
    """Raises ProvisionError when the document needs a fact: Ignition has none."""
    config = _Config()
    lost = tuple(
        error("not-carried", place_of(step.because), f"Ignition cannot say this: {describe(step.action)}")
        for step in ordered(plan_document(document, facts))
        if not config.take(step)
    )
    return Rendered(json.dumps(config.data(), indent=2, ensure_ascii=False) + "\n", lost)


class _Config:
    def __init__(self) -> None:
        self._users: dict[str, Config] = {}
        self._groups: list[Config] = []
        self._files: list[Config] = []
        self._directories: list[Config] = []
        self._links: list[Config] = []
        self._units: dict[str, Config] = {}
        self._arguments: dict[str, list[str]] = {}

    def data(self) -> Config:
        whole: Config = {
            "ignition": {"version": VERSION},
            "passwd": {"users": list(self._users.values()), "groups": self._groups},
            "storage": {"files": self._files, "directories": self._directories, "links": self._links},
            "systemd": {"units": list(self._units.values())},
            "kernelArguments": self._arguments,
        }
        return {key: found for key, value in whole.items() if (found := _without_empty(value))}

    def take(self, step: Step) -> bool:
        """Whether Ignition can say it."""
        for kind, taken in self._kinds():
            if isinstance(step.action, kind):
                return taken(step.action)
        return False

    def _kinds(self) -> Iterator[tuple[type[Action], Callable[[Any], bool]]]:
        yield EnsureUser, self._user
        yield EnsureGroup, self._group
        yield EnsureAuthorizedKeys, self._keys
        yield RemoveUser, self._no_user
        yield RemoveGroup, self._no_group
        yield WriteFile, self._file
        yield AppendText, self._appended
        yield EnsureDirectory, self._directory
        yield EnsureLink, self._link
        yield EnableUnit, self._enabled
        yield MaskUnit, self._masked
        yield EnsureKernelArguments, self._kernel_arguments

    def _user(self, user: EnsureUser) -> bool:
        hashed = user.password_hash.reveal() if user.password_hash else None
        self._users[user.name] = {
            "name": user.name,
            "uid": user.uid,
            "gecos": user.gecos,
            "homeDir": user.home,
            "shell": user.shell,
            "primaryGroup": user.primary_group,
            "groups": list(user.groups),
            "passwordHash": "!" if hashed is None and user.locked else hashed,
            "system": user.system or None,
        }
        return True

    def _group(self, group: EnsureGroup) -> bool:
        self._groups.append({"name": group.name, "gid": group.gid, "system": group.system or None})
        return True

    def _keys(self, keys: EnsureAuthorizedKeys) -> bool:
        self._users.setdefault(keys.user, {"name": keys.user})["sshAuthorizedKeys"] = list(keys.keys)
        return True

    def _no_user(self, user: RemoveUser) -> bool:
        self._users[user.name] = {"name": user.name, "shouldExist": False}
        return True

    def _no_group(self, group: RemoveGroup) -> bool:
        self._groups.append({"name": group.name, "shouldExist": False})
        return True

    def _file(self, file: WriteFile) -> bool:
        name = file.path.removeprefix(f"{UNIT_DIRECTORY}/")
        if file.path.endswith(f"-preset/{PRESET_NAME}"):
            return True  # Ignition makes its own, of what is enabled
        if name != file.path and isinstance(file.content, bytes) and not file.rest and _is_plain(file):
            return self._unit_text(name, file.content)
        made = {"path": file.path, "overwrite": file.overwrite or None, "mode": file.mode}
        rest = [_contents(piece) for piece in file.rest]
        self._files.append(
            {**made, "contents": _contents(file.content), "append": rest or None, **_owners(file)}
        )
        return True

    def _appended(self, file: AppendText) -> bool:
        pieces = [_contents(text) for text in file.texts]
        self._files.append({"path": file.path, "mode": file.mode, "append": pieces, **_owners(file)})
        return True

    def _unit_text(self, name: str, content: bytes) -> bool:
        unit, is_dropin, piece = name.partition(DROPINS)
        if is_dropin:
            self._unit(unit).setdefault("dropins", []).append({"name": piece, "contents": content.decode()})
        else:
            self._unit(unit)["contents"] = content.decode()
        return True

    def _directory(self, directory: EnsureDirectory) -> bool:
        self._directories.append({"path": directory.path, "mode": directory.mode, **_owners(directory)})
        return True

    def _link(self, link: EnsureLink) -> bool:
        self._links.append(
            {"path": link.path, "target": link.target, "hard": link.hard or None, "overwrite": True}
        )
        return True

    def _enabled(self, unit: EnableUnit) -> bool:
        if not unit.user:
            self._unit(unit.name)["enabled"] = unit.enabled
        return not unit.user

    def _masked(self, unit: MaskUnit) -> bool:
        if not unit.user:
            self._unit(unit.name)["mask"] = unit.masked
        return not unit.user

    def _kernel_arguments(self, arguments: EnsureKernelArguments) -> bool:
        """Each place a boot loader may have them is a step; Ignition finds the place by itself."""
        for key, wanted in (("shouldExist", arguments.present), ("shouldNotExist", arguments.absent)):
            known = self._arguments.setdefault(key, [])
            known += [argument for argument in wanted if argument not in known]
        return True

    def _unit(self, name: str) -> Config:
        return self._units.setdefault(name, {"name": name})


def _is_plain(file: WriteFile) -> bool:
    """As Ignition writes units."""
    return (file.mode, file.user, file.group, file.overwrite) == (0o644, "root", "root", True)


def _contents(content: bytes | RemoteContent) -> Config:
    if isinstance(content, bytes):
        return {"source": _data_url(content)}
    made: Config = {"source": content.url, "compression": content.compression}
    if content.digest is not None:
        made["verification"] = {"hash": f"{content.algorithm}-{content.digest}"}
    made["httpHeaders"] = [{"name": name, "value": value.reveal()} for name, value in content.headers]
    return made


def _data_url(content: bytes) -> str:
    """RFC 2397; as text where that is shorter."""
    plain = "data:," + quote(content, safe="")
    packed = "data:;base64," + base64.b64encode(content).decode()
    return min(plain, packed, key=len)


def _owners(node: AppendText | EnsureDirectory | WriteFile) -> Config:
    """Root is what Ignition takes, too."""
    found: Config = {}
    for field, owner in (("user", node.user), ("group", node.group)):
        if owner not in (None, "root", 0):
            found[field] = {"id" if isinstance(owner, int) else "name": owner}
    return found


def _without_empty(value: Any) -> Any:
    """What says nothing is left out; false and an empty text say something."""
    if isinstance(value, dict):
        made = {key: _without_empty(inner) for key, inner in value.items()}
        return {key: inner for key, inner in made.items() if inner is not None and inner not in ([], {})}
    return [_without_empty(item) for item in value] if isinstance(value, list) else value
