"""No finding shows a secret, whichever field it is in and whatever is wrong around it."""

from __future__ import annotations

import pytest

from provision.findings import Finding, render_github, render_json, render_text
from provision.load import load_bytes
from tests.unit.provision.secrets.places import Secret, damaged, secrets

pytestmark = pytest.mark.long

TEXT = "hunter2Hunter2"


def test_there_are_secrets_to_look_for() -> None:
    assert len(secrets()) >= 9


@pytest.mark.parametrize("secret", secrets(), ids=lambda secret: secret.name)
def test_no_renderer_of_findings_shows_the_secret(secret: Secret) -> None:
    shown, found = [], 0
    for how, text in damaged(secret, TEXT):
        report = load_bytes(text.encode(errors="surrogateescape"), file="config.yaml").report
        found += len(report.findings)
        for render in (render_text, render_json, render_github):
            if TEXT in render([report]):
                shown.append(f"{how} ({render.__name__}):\n{_of(report.findings)}")

    assert found > 30
    assert "\n".join(shown) == ""


def _of(findings: tuple[Finding, ...]) -> str:
    """Those that show it."""
    return "\n".join(repr(finding) for finding in findings if TEXT in repr(finding))
