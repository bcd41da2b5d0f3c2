"""The boot script of one machine, in the language of its loader, and what is remembered of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Protocol

from pxeserver.boot.events import Event, Result
from pxeserver.boot.loaders.ipxe import BootTarget, ScriptError, own_labels
from pxeserver.boot.policy import Verdict
from pxeserver.inventory.model import Labels
from pxeserver.logs import log_decision
from pxeserver.render.boots import NotReady, Ready, boot_target
from pxeserver.store.contract import ScriptGrant
from pxeserver.trust.tokens import digest_of, new_token
from pxeserver.web.labels import seen_machine
from pxeserver.web.services import Services

_log = logging.getLogger("pxeserver.scripts")


class Dialect(Protocol):
    """The scripts of one boot loader."""

    def machine_script(
        self, target: BootTarget, *, server_url: str, labels: Mapping[str, str] | None = None
    ) -> str: ...

    def waiting_script(
        self, reason_lines: Sequence[str], *, server_url: str, labels: Mapping[str, str] | None = None
    ) -> str: ...

    def local_script(self, reason: str) -> str: ...


def boot_script(services: Services, dialect: Dialect, labels: Labels) -> str:
    """The script that one machine gets now: it boots, is sent away, or is shown why not."""
    services.store.save_seen(seen_machine(labels, services.clock()))
    permission = services.directive(labels).permission
    if permission.verdict is not Verdict.NETWORK:
        message = f"sent away: {permission.reason}"
        _log_script("script served", labels, message)
        services.journal.record(Event(machine=labels.mac, step="script", result=Result.OK, message=message))
        return dialect.local_script(permission.reason)
    prepared = services.prepare(labels)
    if isinstance(prepared, NotReady):
        return _refuse(services, dialect, labels, prepared)
    token = new_token()
    try:
        script = dialect.machine_script(
            boot_target(prepared, labels, services.urls, token),
            server_url=services.urls.control,
            labels=own_labels(labels.others),
        )
    except ScriptError as problem:
        return _refuse(services, dialect, labels, NotReady(f"no boot script can be made: {problem}"))
    _record_script(services, labels, prepared, ScriptGrant(digest_of(token), labels.address))
    return script


def _record_script(services: Services, labels: Labels, ready: Ready, grant: ScriptGrant) -> None:
    image = ready.image
    message = f"boots {image.name} {image.version} with profile {ready.selection.profile.name}"
    _log_script("script served", labels, message)
    services.journal.record(
        Event(machine=labels.mac, step="script", result=Result.OK, message=message), grant=grant
    )


def _refuse(services: Services, dialect: Dialect, labels: Labels, why: NotReady) -> str:
    reason = "; ".join(why.screen_lines)
    # Each time: a machine that waits asks again and again, and its event is stored once.
    _log_script("script refused", labels, reason)
    event = Event(
        machine=labels.mac,
        step="script",
        result=Result.FAILED,
        message=reason,
        path=why.findings[0].path or None if why.findings else None,
    )
    services.journal.record(event)
    return dialect.waiting_script(
        why.screen_lines, server_url=services.urls.control, labels=own_labels(labels.others)
    )


def _log_script(what: str, labels: Labels, reason: str) -> None:
    log_decision(_log, what, mac=labels.mac, step="script", address=labels.address or None, reason=reason)
