"""Whatever a text is, systemd reads back exactly it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.sections.unit_words import argument, environment_line, word
from tests.unit.provision.systemd_reader import arguments, environment_file, settings, words

TROUBLE = st.text(st.sampled_from("ab \t\n\r\\\"'%$;#{}=-@:+!é€\x01\x7f\u2028"), max_size=12)
TEXTS = TROUBLE | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
VALUES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=30) | st.text(
    st.sampled_from("a\\\"'`$ \t#;="), max_size=12
)


@given(st.lists(TEXTS, min_size=1))
def test_words_come_back(texts: list[str]) -> None:
    line = "Setting=" + " ".join(map(word, texts))

    (value,) = settings(line, "Setting")
    assert words(value) == texts


@given(st.lists(TEXTS, min_size=1))
def test_arguments_come_back(texts: list[str]) -> None:
    line = "ExecStart=/bin/true \\\n  " + " \\\n  ".join(map(argument, texts))

    (value,) = settings(line, "ExecStart")
    assert arguments(value) == ["/bin/true", *texts]


@given(st.dictionaries(st.from_regex(r"[A-Z_]{1,8}", fullmatch=True), VALUES))
def test_variables_of_an_environment_file_come_back(variables: dict[str, str]) -> None:
    text = "".join(environment_line(name, value) for name, value in variables.items())

    assert environment_file(text) == variables


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("plain-1.2/3", "plain-1.2/3", id="as it is"),
        pytest.param("", '""', id="nothing at all"),
        pytest.param("a b", '"a b"', id="space"),
        pytest.param('say "a b"', "'say \"a b\"'", id="quotes of one kind"),
        pytest.param('"it\'s"', r'''"\"it's\""''', id="quotes of both kinds"),
        pytest.param("50%", '"50%%"', id="specifier"),
        pytest.param("$HOME", '"$$HOME"', id="variable"),
        pytest.param(";", '";"', id="end of a command"),
        pytest.param("a\nb\\", r'"a\nb\\"', id="line break and backslash"),
    ],
)
def test_an_argument_is_written(text: str, expected: str) -> None:
    assert argument(text) == expected
