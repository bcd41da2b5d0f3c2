"""What templates are filled in from: data about the machine, as cloud-init names it.

https://cloudinit.readthedocs.io/en/latest/explanation/instancedata.html, "Standardized instance-data.json v1 keys"
"""

from __future__ import annotations

from collections.abc import Callable

from provision.facts import Facts
from provision.formats.parts import Instance

V1 = {
    "availability_zone": "zone",
    "cloud_name": "platform",
    "instance_id": "instance_id",
    "local_hostname": "hostname",
    "platform": "platform",
    "region": "region",
}
META_DATA = {
    "hostname": "hostname",
    "instance_id": "instance_id",
    "local_hostname": "hostname",
    "local_ipv4": "private_ipv4",
    "public_ipv4": "public_ipv4",
}


def instance_of(facts: Facts) -> Instance:
    """What is not known is not there, so that a template that needs it is refused."""
    return {"v1": _known(facts, V1), "ds": {"meta_data": _known(facts, META_DATA)}}


def _known(facts: Facts, names: dict[str, str]) -> dict[str, str]:
    found = {name: getattr(facts, fact) for name, fact in names.items()}
    return {name: value for name, value in found.items() if value is not None}


def given_instance(file: str | None) -> Callable[[], Instance] | None:
    """From a file that a person names; without one nothing is known. Raises OSError, and ValueError for no JSON."""
    if file is None:
        return None
    import json

    with open(file, "rb") as stream:  # noqa: PTH123 - importing pathlib takes longer than the check
        data = json.load(stream)
    if not isinstance(data, dict):
        raise ValueError("expected an object")
    return lambda: data
