"""Vagrant: the file that its plug-in for CoreOS copies in. The discs that Vagrant makes itself are NoCloud's."""

from __future__ import annotations

from provision.errors import SourceError
from provision.platforms.contract import Access, Identified, Platform, Provided, read_optional
from provision.platforms.observation import Observation

PATH = "/var/lib/coreos-vagrant/vagrantfile-user-data"


def identify(observation: Observation) -> Identified | None:
    return Identified("vagrant", f"file {PATH}", place=PATH) if PATH in observation.paths else None


def read(identified: Identified, access: Access) -> Provided:
    data = read_optional(access.file(identified.place))
    if data is None:
        raise SourceError(f"there is no file {identified.place} any more")
    return Provided(data, file=identified.place)


VAGRANT = Platform("vagrant", "Vagrant (CoreOS)", identify, read, paths=(PATH,))
