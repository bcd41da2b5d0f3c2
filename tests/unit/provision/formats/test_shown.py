"""A whole config with its secrets hidden, in whatever format it is."""

from __future__ import annotations

import pytest

from provision.formats.shown import without_secrets

SECRET = "hunter2hunter2"
IGNITION = '{"ignition": {"version": "3.3.0"}, "passwd": {"users": [{"name": "a", "passwordHash": "S"}]}}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("users: [{name: a, password_hash: S}]", "password_hash: **************}]", id="native"),
        pytest.param(IGNITION, '"passwordHash": ****************}]}}', id="ignition"),
        pytest.param(f"{IGNITION[:-1]},", '"passwordHash******', id="damaged"),
    ],
)
def test_only_the_secret_is_hidden(text: str, expected: str) -> None:
    output = without_secrets(text.replace("S", SECRET))

    assert SECRET not in output
    assert output.endswith(expected)
