"""What a plan can ask for: frozen data, no behaviour. `execute/` has one handler for each type here.

msgspec.Struct here and all over the agent, because a dataclass costs more than a millisecond to define: with the
ninety there are, commands would start in twice the time.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Overwrite = bool | Literal["own"]
"""False: whatever is there already stays as it is. own: only what an earlier apply made is replaced."""


class Secret(Struct, frozen=True):
    """A value that must never be printed: its repr and str say so, `reveal()` gives it to the one who writes it."""

    _value: str

    def reveal(self) -> str:
        return self._value

    def __str__(self) -> str:
        return "<secret>"

    def __repr__(self) -> str:
        return "<secret>"


class RemoteContent(Struct, frozen=True):
    """Bytes to be fetched, unpacked and verified before anything is written.

    `algorithm` is sha256 or sha512, of the unpacked bytes, digest in hex. `compression` is gzip or None.
    """

    url: str
    algorithm: str | None
    digest: str | None
    compression: str | None = None
    headers: tuple[tuple[str, Secret], ...] = ()


class EnsureGroup(Struct, frozen=True):
    name: str
    gid: int | None = None
    system: bool = False
    password_hash: Secret | None = None


class EnsureUser(Struct, frozen=True):
    """`groups` are supplementary groups. None means: leave as it is, or the system's default for a new user.

    `create_home` is None for: unless it is a system user. `user_group`: without a primary group, a group of its name.
    """

    name: str
    uid: int | None = None
    gecos: str | None = None
    home: str | None = None
    shell: str | None = None
    primary_group: str | None = None
    groups: tuple[str, ...] = ()
    password_hash: Secret | None = None
    system: bool = False
    locked: bool = False  # no password logs in, whatever it is
    create_home: bool | None = None
    user_group: bool = True


class EnsureAuthorizedKeys(Struct, frozen=True):
    """The user's authorized_keys file holds exactly these lines; its place follows from the target's own passwd."""

    user: str
    keys: tuple[str, ...]


class EnsureDirectory(Struct, frozen=True):
    """None: 0755 and root for a new one, untouched otherwise."""

    path: str
    mode: int | None = None
    user: str | int | None = "root"
    group: str | int | None = "root"


class WriteFile(Struct, frozen=True):
    path: str
    content: bytes | RemoteContent
    mode: int = 0o644
    user: str | int = "root"
    group: str | int = "root"
    secret: bool = False  # the diff of a secret file is never shown
    overwrite: Overwrite = True
    rest: tuple[bytes | RemoteContent, ...] = ()  # what follows the content

    def __repr__(self) -> str:  # without the content: it may be a secret
        return f"WriteFile(path={self.path!r})"


class EnsureLink(Struct, frozen=True):
    """A symbolic link may have an owner. None: root for a new one, untouched otherwise."""

    path: str
    target: str
    hard: bool = False
    overwrite: Overwrite = True
    user: str | int | None = None
    group: str | int | None = None


class EnableUnit(Struct, frozen=True):
    """`enabled` false means disabled. Done offline with `systemctl --root`. `user`: in every user's systemd."""

    name: str
    enabled: bool
    user: bool = False


class MaskUnit(Struct, frozen=True):
    name: str
    masked: bool
    user: bool = False


class AppendText(Struct, frozen=True):
    """Each text is added, as whole lines, unless the file has it. None: 0644 and root, or untouched."""

    path: str
    texts: tuple[bytes | RemoteContent, ...]
    mode: int | None = None
    user: str | int | None = None
    group: str | int | None = None


class RemoveGroup(Struct, frozen=True):
    name: str


class RemovePath(Struct, frozen=True):
    """Whoever made it. A directory only when `directory`; one that is not empty only when `recursive`."""

    path: str
    directory: bool = False
    recursive: bool = False


class RemoveUser(Struct, frozen=True):
    """The account; what the user owns stays."""

    name: str


class EnsureBlock(Struct, frozen=True):
    """Lines of a file that others write too. `name`, unique in the file and without #, marks them as ours."""

    path: str
    name: str
    content: bytes

    def __repr__(self) -> str:  # without the content: it may be a secret
        return f"EnsureBlock(path={self.path!r}, name={self.name!r})"


class EnsureKernelArguments(Struct, frozen=True):
    """In one of the files of provision/kernel_arguments.py; nothing is asked for where it is not used."""

    path: str
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


class UnpackTree(Struct, frozen=True):
    """The members of a tar archive below `path`. execute/trees.py makes it steps for each of them.

    `strip` leading parts of their names are left out. A mode of None: as in the archive.
    """

    path: str
    archive: bytes | RemoteContent
    strip: int = 0
    user: str | int = "root"
    group: str | int = "root"
    file_mode: int | None = None
    dir_mode: int | None = None

    def __repr__(self) -> str:  # without the archive: it may hold secrets
        return f"UnpackTree(path={self.path!r})"


Action = (
    EnsureGroup
    | EnsureUser
    | EnsureAuthorizedKeys
    | EnsureDirectory
    | WriteFile
    | EnsureLink
    | EnableUnit
    | MaskUnit
    | AppendText
    | RemoveGroup
    | RemovePath
    | RemoveUser
    | EnsureBlock
    | EnsureKernelArguments
    | UnpackTree
)


class Origin(Struct, frozen=True):
    """Where the user wrote something; lines count from 1. `path`: the config path in the words of another format."""

    file: str
    line: int
    path: str | None = None


class Step(Struct, frozen=True):
    """One action and the config path that asked for it, e.g. `users[0].ssh_authorized_keys`."""

    action: Action
    because: str
