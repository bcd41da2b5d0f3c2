"""`packages`, `package_update` and `package_upgrade`: a script around apt that fails when apt does."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Struct

from provision.findings import Place, error
from provision.formats.cloud_config.commands import quoted
from provision.formats.cloud_config.words import refused
from provision.formats.draft import Draft
from provision.formats.scripts import run_once

Version = str | int


class Managers(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Packages by the program that installs them."""

    apt: tuple[str | tuple[Version, ...], ...] = ()
    snap: Annotated[Any, refused("only apt installs packages")] = None


Packages = tuple[str | tuple[Version, ...] | Managers, ...]

# apt-get(8), with the options that cloud-init gives it; it waits for others that use apt at boot.
APT = "apt-get --assume-yes --quiet --option=Dpkg::Options::=--force-confold --option=DPkg::Lock::Timeout=600"


class Wishes(Struct, frozen=True):
    packages: Packages
    update: bool
    upgrade: bool


def translate_packages(wishes: Wishes, draft: Draft) -> None:
    names = list(_names(wishes.packages, draft))
    if not (names or wishes.update or wishes.upgrade):
        return
    lines = ["#!/bin/sh", "set -eu", "export DEBIAN_FRONTEND=noninteractive", f"{APT} update"]
    if wishes.upgrade:
        lines.append(f"{APT} dist-upgrade")
    if names:
        lines.append(f"{APT} install {' '.join(map(quoted, names))}")
    place: Place = ("packages",) if names else ("package_upgrade",) if wishes.upgrade else ("package_update",)
    run_once(draft, "packages", "".join(f"{line}\n" for line in lines), place)


def _names(packages: Packages, draft: Draft) -> list[str]:
    names = []
    for index, package in enumerate(packages):
        place: Place = ("packages", index)
        if isinstance(package, Managers):
            inner = enumerate(package.apt)
            names += [_name(one, (*place, "apt", number), draft) for number, one in inner]
        else:
            names.append(_name(package, place, draft))
    return names


def _name(package: str | tuple[Version, ...], place: Place, draft: Draft) -> str:
    if isinstance(package, str):
        return package
    if len(package) != 2:
        message = "a package with its version is a list of two"
        draft.report(error("package", place, message, "write [nginx, 1.22.1-9]"))
    return "=".join(map(str, package))
