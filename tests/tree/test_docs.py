"""What the documents say about tables in the code is what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from provision.cli import COMMANDS as PROVISION_COMMANDS
from provision.document import whole_document
from provision.errors import ExitCode
from provision.formats import FORMATS
from provision.platforms.registry import PLATFORMS
from pxeserver.boot.architectures import ARCHITECTURES, Loader
from pxeserver.boot.policy import BootMode
from pxeserver.boot.steps import STEPS, Only
from pxeserver.cli import COMMANDS as PXESERVER_COMMANDS
from pxeserver.inventory.shapes import Selector
from pxeserver.metrics import Metrics
from tests.boot_answers import documented

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


def test_the_table_of_architectures_is_the_one_in_the_code() -> None:
    def files(name: str | None) -> str:
        return f"`{name}` " if name else ""

    rows = [
        f"| {row.code} | {row.name} | `{row.ipxe}` | {files(row.grub)}| {files(row.shim)}| "
        f"{row.quirk + ' ' if row.quirk else ''}| {row.source} |"
        for row in ARCHITECTURES
    ]

    assert "\n".join(rows) in read("docs/your-network.md")


def test_the_table_of_what_firmware_is_told_is_what_the_code_tells_it() -> None:
    rows = [documented(row.code) for row in ARCHITECTURES]

    assert "\n".join(rows) in read("docs/your-network.md")


def test_every_way_to_boot_is_in_the_documents() -> None:
    page = read("docs/your-network.md")

    assert [mode for mode in BootMode if f"| `{mode}` |" not in page] == []
    assert [loader for loader in Loader if f"`{loader}`" not in page] == []


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


def test_every_platform_is_in_the_readme_with_tests_that_are_about_it() -> None:
    section = read("README.md").partition("## Where a machine's config is")[2].partition("\n## ")[0]
    rows = [re.split(r" *\| *", line.strip("| ")) for line in section.splitlines() if line.startswith("| `")]

    assert [row[0].strip("`") for row in rows] == list(dict.fromkeys(platform.name for platform in PLATFORMS))
    for name, *_, tests in rows:
        linked = re.findall(r"\]\((tests/[^)]+)\)", tests)
        about = [path for path in linked if name.strip("`") in read(path).lower()]
        assert linked
        assert about == linked, f"{name}: not about it: {set(linked) - set(about)}"


def test_every_format_is_in_the_readme_with_tests_that_are_about_it() -> None:
    section = read("README.md").partition("\n| format |")[2].partition("\n\n")[0]
    rows = [re.split(r" *\| *", line.strip("| ")) for line in section.splitlines() if line.startswith("| `")]
    own_ways = (
        "native",
        "script-per-boot",
        "unread",
    )  # the language itself, a part of MIME, and what is refused

    names = [name for first, *_ in rows for name in re.findall(r"`([a-z0-9-]+)`", first)]
    assert sorted(names) == sorted(one.name for one in FORMATS if one.name not in own_ways)
    for first, *_, tests in rows:
        texts = [read(path).lower() for path in re.findall(r"\]\((tests/[^)]+)\)", tests)]
        assert texts
        for name in re.findall(r"`([a-z0-9-]+)`", first):
            assert any(name in text for text in texts), name


def test_links_between_documents_lead_somewhere() -> None:
    for name in (
        "README.md",
        "CONTRIBUTING.md",
        "docs/booting.md",
        "docs/inventory.md",
        "docs/operating.md",
        "docs/other-systems.md",
        "docs/plan-and-status.md",
        "docs/findings.md",
        "docs/formats.md",
        "docs/your-network.md",
        "docs/sources.md",
    ):
        for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", read(name)):
            assert ((ROOT / name).parent / target).exists(), f"{name}: {target}"


def test_every_metric_is_in_the_table() -> None:
    rows = re.findall(r"^\| `(pxeserver_[a-z_]+)`", read("docs/operating.md"), re.MULTILINE)

    assert rows == list(Metrics().names())


def test_every_label_of_a_selector_and_every_finding_of_the_server_is_in_the_inventory_page() -> None:
    page = read("docs/inventory.md")
    labels = [field.name for field in msgspec.structs.fields(Selector)]
    sources = "".join(
        path.read_text()
        for name in ("inventory", "render")
        for path in (ROOT / "pxeserver" / name).glob("*.py")
    )
    codes = set(
        re.findall(r'(?:error|warning|_error)\(\s*(?:\w+\.file, )?"([a-z-]+)"|code="([a-z-]+)"', sources)
    )
    known = read("docs/findings.md") + page

    assert [label for label in labels if f"`{label}`" not in page] == []
    assert [code for code in {one or other for one, other in codes} if f"| `{code}` |" not in known] == []
