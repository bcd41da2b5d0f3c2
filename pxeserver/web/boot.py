"""Boot scripts over HTTP."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from pxeserver.boot.events import Event, Result
from pxeserver.boot.loaders.ipxe import ScriptError, boot_ipxe, machine_script, own_labels, waiting_script
from pxeserver.inventory.model import Labels
from pxeserver.render.boots import NotReady, Ready, boot_target
from pxeserver.store.contract import ScriptGrant
from pxeserver.trust.tokens import digest_of, new_token
from pxeserver.web.labels import read_labels, seen_machine
from pxeserver.web.services import Services


def blueprint(services: Services) -> Blueprint:
    routes = Blueprint("boot", __name__)

    @routes.get("/boot.ipxe")
    def first_script() -> Response:
        try:
            return _script(boot_ipxe(services.urls.control, request.args))
        except ScriptError as problem:
            abort(400, str(problem))

    @routes.get("/v1/boot")
    def script() -> Response:
        return _script(_machine_script(services, _labels()))

    return routes


def _labels() -> Labels:
    labels = read_labels(request.args, request.remote_addr or "")
    if labels is None:
        abort(400, "mac: not a MAC address")
    return labels


def _machine_script(services: Services, labels: Labels) -> str:
    services.store.save_seen(seen_machine(labels, services.clock()))
    prepared = services.prepare(labels)
    if isinstance(prepared, NotReady):
        return _refuse(services, labels, prepared)
    token = new_token()
    try:
        script = machine_script(
            boot_target(prepared, labels, services.urls, token),
            server_url=services.urls.control,
            labels=own_labels(labels.others),
        )
    except ScriptError as problem:
        return _refuse(services, labels, NotReady(f"no boot script can be made: {problem}"))
    _record_script(services, labels, prepared, ScriptGrant(digest_of(token), labels.address))
    return script


def _record_script(services: Services, labels: Labels, ready: Ready, grant: ScriptGrant) -> None:
    image = ready.image
    message = f"boots {image.name} {image.version} with profile {ready.selection.profile.name}"
    services.journal.record(
        Event(machine=labels.mac, step="script", result=Result.OK, message=message), grant=grant
    )


def _refuse(services: Services, labels: Labels, why: NotReady) -> str:
    event = Event(
        machine=labels.mac,
        step="script",
        result=Result.FAILED,
        message="; ".join(why.screen_lines),
        path=why.findings[0].path or None if why.findings else None,
    )
    services.journal.record(event)
    return waiting_script(
        why.screen_lines, server_url=services.urls.control, labels=own_labels(labels.others)
    )


def _script(text: str) -> Response:
    return Response(text, mimetype="text/plain", headers={"Cache-Control": "no-store"})
