"""Section `network`: interfaces, configured by systemd-networkd."""

from __future__ import annotations

from collections.abc import Iterator

from provision.actions import Step, WriteFile
from provision.facts import Facts
from provision.findings import Place, path_text
from provision.sections.claims import Claim
from provision.sections.network.check_together import check
from provision.sections.network.render import NETWORK_DIRECTORY, files_of, paths_of
from provision.sections.network.stack import what_is_above
from provision.sections.network.types import Interface, Network

__all__ = ["NETWORK_DIRECTORY", "Interface", "Network", "check", "claims", "paths_of", "plan"]


def claims(network: Network, place: Place) -> Iterator[Claim]:
    names: set[str] = set()
    for index, interface in enumerate(network.interfaces):
        # The first file alone tells of a name used twice.
        for path in paths_of(interface)[: 1 if interface.name in names else None]:
            yield Claim(path, (*place, "interfaces", index, "name"))
        names.add(interface.name)


def plan(network: Network, _facts: Facts) -> Iterator[Step]:
    above = what_is_above(network)
    for index, interface in enumerate(network.interfaces):
        for file in files_of(interface, above):
            content = file.text.encode()
            if file.secret:  # networkd reads its files without root's rights: systemd.netdev(5), PrivateKey=
                action = WriteFile(file.path, content, mode=0o640, group="systemd-network", secret=True)
            else:
                action = WriteFile(file.path, content)
            yield Step(action, path_text(("network", "interfaces", index)))
