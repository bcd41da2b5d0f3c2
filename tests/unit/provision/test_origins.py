"""The line behind each step of a plan, also when it is a line of an included file."""

from __future__ import annotations

from pathlib import Path

import pytest

from provision.actions import Origin
from provision.commands.plan import find_changes
from provision.commands.resources import resources
from provision.errors import ProvisionError
from provision.execute.apply import apply
from provision.execute.drift import Actual, State
from provision.execute.journal import Journal
from provision.execute.target import Target
from provision.execute.wanted import read_wanted
from provision.facts import Facts
from provision.findings import Place, path_text, place_of
from provision.load import Loaded, load_bytes, load_file
from provision.plan.build import plan

CONFIG = """\
# who it is
hostname: node1
vars: {greeting: hello}
users:
  - name: core
    ssh_authorized_keys:
      - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f
files:
  - path: /etc/motd
    content: ${vars.greeting}
  - {path: /etc/issue, absent: true}
units:
  - name: a.service
    mask: true
"""
BASE = """\
users:
  - name: core
    shell: /bin/sh
files:
  - path: /etc/motd
    content: from the base
  - path: /etc/base
    content: only here
"""
INCLUDING = """\
include: [{file: common/base.yaml}]
files:
  - path: /etc/motd
    content: from here
  - path: /etc/own
    content: new
"""


def origins(loaded: Loaded) -> dict[str, Origin]:
    assert loaded.document is not None, loaded.findings
    return dict(plan(loaded.document, Facts(hostname="node1"), loaded.origin).origins)


def test_each_step_knows_the_line_that_asked_for_it() -> None:
    found = origins(load_bytes(CONFIG.encode(), file="node.yaml"))

    assert {because: origin.line for because, origin in found.items()} == {
        "hostname": 2,
        "users[0]": 5,
        "users[0].ssh_authorized_keys": 6,
        "files[0]": 9,
        "files[1]": 11,
        "units[0].mask": 14,
    }
    assert {origin.file for origin in found.values()} == {"node.yaml"}


def test_what_comes_from_an_included_file_is_a_line_of_that_file(tmp_path: Path) -> None:
    (tmp_path / "common").mkdir()
    base, node = tmp_path / "common/base.yaml", tmp_path / "node.yaml"
    base.write_text(BASE)
    node.write_text(INCLUDING)

    assert origins(load_file(node)) == {
        "users[0]": Origin(str(base), 2),
        "files[0]": Origin(str(node), 3),  # of both: the including file has the last word
        "files[1]": Origin(str(base), 7),
        "files[2]": Origin(str(node), 5),
    }


def test_a_plan_that_was_not_read_from_text_has_no_origins() -> None:
    loaded = load_bytes(b"hostname: node1", file="node.yaml")
    assert loaded.document is not None

    assert plan(loaded.document, Facts()).origins == {}


@pytest.mark.parametrize("place", [(), ("hostname",), ("users", 0, "ssh_authorized_keys", 12)])
def test_a_place_is_read_back_from_its_path(place: Place) -> None:
    assert place_of(path_text(place)) == place


def test_a_text_that_is_no_yaml_has_no_origins() -> None:
    assert load_bytes(b"[", file="node.yaml").origin("hostname") is None


def test_a_config_of_another_format_is_spoken_of_in_its_own_words(tmp_path: Path) -> None:
    files = '[{"path": "/a", "contents": {"source": "data:,x"}}]'
    text = f'{{"ignition": {{"version": "3.3.0"}},\n"storage": {{"files": {files}}}}}'
    loaded = load_bytes(text.encode(), file="config.ign")
    (tmp_path / "a").write_text("theirs")
    assert loaded.document is not None
    asked = plan(loaded.document, Facts(), loaded.origin)

    assert asked.origins == {"files[0].source": Origin("config.ign", 2, "storage.files[0].contents.source")}
    with Target(tmp_path) as target, pytest.raises(ProvisionError) as caught:
        apply(asked, target, contents={}, journal=Journal(target), on_step=lambda _: None)
    assert caught.value.path == "storage.files[0].contents.source"
    (tmp_path / "a").unlink()
    told: list[str | None] = []
    with Target(tmp_path) as target:
        assert [change.path for change in find_changes(asked, target).changes] == [
            "storage.files[0].contents.source"
        ]
        apply(
            asked,
            target,
            contents={},
            journal=Journal(target),
            on_step=lambda step: told.append(step.because),
        )
        found = resources(read_wanted(target) or (), (Actual(State.OK),), ())
    assert [*told, found[0].path] == ["storage.files[0].contents.source"] * 2
