"""The control application: boot scripts, configs, reports, discovery, the JSON API and the page."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from pxeserver.errors import ServerError
from pxeserver.web import boot, configs, discovery, events, loaders, machines, metadata, metrics, page
from pxeserver.web.services import Services

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MAX_REQUEST_BYTES = 1024 * 1024  # a guest's events of a whole boot are some 10 KiB
RETRY_AFTER_S = 5  # iPXE honours a Retry-After in seconds (ipxe net/tcp/httpcore.c)

# One module a noun; each makes its own blueprint.
BLUEPRINTS = (boot, configs, discovery, events, loaders, machines, metadata, metrics, page)

_log = logging.getLogger("pxeserver.web")


def create_app(services: Services) -> Flask:
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_REQUEST_BYTES
    for module in BLUEPRINTS:
        app.register_blueprint(module.blueprint(services))
    app.add_url_rule("/healthz", "healthz", lambda: plain("ok"))
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(ServerError, _failed)
    app.wsgi_app = _with_single_slashes(app.wsgi_app)  # type: ignore[assignment, method-assign]
    return app


def _with_single_slashes(app: WSGIApplication) -> WSGIApplication:
    """Flask redirects from // to /, which firmware and boot loaders do not follow."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["PATH_INFO"] = re.sub("/+", "/", environ["PATH_INFO"])
        return app(environ, start_response)

    return answer


def plain(text: str, status: int = 200) -> Response:
    return Response(f"{text}\n", status, mimetype="text/plain")


def _refused(problem: HTTPException) -> Response:
    return plain(problem.description or problem.name, problem.code or 500)


def _failed(problem: ServerError) -> Response:
    """The store or the disk failed. The machine asks again; nobody is told that there is nothing for it."""
    _log.error("%s", problem)
    response = plain(str(problem), 503)
    response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response
