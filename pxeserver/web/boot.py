"""Boot scripts over HTTP."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from pxeserver.boot.client import is_junk_uuid
from pxeserver.boot.loaders import ipxe
from pxeserver.boot.loaders.ipxe import boot_ipxe
from pxeserver.inventory.model import Labels, normal_mac
from pxeserver.web.script import boot_script
from pxeserver.web.services import Services

MAX_LABEL_CHARS = 128  # a UUID has 36, SMBIOS serial numbers rarely more than 32


def blueprint(services: Services) -> Blueprint:
    routes = Blueprint("boot", __name__)

    @routes.get("/boot.ipxe")
    def first_script() -> Response:
        return _script(boot_ipxe(services.urls.control))

    @routes.get("/v1/boot")
    def script() -> Response:
        return _script(boot_script(services, ipxe, _labels(), request.remote_addr or ""))

    return routes


def _labels() -> Labels:
    mac = normal_mac(request.args.get("mac", ""))
    if mac is None:
        abort(400, "mac: not a MAC address")
    uuid, serial, arch = (_label(name) for name in ("uuid", "serial", "arch"))
    return Labels(mac=mac, uuid="" if is_junk_uuid(uuid) else uuid.lower(), serial=serial, arch=arch)


def _label(name: str) -> str:
    """What firmware says goes into templates and logs: only what can be printed, and not without end."""
    value = request.args.get(name, "")[:MAX_LABEL_CHARS]
    return "".join(letter for letter in value if letter.isprintable())


def _script(text: str) -> Response:
    return Response(text, mimetype="text/plain", headers={"Cache-Control": "no-store"})
