"""Reads a data directory into an index, or into findings with file, line and column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic

from provision.findings import Finding, Severity, has_errors
from pxeserver.inventory.assemble import Entry, Item, assemble
from pxeserver.inventory.entries import group_entry, machine_entry, profile_entry
from pxeserver.inventory.model import ConfigTemplate, Index

FOLDERS = ("configs", "groups", "machines", "profiles")
_SUFFIX = ".yaml"

_Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Inventory:
    """`index` is None when there are errors: half an inventory would boot the wrong things."""

    index: Index | None
    findings: tuple[Finding, ...]


def read_inventory(folder: Path) -> Inventory:
    """The inventory in `folder`; files are named in findings as `folder` is spelled."""
    return InventoryReader(folder).read()


class InventoryReader:
    """Reads a data directory again and again; a file that has not changed is not parsed again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._profiles = _Folder(folder / "profiles", profile_entry)
        self._groups = _Folder(folder / "groups", group_entry)
        self._machines = _Folder(folder / "machines", machine_entry)

    def read(self) -> Inventory:
        if not self._folder.is_dir():
            return Inventory(None, (_file_finding(self._folder, "no such directory"),))
        findings: list[Finding] = []
        profiles = self._profiles.read(findings)
        groups = self._groups.read(findings)
        machines = self._machines.read(findings)
        configs = _read_configs(self._folder / "configs", findings)
        index, problems = assemble(profiles, groups, machines, configs)
        entries: tuple[Entry[Any], ...] = (*profiles, *groups, *machines)
        for entry in entries:
            findings += entry.written.all_findings((*entry.problems, *problems.get(entry.written.file, ())))
        ordered = tuple(sorted(findings, key=lambda finding: (finding.file, finding.line, finding.column)))
        return Inventory(None if has_errors(ordered) else index, ordered)


@dataclass(slots=True)
class _Folder(Generic[Item]):
    """The files of one folder, kept with the stamps they had when they were read."""

    folder: Path
    entry: Callable[[str, bytes], Entry[Item]]
    kept: dict[Path, tuple[_Stamp, Entry[Item]]] = field(default_factory=dict)

    def read(self, findings: list[Finding]) -> list[Entry[Item]]:
        before, self.kept = self.kept, {}
        for path in _files(self.folder, findings):
            try:
                stamp = _stamp(path)
                known = before.get(path)
                same = known is not None and known[0] == stamp
                self.kept[path] = (
                    known if known is not None and same else (stamp, self.entry(str(path), path.read_bytes()))
                )
            except OSError as problem:
                findings.append(_file_finding(path, problem.strerror or str(problem)))
        return [entry for _, entry in self.kept.values()]


def _stamp(path: Path) -> _Stamp:
    """An editor replaces a file by another one; what is written in place has another time."""
    status = path.stat()
    return status.st_ino, status.st_mtime_ns, status.st_size


def _read_configs(folder: Path, findings: list[Finding]) -> dict[str, ConfigTemplate]:
    configs = {}
    for path in _files(folder, findings, suffix=None):
        try:
            configs[path.name] = ConfigTemplate(str(path), path.read_bytes().decode())
        except OSError as problem:
            findings.append(_file_finding(path, problem.strerror or str(problem)))
        except UnicodeDecodeError as problem:
            findings.append(_file_finding(path, f"not UTF-8: {problem.reason} at byte {problem.start}"))
    return configs


def _files(folder: Path, findings: list[Finding], suffix: str | None = _SUFFIX) -> list[Path]:
    """The files of a folder, or those of one kind. A file that would be passed over by its name is reported."""
    if not folder.is_dir():
        return []
    paths = sorted(path for path in folder.iterdir() if not path.name.startswith(".") and path.is_file())
    if suffix is None:
        return paths
    findings += [
        _file_finding(path, "the name ends in .yml; write .yaml") for path in paths if path.suffix == ".yml"
    ]
    return [path for path in paths if path.suffix == suffix]


def _file_finding(path: Path, message: str) -> Finding:
    return Finding(
        severity=Severity.ERROR,
        code="unreadable",
        path="",
        file=str(path),
        line=1,
        column=1,
        message=message,
    )
