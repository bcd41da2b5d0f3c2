"""Boot scripts over HTTP."""

from __future__ import annotations

import logging
from uuid import UUID

from flask import Blueprint, Response, abort, request

from pxeserver.boot.client import JUNK_UUIDS
from pxeserver.boot.events import Event, Result
from pxeserver.boot.loaders.ipxe import ScriptError, boot_ipxe, machine_script, waiting_script
from pxeserver.inventory.model import Labels, normal_mac
from pxeserver.logs import log_decision
from pxeserver.render.boots import NotReady, Ready, boot_target
from pxeserver.store.contract import ScriptGrant, SeenMachine
from pxeserver.trust.tokens import digest_of, new_token
from pxeserver.web.services import Services

_log = logging.getLogger("pxeserver.scripts")

MAX_LABEL_CHARS = 128  # a UUID has 36, SMBIOS serial numbers rarely more than 32


def blueprint(services: Services) -> Blueprint:
    routes = Blueprint("boot", __name__)

    @routes.get("/boot.ipxe")
    def first_script() -> Response:
        return _script(boot_ipxe(services.urls.control))

    @routes.get("/v1/boot")
    def script() -> Response:
        return _script(_machine_script(services, _labels(), request.remote_addr or ""))

    return routes


def _labels() -> Labels:
    mac = normal_mac(request.args.get("mac", ""))
    if mac is None:
        abort(400, "mac: not a MAC address")
    uuid, serial, arch = (_label(name) for name in ("uuid", "serial", "arch"))
    return Labels(mac=mac, uuid="" if _is_junk(uuid) else uuid.lower(), serial=serial, arch=arch)


def _is_junk(uuid: str) -> bool:
    """Whether thousands of boards have this UUID: then it must not select one."""
    try:
        return UUID(uuid) in JUNK_UUIDS
    except ValueError:  # no UUID at all; as text it may still be what the operator wrote down
        return False


def _label(name: str) -> str:
    """What firmware says goes into templates and logs: only what can be printed, and not without end."""
    value = request.args.get(name, "")[:MAX_LABEL_CHARS]
    return "".join(letter for letter in value if letter.isprintable())


def _machine_script(services: Services, labels: Labels, address: str) -> str:
    services.store.save_seen(
        SeenMachine(labels.mac, labels.uuid, labels.serial, labels.arch, address, services.clock())
    )
    prepared = services.prepare(labels)
    if isinstance(prepared, NotReady):
        return _refuse(services, labels, prepared, address)
    token = new_token()
    try:
        script = machine_script(
            boot_target(prepared, labels, services.urls, token), server_url=services.urls.control
        )
    except ScriptError as problem:
        return _refuse(services, labels, NotReady(f"no boot script can be made: {problem}"), address)
    _record_script(services, labels, prepared, ScriptGrant(digest_of(token), address))
    return script


def _record_script(services: Services, labels: Labels, ready: Ready, grant: ScriptGrant) -> None:
    image = ready.image
    message = f"boots {image.name} {image.version} with profile {ready.selection.profile.name}"
    log_decision(_log, "script served", mac=labels.mac, step="script", address=grant.address, reason=message)
    services.journal.record(
        Event(machine=labels.mac, step="script", result=Result.OK, message=message), grant=grant
    )


def _refuse(services: Services, labels: Labels, why: NotReady, address: str) -> str:
    reason = "; ".join(why.screen_lines)
    # Each time: a machine that waits asks again and again, and its event is stored once.
    log_decision(_log, "script refused", mac=labels.mac, step="script", address=address, reason=reason)
    event = Event(
        machine=labels.mac,
        step="script",
        result=Result.FAILED,
        message=reason,
        path=why.findings[0].path or None if why.findings else None,
    )
    services.journal.record(event)
    return waiting_script(why.screen_lines, server_url=services.urls.control)


def _script(text: str) -> Response:
    return Response(text, mimetype="text/plain", headers={"Cache-Control": "no-store"})
