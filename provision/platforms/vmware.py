"""VMware: guestinfo variables, by VMware's own tools in the guest; the OVF environment, among them or on a CD."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from provision.errors import ProvisionError, SourceError
from provision.platforms import ovf
from provision.platforms.contract import Access, Identified, Platform, Provided, read_optional
from provision.platforms.encodings import decode
from provision.platforms.metadata import host_name, ssh_keys, yaml_mapping
from provision.platforms.networks.described import network, network_of_text
from provision.platforms.networks.vmware import network as numbered_network
from provision.platforms.observation import Observation

if TYPE_CHECKING:
    from provision.sections.network.types import Network

# In the order in which they count.
CONFIGS = ("userdata", "ignition.config.data", "coreos.config.data")
REDACTED = "---"  # a variable cannot be removed from inside the machine
EMPTY_IGNITION = "e30K"  # {} and a line break in base64: what Ignition leaves behind


def identify(observation: Observation) -> Identified | None:
    if observation.said("sys_vendor") == "VMware, Inc." and observation.said("product_name").startswith(
        "VMware"
    ):
        drive = observation.labelled(*ovf.LABELS)
        because = f"DMI product {observation.said('product_name')!r}"
        return Identified("vmware", because, drive.device if drive else "", drive.type if drive else "")
    return None


def read(identified: Identified, access: Access) -> Provided:
    environment = _environment(identified, access)

    def variable(name: str) -> str:
        """The variable itself wins over the property of the same name."""
        return _get(access, name) or environment.get(f"guestinfo.{name}", "")

    name = next((name for name in CONFIGS if variable(name)), None)
    is_redacted = name is not None and variable(name) in (REDACTED, EMPTY_IGNITION)
    user_data = None
    if name is not None and not is_redacted:
        user_data = decode(variable(name), variable(f"{name}.encoding"), f"guestinfo.{name}")
    elif name is None and environment.get("user-data"):
        user_data = decode(environment["user-data"], "base64", "property user-data")
    described = _metadata(variable, environment)
    return Provided(
        user_data=user_data,
        file=f"guestinfo.{name}" if name else "user-data",
        instance_id=described.instance_id or access.observation.said("product_uuid").lower() or None,
        hostname=described.hostname,
        ssh_keys=described.ssh_keys,
        network=described.network,
        warnings=described.warnings,
        is_redacted=is_redacted,
    )


def redact(access: Access) -> None:
    """Every process in the machine can read these variables, and what was in them may be secret."""
    for name in CONFIGS:
        if _get(access, name) not in ("", REDACTED, EMPTY_IGNITION):
            _call(access, f"info-set guestinfo.{name} {REDACTED}")
            _call(access, f"info-set guestinfo.{name}.encoding ")
    if _get(access, "ovfEnv") not in ("", REDACTED):
        _call(access, f"info-set guestinfo.ovfEnv {REDACTED}")


def _metadata(variable: Callable[[str], str], environment: dict[str, str]) -> Provided:
    text = variable("metadata")
    meta = (
        yaml_mapping(decode(text, variable("metadata.encoding"), "guestinfo.metadata"), "guestinfo.metadata")
        if text not in ("", REDACTED)
        else dict[str, object](environment)
    )
    described = meta.get("network") or meta.get("network-config")
    net: Network | None = None
    warnings: tuple[str, ...] = ()
    if isinstance(described, str):
        encoding = str(meta.get("network.encoding") or ("" if "network" in meta else "base64"))
        net, warnings = network_of_text(decode(described, encoding, "network"), "network")
    elif isinstance(described, dict):
        net, warnings = network(described)
    else:
        net = numbered_network(variable)
    instance_id = meta.get("instance-id")
    return Provided(
        instance_id=str(instance_id) if instance_id else None,
        hostname=host_name(meta.get("local-hostname") or meta.get("hostname") or variable("hostname")),
        ssh_keys=ssh_keys(meta.get("public-keys-data") or meta.get("public-keys") or ()),
        network=net,
        warnings=warnings,
    )


def _environment(identified: Identified, access: Access) -> dict[str, str]:
    text = _get(access, "ovfEnv")
    if text not in ("", REDACTED):
        return dict(ovf.parse(text.encode()).properties)
    if not identified.place:
        return {}
    with access.mounted(identified.place, identified.type) as files:
        data = read_optional(files / ovf.FILE, limit_bytes=ovf.MAX_BYTES)
    return dict(ovf.parse(data).properties) if data else {}


def _get(access: Access, name: str) -> str:
    """Empty when the variable is not set: the tool says so by its exit code."""
    return _call(access, f"info-get guestinfo.{name}") or ""


def _call(access: Access, request: str) -> str | None:
    """vmware-rpctool is the smaller of two programs, and is missing from some packages."""
    for command in (["vmware-rpctool", request], ["vmtoolsd", "--cmd", request]):
        try:
            done = access.programs(command)
        except ProvisionError:  # this one is not installed
            continue
        return done.stdout.strip() if done.exit_code == 0 else None
    hint = "install the Debian package 'open-vm-tools'"
    raise SourceError("neither vmware-rpctool nor vmtoolsd is installed", hint=hint)


VMWARE = Platform("vmware", "VMware", identify, read, redact, is_hypervisor=True)
