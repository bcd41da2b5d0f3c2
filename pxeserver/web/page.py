"""The page: machines and steps at a glance, and the newest events."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from flask import Blueprint, Response, render_template

from pxeserver.boot.steps import STEPS
from pxeserver.web.services import Services

SHOWN_EVENTS = 30
REFRESH_S = 2


def blueprint(services: Services) -> Blueprint:
    routes = Blueprint("page", __name__)
    routes.add_app_template_filter(duration_text, "duration")
    routes.add_app_template_filter(clock_text, "clock")

    @routes.get("/")
    def page() -> Response:
        rows = services.machine_rows()
        shown = {cell.id for row in rows for cell in row.steps}
        nonce = secrets.token_urlsafe(16)
        text = render_template(
            "page.html",
            rows=rows,
            columns=[step for step in STEPS if step.id in shown],
            cells={row.mac: {cell.id: cell for cell in row.steps} for row in rows},
            names={row.mac: row.name for row in rows},
            events=services.store.newest_events(SHOWN_EVENTS),
            findings=services.inventory.findings,
            refresh_s=REFRESH_S,
            nonce=nonce,
        )
        return Response(text, mimetype="text/html", headers=_headers(nonce))

    return routes


def duration_text(milliseconds: int | None) -> str:
    """Three digits at most: 4 ms, 1.2 s, 45 s, 3m05."""
    if milliseconds is None:
        return ""
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    seconds = milliseconds / 1000
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{int(seconds) // 60}m{int(seconds) % 60:02}"


def clock_text(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, UTC).strftime("%H:%M:%S")


def _headers(nonce: str) -> dict[str, str]:
    """What machines report is shown here: even if escaping failed, nothing of it would run."""
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
