"""Google Compute Engine's metadata service, by its address: its name would need DNS, which may not answer yet."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from provision.platforms.contract import Access, Identified, Platform, Provided, names_platform
from provision.platforms.encodings import decode
from provision.platforms.metadata import host_name, known, ssh_keys
from provision.platforms.observation import Observation
from provision.platforms.service import Service

ROOT = "/computeMetadata/v1"
HEADERS = {"Metadata-Flavor": "Google"}


def identify(observation: Observation) -> Identified | None:
    if observation.said("product_name") == "Google Compute Engine":
        because = "DMI product 'Google Compute Engine'"
    elif observation.said("product_serial").startswith("GoogleCloud-"):
        because = "DMI serial number begins with GoogleCloud-"
    elif names_platform(observation, "gce", "gcp"):
        because = "kernel command line names gce"
    else:
        return None
    return Identified("gce", because, needs_network=True)


def read(_identified: Identified, access: Access) -> Provided:
    service = Service(access, headers=HEADERS)
    # "projects/123456789/zones/europe-west3-a"
    zone = (service.text(f"{ROOT}/instance/zone") or "").rpartition("/")[2]
    nic = f"{ROOT}/instance/network-interfaces/0"
    return Provided(
        user_data=_user_data(service),
        instance_id=service.demand(f"{ROOT}/instance/id").decode("ascii", "replace").strip(),
        hostname=host_name(service.text(f"{ROOT}/instance/hostname")),
        ssh_keys=ssh_keys(list(_keys(service))),
        facts=known(
            private_ipv4=service.text(f"{nic}/ip"),
            public_ipv4=service.text(f"{nic}/access-configs/0/external-ip"),
            zone=zone,
            region=zone.rpartition("-")[0],
        ),
    )


def _user_data(service: Service) -> bytes | None:
    data = service.get(f"{ROOT}/instance/attributes/user-data")
    if data is None or service.text(f"{ROOT}/instance/attributes/user-data-encoding") != "base64":
        return data
    return decode(data.decode("ascii", "replace"), "base64", "attribute user-data")


def _keys(service: Service) -> Iterator[str]:
    """Keys of the instance; those of the project too, unless the instance keeps them out or has the old attribute."""
    instance, project = f"{ROOT}/instance/attributes", f"{ROOT}/project/attributes"
    old = service.text(f"{instance}/sshKeys")
    texts = [old, service.text(f"{instance}/ssh-keys")]
    blocks = service.text(f"{instance}/block-project-ssh-keys") or ""
    if not old and blocks.lower() != "true":
        texts += [service.text(f"{project}/sshKeys"), service.text(f"{project}/ssh-keys")]
    for text in texts:
        yield from (key for line in (text or "").splitlines() if (key := _key(line)))


def _key(line: str) -> str | None:
    """`user:key`. A key that Google's tools gave an end of validity is left out: sshd would take it for ever."""
    _, _, key = line.partition(":")
    head, marked, about = key.partition(" google-ssh ")
    if not marked:
        return key.strip()
    try:
        return None if "expireOn" in msgspec.json.decode(about) else head
    except msgspec.DecodeError:  # no description: a comment that looks like one
        return key.strip()


GCE = Platform("gce", "Google Compute Engine", identify, read)
