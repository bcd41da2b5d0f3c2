"""Machines as JSON, for the demo's table, for tests, and for whoever else asks."""

from __future__ import annotations

from flask import Blueprint, Response, abort, jsonify, request

from pxeserver.boot.events import event_json
from pxeserver.inventory.model import normal_mac
from pxeserver.web.services import Services
from pxeserver.web.table import row_json

MAX_EVENTS = 1000  # of all boots of one machine; a boot has some thirty


def blueprint(services: Services) -> Blueprint:
    routes = Blueprint("machines", __name__)

    @routes.get("/v1/machines")
    def machines() -> Response:
        rows = services.machine_rows()
        return jsonify(machines=[row_json(row) for row in rows])

    @routes.get("/v1/machines/<mac_text>/events")
    def events(mac_text: str) -> Response:
        mac = normal_mac(mac_text)
        if mac is None:
            abort(404, f"{mac_text!r} is not a MAC address")
        boot = request.args.get("boot", type=int)
        store = services.store
        stored = store.machine_events(mac, MAX_EVENTS) if boot is None else store.boot_events(mac, boot)
        return jsonify(machine=mac, events=[event_json(event) for event in stored])

    return routes
