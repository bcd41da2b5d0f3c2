"""Section `time`: the time zone, and who says what time it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

from provision.actions import EnableUnit, EnsureLink, Step, WriteFile
from provision.facts import Facts
from provision.findings import Place, Problem, did_you_mean, error, path_text
from provision.sections.claims import Claim
from provision.sections.hosts import is_host_name
from provision.sections.urls import is_ip
from provision.variables import has_variable

LOCALTIME_PATH = "/etc/localtime"
TIMEZONE_PATH = "/etc/timezone"
TIMESYNC_PATH = "/etc/systemd/timesyncd.conf.d/provision.conf"
TIMESYNC_UNIT = "systemd-timesyncd.service"

# Names of the IANA database: Area/Location, each part beginning with a letter ("Etc/GMT+1", "America/Port-au-Prince").
ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z][A-Za-z0-9_+-]*)*")


class Time(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The machine's clock."""

    zone: Annotated[
        str | None,
        Meta(description="Time zone of the IANA database.", examples=["Europe/Berlin", "UTC"]),
    ] = None
    ntp: Annotated[
        tuple[str, ...],
        Meta(
            description="NTP servers by name or address; systemd-timesyncd keeps the clock by them.",
            examples=[["ntp1.lab.example", "10.77.0.1"]],
        ),
    ] = ()


def check(time: Time, place: Place) -> Iterator[Problem]:
    if time.zone is not None and not has_variable(time.zone):
        yield from _check_zone(time.zone, (*place, "zone"))
    seen: dict[str, Place] = {}
    for index, server in enumerate(time.ntp):
        here = (*place, "ntp", index)
        if has_variable(server):
            continue
        if not is_host_name(server) and not is_ip(server):
            hint = "a host name or an IP address; timesyncd asks port 123"
            yield error("ntp-server", here, f"{server!r} is no host name or address", hint)
        if server in seen:
            yield error("duplicate-name", here, f"{server!r} is {path_text(seen[server])} already")
        seen.setdefault(server, here)


def _check_zone(zone: str, place: Place) -> Iterator[Problem]:
    # Late: only configs with a zone pay for the import.
    import zoneinfo

    if not ZONE.fullmatch(zone):
        yield error("time-zone", place, f"{zone!r} is no time zone", "write it as Area/City: Europe/Berlin")
        return
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, OSError):  # OSError: a folder of the database, "Europe"
        known = zoneinfo.available_timezones()
        if known:  # a checker without the database knows the syntax only
            yield error("time-zone", place, f"there is no time zone {zone!r}", did_you_mean(zone, known))


def claims(time: Time, place: Place) -> Iterator[Claim]:
    if time.zone:
        yield Claim(LOCALTIME_PATH, (*place, "zone"), "link")
        yield Claim(TIMEZONE_PATH, (*place, "zone"))
    if time.ntp:
        yield Claim(TIMESYNC_PATH, (*place, "ntp"))


def plan(time: Time, _facts: Facts) -> Iterator[Step]:
    if time.zone is not None:
        # Relative, as timedatectl makes it: right below any root directory.
        yield Step(EnsureLink(LOCALTIME_PATH, f"../usr/share/zoneinfo/{time.zone}"), "time.zone")
        yield Step(WriteFile(TIMEZONE_PATH, f"{time.zone}\n".encode()), "time.zone")
    if time.ntp:
        yield Step(WriteFile(TIMESYNC_PATH, f"[Time]\nNTP={' '.join(time.ntp)}\n".encode()), "time.ntp")
        yield Step(EnableUnit(TIMESYNC_UNIT, True), "time.ntp")
