"""Reports from guests."""

from __future__ import annotations

from flask import Blueprint, Response, abort, jsonify, request

from pxeserver.boot.events import Event, EventError, Result, decode_event, event_json
from pxeserver.boot.steps import GUEST_STEP_IDS
from pxeserver.trust.tokens import bearer_token
from pxeserver.web.services import Services

MAX_EVENTS = 200  # of one request; a boot has some thirty


def blueprint(services: Services) -> Blueprint:
    routes = Blueprint("events", __name__)

    @routes.post("/v1/events")
    def report() -> Response:
        events = _events()
        boot = services.boot_of_token(
            events[0].machine, bearer_token(request.headers.get("Authorization")) or ""
        )
        if boot is None or any(event.machine != boot.machine for event in events):
            abort(403, "this needs the token of the machine's boot")
        for event in events:
            services.journal.record_in(boot.number, event)
            if event.result is Result.OK:
                services.note_step(boot.machine, event.step)
        return Response(status=204)

    @routes.get("/v1/events")
    def newest() -> Response:
        after = request.args.get("after", type=int)
        if after is None:
            stored = tuple(reversed(services.store.newest_events(MAX_EVENTS)))
        else:
            stored = services.store.events_after(after, MAX_EVENTS)
        return jsonify(events=[event_json(event) for event in stored])

    return routes


def _events() -> list[Event]:
    """The events of the request, all of them valid: half a report would be a wrong report."""
    body = request.get_json(force=True, silent=True)
    raw = body if isinstance(body, list) else [body]
    if not 1 <= len(raw) <= MAX_EVENTS:
        abort(400, f"from 1 to {MAX_EVENTS} events are possible, these are {len(raw)}")
    try:
        events = [decode_event(item) for item in raw]
    except EventError as problem:
        abort(400, str(problem))
    for event in events:
        if event.step not in GUEST_STEP_IDS:
            abort(400, f"step: {event.step!r} is not a step that guests report")
    return events
