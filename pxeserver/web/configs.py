"""The config of a machine, for the boot it was told about."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import NoReturn

from flask import Blueprint, Response, abort, request

from pxeserver.inventory.model import Labels, normal_mac
from pxeserver.inventory.select import Selection, select
from pxeserver.logs import log_decision
from pxeserver.render.boots import config_for
from pxeserver.render.foreign import format_of
from pxeserver.trust.tokens import bearer_token
from pxeserver.web.labels import labels_of, others_of
from pxeserver.web.services import Services

_log = logging.getLogger("pxeserver.configs")


def blueprint(services: Services) -> Blueprint:
    routes = Blueprint("configs", __name__)

    @routes.get("/v1/config/<mac_text>")
    def config(mac_text: str) -> Response:
        mac = normal_mac(mac_text)
        token = bearer_token(request.headers.get("Authorization"))
        if mac is None or token is None or services.boot_of_token(mac, token) is None:
            _refuse(mac or mac_text, 403, "this needs the token of the machine's boot")
        return _config(services, labels_of(services.store.seen(mac), mac))

    @routes.get("/v1/config/<mac_text>/<token>")
    def config_by_path(mac_text: str, token: str) -> Response:
        """For systems that can be given a URL and nothing else. An installer adds `?os=installed`, or the like, for
        the system that it installs: labels that another group asks for."""
        mac = normal_mac(mac_text)
        boot = services.boot_of_token(mac, token) if mac is not None else None
        if mac is None or boot is None:
            _refuse(mac or mac_text, 403, "this needs the token of the machine's boot")
        labels = labels_of(services.store.seen(mac), mac)
        answer = _config(services, replace(labels, others={**labels.others, **others_of(request.args)}))
        services.record_config_served(boot, "config fetched")
        return answer

    return routes


def _config(services: Services, labels: Labels) -> Response:
    mac, index = labels.mac, services.index
    selection = select(index, labels)
    if not isinstance(selection, Selection):
        _refuse(mac, 404, selection.reason)
    config = config_for(index, selection, labels, services.surroundings)
    if config.text is None or not config.is_valid:
        finding = config.findings[0]
        where = f"{finding.file}:{finding.line}:{finding.column}"
        _refuse(mac, 404, f"the config is not valid: {where} {finding.path} {finding.message}")
    log_decision(_log, "config served", mac=mac, step="config", address=request.remote_addr)
    return Response(config.text, mimetype=format_of(config.text).value, headers={"Cache-Control": "no-store"})


def _refuse(mac: str, status: int, reason: str) -> NoReturn:
    log_decision(_log, "config refused", mac=mac, step="config", reason=reason, address=request.remote_addr)
    abort(status, reason)
