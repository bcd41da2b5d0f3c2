"""Boot scripts over HTTP."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from pxeserver.boot.loaders import ipxe
from pxeserver.boot.loaders.ipxe import ScriptError, boot_ipxe
from pxeserver.inventory.model import Labels
from pxeserver.web.labels import read_labels
from pxeserver.web.script import boot_script
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
        return _script(boot_script(services, ipxe, _labels()))

    return routes


def _labels() -> Labels:
    labels = read_labels(request.args, request.remote_addr or "")
    if labels is None:
        abort(400, "mac: not a MAC address")
    return labels


def _script(text: str) -> Response:
    return Response(text, mimetype="text/plain", headers={"Cache-Control": "no-store"})
