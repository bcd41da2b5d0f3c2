"""Metadata as other systems look for it: at a URL with the token of the boot, or at a cloud's well-known address."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from typing import NoReturn

from flask import Blueprint, Response, abort, request

from pxeserver.inventory.model import normal_mac
from pxeserver.inventory.select import Selection, select
from pxeserver.logs import log_decision
from pxeserver.render.instances import instance_for
from pxeserver.render.metadata import (
    EC2_VERSIONS,
    OPENSTACK_VERSIONS,
    Instance,
    Tree,
    ec2_tree,
    find,
    nocloud_tree,
    openstack_tree,
)
from pxeserver.store.contract import Boot
from pxeserver.web.labels import labels_of
from pxeserver.web.services import Services

TTL_HEADER = "X-aws-ec2-metadata-token-ttl-seconds"

_log = logging.getLogger("pxeserver.metadata")


def _all_ec2(instance: Instance) -> Tree:
    return dict.fromkeys(EC2_VERSIONS, ec2_tree(instance))


def _all_openstack(instance: Instance) -> Tree:
    return {"openstack": dict.fromkeys(OPENSTACK_VERSIONS, openstack_tree(instance)), **_all_ec2(instance)}


TREES: dict[str, Callable[[Instance], Tree]] = {
    "ec2": _all_ec2,
    "nocloud": nocloud_tree,
    "openstack": _all_openstack,
}


def blueprint(services: Services) -> Blueprint:
    routes = Blueprint("metadata", __name__)

    @routes.get("/v1/<any(ec2, nocloud, openstack):kind>/<mac_text>/<token>/", defaults={"path": ""})
    @routes.get("/v1/<any(ec2, nocloud, openstack):kind>/<mac_text>/<token>/<path:path>")
    def with_token(kind: str, mac_text: str, token: str, path: str) -> Response:
        mac = normal_mac(mac_text)
        boot = services.boot_of_token(mac, token) if mac is not None else None
        if mac is None or boot is None:
            _refuse(mac or mac_text, 403, "this needs the token of the machine's boot")
        answer = _answer(TREES[kind](_instance(services, mac)), mac, path)
        _record(services, boot, path)
        return answer

    def by_address(**_parts: str) -> Response:
        address = request.remote_addr or ""
        mac = services.machine_at(address, "")
        if mac is None:
            _refuse(address, 404, "no machine is known at this address")
        if not _selection(services, mac).profile.metadata:
            _refuse(mac, 404, "its profile does not say metadata: true")
        answer = _answer(_all_openstack(_instance(services, mac)), mac, request.path)
        _record(services, services.store.latest_boot(mac), request.path)
        return answer

    for name in (*EC2_VERSIONS, "openstack"):
        routes.add_url_rule(f"/{name}", f"{name}-root", by_address)
        routes.add_url_rule(f"/{name}/", f"{name}-slash", by_address)
        routes.add_url_rule(f"/{name}/<path:_path>", name, by_address)

    @routes.put("/latest/api/token")
    def session() -> Response:
        """EC2's second version wants a token to be asked for. Here the address decides, with it or without."""
        return _text(secrets.token_urlsafe(24), {TTL_HEADER: request.headers.get(TTL_HEADER, "21600")})

    return routes


def _selection(services: Services, mac: str) -> Selection:
    selection = select(services.index, labels_of(services.store.seen(mac), mac))
    if not isinstance(selection, Selection):
        _refuse(mac, 404, selection.reason)
    return selection


def _instance(services: Services, mac: str) -> Instance:
    labels = labels_of(services.store.seen(mac), mac)
    instance = instance_for(services.index, _selection(services, mac), labels, services.surroundings)
    if isinstance(instance, tuple):
        first = instance[0]
        where = f"{first.file}:{first.line}:{first.column}"
        _refuse(mac, 404, f"the config is not valid: {where} {first.message}")
    return instance


def _record(services: Services, boot: Boot | None, path: str) -> None:
    """Of the many requests, that for the user data is the one that counts."""
    if boot is not None and path.rpartition("/")[2] in ("user-data", "user_data"):
        services.record_config_served(boot, "user data fetched")


def _answer(tree: Tree, mac: str, path: str) -> Response:
    text = find(tree, path)
    if text is None:
        abort(404, "there is no such metadata")
    log_decision(_log, "metadata served", mac=mac, address=request.remote_addr, path=path)
    return _text(text, {})


def _text(text: str, headers: dict[str, str]) -> Response:
    return Response(text, mimetype="text/plain", headers={"Cache-Control": "no-store", **headers})


def _refuse(who: str, status: int, reason: str) -> NoReturn:
    log_decision(_log, "metadata refused", mac=who, reason=reason, address=request.remote_addr)
    abort(status, reason)
