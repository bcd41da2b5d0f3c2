"""Reads a data directory into an index, or into findings with file, line and column."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from pathlib import Path

from provision.findings import Finding, Severity
from pxeserver.discovery.registry import MAX_SIZE, MIN_SIZE
from pxeserver.inventory.assemble import Entry, Item, assemble
from pxeserver.inventory.boot_fields import read_boot_mode, read_loader
from pxeserver.inventory.model import (
    SELECTOR_LABELS,
    ConfigTemplate,
    Group,
    Index,
    Machine,
    Profile,
    normal_mac,
)
from pxeserver.inventory.yamlfile import Source, Table, read_table

FOLDERS = ("configs", "groups", "machines", "profiles")
_SUFFIX = ".yaml"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOSTNAME = re.compile(rf"{_LABEL}(\.{_LABEL})*")  # RFC 1123 section 2.1


@dataclass(frozen=True, slots=True)
class Inventory:
    """`index` is None when there are findings: half an inventory would boot the wrong things."""

    index: Index | None
    findings: tuple[Finding, ...]


def read_inventory(folder: Path) -> Inventory:
    """The inventory in `folder`; files are named in findings as `folder` is spelled."""
    if not folder.is_dir():
        return Inventory(None, (_file_finding(folder, "no such directory"),))
    findings: list[Finding] = []
    profiles = _read_folder(folder / "profiles", read_profile, findings)
    groups = _read_folder(folder / "groups", read_group, findings)
    machines = _read_folder(folder / "machines", read_machine, findings)
    configs = _read_configs(folder / "configs", findings)
    index = assemble(profiles, groups, machines, configs)
    # assemble reports into the sources of the entries, so they are collected after it.
    findings += [f for entries in (profiles, groups, machines) for entry in entries for f in entry.findings]
    ordered = tuple(sorted(findings, key=lambda finding: (finding.file, finding.line, finding.column)))
    return Inventory(None if ordered else index, ordered)


def read_profile(name: str, table: Table) -> Profile:
    profile = Profile(
        name=name,
        file=table.file,
        image=table.required_text("image"),
        config=table.required_text("config"),
        kernel_args=table.texts("kernel_args"),
        vars=table.variables("vars"),
        loader=read_loader(table),
    )
    table.finish()
    return profile


def read_group(name: str, table: Table) -> Group:
    group = Group(
        name=name,
        file=table.file,
        profile=table.required_text("profile"),
        selector=_selector(table),
        etcd_size=_etcd_size(table),
        vars=table.variables("vars"),
        boot=read_boot_mode(table),
    )
    table.finish()
    return group


def read_machine(name: str, table: Table) -> Machine:
    machine = Machine(
        name=name,
        file=table.file,
        mac=_mac(table),
        hostname=_hostname(table, name),
        address=_address(table),
        group=table.text("group"),
        vars=table.variables("vars"),
        boot=read_boot_mode(table),
    )
    table.finish()
    return machine


def _read_folder(
    folder: Path, read: Callable[[str, Table], Item], findings: list[Finding]
) -> list[Entry[Item]]:
    entries = []
    for path in _files(folder, findings):
        data = _bytes(path, findings)
        if data is None:
            continue
        source = Source(str(path), data)
        table = read_table(source, data)
        if table is None:
            findings += source.findings
            continue
        entries.append(Entry(read(path.stem, table), table, source.findings))
    return entries


def _read_configs(folder: Path, findings: list[Finding]) -> dict[str, ConfigTemplate]:
    configs = {}
    for path in _files(folder, findings):
        data = _bytes(path, findings)
        if data is None:
            continue
        try:
            configs[path.name] = ConfigTemplate(str(path), data.decode())
        except UnicodeDecodeError as problem:
            findings.append(_file_finding(path, f"not UTF-8: {problem.reason} at byte {problem.start}"))
    return configs


def _files(folder: Path, findings: list[Finding]) -> list[Path]:
    """The YAML files of a folder. A file that would be passed over by its name is reported instead."""
    if not folder.is_dir():
        return []
    paths = sorted(path for path in folder.iterdir() if not path.name.startswith(".") and path.is_file())
    findings += [
        _file_finding(path, "the name ends in .yml; write .yaml") for path in paths if path.suffix == ".yml"
    ]
    return [path for path in paths if path.suffix == _SUFFIX]


def _bytes(path: Path, findings: list[Finding]) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError as problem:
        findings.append(_file_finding(path, problem.strerror or str(problem)))
        return None


def _selector(table: Table) -> tuple[tuple[str, str], ...]:
    inner = table.table("selector")
    if inner is None:
        return ()
    pairs = []
    for label in SELECTOR_LABELS:
        value = inner.text(label)
        if value is None:
            continue
        if not value:
            inner.report("wrong-value", label, "empty", hint="machines that do not say it would match")
        if label == "mac":
            value = normal_mac(value) or _wrong_mac(inner, "mac", value)
        pairs.append((label, value.lower() if label == "uuid" else value))
    inner.finish()
    if not pairs and inner.is_valid:
        table.report("wrong-value", "selector", "empty", hint="leave it out to select every machine")
    return tuple(pairs)


def _etcd_size(table: Table) -> int | None:
    inner = table.table("etcd")
    if inner is None:
        return None
    if not inner.has("size"):
        inner.report("missing-key", None, "'size' is missing")
    size = inner.number("size", least=MIN_SIZE, most=MAX_SIZE)
    inner.finish()
    return size


def _mac(table: Table) -> str:
    text = table.text("mac", required=True)
    if text is None:
        return ""
    return normal_mac(text) or _wrong_mac(table, "mac", text)


def _wrong_mac(table: Table, key: str, text: str) -> str:
    table.report("wrong-value", key, f"{text!r} is not a MAC address", hint="like 52:54:00:12:34:56")
    return ""


def _hostname(table: Table, name: str) -> str:
    hostname = table.text("hostname")
    if hostname is not None and not _HOSTNAME.fullmatch(hostname):
        table.report("wrong-value", "hostname", f"{hostname!r} is not a host name (RFC 1123)")
    elif hostname is None and not _HOSTNAME.fullmatch(name):
        table.report("missing-key", None, f"{name!r} is no host name; add 'hostname'")
    return hostname or name


def _address(table: Table) -> IPv4Address | None:
    text = table.text("address")
    if text is None:
        return None
    try:
        return IPv4Address(text)
    except AddressValueError:
        hint = "without a prefix length" if "/" in text else "like 10.77.0.11"
        table.report("wrong-value", "address", f"{text!r} is not an IPv4 address", hint=hint)
        return None


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
