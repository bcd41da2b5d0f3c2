"""What the documents say about tables in the code is what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from provision.cli import COMMANDS as PROVISION_COMMANDS
from provision.document import whole_document
from provision.errors import ExitCode
from pxeserver.boot.steps import STEPS, Only
from pxeserver.cli import COMMANDS as PXESERVER_COMMANDS

ROOT = Path(__file__).parents[2]
WHEN = {
    Only.ALWAYS: "",
    Only.DHCP: " (unless DHCP is off)",
    Only.ETCD: " (machines with etcd)",
    Only.FULL_DHCP: " (full DHCP)",
}


def read(name: str) -> str:
    return (ROOT / name).read_text()


def test_the_table_of_boot_steps_is_the_one_in_the_code() -> None:
    rows = [f"| `{step.id}` | {step.reporter.value} | {step.sentence}{WHEN[step.only]} |" for step in STEPS]

    assert "\n".join(rows) in read("docs/booting.md")


def test_every_command_is_in_the_readme() -> None:
    readme = read("README.md")

    missing = [
        name for name in (command.name for command in PROVISION_COMMANDS) if f"provision {name}" not in readme
    ]
    missing += [
        name for name in (command.name for command in PXESERVER_COMMANDS) if f"pxeserver {name}" not in readme
    ]

    assert missing == []


def test_every_section_of_the_language_is_in_the_readme_and_in_the_complete_example() -> None:
    readme, example = read("README.md"), read("examples/configs/complete.yaml")
    sections = [field.name for field in msgspec.structs.fields(whole_document())]

    assert [name for name in sections if f"`{name}`" not in readme] == []
    # What a config is built on is another file: composition.yaml shows it.
    assert [name for name in sections if f"\n{name}:" not in example and name != "include"] == []


def test_every_exit_code_is_in_the_readme() -> None:
    (sentence,) = re.findall(r"Exit codes: [^.]*\.", read("README.md").replace("\n", " "))

    assert [int(number) for number in re.findall(r"\b\d\b", sentence)] == sorted(ExitCode)


def test_links_between_documents_lead_somewhere() -> None:
    for name in (
        "README.md",
        "CONTRIBUTING.md",
        "docs/booting.md",
        "docs/plan-and-status.md",
        "docs/findings.md",
        "docs/formats.md",
    ):
        for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", read(name)):
            assert ((ROOT / name).parent / target).exists(), f"{name}: {target}"
