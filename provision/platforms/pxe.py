"""PXE boot: the boot script puts everything on the kernel command line (docs/booting.md).

Images of CoreOS and Ignition named the place of the config there too, each in its own words.
"""

from __future__ import annotations

from provision.errors import SourceError
from provision.platforms.contract import Access, Identified, Platform, Provided
from provision.platforms.observation import Observation
from provision.platforms.source import Source
from provision.urls import file_name, shown_url

# In the order in which they count. The last two are one argument in two spellings of coreos-cloudinit.
ARGUMENTS = (
    "provision.config",
    "ignition.config.url",
    "coreos.config.url",
    "cloud-config-url",
    "cloud_config_url",
)
SCHEMES = ("http://", "https://", "tftp://")


def identify(observation: Observation) -> Identified | None:
    """An argument with the URL of a config. `provision.config` may be a file's path: that is platform `file`."""
    for argument in ARGUMENTS:
        url = observation.argument(argument)
        if url.lower().startswith(SCHEMES):
            return Identified(
                "pxe",
                f"kernel argument {argument}",
                place=url,
                sha256=observation.argument("provision.config.sha256"),
                needs_network=True,
            )
    return None


def read(identified: Identified, access: Access) -> Provided:
    token = access.observation.argument("provision.token")
    # The token is for the server that boots machines, and for no other.
    is_ours = identified.because.endswith(ARGUMENTS[0])
    headers = {"Authorization": f"Bearer {token}"} if token and is_ours else {}
    data = access.fetch(identified.place, headers=headers)
    check_digest(data, identified)
    return Provided(data, file=file_name(identified.place))


def check_digest(data: bytes, identified: Identified) -> None:
    if not identified.sha256:
        return
    from provision.fetch.digest import verify

    try:
        verify(data, "sha256", identified.sha256)
    except SourceError as error:
        raise SourceError(f"{shown_url(identified.place)}: {error.message}", hint=error.hint) from error


def source(observation: Observation, place: str, platform: str) -> Source:
    """Whom to tell: what the kernel command line says about it, whichever platform has the config."""
    return Source(
        platform=platform,
        machine=observation.argument("provision.machine"),
        config_url=place,
        report_url=observation.argument("provision.report") or None,
        token=observation.argument("provision.token") or None,
    )


PXE = Platform("pxe", "kernel command line (PXE)", identify, read)
