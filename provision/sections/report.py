"""Section `report`: where the machine tells how its boot went."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

from provision.actions import Step
from provision.facts import Facts
from provision.findings import Place, Problem, error
from provision.sections.hidden import HiddenText
from provision.sections.urls import check_url
from provision.variables import has_variable


class Report(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whom `first-boot` tells its steps when the kernel command line names nobody."""

    url: Annotated[
        str,
        Meta(
            description="URL (http or https) that each event is POSTed to.",
            examples=["https://status.example/v1/events"],
        ),
    ]
    token: Annotated[
        HiddenText | None,
        Meta(description="Sent as `Authorization: Bearer`. Secret.", extra={"secret": True}),
    ] = None


def check(report: Report, place: Place) -> Iterator[Problem]:
    yield from check_url(report.url, (*place, "url"), schemes=("http", "https"))
    if report.token is not None:
        yield from _check_token(report.token.reveal(), (*place, "token"))


def _check_token(token: str, place: Place) -> Iterator[Problem]:
    if has_variable(token):
        yield error("report-token", place, "a secret takes no variables", "write the token itself")
    elif not re.fullmatch(
        r"[!-~]+", token
    ):  # RFC 6750 section 2.1 allows fewer; servers are known to take these
        hint = "printable ASCII characters without spaces"
        yield error("report-token", place, "this cannot be sent as a Bearer token", hint)


def plan(_report: Report, _facts: Facts) -> Iterator[Step]:
    """Nothing on the machine: `first-boot` reads it from the config."""
    return iter(())
