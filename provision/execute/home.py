"""A new user's home directory, filled from /etc/skel and put in place at once."""

from __future__ import annotations

import stat

from provision.execute.accounts import User
from provision.execute.target import Ownership, Target, temporary_path

SKELETON = "/etc/skel"
HOME_MODE = 0o700  # other users have no business there; Debian's adduser chooses the same since release 12


def make_home(target: Target, user: User) -> None:
    """Built beside its place and renamed, so that there is either no home or a complete one."""
    owner = Ownership(user.uid, user.gid)
    building = temporary_path(user.home)
    target.remove_leftover(user.home)
    target.make_directory(building, mode=HOME_MODE, owner=owner)
    _copy(target, SKELETON, building, owner)
    target.move(building, user.home)


def _copy(target: Target, source: str, destination: str, owner: Ownership) -> None:
    for name in target.list_directory(source):
        _copy_entry(target, f"{source}/{name}", f"{destination}/{name}", owner)


def _copy_entry(target: Target, source: str, destination: str, owner: Ownership) -> None:
    entry = target.stat(source)
    points_to = target.readlink(source)
    if points_to is not None:
        target.symlink(destination, points_to)
    elif entry is not None and stat.S_ISDIR(entry.st_mode):
        target.make_directory(destination, mode=stat.S_IMODE(entry.st_mode), owner=owner)
        _copy(target, source, destination, owner)
    elif entry is not None and stat.S_ISREG(entry.st_mode):
        content = target.read_file(source) or b""
        staged = target.stage_file(destination, content, mode=stat.S_IMODE(entry.st_mode), owner=owner)
        target.publish([staged])
