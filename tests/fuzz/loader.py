"""What must hold for the loader whatever it is given, and inputs made by spoiling the corpus."""

from __future__ import annotations

import json
import time
from pathlib import Path

from hypothesis import strategies as st

from provision.findings import render_github, render_json, render_text
from provision.load import load_bytes

CORPUS = tuple(sorted((Path(__file__).parent / "corpus").glob("*.yaml")))
EXAMPLES = tuple(sorted((Path(__file__).parents[2] / "examples/configs").glob("*.yaml")))
# CPU time: seconds on a machine that is ten times slower than one where the worst input takes 0.3 s.
MOST_S = 3.0

# Pieces that mean something to YAML, to the language, or to neither.
PIECES = [
    *(b"\n", b"\r\n", b"\r", b"\t", b" ", b"- ", b": ", b"? ", b"#", b"|\n", b">-\n", b"---\n", b"...\n"),
    *(b"[", b"]", b"{", b"}", b",", b"&a ", b"*a", b"<<: ", b"!!str ", b"!!int ", b"!!binary ", b"!x "),
    *(b"'", b'"', b"\\", b"\0", b"\x7f", b"\xff", b"\xc3", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"%YAML 1.2\n"),
    *(
        b"${",
        b"}",
        b"${vars.a}",
        b"${facts.hostname}",
        b"$$",
        b"null",
        b"~",
        b"0644",
        b"9" * 30,
        b"1e9",
        b".nan",
    ),
    *(b"hostname: ", b"users:\n", b"- name: a\n", b"files: ", b"vars: ", b"include: ", b"password_hash: "),
]


@st.composite
def spoiled(draw: st.DrawFn) -> bytes:
    """A file of the corpus or of the examples after some cuts, repetitions and insertions."""
    data = draw(st.sampled_from(CORPUS + EXAMPLES)).read_bytes()
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 40)))
        middle = draw(
            st.sampled_from(PIECES)
            | st.binary(max_size=4)
            | st.just(data[start:end] * draw(st.integers(0, 3)))
        )
        data = data[:start] + middle + data[end:]
    return data


def examine(data: bytes) -> None:
    """AssertionError, or whatever escapes from the loader, when something does not hold."""
    began = time.process_time()
    loaded = load_bytes(data, file="config.yaml")
    rendered = [render([loaded.report]) for render in (render_text, render_github, render_json)]
    took_s = time.process_time() - began

    assert took_s < MOST_S, f"{took_s:.1f} s of CPU"
    assert loaded.valid or loaded.findings, "refused without a reason"
    lines = data.count(b"\n") + data.count(b"\r") + data.count(b"\x85") + data.count(b"\xe2\x80") + 1
    for finding in loaded.findings:
        assert 1 <= finding.line <= lines, f"{finding} is not within {lines} lines"
        assert finding.column >= 1, finding
        assert finding.message == finding.message.strip() != "", finding
    json.loads(rendered[-1])
    for text in rendered:
        assert "\x1b" not in text, "what a terminal would obey"
        text.encode()
