"""What is seen of a machine without asking anybody: all that a platform may be told by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct, field

DMI_NAMES = (
    "bios_vendor",
    "board_name",
    "board_vendor",
    "chassis_asset_tag",
    "chassis_serial",
    "product_name",
    "product_serial",
    "product_uuid",
    "sys_vendor",
)


class Volume(Struct, frozen=True):
    """A file system that can hold a config: iso9660, udf or vfat."""

    device: str
    type: str
    label: str


class Observation(Struct, frozen=True):
    """`paths` are those of the platforms' own files that are there."""

    dmi: Mapping[str, str] = field(default_factory=dict)
    hypervisor_uuid: str = ""
    command_line: str = ""
    volumes: tuple[Volume, ...] = ()
    paths: frozenset[str] = frozenset()

    def said(self, name: str) -> str:
        """What the firmware says (DMI); empty when it says nothing."""
        return self.dmi.get(name, "")

    def argument(self, name: str) -> str:
        """The value on the kernel command line; the last that is not empty wins."""
        values = [value for key, value in arguments(self.command_line) if key == name and value]
        return values[-1] if values else ""

    def labelled(self, *labels: str) -> Volume | None:
        """The first file system with one of these labels, in the order of the devices' names."""
        return next((volume for volume in self.volumes if volume.label in labels), None)


def arguments(command_line: str) -> Iterator[tuple[str, str]]:
    """Kernel arguments with a value, quotes taken off as the kernel does (next_arg in lib/cmdline.c)."""
    word, quoted = "", False
    for char in f"{command_line} ":
        if char == '"':
            quoted = not quoted
        elif char.isspace() and not quoted:
            name, separator, value = word.partition("=")
            if separator:
                yield name, value
            word = ""
        else:
            word += char
