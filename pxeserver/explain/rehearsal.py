"""One machine's boot, asked step by step of the same functions that answer it on the wire."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import IPv4Address
from urllib.parse import urlencode, urlsplit

from flask.testing import FlaskClient

from pxeserver.boot.architectures import Firmware
from pxeserver.boot.decide import BOOT_SERVER_PORT, DHCP_PORT, DhcpMode, Ignore, Reply
from pxeserver.boot.events import Result
from pxeserver.dhcp.options import MessageType, Option, read_text
from pxeserver.dhcp.packet import UNSPECIFIED, Packet
from pxeserver.dhcp.responder import Decision, Responder
from pxeserver.explain.requests import Asker, firmware_packet, ipxe_packet
from pxeserver.inventory.select import Selection, select
from pxeserver.inventory.verdicts import Verdict, group_verdicts
from pxeserver.tftp.files import TftpFiles
from pxeserver.tftp.transport import TFTP_PORT
from pxeserver.web.labels import labels_of
from pxeserver.web.ranges import FileReply, answer
from pxeserver.web.services import Services
from pxeserver.wire import Endpoint, WireError

OK_STATUS = 200
# The machine's addresses while it has none, and once it has one (any: nothing is sent).
_NOWHERE = Endpoint(UNSPECIFIED, 68)
_SOMEWHERE = Endpoint(IPv4Address("192.0.2.2"), 68)
_URL = re.compile(r"https?://[^\s]+/assets/[^\s]+")
_TOKEN = re.compile(r"provision\.token=(\S+)")


class Outcome(StrEnum):
    ANSWERED = "answered"
    IGNORED = "ignored"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one request. `file` is where the reason is written down, and `key` which key there."""

    where: str
    request: str
    outcome: Outcome
    reason: str
    file: str | None = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """The server's parts. `settings_file` is where the DHCP mode is written down."""

    responder: Responder
    files: TftpFiles
    services: Services
    client: FlaskClient
    settings_file: str


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """`verdicts` has one row for each group of the inventory, the chosen one first."""

    answers: tuple[Answer, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def boots(self) -> bool:
        """Whether a machine that gets these answers boots. With DHCP off, another server sends it here."""
        return all(a.outcome is Outcome.ANSWERED or a.reason == "dhcp is off" for a in self.answers)


def rehearse(stage: Stage, asker: Asker) -> Rehearsal:
    """Every answer the machine would get, also those after the first that is missing: all reasons at once."""
    answers = (*_dhcp_and_loader(stage, asker), *_http(stage, asker))
    labels = labels_of(stage.services.store.seen(asker.mac), asker.mac)
    return Rehearsal(answers, group_verdicts(stage.services.index, labels))


def _dhcp_and_loader(stage: Stage, asker: Asker) -> Iterator[Answer]:
    mode = stage.services.settings.dhcp.mode
    first = _ask(stage, firmware_packet(asker, MessageType.DISCOVER))
    yield _dhcp_answer(stage, "firmware", first)
    last = first
    if isinstance(first.outcome, Reply) and mode is DhcpMode.FULL:
        offered = first.outcome.packet.yiaddr
        last = _ask(stage, firmware_packet(asker, MessageType.REQUEST, requested=offered))
        yield _dhcp_answer(stage, "firmware", last)
    elif mode is DhcpMode.PROXY and asker.architecture.firmware is Firmware.UEFI and not _gives_url(first):
        # BIOS firmware takes the file of the offer: option 43 says so (PXE 2.1 sec. 2.3).
        last = _ask(stage, firmware_packet(asker, MessageType.REQUEST), BOOT_SERVER_PORT)
        yield _dhcp_answer(stage, "firmware", last)
    if (file := _boot_file(last)) is not None:
        yield _loader(stage, file)
    yield _dhcp_answer(stage, "ipxe", _ask(stage, ipxe_packet(asker, MessageType.DISCOVER)))


def _ask(stage: Stage, packet: Packet, port: int = DHCP_PORT) -> Decision:
    source = _SOMEWHERE if port == BOOT_SERVER_PORT else _NOWHERE
    return stage.responder.respond(packet, port=port, source=source)


def _dhcp_answer(stage: Stage, who: str, decision: Decision) -> Answer:
    where, request = f"port {decision.port}", f"{decision.message_type.name} of {who}"
    file, key = _dhcp_place(stage, decision)
    if isinstance(decision.outcome, Ignore):
        return Answer(where, request, Outcome.IGNORED, decision.outcome.reason, file, key)
    packet = decision.outcome.packet
    given = [packet.message_type.name]
    given += [f"address {packet.yiaddr}"] if packet.yiaddr != UNSPECIFIED else []
    given += [f"file {file_name}"] if (file_name := _boot_file(decision)) else []
    outcome = Outcome.REFUSED if packet.message_type is MessageType.NAK else Outcome.ANSWERED
    return Answer(where, request, outcome, f"{', '.join(given)}: {decision.outcome.reason}", file, key)


def _dhcp_place(stage: Stage, decision: Decision) -> tuple[str, str]:
    """A reserved address is the machine's own, and so may be whether it boots; all else follows from the settings."""
    machine = stage.services.index.by_mac.get(decision.mac)
    if decision.outcome.reason.startswith("boot: "):
        selection = _selection(stage, decision.mac)
        if machine is not None and machine.boot is not None:
            return machine.file, "boot"
        if selection is not None and selection.group.boot is not None:
            return selection.group.file, "boot"
    if machine is not None and machine.address is not None and isinstance(decision.outcome, Reply):
        if decision.outcome.packet.yiaddr == machine.address:
            return machine.file, "address"
    elif isinstance(decision.outcome, Reply) and decision.outcome.packet.yiaddr != UNSPECIFIED:
        return stage.settings_file, "dhcp.pool"
    return stage.settings_file, "dhcp.mode"


def _boot_file(decision: Decision) -> str | None:
    if isinstance(decision.outcome, Ignore):
        return None
    value = decision.outcome.packet.options.get(Option.BOOT_FILE)
    return read_text(value) if value else None


def _gives_url(decision: Decision) -> bool:
    return "://" in (_boot_file(decision) or "")


def _loader(stage: Stage, file: str) -> Answer:
    if file.startswith(("http://", "https://")):
        return _get(stage, f"GET {urlsplit(file).path}", urlsplit(file).path)
    where, request = f"port {TFTP_PORT}", f"read {file}"
    try:
        source = stage.files.open(file)
    except (OSError, WireError) as problem:
        return Answer(where, request, Outcome.REFUSED, f"{problem}; install the Debian package ipxe")
    try:
        path = stage.files.virtual.get(file)
        return Answer(where, request, Outcome.ANSWERED, f"{source.size_bytes} bytes", _shown(path))
    finally:
        source.close()


def _shown(path: object) -> str | None:
    return None if path is None or isinstance(path, bytes) else str(path)


def _http(stage: Stage, asker: Asker) -> Iterator[Answer]:
    yield _get(stage, "GET /boot.ipxe", "/boot.ipxe")
    query = {
        "mac": asker.mac,
        "uuid": asker.uuid,
        "serial": asker.serial,
        "arch": asker.build_architecture,
        "platform": "efi" if asker.architecture.firmware is Firmware.UEFI else "pcbios",
    }
    script = stage.client.get(f"/v1/boot?{urlencode(query)}")
    made = _script_answer(stage, asker.mac, script.status_code)
    yield made
    if made.outcome is not Outcome.ANSWERED:
        return
    for url in _URL.findall(script.text):
        yield _asset(stage, url)
    token = _TOKEN.search(script.text)
    if token is not None:
        yield _config(stage, asker.mac, token[1])


def _script_answer(stage: Stage, mac: str, status: int) -> Answer:
    """The script for people: what the server wrote down about it."""
    store = stage.services.store
    boot = store.latest_boot(mac)
    events = [e for e in store.boot_events(mac, boot.number) if e.event.step == "script"] if boot else []
    where, request = _http_port(stage), "GET /v1/boot"
    if not events or status != OK_STATUS:
        return Answer(where, request, Outcome.REFUSED, f"status {status}, no script")
    event = events[-1].event
    selection = _selection(stage, mac)
    if event.result is not Result.OK or selection is None:
        return Answer(where, request, Outcome.REFUSED, event.message)
    return Answer(where, request, Outcome.ANSWERED, event.message, selection.profile.file, "image")


def _config(stage: Stage, mac: str, token: str) -> Answer:
    path = f"/v1/config/{mac.replace(':', '-')}"
    reply = stage.client.get(path, headers={"Authorization": f"Bearer {token}"})
    selection = _selection(stage, mac)
    config = selection.profile.config if selection else None
    file = stage.services.index.configs[config].file if config else None
    if reply.status_code != OK_STATUS:
        return Answer(_http_port(stage), f"GET {path}", Outcome.REFUSED, reply.text.strip(), file)
    reason = f"{len(reply.data)} bytes, rendered and valid"
    return Answer(_http_port(stage), f"GET {path}", Outcome.ANSWERED, reason, file)


def _selection(stage: Stage, mac: str) -> Selection | None:
    """What the server chose for a machine that has just asked for its script."""
    selection = select(stage.services.index, labels_of(stage.services.store.seen(mac), mac))
    return selection if isinstance(selection, Selection) else None


def _asset(stage: Stage, url: str) -> Answer:
    """Bytes that another server may send: then this one's answer is about the file it was copied from."""
    path = urlsplit(url).path
    path = path[path.index("/assets/") :]
    reply = answer("HEAD", path, {"host": "rehearsal"}, stage.services.images.asset)
    where = stage.services.settings.assets_url or f"port {stage.services.settings.assets_port}"
    request = f"GET {path.rsplit('/', 1)[-1]}"
    if not isinstance(reply, FileReply):
        return Answer(where, request, Outcome.REFUSED, reply.text)
    asset = reply.asset
    found_bytes = asset.path.stat().st_size if asset.path.is_file() else None
    if found_bytes != asset.bytes:
        reason = f"its manifest says {asset.bytes} bytes, the file has {found_bytes or 'none'}"
        return Answer(where, request, Outcome.REFUSED, reason, str(asset.path))
    reason = f"{asset.bytes} bytes, sha256 {asset.sha256}"
    return Answer(where, request, Outcome.ANSWERED, reason, str(asset.path))


def _get(stage: Stage, request: str, path: str) -> Answer:
    reply = stage.client.get(path)
    is_there = reply.status_code == OK_STATUS
    reason = f"{len(reply.data)} bytes" if is_there else reply.text.strip()
    return Answer(_http_port(stage), request, Outcome.ANSWERED if is_there else Outcome.REFUSED, reason)


def _http_port(stage: Stage) -> str:
    return f"port {stage.services.settings.http_port}"


def as_seen(asker: Asker, services: Services) -> Asker:
    """The asker with what the machine itself last said, where the operator did not say otherwise."""
    seen = services.store.seen(asker.mac)
    if seen is None:
        return asker
    return replace(asker, uuid=asker.uuid or seen.uuid, serial=asker.serial or seen.serial)
