"""What `provision plan` prints."""

from __future__ import annotations

from provision.actions import Origin
from provision.execute.difference import Difference, Kind
from provision.execute.survey import Change
from provision.plan.render import as_data, render_text

NODE = Origin("node.yaml", 9)
CHANGES = (
    Change(None, Difference(Kind.REMOVE, "file /old")),
    Change("files[0]", Difference(Kind.CREATE, "file /new", ("+mode 0644", "+text"))),
    Change("files[1]", Difference(Kind.CHANGE, "file /etc/motd", ("@@ -1 +1 @@", "-a", "+b")), NODE),
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
