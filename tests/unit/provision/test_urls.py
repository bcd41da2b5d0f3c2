"""What of a URL is shown, by itself, in a sentence and in a line of a config."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.load import load_bytes
from provision.urls import masked_urls, shown_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("https://files.example/a/b", "https://files.example/a/b", id="nothing to hide"),
        pytest.param("http://[fd00::1]:8080/a", "http://[fd00::1]:8080/a", id="IPv6 and port"),
        pytest.param("https://h/@scope/a@1", "https://h/@scope/a@1", id="@ in the path"),
        pytest.param("https://me:pass@h/a", "https://******@h/a", id="user and password"),
        pytest.param("https://pass@h", "https://******@h", id="a token alone"),
        pytest.param("https://m@e:pass@h/a", "https://******@h/a", id="@ in the user"),
        pytest.param("https://h/a?token=pass", "https://h/a?******", id="query"),
        pytest.param("https://h?pass", "https://h?******", id="query without a path"),
        pytest.param("https://h/a#pass", "https://h/a#******", id="fragment"),
        pytest.param("https://me:pass@h:1/a?b=pass#c", "https://******@h:1/a?******", id="all of it"),
        pytest.param("tftp://h/a?pass", "tftp://h/a?******", id="tftp"),
        pytest.param("https://me:pass/a", "******", id="the @ was forgotten"),
        pytest.param("https://me:pa/ss@h/a", "******", id="slash in the password"),
        pytest.param("https://me:pa ss@h/a?pa ss", "https://******@h/a?******", id="spaces"),
        pytest.param("me:pass@h", "******", id="no scheme"),
        pytest.param("data:,pass", "******", id="data"),
        pytest.param("files.example/a", "files.example/a", id="no URL, and nothing to hide"),
    ],
)
def test_a_url_is_shown_without_what_can_be_a_secret(url: str, expected: str) -> None:
    assert shown_url(url) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("see https://h/a for more?", "see https://h/a for more?", id="nothing to hide"),
        pytest.param("'https://h/a?pass' is bad", "'https://h/a?******' is bad", id="in quotes"),
        pytest.param("{a: 'http://me:pass@h', b: 1}", "{a: 'http://******@h', b: 1}", id="flow mapping"),
        pytest.param('["https://h/a?b=pass,x","c"]', '["https://h/a?******"]', id="list without spaces"),
        pytest.param('"http:\\/\\/me:pass@h\\/a"', '"http:\\/\\/******@h\\/a"', id="JSON, escaped"),
        pytest.param("http://a?pass http://b?pass", "http://a?****** http://b?******", id="two"),
    ],
)
def test_a_text_is_shown_with_its_urls_as_they_may_be_shown(text: str, expected: str) -> None:
    assert masked_urls(text) == expected


SECRET = st.text("abcXYZ019-._~%!$&'()*+,;=:", min_size=6, max_size=20).map(lambda text: f"S3cret{text}")


@given(SECRET, st.sampled_from(["https://{}@h/a", "https://u:{}@h/a?b", "http://h:1/a?b={}", "http://h#{}"]))
def test_no_secret_of_a_url_is_shown(secret: str, form: str) -> None:
    url = form.format(secret)

    assert "S3cret" not in shown_url(url)
    assert "S3cret" not in masked_urls(f"a: '{url}', b: [{url}]")


def test_the_place_in_an_excerpt_stays_where_it_is() -> None:
    line = "files: [{source: 'https://me:pass@h/a?tok=abc', path: a, mode: 644}]"

    findings = load_bytes(line.encode(), file="config.yaml").findings

    (mode,) = [finding for finding in findings if finding.code == "mode-decimal"]
    assert mode.excerpt == "files: [{source: 'https://*******@h/a?*******', path: a, mode: 644}]"
    assert mode.excerpt[mode.column - 1 :].startswith("644")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("://" + "a" * 500_000, id="a long host"),
        pytest.param("://?" + ")" * 500_000, id="a long end"),
        pytest.param("://a@" * 100_000, id="many users"),
        pytest.param("://a?" + "}'" * 250_000, id="many ends"),
    ],
)
def test_a_text_made_to_be_slow_is_not(text: str) -> None:
    began = time.process_time()

    masked_urls(text)

    assert time.process_time() - began < 2
