"""The page: machines and steps at a glance, and the newest events."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from flask import Blueprint, Response, render_template

from pxeserver.boot.steps import STEPS
from pxeserver.times import utc_text
from pxeserver.web.services import Services
from pxeserver.web.table import MachineRow, State

SHOWN_EVENTS = 30
REFRESH_S = 2
# No step of a good boot takes so long: a machine that is silent for longer has stopped, or was switched off.
SILENT_S = 600
# Never by colour alone.
WORDS = {State.FAILED: "failed", State.RUNNING: "booting", State.OK: "up", State.PENDING: "not seen"}
MARKS = {State.FAILED: "✕", State.RUNNING: "…", State.OK: "✓", State.PENDING: "·"}


def blueprint(services: Services) -> Blueprint:
    routes = Blueprint("page", __name__)
    routes.add_app_template_filter(duration_text, "duration")
    routes.add_app_template_filter(clock_text, "clock")
    routes.add_app_template_filter(utc_text, "moment")
    routes.add_app_template_filter(ago_text, "ago")

    @routes.get("/")
    def page() -> Response:
        rows = services.machine_rows()
        shown = {cell.id for row in rows for cell in row.steps}
        counts, now = state_counts(rows), services.clock()
        nonce = secrets.token_urlsafe(16)
        text = render_template(
            "page.html",
            title=title_text(counts),
            counts=counts,
            words=WORDS,
            marks=MARKS,
            now=now,
            silent=[row for row in rows if is_silent(row, now)],
            failures=[row for row in rows if row.failure],
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


def is_silent(row: MachineRow, now: float) -> bool:
    """Whether a machine began to boot and has not been heard of for long."""
    return row.state is State.RUNNING and row.last is not None and now - row.last.at > SILENT_S


def state_counts(rows: Sequence[MachineRow]) -> list[tuple[State, int]]:
    """How many machines are in each state that there is, what needs attention first."""
    found = Counter(row.state for row in rows)
    return [(state, found[state]) for state in WORDS if found[state]]


def title_text(counts: Sequence[tuple[State, int]]) -> str:
    """What a tab among many should tell."""
    failed = dict(counts).get(State.FAILED, 0)
    return f"{failed} failed – pxeserver" if failed else "pxeserver"


def ago_text(seconds: float) -> str:
    """In the largest unit that fits: 5 s ago, 3 min ago, 2 h ago, 4 days ago."""
    whole = max(0, int(seconds))
    for unit_s, name in ((86400, "days"), (3600, "h"), (60, "min")):
        if whole >= 2 * unit_s:
            return f"{whole // unit_s} {name} ago"
    return f"{whole} s ago"


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
