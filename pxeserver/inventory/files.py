"""Reads a data directory into an index, or into findings with file, line and column."""

from __future__ import annotations

import os
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
            return Inventory(None, (_file_finding(str(self._folder), "no such directory"),))
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
    kept: dict[str, tuple[_Stamp, Entry[Item]]] = field(default_factory=dict)

    def read(self, findings: list[Finding]) -> list[Entry[Item]]:
        before, self.kept = self.kept, {}
        for file in _files(self.folder, findings):
            if file.name.endswith(".yml"):
                findings.append(_file_finding(file.path, "the name ends in .yml; write .yaml"))
            if not file.name.endswith(_SUFFIX):
                continue
            try:
                stamp = _stamp(file)
                known = before.get(file.path)
                if known is None or known[0] != stamp:
                    known = stamp, self.entry(file.path, Path(file.path).read_bytes())
                self.kept[file.path] = known
            except OSError as problem:
                findings.append(_file_finding(file.path, problem.strerror or str(problem)))
        return [entry for _, entry in self.kept.values()]


def _stamp(file: os.DirEntry[str]) -> _Stamp:
    """An editor replaces a file by another one; what is written in place has another time."""
    status = file.stat()
    return status.st_ino, status.st_mtime_ns, status.st_size


def _read_configs(folder: Path, findings: list[Finding]) -> dict[str, ConfigTemplate]:
    configs = {}
    for file in _files(folder, findings):
        try:
            configs[file.name] = ConfigTemplate(file.path, Path(file.path).read_bytes().decode())
        except OSError as problem:
            findings.append(_file_finding(file.path, problem.strerror or str(problem)))
        except UnicodeDecodeError as problem:
            message = f"not UTF-8: {problem.reason} at byte {problem.start}"
            findings.append(_file_finding(file.path, message))
    return configs


def _files(folder: Path, findings: list[Finding]) -> list[os.DirEntry[str]]:
    """The files of a folder by name, without those that editors and git hide."""
    try:
        with os.scandir(folder) as found:
            files = [file for file in found if not file.name.startswith(".") and file.is_file()]
    except FileNotFoundError:  # each folder may be left out
        return []
    except OSError as problem:
        findings.append(_file_finding(str(folder), problem.strerror or str(problem)))
        return []
    return sorted(files, key=lambda file: file.name)


def _file_finding(path: str, message: str) -> Finding:
    return Finding(
        severity=Severity.ERROR,
        code="unreadable",
        path="",
        file=path,
        line=1,
        column=1,
        message=message,
    )
