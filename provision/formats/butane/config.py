"""The whole of a Butane config: what Ignition has, for a variant of the system and its version."""

from __future__ import annotations

from typing import Annotated, Any  # Any: what is not carried out is not looked at

from provision.findings import Severity, did_you_mean, error
from provision.formats.draft import Draft
from provision.formats.front_end import Level, not_carried
from provision.formats.ignition.config import (
    SPECIAL_BITS_SINCE,
    Body,
    Settings,
    check_version,
    translate_body,
    translate_settings,
)
from provision.formats.nodes import Plain

# Of each variant the versions, and the version of Ignition that each is made into.
VARIANTS = {
    "fcos": {
        "1.0.0": "3.0.0",
        "1.1.0": "3.1.0",
        "1.2.0": "3.2.0",
        "1.3.0": "3.2.0",
        "1.4.0": "3.3.0",
        "1.5.0": "3.4.0",
        "1.6.0": "3.5.0",
        "1.7.0": "3.6.0",
    },
    "flatcar": {"1.0.0": "3.3.0", "1.1.0": "3.4.0"},
}
# Published for systems that are made in another way than by a config of this machine.
OTHER_VARIANTS = ("fiot", "openshift", "r4e", "rhcos")


class Config(Body, frozen=True, kw_only=True):
    variant: str
    version: str
    ignition: Settings | None = None
    boot_device: Annotated[Any, not_carried(Severity.ERROR, "the disk booted from is left as it is")] = None
    grub: Annotated[Any, not_carried(Severity.ERROR, "the boot loader gets no users")] = None


def level(data: Plain) -> Level | None:
    if not isinstance(data, dict):
        return None
    variant, version = data.get("variant"), data.get("version")
    known = VARIANTS.get(variant) if isinstance(variant, str) else None
    return Level(version, known) if known and isinstance(version, str) and version in known else None


def translate(config: Config, draft: Draft) -> None:
    versions = VARIANTS.get(config.variant)
    if versions is None:
        is_other = config.variant in OTHER_VARIANTS
        message = (
            f"configs of variant {config.variant!r} are not read" if is_other else "no variant of Butane"
        )
        hint = did_you_mean(config.variant, VARIANTS) or f"variants are {', '.join(VARIANTS)}"
        draft.report(error("format-variant", ("variant",), message, hint))
        versions = VARIANTS["fcos"]
    else:
        check_version(config.version, versions, ("version",), draft)
    ignition = versions.get(config.version, "")
    translate_body(config, draft, special_bits=ignition >= SPECIAL_BITS_SINCE)
    if config.ignition is not None:
        translate_settings(config.ignition, draft)
