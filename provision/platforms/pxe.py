"""PXE boot: the boot script puts everything on the kernel command line (docs/booting.md)."""

from __future__ import annotations

from provision.platforms.source import Source


def source_from_command_line(command_line: str) -> Source | None:
    """The source named by `provision.config=URL`, or None when there is no such argument. The last value wins."""
    arguments: dict[str, str] = {}
    for word in command_line.split():
        name, separator, value = word.partition("=")
        if separator and name.startswith("provision."):
            arguments[name] = value
    config_url = arguments.get("provision.config")
    if not config_url:
        return None
    return Source(
        platform="pxe",
        machine=arguments.get("provision.machine", ""),
        config_url=config_url,
        report_url=arguments.get("provision.report") or None,
        token=arguments.get("provision.token") or None,
    )
