"""Metrics over HTTP, and the counting of the requests themselves."""

from __future__ import annotations

import time

from flask import Blueprint, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST

from pxeserver.web.services import Services


def blueprint(services: Services) -> Blueprint:
    routes = Blueprint("metrics", __name__)

    @routes.get("/metrics")
    def metrics() -> Response:
        return Response(services.metrics.text(), content_type=CONTENT_TYPE_LATEST)

    @routes.before_app_request
    def begin() -> None:
        g.begun_s = time.monotonic()

    @routes.after_app_request
    def count(response: Response) -> Response:
        # By the name of the route, not by its URL: that holds addresses and tokens.
        endpoint = request.endpoint or "none"
        services.metrics.requested(endpoint, response.status_code, time.monotonic() - g.begun_s)
        return response

    return routes
