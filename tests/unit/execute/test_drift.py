"""What an apply wanted is kept, and found again on the machine or not."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from msgspec import structs

from provision.actions import (
    Action,
    AppendText,
    EnsureAuthorizedKeys,
    EnsureBlock,
    EnsureUser,
    Origin,
    RemoteContent,
    RemovePath,
    Secret,
    Step,
    WriteFile,
)
from provision.errors import ProvisionError
from provision.execute.apply import apply
from provision.execute.drift import Actual, State, compare
from provision.execute.journal import Journal, read_history
from provision.execute.machine import Machine
from provision.execute.target import Target
from provision.execute.wanted import KEY_PATH, SEALED, WANTED_PATH, read_wanted
from provision.plan.build import Plan
from provision.plan.order import ordered

MOTD = Step(WriteFile("/etc/motd", b"hello\n"), "files[0]")
TOKEN = Step(WriteFile("/etc/token", b"hunter2", 0o600, secret=True), "files[1]")
TOOL = RemoteContent("http://server/tool", "sha512", "ab" * 64)


def run(root: Path, *steps: Step, contents: dict[RemoteContent, bytes] | None = None) -> None:
    plan = Plan(ordered(steps), {"files[0]": Origin("node.yaml", 7)})
    with Target(root) as target:
        apply(plan, target, contents=contents or {}, journal=Journal(target), on_step=lambda _: None)


def actual(root: Path) -> dict[str, Actual]:
    """By config path."""
    with Target(root) as target:
        wanted = read_wanted(target)
        assert wanted is not None
        found = compare(Machine(target), wanted)
    return {one.step.because: state for one, state in zip(wanted, found, strict=True)}


def test_no_field_that_can_hold_a_content_is_ever_written_down() -> None:
    for action in get_args(Action):
        hints = get_type_hints(action)
        holding = {
            name
            for name, kind in hints.items()
            if any(part in str(kind) for part in ("bytes", "Secret", "RemoteContent"))
        }
        assert holding <= set(SEALED.get(action, {})), action
        assert set(SEALED.get(action, {})) <= {field.name for field in structs.fields(action)}


def test_what_was_wanted_is_read_back_with_the_line_that_asked_for_it(tmp_path: Path) -> None:
    run(tmp_path, MOTD, TOKEN)

    with Target(tmp_path) as target:
        wanted = read_wanted(target)

    assert wanted is not None
    assert [(one.step.because, one.origin) for one in wanted] == [
        ("files[0]", Origin("node.yaml", 7)),
        ("files[1]", None),
    ]
    assert wanted[0].step.action == WriteFile("/etc/motd", b"")
    assert wanted[0].seals == (("sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",),)


def test_the_journal_has_the_line_and_a_digest_of_what_was_wanted(tmp_path: Path) -> None:
    run(tmp_path, MOTD)
    run(tmp_path, Step(WriteFile("/etc/motd", b"other\n"), "files[0]"))
    (tmp_path / "etc/motd").unlink()
    run(tmp_path, MOTD)

    with Target(tmp_path) as target:
        first, second, third = read_history(target).steps

    assert (first.file, first.line) == ("node.yaml", 7)
    assert first.wanted is not None
    assert first.wanted == third.wanted != second.wanted


def test_a_run_that_failed_leaves_what_it_wanted(tmp_path: Path) -> None:
    (tmp_path / "etc/motd").mkdir(parents=True)

    with pytest.raises(ProvisionError):
        run(tmp_path, MOTD, TOKEN)

    assert actual(tmp_path) == {
        "files[0]": Actual(State.DIFFERS, ("-directory", "+file")),
        "files[1]": Actual(State.MISSING, ("+mode 0600", "+owner root:root", "+content <secret>")),
    }


def test_a_content_is_compared_by_its_digest(tmp_path: Path) -> None:
    run(tmp_path, MOTD, TOKEN)
    assert {one.state for one in actual(tmp_path).values()} == {State.OK}

    (tmp_path / "etc/token").write_bytes(b"hunter3")

    assert actual(tmp_path)["files[1]"] == Actual(State.DIFFERS, ("content differs",))


def test_a_fetched_file_is_compared_by_the_digest_that_the_config_has(tmp_path: Path) -> None:
    remote = structs.replace(TOOL, digest=hashlib.sha512(b"tool").hexdigest())
    run(tmp_path, Step(WriteFile("/tool", remote), "files[0]"), contents={remote: b"tool"})
    assert actual(tmp_path)["files[0]"].state is State.OK

    (tmp_path / "tool").write_bytes(b"spoilt")

    assert actual(tmp_path)["files[0]"] == Actual(State.DIFFERS, ("content differs",))


def test_a_file_that_was_to_be_there_whatever_is_in_it_may_hold_anything(tmp_path: Path) -> None:
    run(tmp_path, Step(WriteFile("/etc/motd", b"hello\n", overwrite=False), "files[0]"))
    (tmp_path / "etc/motd").write_text("theirs")

    assert actual(tmp_path)["files[0]"].state is State.OK


def test_a_block_is_compared_apart_from_the_lines_around_it(tmp_path: Path) -> None:
    run(tmp_path, Step(EnsureBlock("/etc/list", "ours", b"one\ntwo"), "trust"))
    place = tmp_path / "etc/list"
    place.write_text("theirs\n" + place.read_text())
    assert actual(tmp_path)["trust"].state is State.OK

    place.write_text(place.read_text().replace("two", "three"))
    assert actual(tmp_path)["trust"] == Actual(State.DIFFERS, ("content differs",))

    place.write_text("theirs\n")
    assert actual(tmp_path)["trust"].state is State.MISSING


def test_appended_texts_are_looked_for_line_by_line(tmp_path: Path) -> None:
    run(tmp_path, Step(AppendText("/etc/profile", (b"a\nb\n", b"c\n")), "files[0]"))
    place = tmp_path / "etc/profile"
    place.write_text("x\na\nb\ny\nc")
    assert actual(tmp_path)["files[0]"].state is State.OK

    place.write_text("a\nx\nb\nc\n")
    assert actual(tmp_path)["files[0]"] == Actual(State.DIFFERS, ("text 1 of 2 is not there",))

    place.unlink()
    assert actual(tmp_path)["files[0]"].state is State.MISSING


def test_keys_and_passwords_are_compared_without_being_kept(tmp_path: Path) -> None:
    etc = tmp_path / "etc"
    etc.mkdir()
    (tmp_path / "home").mkdir()
    (etc / "passwd").write_text("root:x:0:0::/root:/bin/sh\ncore:x:0:0::/home:/bin/sh\n")
    (etc / "group").write_text("root:x:0:\n")
    (etc / "shadow").write_text("core:$6$hash:1::::::\n")
    run(
        tmp_path,
        Step(EnsureUser("core", password_hash=Secret("$6$hash")), "users[0]"),
        Step(EnsureAuthorizedKeys("core", ("ssh-ed25519 AAAA a", "ssh-ed25519 AAAA b")), "users[0].keys"),
    )
    assert {one.state for one in actual(tmp_path).values()} == {State.OK}

    (etc / "shadow").write_text("core:$6$other:1::::::\n")
    (tmp_path / "home/.ssh/authorized_keys").write_bytes(b"\xff no text at all\n")

    found = actual(tmp_path)
    assert found["users[0]"].lines == ("password differs",)
    assert found["users[0].keys"].state is State.DIFFERS


def test_what_was_to_go_and_is_there_again_differs(tmp_path: Path) -> None:
    run(tmp_path, Step(RemovePath("/etc/issue"), "files[0]"))
    assert actual(tmp_path)["files[0]"].state is State.OK

    (tmp_path / "etc").mkdir(exist_ok=True)
    (tmp_path / "etc/issue").touch()

    assert actual(tmp_path)["files[0]"] == Actual(State.DIFFERS, ("-file",))


def test_one_that_cannot_be_looked_at_does_not_hide_the_others(tmp_path: Path) -> None:
    blocks = [Step(EnsureBlock(f"/etc/{name}", "ours", b"x"), name) for name in ("a", "b", "c")]
    run(tmp_path, *blocks)
    (tmp_path / "etc/b").unlink()
    (tmp_path / "etc/b").mkdir()

    found = actual(tmp_path)

    assert [found[name].state for name in ("a", "b", "c")] == [State.OK, State.UNKNOWN, State.OK]
    assert found["b"].lines == ("not known: /etc/b is a directory",)


def test_without_the_key_a_secret_is_neither_right_nor_wrong(tmp_path: Path) -> None:
    run(tmp_path, MOTD, TOKEN)
    (tmp_path / KEY_PATH.lstrip("/")).write_bytes(b"")

    found = actual(tmp_path)

    assert (found["files[0]"].state, found["files[1]"].state) == (State.OK, State.UNKNOWN)
    run(tmp_path, MOTD, TOKEN)
    assert {one.state for one in actual(tmp_path).values()} == {State.OK}


def test_an_apply_that_wants_the_same_writes_nothing_down(tmp_path: Path) -> None:
    run(tmp_path, MOTD, TOKEN)
    before = (tmp_path / WANTED_PATH.lstrip("/")).stat()

    run(tmp_path, MOTD, TOKEN)

    assert (tmp_path / WANTED_PATH.lstrip("/")).stat() == before


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="emptied by a power cut"),
        pytest.param(
            json.dumps([{"because": "x", "action": "Dance", "fields": {}, "seals": []}]), id="newer"
        ),
        pytest.param(json.dumps([{"because": "x"}]), id="incomplete"),
    ],
)
def test_notes_that_cannot_be_read_are_no_notes(tmp_path: Path, content: str) -> None:
    place = tmp_path / WANTED_PATH.lstrip("/")
    place.parent.mkdir(parents=True)
    place.write_text(content)

    with Target(tmp_path) as target:
        assert read_wanted(target) is None
