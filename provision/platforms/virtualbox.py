"""VirtualBox: the guest property that Ignition reads, by VirtualBox's own program in the guest."""

from __future__ import annotations

from provision.errors import ProvisionError, SourceError
from provision.platforms.contract import Access, Identified, Platform, Provided
from provision.platforms.observation import Observation

PROPERTY = "/Ignition/Config"
VALUE = "Value: "  # what VBoxControl prints before it; "No value set!" without one


def identify(observation: Observation) -> Identified | None:
    if observation.said("product_name") == "VirtualBox":
        return Identified("virtualbox", "DMI product 'VirtualBox'")
    return None


def read(_identified: Identified, access: Access) -> Provided:
    if _get(access, f"{PROPERTY}/Encoding"):
        raise SourceError(f"guest property {PROPERTY}/Encoding is set", hint="encodings are not supported")
    uuid = access.observation.said("product_uuid").lower()
    text = _get(access, PROPERTY)
    return Provided(
        user_data=text.encode() if text else None,
        file=PROPERTY,
        instance_id=uuid or None,
        # Once it was there, it is gone for good: nobody else takes guest properties away.
        is_redacted=not text,
    )


def redact(access: Access) -> None:
    """Every process in the machine can read guest properties."""
    access.programs(["VBoxControl", "--nologo", "guestproperty", "delete", PROPERTY])


def _get(access: Access, name: str) -> str:
    try:
        done = access.programs(["VBoxControl", "--nologo", "guestproperty", "get", name])
    except ProvisionError as error:
        raise SourceError(error.message, hint=error.hint) from error
    return done.stdout.removeprefix(VALUE).rstrip("\n\0") if done.stdout.startswith(VALUE) else ""


VIRTUALBOX = Platform("virtualbox", "VirtualBox", identify, read, redact, is_hypervisor=True)
