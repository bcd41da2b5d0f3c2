"""Boot scripts over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from flask import Blueprint, Response, abort, request

from pxeserver.boot.client import JUNK_UUIDS
from pxeserver.boot.events import Event, Result
from pxeserver.boot.loaders import grub, ipxe
from pxeserver.boot.loaders.ipxe import BootTarget, ScriptError, boot_ipxe
from pxeserver.boot.policy import Verdict
from pxeserver.inventory.model import Labels, normal_mac
from pxeserver.render.boots import NotReady, Ready, boot_target
from pxeserver.store.contract import ScriptGrant, SeenMachine
from pxeserver.trust.tokens import digest_of, new_token
from pxeserver.web.services import Services

MAX_LABEL_CHARS = 128  # a UUID has 36, SMBIOS serial numbers rarely more than 32


class Dialect(Protocol):
    """The scripts of one boot loader."""

    def machine_script(self, target: BootTarget, *, server_url: str) -> str: ...

    def waiting_script(self, reason_lines: Sequence[str], *, server_url: str) -> str: ...

    def local_script(self, reason: str) -> str: ...


DIALECTS: Mapping[str, Dialect] = {"grub": grub, "ipxe": ipxe}


def blueprint(services: Services) -> Blueprint:
    routes = Blueprint("boot", __name__)

    @routes.get("/boot.ipxe")
    def first_script() -> Response:
        return _script(boot_ipxe(services.urls.control))

    @routes.get("/v1/boot")
    def script() -> Response:
        dialect = DIALECTS.get(request.args.get("loader", "ipxe"))
        if dialect is None:
            abort(400, f"loader: none of {', '.join(DIALECTS)}")
        return _script(_machine_script(services, dialect, _labels(), request.remote_addr or ""))

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


def _machine_script(services: Services, dialect: Dialect, labels: Labels, address: str) -> str:
    services.store.save_seen(
        SeenMachine(labels.mac, labels.uuid, labels.serial, labels.arch, address, services.clock())
    )
    permission = services.directive(labels).permission
    if permission.verdict is not Verdict.NETWORK:
        event = Event(
            machine=labels.mac, step="script", result=Result.OK, message=f"sent away: {permission.reason}"
        )
        services.journal.record(event)
        return dialect.local_script(permission.reason)
    prepared = services.prepare(labels)
    if isinstance(prepared, NotReady):
        return _refuse(services, dialect, labels, prepared)
    token = new_token()
    try:
        script = dialect.machine_script(
            boot_target(prepared, labels, services.urls, token), server_url=services.urls.control
        )
    except ScriptError as problem:
        return _refuse(services, dialect, labels, NotReady(f"no boot script can be made: {problem}"))
    _record_script(services, labels, prepared, ScriptGrant(digest_of(token), address))
    return script


def _record_script(services: Services, labels: Labels, ready: Ready, grant: ScriptGrant) -> None:
    image = ready.image
    message = f"boots {image.name} {image.version} with profile {ready.selection.profile.name}"
    services.journal.record(
        Event(machine=labels.mac, step="script", result=Result.OK, message=message), grant=grant
    )


def _refuse(services: Services, dialect: Dialect, labels: Labels, why: NotReady) -> str:
    event = Event(
        machine=labels.mac,
        step="script",
        result=Result.FAILED,
        message="; ".join(why.screen_lines),
        path=why.findings[0].path or None if why.findings else None,
    )
    services.journal.record(event)
    return dialect.waiting_script(why.screen_lines, server_url=services.urls.control)


def _script(text: str) -> Response:
    return Response(text, mimetype="text/plain", headers={"Cache-Control": "no-store"})
