"""What a machine is for another system's metadata: rendered from inventory and templates, or why it is not."""

from __future__ import annotations

from provision.findings import Finding, has_errors
from pxeserver.inventory.model import Index, Labels
from pxeserver.inventory.select import Selection
from pxeserver.render.boots import Surroundings, config_for, variables_for
from pxeserver.render.configs import Rendered, render_config
from pxeserver.render.metadata import Instance
from pxeserver.render.variables import origin_of

KEYS_VARIABLE = "ssh_authorized_keys"


def instance_for(
    index: Index, selection: Selection, labels: Labels, surroundings: Surroundings
) -> Instance | tuple[Finding, ...]:
    """The instance, or the errors in one of its templates."""
    parts = {
        "config": config_for(index, selection, labels, surroundings),
        **extra_configs(index, selection, labels, surroundings),
    }
    findings = tuple(finding for part in parts.values() for finding in part.findings)
    if has_errors(findings) or any(part.text is None for part in parts.values()):
        return findings
    texts = {name: part.text or "" for name, part in parts.items()}
    variables = variables_for(selection, labels, surroundings)
    machine = selection.machine
    values = variables["vars"]
    keys = values.get(KEYS_VARIABLE, ()) if isinstance(values, dict) else ()
    return Instance(
        mac=labels.mac,
        uuid=labels.uuid,
        hostname=machine.hostname if machine else labels.mac.replace(":", "-"),
        address=str(machine.address) if machine and machine.address else labels.address,
        public_keys=tuple(map(str, keys)) if isinstance(keys, list) else (str(keys),),
        user_data=texts["config"],
        vendor_data=texts.get("vendor_data", ""),
        network_config=texts.get("network_config"),
    )


def extra_configs(
    index: Index, selection: Selection, labels: Labels, surroundings: Surroundings
) -> dict[str, Rendered]:
    """The profile's other templates, which are always for another system."""
    named = {
        "vendor_data": selection.profile.vendor_data,
        "network_config": selection.profile.network_config,
    }
    return {
        key: render_config(
            index.configs[name],
            variables_for(selection, labels, surroundings),
            lambda variable: origin_of(variable, selection, surroundings.given),
            has_agent=False,
        )
        for key, name in named.items()
        if name is not None
    }
