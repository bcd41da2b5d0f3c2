"""Boot loaders over HTTP, for UEFI HTTP boot and for scripts that name them."""

from __future__ import annotations

from pathlib import PurePosixPath

from flask import Blueprint, Response, abort, send_file

from pxeserver.web.services import Services

# The firmware looks at the type first, at the name only if that says nothing (EDK2 HttpBootDxe).
TYPES = {".efi": "application/efi"}
MAX_AGE_S = 0  # a loader is replaced under its name: ask whether it is still the same


def blueprint(services: Services) -> Blueprint:
    routes = Blueprint("loaders", __name__)

    @routes.get("/loaders/<path:name>")
    def loader(name: str) -> Response:
        content = services.loaders.get(name)
        if content is None:
            abort(404, f"there is no loader {name!r}")
        kind = TYPES.get(PurePosixPath(name).suffix, "application/octet-stream")
        if isinstance(content, bytes):
            return Response(content, mimetype="text/plain", headers={"Cache-Control": "no-store"})
        try:
            return send_file(content, mimetype=kind, conditional=True, max_age=MAX_AGE_S)
        except FileNotFoundError:
            abort(404, f"loader {name!r} was removed")

    return routes
