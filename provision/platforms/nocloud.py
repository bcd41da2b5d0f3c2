"""NoCloud: a drive labelled cidata, a directory, or an HTTP server that the firmware or the command line names."""

from __future__ import annotations

import re
from collections.abc import Callable

from provision.errors import AnswerError, SourceError
from provision.platforms.contract import Access, Identified, Platform, Provided, read_optional
from provision.platforms.metadata import host_name, known, ssh_keys, yaml_mapping
from provision.platforms.networks.described import network_of_text
from provision.platforms.observation import Observation
from provision.platforms.service import ABSENT
from provision.urls import shown_url

LABELS = ("cidata", "CIDATA")
SEEDS = ("/var/lib/cloud/seed/nocloud", "/var/lib/cloud/seed/nocloud-net")
WORD = re.compile(r"(?:^|\s)ds=nocloud(?:-net)?(?P<fields>(?:;[^;\s]*)*)(?=\s|$)")
VARIABLE = re.compile(r"__dmi\.(?P<key>[a-z-]+)__")
# What dmidecode(8) calls the fields that such a URL may name, and the kernel.
DMI_KEYS = {
    "baseboard-manufacturer": "board_vendor",
    "baseboard-product-name": "board_name",
    "bios-vendor": "bios_vendor",
    "chassis-asset-tag": "chassis_asset_tag",
    "chassis-serial-number": "chassis_serial",
    "system-manufacturer": "sys_vendor",
    "system-product-name": "product_name",
    "system-serial-number": "product_serial",
    "system-uuid": "product_uuid",
}
Get = Callable[[str], bytes | None]


def identify_seed(observation: Observation) -> Identified | None:
    """A place that is named outright: in the serial number (SMBIOS), on the command line, or a directory."""
    named = (
        ("SMBIOS serial number", observation.said("product_serial")),
        ("kernel command line", observation.command_line.replace('"', "")),
    )
    for where, text in named:
        place = fields_of(text).get("s", "")
        if place:
            place = _filled(place, observation)
            return Identified("nocloud", f"{where} says ds=nocloud", place, needs_network=_is_url(place))
    seed = next((path for path in SEEDS if f"{path}/meta-data" in observation.paths), None)
    return None if seed is None else Identified("nocloud", f"directory {seed}", place=f"{seed}/")


def identify_drive(observation: Observation) -> Identified | None:
    volume = observation.labelled(*LABELS)
    if volume is None or volume.type == "udf":  # nobody makes such seeds, and a DVD may be called anything
        return None
    return Identified("nocloud", f"{volume.device} is labelled {volume.label}", volume.device, volume.type)


def fields_of(text: str) -> dict[str, str]:
    """`ds=nocloud;s=URL;h=NAME;i=ID`: the last such word counts; keys also in full."""
    words = list(WORD.finditer(text))
    if not words:
        return {}
    names = {"seedfrom": "s", "local-hostname": "h", "instance-id": "i"}
    parts = (part.partition("=") for part in words[-1]["fields"].split(";"))
    return {names.get(key, key): value for key, _, value in parts if value}


def _filled(place: str, observation: Observation) -> str:
    return VARIABLE.sub(lambda found: observation.said(DMI_KEYS.get(found["key"], "")), place)


def _is_url(place: str) -> bool:
    return place.lower().startswith(("http://", "https://"))


def read(identified: Identified, access: Access) -> Provided:
    observation = access.observation
    said = fields_of(observation.command_line.replace('"', "")) | fields_of(
        observation.said("product_serial")
    )
    if identified.type:
        with access.mounted(identified.place, identified.type) as files:
            return read_seed(lambda name: read_optional(files / name), said, identified.place)
    if _is_url(identified.place):
        return read_seed(lambda name: _fetch(access, identified.place, name), said, identified.place)
    folder = access.file(identified.place.removeprefix("file://"))
    return read_seed(lambda name: read_optional(folder / name), said, identified.place)


def read_seed(get: Get, said: dict[str, str], place: str) -> Provided:
    """The four files of a seed. One of the first two must be there: otherwise it is none."""
    user_data, meta_data = get("user-data"), get("meta-data")
    if user_data is None and meta_data is None:
        raise SourceError(
            f"{shown_url(place)} has neither user-data nor meta-data", hint="check what is there"
        )
    meta = yaml_mapping(meta_data or b"", "meta-data")
    described = get("network-config")
    net, warnings = network_of_text(described, "network-config") if described else (None, ())
    if get("vendor-data"):
        warnings = (*warnings, "vendor-data is there, and is not used")
    instance_id = said.get("i") or meta.get("instance-id")
    return Provided(
        user_data=user_data or None,
        instance_id=str(instance_id) if instance_id else None,
        hostname=host_name(said.get("h") or meta.get("local-hostname") or meta.get("hostname")),
        ssh_keys=ssh_keys(meta.get("public-keys") or ()),
        network=net,
        facts=known(zone=meta.get("availability-zone"), region=meta.get("region")),
        warnings=warnings,
    )


def _fetch(access: Access, place: str, name: str) -> bytes | None:
    try:
        return access.fetch(file_url(place, name))
    except AnswerError as answer:
        if answer.status in ABSENT:
            return None
        raise


def file_url(place: str, name: str) -> str:
    """`%s` stands for the file's name; without it the place is a directory."""
    if "%s" in place:
        return place.replace("%s", name)
    return f"{place}{name}" if place.endswith("/") or "?" in place else f"{place}/{name}"


SEED_PATHS = tuple(f"{seed}/meta-data" for seed in SEEDS)
NOCLOUD_SEED = Platform(
    "nocloud", "NoCloud: SMBIOS, command line, directory", identify_seed, read, paths=SEED_PATHS
)
NOCLOUD_DRIVE = Platform("nocloud", "NoCloud: drive labelled cidata", identify_drive, read)
