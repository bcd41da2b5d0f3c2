"""etcd discovery over HTTP: etcd's own client on one side, the registry on the other."""

from __future__ import annotations

import re

from flask import Blueprint, Response, abort, jsonify, request

from pxeserver.boot.events import Event, Result
from pxeserver.discovery import registry as registries
from pxeserver.discovery.registry import MEMBER_PATTERN, TOKEN_PATTERN, Code, Registry, not_found
from pxeserver.web.services import Services

# An answer without a body makes etcd ask again at once, so that no proxy or switch sees a silent connection.
LONG_POLL_S = 30.0
DEFAULT_SIZE = 3

# NAME=URL, several of them joined by commas, as etcd makes it from its name and its peer URLs.
_VALUE = re.compile(r"[^=,\s]{1,255}=https?://[^,\s]+(,[^=,\s]{1,255}=https?://[^,\s]+)*")

_FAILURES = {
    Code.CHANGED: "this machine has registered before under another name; give it its old name back",
    Code.COMPLETE: (
        "the cluster is complete and this machine was one of its members: its data is gone, "
        "so it cannot come back by itself, it must be replaced as a member"
    ),
    Code.FULL: "the cluster is complete without this machine; it must be added as a member",
}


def blueprint(services: Services) -> Blueprint:
    routes = Blueprint("discovery", __name__, url_prefix="/discovery")

    @routes.route("/new", methods=["GET", "POST", "PUT"])
    def new() -> Response:
        try:
            registry = services.discovery.create(int(request.values.get("size", DEFAULT_SIZE)))
        except ValueError as problem:
            abort(400, str(problem))
        return Response(f"{services.urls.control}/discovery/{registry.token}", mimetype="text/plain")

    @routes.get("/<token>/_config/size")
    def size(token: str) -> Response:
        return _answer(registries.read_size(_registry(services, token)))

    @routes.get("/<token>/status")
    def status(token: str) -> Response:
        return jsonify(registries.status_json(_registry(services, token)))

    @routes.get("/<token>", strict_slashes=False)
    def directory(token: str) -> Response:
        registry = _registry(services, token)
        if _is_wait():
            return _wait(services, registry, None)
        return _answer(registries.read_directory(registry, _asker()))

    @routes.get("/<token>/<member>")
    def member(token: str, member: str) -> Response:
        registry = _registry(services, token)
        if _is_wait():
            return _wait(services, registry, member)
        return _answer(registries.read_member(registry, member))

    @routes.put("/<token>/<member>")
    def register(token: str, member: str) -> Response:
        return _register(services, _registry(services, token), member)

    @routes.delete("/<token>/<member>")
    def remove(token: str, member: str) -> Response:
        registry = _registry(services, token)
        response = services.discovery.change(token, lambda old: registries.remove(old, member))
        return _answer(response or not_found(token, member, registry.index))

    return routes


def _registry(services: Services, token: str) -> Registry:
    registry = services.discovery.find(token) if TOKEN_PATTERN.fullmatch(token) else None
    if registry is None:
        abort(_answer(not_found(token, None, registries.START_INDEX)))
    return registry


def _register(services: Services, registry: Registry, member: str) -> Response:
    value = request.form.get("value", "")
    if not MEMBER_PATTERN.fullmatch(member):
        abort(400, f"{member!r} is no member id of etcd")
    if len(value) > registries.MAX_VALUE_CHARS or not _VALUE.fullmatch(value):
        abort(400, "value: not NAME=URL, the name and peer URL of a member")
    response = services.discovery.change(
        registry.token, lambda old: registries.register(old, member, value, _asker())
    )
    if response is None:
        return _answer(not_found(registry.token, member, registry.index))
    _record(services, member, value, response.refusal)
    return _answer(response)


def _record(services: Services, member: str, value: str, refusal: Code | None) -> None:
    name = value.split("=", 1)[0]
    machine = services.machine_at(_asker(), name)
    if machine is None:
        return
    if refusal is None:
        message, result = f"registered as {value}, member {member}", Result.OK
    else:
        message, result = _FAILURES[refusal], Result.FAILED
    services.record(Event(machine=machine, step="register", result=result, message=message))


def _is_wait() -> bool:
    return request.args.get("wait") == "true"


def _asker() -> str:
    return request.remote_addr or ""


def _wait(services: Services, registry: Registry, member: str | None) -> Response:
    """The first change from `waitIndex` on; without one, the next change from now on.

    A request that was already waiting when the cluster became complete gets an empty answer, on which etcd asks
    again: only a request that arrives afterwards comes from a machine that is still there. One that lost power
    while it waited is so never taken for one that has started.
    """
    wait_index = request.args.get("waitIndex", default=0, type=int) or registry.index + 1
    change = services.discovery.wait(registry.token, wait_index, member, LONG_POLL_S)
    current = services.discovery.find(registry.token)
    if change is None or current is None or (current.is_complete and not registry.is_complete):
        return Response(b"", 200, headers=_headers(registry.index), mimetype="application/json")
    if member is None:
        # Remembered before it is said, so that no crash of ours can make a member that started look as if it had not.
        asker = _asker()
        services.discovery.change(registry.token, lambda now: (registries.tell(now, asker), change))
    return _answer(change)


def _answer(answer: registries.Response) -> Response:
    response = jsonify(answer.body)
    response.status_code = answer.status
    response.headers.update(_headers(answer.index))
    return response


def _headers(index: int) -> dict[str, str]:
    # etcd waits for what comes after X-Etcd-Index; without the header it would start over at 1 and never finish.
    return {"X-Etcd-Index": str(index)}
