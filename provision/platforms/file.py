"""A plain file: in the image, or where the kernel command line says."""

from __future__ import annotations

from provision.errors import SourceError
from provision.platforms.contract import Access, Identified, Platform, Provided, read_optional
from provision.platforms.observation import Observation
from provision.platforms.pxe import check_digest

PATHS = (
    "/etc/provision/config.yaml",
    "/var/lib/coreos-install/user_data",  # coreos-install -c
    "/usr/share/oem/cloud-config.yml",
)


def identify(observation: Observation) -> Identified | None:
    said = observation.argument("provision.config").removeprefix("file://")
    if said.startswith("/"):
        sha256 = observation.argument("provision.config.sha256")
        return Identified("file", "kernel argument provision.config", place=said, sha256=sha256)
    return None


def identify_in_image(observation: Observation) -> Identified | None:
    path = next((path for path in PATHS if path in observation.paths), None)
    return None if path is None else Identified("file", f"file {path}", place=path)


def read(identified: Identified, access: Access) -> Provided:
    data = read_optional(access.file(identified.place))
    if data is None:
        raise SourceError(f"there is no file {identified.place}", hint="check provision.config")
    check_digest(data, identified)
    return Provided(data, file=identified.place)


FILE = Platform("file", "file named on the kernel command line", identify, read)
FILE_IN_IMAGE = Platform("file", "file in the image", identify_in_image, read, paths=PATHS)
