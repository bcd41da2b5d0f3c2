"""What `provision plan` prints."""

from __future__ import annotations

from provision.actions import Origin
from provision.execute.difference import Difference, Kind
from provision.execute.running.effects import Effect
from provision.execute.survey import Change
from provision.plan.render import as_data, render_text

NODE = Origin("node.yaml", 9)
CHANGES = (
    Change(None, Difference(Kind.REMOVE, "file /old")),
    Change("files[0]", Difference(Kind.CREATE, "file /new", ("+mode 0644", "+text"))),
    Change("files[1]", Difference(Kind.CHANGE, "file /etc/motd", ("@@ -1 +1 @@", "-a", "+b")), NODE),
)

EFFECTS = (
    Effect("reload", "systemd"),
    Effect("restart", "unit a.service", "units[0].content"),
    Effect("keep", "unit dbus.service", "units[1].content", "it goes on as it is"),
)

TEXT = """\
- file /old  (no longer asked for)

+ file /new  (files[0])
    +mode 0644
    +text

~ file /etc/motd  (files[1])
    @@ -1 +1 @@
    -a
    +b

1 to create, 1 to change, 1 to remove
"""


def test_each_difference_is_shown_with_its_lines_and_its_config_path() -> None:
    assert render_text(CHANGES) == TEXT


def test_what_becomes_of_what_runs_stands_at_the_end() -> None:
    assert render_text(CHANGES, EFFECTS) == (
        f"{TEXT}\n"
        "* reload systemd\n"
        "* restart unit a.service  (units[0].content)\n"
        "* keep unit dbus.service  (units[1].content)\n"
        "    it goes on as it is\n"
    )


def test_units_that_an_earlier_run_left_are_something_to_do() -> None:
    assert render_text((), EFFECTS[:1]) == (
        "nothing to change; what runs is not yet as asked for\n\n* reload systemd\n"
    )


def test_nothing_to_do_is_said_in_words() -> None:
    assert render_text(()) == "nothing to do: the machine is as asked for\n"


def test_colours_are_added_only_when_asked_for() -> None:
    assert "\033" not in render_text(CHANGES)
    assert "\033[32m+ file /new\033[0m  (files[0])" in render_text(CHANGES, coloured=True)


def test_programs_get_the_same_as_data() -> None:
    data = as_data(CHANGES)

    assert data["summary"] == {"create": 1, "change": 1, "remove": 1}
    assert data["changes"][2] == {
        "path": "files[1]",
        "file": "node.yaml",
        "line": 9,
        "kind": "change",
        "summary": "file /etc/motd",
        "lines": ["@@ -1 +1 @@", "-a", "+b"],
    }


def test_programs_learn_what_becomes_of_what_runs_and_whether_anything_does() -> None:
    assert as_data(CHANGES)["running"] is None
    assert as_data(CHANGES, ())["running"] == []
    assert as_data(CHANGES, EFFECTS)["running"][1:] == [
        {"path": "units[0].content", "action": "restart", "summary": "unit a.service", "note": None},
        {
            "path": "units[1].content",
            "action": "keep",
            "summary": "unit dbus.service",
            "note": "it goes on as it is",
        },
    ]
