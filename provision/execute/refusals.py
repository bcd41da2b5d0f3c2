"""What the file system refuses, in an operator's words."""

from __future__ import annotations

import errno

from provision.errors import ProvisionError

# What to do about it, where the words of strerror(3) do not say so.
HINTS = {
    errno.EACCES: "run as root",
    errno.EDQUOT: "raise the quota or free some space, then apply again",
    errno.EIO: "the disk or its file system fails: see what the kernel says (dmesg)",
    errno.ENOSPC: "free some space or inodes on its file system, then apply again",
    errno.EPERM: "run as root; if you are, see whether it is immutable (lsattr)",
    errno.EROFS: "its file system is read-only: mount it writable, then apply again",
}


def refusal(doing: str, error: OSError) -> ProvisionError:
    """`doing` is e.g. `write file /etc/motd`."""
    hint = HINTS.get(error.errno) if error.errno is not None else None
    return ProvisionError(f"cannot {doing}: {error.strerror or error}", hint=hint)
