"""Where a machine's config comes from: one file a source, detection by positive identification only."""

from provision.platforms.pxe import source_from_command_line
from provision.platforms.source import Source

PLATFORMS = (source_from_command_line,)
"""Each is asked in turn with the kernel command line and gives a Source or None; the first that knows wins."""

__all__ = ["PLATFORMS", "Source"]
