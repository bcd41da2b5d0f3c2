"""What a machine says about itself: read from a request, and kept in the store between two of them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from pxeserver.inventory.labels import is_label_name, normal_label
from pxeserver.inventory.model import Labels, normal_mac
from pxeserver.store.contract import SeenMachine

MAX_LABEL_CHARS = 128  # a UUID has 36, SMBIOS serial numbers rarely more than 32
OWN_FIELDS = frozenset({"arch", "mac", "serial", "uuid"})
MAX_LABELS = 32  # of the operator's own; they are stored


def read_labels(query: Mapping[str, str], address: str) -> Labels | None:
    """None without a MAC address. Values that thousands of boards have count as not said."""
    mac = normal_mac(query.get("mac", ""))
    if mac is None:
        return None
    uuid, serial, arch = (_printable(query.get(name, "")) for name in ("uuid", "serial", "arch"))
    return Labels(
        mac=mac,
        uuid=normal_label("uuid", uuid),
        serial=serial if normal_label("serial", serial) else "",
        arch=normal_label("arch", arch),
        address=address,
        others=others_of(query),
    )


def others_of(query: Mapping[str, str]) -> dict[str, str]:
    """The labels that have no field of their own."""
    said = ((name, _printable(value)) for name, value in query.items() if is_label_name(name))
    meant = ((name, value) for name, value in said if name not in OWN_FIELDS and normal_label(name, value))
    return dict(islice(meant, MAX_LABELS))


def seen_machine(labels: Labels, at: float) -> SeenMachine:
    return SeenMachine(labels.mac, labels.uuid, labels.serial, labels.arch, labels.address, at, labels.others)


def labels_of(seen: SeenMachine | None, mac: str) -> Labels:
    """What the machine with this address said when it last asked for a boot script."""
    if seen is None:
        return Labels(mac)
    return Labels(mac, seen.uuid, seen.serial, seen.arch, seen.address, seen.others)


def _printable(value: str) -> str:
    """What firmware says goes into templates and logs: only what can be printed, and not without end."""
    return "".join(letter for letter in value[:MAX_LABEL_CHARS] if letter.isprintable()).strip()
