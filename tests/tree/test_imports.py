"""Who may import whom: the arrows of CONTRIBUTING.md, as a test."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
AGENT_DEPENDENCIES = {"jsonschema", "msgspec", "yaml"}
ONLY_FOR_TEMPLATES = {"jinja2"}  # an extra: without it a template is refused, and nothing else
SHARED_BY_SECTIONS = {
    "absent",
    "appended",
    "certificates",
    "claims",
    "data_url",
    "file_contents",
    "hidden",
    "hosts",
    "names",
    "password_hash",
    "places",
    "private_key",
    "ssh_keys",
    "sudo_rules",
    "unit_directives",
    "unit_text",
    "unit_words",
    "urls",
}
BUILT_ON = {"etcd": {"containers"}}  # a member can run in a container, made as any other
SOURCES = [path for package in ("provision", "pxeserver") for path in sorted((ROOT / package).rglob("*.py"))]


def imports(path: Path) -> Iterator[str]:
    """Full names of the modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def importers(package: str, *unwanted: str) -> list[str]:
    """Files below `package` that import something below one of the unwanted names."""
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for name in imports(path)
        if any(name == bad or name.startswith(f"{bad}.") for bad in unwanted)
    ]


def test_the_agent_never_imports_the_server() -> None:
    assert importers("provision", "pxeserver") == []


def test_the_agent_depends_on_little() -> None:
    third_party = {
        name.partition(".")[0]
        for path in (ROOT / "provision").rglob("*.py")
        for name in imports(path)
        if not name.startswith("provision")
    }

    import sys

    assert third_party - set(sys.stdlib_module_names) == AGENT_DEPENDENCIES | ONLY_FOR_TEMPLATES


@pytest.mark.parametrize(
    "package",
    [
        "provision/archive.py",
        "provision/fetch/tftp_download.py",
        "pxeserver/dhcp/packet.py",
        "pxeserver/dhcp/probe_packets.py",
        "pxeserver/ndp/packet.py",
        "pxeserver/tftp/packet.py",
        "pxeserver/tftp/transfer.py",
    ],
)
def test_protocols_are_pure(package: str) -> None:
    names = set(imports(ROOT / package))

    assert names.isdisjoint({"socket", "asyncio", "time", "random", "os"})


def test_the_language_and_the_plan_touch_nothing() -> None:
    assert importers("provision/sections", "os", "socket", "subprocess", "time", "provision.execute") == []
    assert importers("provision/plan", "os", "pathlib", "socket", "subprocess", "time") == []


def test_sections_do_not_know_each_other() -> None:
    sections = ROOT / "provision/sections"
    for path in sections.rglob("*.py"):
        own = path.relative_to(sections).parts[0].removesuffix(".py")  # a section is a file or a folder
        if own in {"__init__", "across"} or own in SHARED_BY_SECTIONS:
            continue
        names = (name for name in imports(path) if name.startswith("provision.sections."))
        others = (
            {name.split(".")[2] for name in names} - {own} - SHARED_BY_SECTIONS - BUILT_ON.get(own, set())
        )
        assert others == set(), f"{path.relative_to(sections)} imports {others}"


def test_programs_are_started_through_one_door() -> None:
    doors = {"provision/execute/command.py"}
    assert {line.split()[0] for line in importers("provision", "subprocess")} == doors


def test_nothing_imports_the_command_line() -> None:
    for package in ("provision", "pxeserver"):
        lines = importers(package, f"{package}.cli", f"{package}.commands")
        assert [
            line
            for line in lines
            if not line.startswith((f"{package}/cli.py", f"{package}/__main__.py", f"{package}/commands/"))
        ] == []


def test_no_file_has_grown_beyond_one_noun() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in SOURCES
        if (lines := len(path.read_text().splitlines())) > 400
    }

    assert long == {}
