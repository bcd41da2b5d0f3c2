"""Containers of formats: what is in them counts, and findings stand in the user's own lines."""

from __future__ import annotations

import base64
import gzip
import hashlib
import subprocess
import sys
from collections.abc import Mapping
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.errors import SourceError
from provision.findings import Finding, render_json, render_text
from provision.formats.compose import MAX_DEPTH
from provision.formats.parts import Instance
from provision.formats.source import Mark, Rendered
from provision.load import Loaded, load_bytes
from provision.resolve import Includes
from tests.unit.provision.formats.loading import codes

CLOUD = b"#cloud-config\nhostname: web\n"
SCRIPT = "#!/bin/sh\necho done\n"
BAD_ZONE = "#cloud-config\ntimezone: Mars/Base\n"


def load(data: bytes, instance: Instance | None = None) -> Loaded:
    return load_bytes(
        data, file="user-data", resolver=Includes(reads_files=False), instance=lambda: instance or {}
    )


def places(loaded: Loaded) -> list[str]:
    return [f"{one.code} {one.line}:{one.column} {one.part}" for one in loaded.findings]


def message(*parts: MIMEText | MIMEApplication | MIMEMultipart) -> bytes:
    whole = MIMEMultipart(boundary="==b==")
    for part in parts:
        whole.attach(part)
    return whole.as_bytes()


def text(content: str, kind: str) -> MIMEText:
    return MIMEText(content, kind, "us-ascii")


def line_of(data: bytes, what: str) -> int:
    return next(number for number, line in enumerate(data.decode().splitlines(), 1) if what in line)


def test_parts_count_in_order_and_scripts_run_last() -> None:
    data = message(
        text(SCRIPT, "x-shellscript"),
        text("#cloud-config\nhostname: first\nruncmd: [ls]\n", "cloud-config"),
        text("hostname: second\n", "cloud-config"),
    )

    document = load(data).document

    assert document is not None
    assert document.hostname == "second"
    assert [command.name.partition("-")[0] for command in document.commands] == ["runcmd", "script"]
    assert document.commands[1].script == SCRIPT


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        pytest.param(text(BAD_ZONE, "cloud-config"), "time-zone {line}:11 part 2", id="by its type"),
        pytest.param(text(BAD_ZONE, "plain"), "time-zone {line}:11 part 2", id="by its own first line"),
        pytest.param(text(BAD_ZONE, "x-shellscript"), "time-zone {line}:11 part 2", id="of the wrong type"),
        pytest.param(
            MIMEApplication(gzip.compress(BAD_ZONE.encode()), "x-gzip"),
            "time-zone 2:11 part 2, unpacked",
            id="gzip",
        ),
        pytest.param(
            MIMEText(BAD_ZONE, "cloud-config", "utf-8"),
            "time-zone 2:11 part 2",
            id="base64: lines of its own",
        ),
    ],
)
def test_a_finding_names_the_part_and_the_line_of_the_file(
    part: MIMEText | MIMEApplication, expected: str
) -> None:
    data = message(text(CLOUD.decode(), "cloud-config"), part)
    line = line_of(data, "Mars") if b"Mars" in data else 0

    assert places(load(data)) == [expected.format(line=line)]


def test_a_part_has_the_name_of_its_file() -> None:
    part = text(BAD_ZONE, "cloud-config")
    part.add_header("Content-Disposition", "attachment", filename="zone.cfg")

    report = load(message(part)).report

    assert report.findings[0].part == "part 1, zone.cfg"
    assert "(part 1, zone.cfg)" in render_text([report])
    assert '"part": "part 1, zone.cfg"' in render_json([report])


def test_messages_in_messages() -> None:
    inner = MIMEMultipart(boundary="==i==")
    inner.attach(text(BAD_ZONE, "cloud-config"))
    data = message(inner, text(SCRIPT, "x-shellscript"))

    assert places(load(data)) == [f"time-zone {line_of(data, 'Mars')}:11 part 1"]


def test_line_breaks_of_windows() -> None:
    data = message(text(BAD_ZONE, "cloud-config")).replace(b"\n", b"\r\n")

    assert places(load(data)) == [f"time-zone {line_of(data, 'Mars')}:11 part 1"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(message(text("x", "part-handler")), ["part-type"], id="a type that is not read"),
        pytest.param(message(text("x", "cloud-confg")), ["part-type"], id="a misspelt type"),
        pytest.param(message(text("", "cloud-config")), ["empty"], id="nothing in it"),
        pytest.param(message(text(SCRIPT, "plain"))[:-8], ["mime"], id="cut"),
        pytest.param(b"MIME-Version: 1.0\nContent-Type: multipart/mixed\n\nx", ["mime"], id="no boundary"),
        pytest.param(
            message(text(SCRIPT, "plain")).replace(b"7bit", b"rot13"), ["mime"], id="an encoding nobody knows"
        ),
        pytest.param(
            message(MIMEApplication(b"\x1f\x8bxx", "x-gzip")).replace(b"H4t4", b"H4t"),
            ["base64"],
            id="cut base64",
        ),
        pytest.param(message(MIMEApplication(b"\x1f\x8bxx", "x-gzip")), ["gzip"], id="damaged gzip"),
    ],
)
def test_a_part_that_is_not_read_is_an_error(data: bytes, expected: list[str]) -> None:
    loaded = load(data)

    assert [one.code for one in loaded.findings] == expected
    assert loaded.document is None


def test_how_cloud_init_merges_parts_is_not_carried_out() -> None:
    part = text(CLOUD.decode(), "cloud-config")
    part.add_header("Merge-Type", "list(append)")

    assert codes(load(message(part))) == ["not-carried"]


def test_scripts_of_each_boot_and_boothooks_are_units() -> None:
    data = message(
        text(SCRIPT, "x-shellscript-per-boot"), text(f"#cloud-boothook\n{SCRIPT}", "cloud-boothook")
    )

    document = load(data).document

    assert document is not None
    assert [file.content for file in document.files] == [SCRIPT, SCRIPT]
    late, early = sorted((unit.content or "" for unit in document.units), key=lambda unit: "sysinit" in unit)
    assert "WantedBy=multi-user.target" in late
    assert "WantedBy=sysinit.target" in early


def test_a_script_alone_runs_once() -> None:
    document = load(SCRIPT.encode()).document

    assert document is not None
    (command,) = document.commands
    assert (command.script, command.once) == (SCRIPT, True)


def test_a_boothook_without_interpreter_is_an_error() -> None:
    assert codes(load(b"#cloud-boothook\necho hi\n")) == ["script-interpreter script"]


def test_base64_around_gzip_around_a_config() -> None:
    data = base64.encodebytes(gzip.compress(b"#cloud-config\ntimezone: Mars/Base\n"))

    assert load(data).format == "base64"
    assert places(load(data)) == ["time-zone 2:11 unpacked, unpacked"]
    assert load(base64.b64encode(CLOUD)).document is not None
    assert load(base64.b64encode(SCRIPT.encode())).document is not None
    assert [one.code for one in load(base64.b64encode(CLOUD)[:-1]).findings] == ["base64"]


ARCHIVE = """\
#cloud-config-archive
- type: text/cloud-config
  filename: zone.cfg
  content: |

    timezone: Mars/Base
- |
    #!/bin/sh
    echo
- "#cloud-config\\nlocale: german"
"""


def test_an_archive_is_a_list_of_parts() -> None:
    assert places(load(ARCHIVE.encode())) == ["time-zone 6:15 part 1, zone.cfg", "locale 2:9 part 3"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("a: b", ["wrong-type 2:1 None"]),
        ("- [a]", ["wrong-type 2:3 None"]),
        ("- {content: x, type: text/x}", ["part-type 2:22 None"]),
        ("- {content: 'hostname: a', typ: text/x}", ["unknown-key 2:33 None"]),
        ("- {content: 'hostname: a', launch-index: 1}", ["not-carried 2:42 None"]),
        ("- {content: ''}", ["empty 2:13 None"]),
        ("- {content: !!binary 'x'}", ["base64 2:13 None"]),
        ("- &a [*a]", ["alias-loop 2:3 None"]),
    ],
)
def test_what_is_wrong_with_an_archive(body: str, expected: list[str]) -> None:
    assert places(load(f"#cloud-config-archive\n{body}\n".encode())) == expected


def test_an_archive_may_hold_bytes() -> None:
    packed = base64.b64encode(gzip.compress(CLOUD)).decode()

    document = load(
        f"#cloud-config-archive\n- content: !!binary {packed}\n  type: application/gzip\n".encode()
    ).document

    assert document is not None
    assert document.hostname == "web"


class Web:
    """Pages by URL."""

    def __init__(self, pages: Mapping[str, bytes]) -> None:
        self._pages = pages

    def fetch(self, url: str) -> bytes:
        if url not in self._pages:
            raise SourceError(f"{url} is not there")
        return self._pages[url]


def load_with(pages: Mapping[str, bytes], data: bytes) -> Loaded:
    resolver = Includes(fetch=Web(pages).fetch, reads_files=False)
    return load_bytes(data, file="user-data", resolver=resolver)


@pytest.mark.parametrize(
    "data",
    [
        b"#include\nhttps://h/a\nhttps://h/b\n",
        b"#include https://h/a\n# not this\n\n  https://h/b\n",
        b"#include-once\r\nhttps://h/a\r\n#include https://h/b\r\n",
    ],
)
def test_urls_are_included_in_order(data: bytes) -> None:
    pages = {
        "https://h/a": gzip.compress(b"#cloud-config\nhostname: a\ntimezone: UTC\n"),
        "https://h/b": b"#cloud-config\nhostname: b\n",
    }

    document = load_with(pages, data).document

    assert document is not None
    assert (document.hostname, document.time and document.time.zone) == ("b", "UTC")


def test_a_finding_in_what_is_included_names_its_url() -> None:
    (finding,) = load_with({"https://h/a": BAD_ZONE.encode()}, b"#include\nhttps://h/a\n").findings

    assert (finding.file, finding.line) == ("https://h/a", 2)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("https://h/nothing", "include-source 2:1 None"),
        ("  ftp://h/a", "url 2:3 None"),
        ("https://h/a#sha256=" + "0" * 64, "include-source 2:1 None"),
        ("https://h/a#sha256=0", "digest 2:1 None"),
        ("http://h/a", "source-unverified 2:1 None"),
        ("https://u:hunter2@h/a", "include-url 2:1 None"),
        ("", "empty 1:1 None"),
    ],
)
def test_what_is_wrong_with_an_include(line: str, expected: str) -> None:
    loaded = load_with({"https://h/a": CLOUD, "http://h/a": CLOUD}, f"#include\n{line}\n".encode())

    assert places(loaded) == [expected]
    assert "hunter2" not in render_text([loaded.report])


def test_a_digest_that_is_right_is_enough() -> None:
    line = f"http://h/a#sha256={hashlib.sha256(CLOUD).hexdigest()}"

    assert load_with({"http://h/a": CLOUD}, f"#include\n{line}\n".encode()).findings == ()


def test_includes_that_come_back_to_themselves_end() -> None:
    pages = {"https://h/a": b"#include\n\nhttps://h/b\n", "https://h/b": b"#include\nhttps://h/a\n"}

    (finding,) = load_with(pages, b"#include\nhttps://h/a\n").findings

    assert (finding.code, finding.file, finding.line) == ("include-loop", "https://h/b", 2)


def test_includes_have_a_depth() -> None:
    pages = {f"https://h/{n}": f"#include\nhttps://h/{n + 1}\n".encode() for n in range(MAX_DEPTH + 2)}

    assert [one.code for one in load_with(pages, b"#include\nhttps://h/0\n").findings] == ["include-depth"]


def test_without_a_network_what_is_included_is_not_checked() -> None:
    loaded = load(b"#include\nhttps://h/a\n")

    assert places(loaded) == ["include-not-fetched 2:1 None"]
    assert loaded.valid


TEMPLATE = """\
## template: jinja
#cloud-config
{% if v1.region == 'eu' -%}
hostname: {{ ds.meta_data.local_hostname }}
{%- endif %}
write_files:
{%- for name in v1.names %}
  - path: /etc/{{ name }}
    content: x
{% endfor %}
timezone: {{ zone }} # {{ zone }}
"""
INSTANCE: dict[str, dict[str, Any]] = {
    "v1": {"region": "eu", "names": ["a", "b"], "zone": "UTC"},
    "ds": {"meta-data": {"local-hostname": "web"}},
}


def test_a_template_is_filled_in() -> None:
    document = load(TEMPLATE.encode(), INSTANCE).document

    assert document is not None
    assert document.hostname == "web"
    assert [file.path for file in document.files] == ["/etc/a", "/etc/b"]
    assert document.time is not None
    assert document.time.zone == "UTC"


def test_findings_stand_where_the_template_has_them() -> None:
    broken = TEMPLATE.replace("content:", "contents:")
    instance = {**INSTANCE, "v1": {**INSTANCE["v1"], "zone": "Mars/Base"}}

    found = load(broken.encode(), instance)

    assert places(found) == [
        "unknown-key 9:5 filled in",
        "unknown-key 9:5 filled in",
        "time-zone 11:11 filled in",
    ]
    excerpts = [one.excerpt for one in found.findings]
    assert excerpts[0] == "    contents: ******"
    assert excerpts[2] is None  # what was filled in is not what the user wrote


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("hostname: {{ v1.regin }}", "template-undefined 3:1 None"),
        ("hostname: {{ nothing.at.all }}", "template-undefined 3:1 None"),
        ("hostname: {{ }}", "template 3:1 None"),
        ("hostname: {{ 1 / 0 }}", "template 3:1 None"),
        ("hostname: {{ ''.__class__.__mro__ }}", "template 3:1 None"),
        ("hostname: {{ 'x' * 9999999 }}", "too-large 1:1 None"),
        ("{% include 'x' %}", "template 3:1 None"),
    ],
)
def test_what_cannot_be_filled_in_is_an_error_with_its_line(line: str, expected: str) -> None:
    data = f"## template: jinja\n#cloud-config\n{line}\n".encode()

    assert places(load(data, INSTANCE)) == [expected]


def test_what_was_filled_in_is_in_no_message() -> None:
    data = b"## template: jinja\n#cloud-config\nhostname: {{ 'a'.join(v1.token, 2) }}{{ v1.token | int(base=99) }}\n"

    report = load(data, {"v1": {"token": "hunter2"}}).report

    assert not report.valid
    assert "hunter2" not in render_text([report])


def test_without_jinja_a_template_is_refused_and_nothing_else() -> None:
    program = f"""
import sys
sys.modules["jinja2"] = None
from provision.load import load_bytes
print([(one.code, one.hint) for one in load_bytes({TEMPLATE.encode()!r}, file="a").findings])
print(load_bytes(b"#cloud-config\\nhostname: a", file="a").valid)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "[('template', 'install python3-jinja2, or provision[jinja]')]\nTrue\n"


def test_where_nothing_is_known_of_the_machine_a_template_is_not_looked_into() -> None:
    loaded = load_bytes(TEMPLATE.encode(), file="user-data", instance=None)

    assert places(loaded) == ["template-not-filled 1:1 None"]
    assert loaded.valid


def test_a_template_that_is_a_part() -> None:
    data = message(text("## template: jinja\n#cloud-config\n\ntimezone: {{ v1.region }}\n", "jinja2"))

    assert places(load(data, INSTANCE)) == [f"time-zone {line_of(data, 'timezone')}:11 part 1, filled in"]


def test_a_template_whose_text_looks_at_itself_is_filled_in_all_the_same() -> None:
    data = b"## template: jinja\n#cloud-config\n{% set x %}\na\n{% endset %}\nhostname: n{{ x | length }}\n"

    document = load(data).document

    assert document is not None
    assert document.hostname == "n3"


@given(st.text("ab{}: \n", max_size=20), st.text("ab{}: \n", max_size=20), st.integers(0, 20))
def test_a_mark_in_what_was_made_is_a_mark_in_the_template(made: str, written: str, column: int) -> None:
    line, template = made.partition("\n")[0], written.partition("\n")[0]
    rendered = Rendered((0,), (template,))

    mark = rendered.mark(Mark(0, min(column, len(line))), line)

    assert 0 <= mark.column <= len(template)
    if line == template:
        assert mark == Mark(0, min(column, len(line)))


UNREAD = [
    (b"<?xml version='1.0'?><a/>", "format-unread"),
    (b"<!DOCTYPE html><html></html>", "format-unread"),
    (b"#part-handler\n", "format-unread"),
    (b"#cloud-config-jsonp\n[]", "format-unread"),
    (b"#upstart-job\n", "format-unread"),
    (b'provider "aws" {\n}\nresource "aws_instance" "a" {\n}\n', "format-unread"),
    (b"users:\n  - name: a\nruncmd:\n  - ls\n", "cloud-config-header"),
    (b'{"ignitionVersion": 1}', "format-version"),
    (b'{"ignition": {"version": "2.2.0"}, "storage": {"files": [{"filesystem": "root"}]}}', "format-version"),
]


@pytest.mark.parametrize(("data", "code"), UNREAD)
def test_what_nobody_reads_is_told_in_one_sentence(data: bytes, code: str) -> None:
    loaded = load(data)

    assert [one.code for one in loaded.findings] == [code]
    assert loaded.findings[0].hint
    assert loaded.document is None


@pytest.mark.parametrize(
    "data",
    [
        b'hostname: a\nfiles:\n  - path: /a\n    content: |\n      resource "x" {\n',
        b"packages: [a]\nunits: []\n",
        b'{"ignition": {"version": "3.3.0"}, "systemd": {"units": []}}',
        b'{"hostname": "version"}',
    ],
)
def test_other_configs_are_not_taken_for_it(data: bytes) -> None:
    assert load(data).format in ("native", "ignition")


def findings_of(data: bytes) -> tuple[Finding, ...]:
    return load(data, INSTANCE).findings


@given(
    st.sampled_from([message(text(BAD_ZONE, "cloud-config")), ARCHIVE.encode(), TEMPLATE.encode()]),
    st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=3)), max_size=5),
)
def test_whatever_the_bytes_are_there_are_findings_and_no_exception(
    data: bytes, damage: list[tuple[int, bytes]]
) -> None:
    for place, put in damage:
        data = data[:place] + put + data[place + len(put) :]

    assert all(one.line >= 1 and one.column >= 1 for one in findings_of(data))
