"""What operators write into `profiles/`, `groups/` and `machines/`: the types of these files, and their schemas."""

from __future__ import annotations

from typing import Annotated, Any  # JSON Schemas and variables are open-ended

import msgspec
from msgspec import Meta, Struct

from provision.schema import schema_of
from pxeserver.boot.policy import BootMode
from pxeserver.discovery.registry import MAX_SIZE, MIN_SIZE

# Serial numbers and racks are often all digits; with or without quotes they mean the same.
Label = Annotated[str | int | None, Meta(examples=["C02X1234"])]
Boot = Annotated[
    BootMode | None,
    Meta(
        description="Whether it boots from the network: always, once (until it has reported that it is done), "
        "never, or local (its disk)."
    ),
]
Variables = Annotated[
    dict[str, Any],
    Meta(
        description="Variables of the templates, as {{ vars.NAME }}. A machine's win over its group's, those over "
        "its profile's.",
        examples=[{"gateway": "10.77.0.1"}],
    ),
]


class ProfileFile(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A file in `profiles/`: what machines boot."""

    image: Annotated[
        str, Meta(description="The image, as `pxeserver image list` shows it.", examples=["debian-12"])
    ]
    config: Annotated[
        str | None,
        Meta(
            description="The template in configs/; only images that others made can do without.",
            examples=["node.yaml"],
        ),
    ] = None
    kernel_args: Annotated[
        tuple[str, ...],
        Meta(description="Added to the kernel command line; templates.", examples=[["console=tty0"]]),
    ] = ()
    vendor_data: Annotated[
        str | None, Meta(description="For images with cloud-init: a template in configs/.")
    ] = None
    network_config: Annotated[
        str | None, Meta(description="For images with cloud-init: a template in configs/.")
    ] = None
    metadata: Annotated[
        bool,
        Meta(
            description="Serve EC2 and OpenStack metadata to who asks from the machine's address, without token."
        ),
    ] = False
    loader: Annotated[
        str | None,
        Meta(
            description="What loads it: ipxe, grub, shim, a file in loaders/, or the URL of an EFI file. Absent: as "
            "the server's settings say.",
            examples=["shim"],
        ),
    ] = None
    vars: Variables = msgspec.field(default_factory=dict)


class Selector(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which machines a group takes: those of which all of this is true."""

    mac: Annotated[
        str | None, Meta(description="MAC address, in any spelling.", examples=["52:54:00:77:00:01"])
    ] = None
    uuid: Annotated[
        str | None,
        Meta(description="SMBIOS UUID.", examples=["4c4c4544-0042-3510-8052-b4c04f4e4d31"]),
    ] = None
    serial: Annotated[Label, Meta(description="Serial number of the system.")] = None
    asset: Annotated[Label, Meta(description="Asset tag of the chassis.")] = None
    hostname: Annotated[
        Label, Meta(description="Name in the machine's file, else the name that it says it has.")
    ] = None
    arch: Annotated[str | None, Meta(description="Processor architecture.", examples=["x86_64", "arm64"])] = (
        None
    )
    platform: Annotated[Label, Meta(description="Kind of firmware.", examples=["efi", "pcbios"])] = None
    manufacturer: Annotated[Label, Meta(description="Who made the system, by SMBIOS.")] = None
    product: Annotated[Label, Meta(description="The system's model, by SMBIOS.")] = None
    subnet: Annotated[
        str | None,
        Meta(description="The network that the machine asks from.", examples=["10.77.1.0/24"]),
    ] = None
    labels: Annotated[
        dict[str, str | int],
        Meta(
            description="Anything else that the boot script sends, by name: /boot.ipxe?rack=a1 adds one.",
            examples=[{"rack": "a1"}],
        ),
    ] = msgspec.field(default_factory=dict)
    known: Annotated[
        bool | None,
        Meta(
            description="true: machines with a file in machines/ only. false alone: every machine, and that is meant."
        ),
    ] = None


class EtcdCluster(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The group's machines form one etcd cluster."""

    size: Annotated[
        int, Meta(ge=MIN_SIZE, le=MAX_SIZE, description="How many members it starts with.", examples=[3])
    ]


class GroupFile(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A file in `groups/`: machines that belong together."""

    profile: Annotated[str, Meta(description="The file in profiles/, without .yaml.", examples=["node"])]
    selector: Annotated[
        Selector | None,
        Meta(description="Which machines. Without it: every machine that no other group asks for."),
    ] = None
    etcd: Annotated[EtcdCluster | None, Meta(description="Makes the machines an etcd cluster.")] = None
    boot: Boot = None
    vars: Variables = msgspec.field(default_factory=dict)


class MachineFile(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A file in `machines/`: one machine that is known."""

    mac: Annotated[
        str,
        Meta(
            description="Address of the interface it boots from, in any spelling.",
            examples=["52:54:00:77:00:01"],
        ),
    ]
    hostname: Annotated[
        str | None, Meta(description="Its name, if it is not that of the file.", examples=["node1"])
    ] = None
    address: Annotated[
        str | None,
        Meta(description="The IPv4 address kept for it when this server gives out addresses."),
    ] = None
    group: Annotated[
        str | None,
        Meta(description="The file in groups/, without .yaml, that takes it whatever selectors say."),
    ] = None
    boot: Boot = None
    vars: Variables = msgspec.field(default_factory=dict)


FILES: dict[str, type[Struct]] = {"group": GroupFile, "machine": MachineFile, "profile": ProfileFile}


def file_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a kind of file: group, machine or profile."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:pxeserver:{name}:1",
        **schema_of(FILES[name]),
        "title": f"pxeserver {name}, version 1",
    }
