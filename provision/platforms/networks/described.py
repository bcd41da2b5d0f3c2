"""A network as cloud-init's configs describe it, in version 1 or 2 of that language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from provision.errors import SourceError
from provision.platforms.metadata import yaml_mapping

if TYPE_CHECKING:
    from provision.sections.network.types import Network

Translated = tuple["Network | None", tuple[str, ...]]
"""The network, and what of the description is not carried out."""


def network_of_text(data: bytes, what: str) -> Translated:
    described = yaml_mapping(data, what)
    return network(described) if described else (None, ())


def network(described: Mapping[str, Any]) -> Translated:
    """SourceError when the description is in neither version, or breaks the rules of its own."""
    inner = described.get("network", described)
    if not isinstance(inner, Mapping):
        raise SourceError("the network configuration is no mapping", hint="see its documentation")
    if inner.get("config") == "disabled":
        return None, ()
    version = inner.get("version")
    if version == 1:
        from provision.platforms.networks import version1

        return version1.network(inner)
    if version == 2:
        from provision.platforms.networks import version2

        return version2.network(inner)
    raise SourceError(f"network configuration of version {version!r}", hint="versions 1 and 2 are known")
