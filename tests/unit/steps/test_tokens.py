"""Boot tokens."""

from __future__ import annotations

import pytest

from pxeserver.trust.tokens import bearer_token, digest_of, matching_digest, new_token


def test_a_token_is_found_among_the_stored_digests() -> None:
    token, other = new_token(), new_token()

    assert matching_digest(token, [digest_of(other), digest_of(token)]) == digest_of(token)
    assert matching_digest(token, [digest_of(other)]) is None
    assert token not in digest_of(token)


@pytest.mark.parametrize(
    ("header", "token"),
    [("Bearer abc", "abc"), ("Bearer ", None), ("Basic abc", None), ("abc", None), (None, None)],
)
def test_only_a_bearer_header_holds_a_token(header: str | None, token: str | None) -> None:
    assert bearer_token(header) == token
