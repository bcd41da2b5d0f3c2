"""What a plan can ask for: frozen data, no behaviour. `execute/` has one handler for each type here."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that must never be printed: its repr and str say so, `reveal()` gives it to the one who writes it."""

    _value: str = field(repr=False)

    def reveal(self) -> str:
        return self._value

    def __str__(self) -> str:
        return "<secret>"

    def __repr__(self) -> str:
        return "<secret>"


@dataclass(frozen=True, slots=True)
class RemoteContent:
    """Bytes to be fetched, unpacked and verified before anything is written.

    `algorithm` is sha256 or sha512, of the unpacked bytes, digest in hex. `compression` is gzip or None.
    """

    url: str
    algorithm: str | None
    digest: str | None
    compression: str | None = None
    headers: tuple[tuple[str, Secret], ...] = ()


@dataclass(frozen=True, slots=True)
class EnsureGroup:
    name: str
    gid: int | None = None
    system: bool = False


@dataclass(frozen=True, slots=True)
class EnsureUser:
    """`groups` are supplementary groups. None means: leave as it is, or the system's default for a new user."""

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


@dataclass(frozen=True, slots=True)
class EnsureAuthorizedKeys:
    """The user's authorized_keys file holds exactly these lines; its place follows from the target's own passwd."""

    user: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EnsureDirectory:
    path: str
    mode: int | None = None  # None: 0755 for a new one, untouched otherwise
    user: str | int = "root"
    group: str | int = "root"


@dataclass(frozen=True, slots=True)
class WriteFile:
    path: str
    content: bytes | RemoteContent = field(repr=False)  # it may be a secret
    mode: int = 0o644
    user: str | int = "root"
    group: str | int = "root"
    secret: bool = False  # the diff of a secret file is never shown
    overwrite: bool = True  # False: whatever is there already stays as it is


@dataclass(frozen=True, slots=True)
class EnsureLink:
    path: str
    target: str
    hard: bool = False


@dataclass(frozen=True, slots=True)
class EnableUnit:
    """`enabled` false means disabled. Done offline with `systemctl --root`. `user`: in every user's systemd."""

    name: str
    enabled: bool
    user: bool = False


@dataclass(frozen=True, slots=True)
class MaskUnit:
    name: str
    masked: bool
    user: bool = False


@dataclass(frozen=True, slots=True)
class AppendText:
    """Each text, which ends with a line break, is added unless the file has it. None: 0644 and root, or untouched."""

    path: str
    texts: tuple[bytes, ...]
    mode: int | None = None
    user: str | int | None = None
    group: str | int | None = None


@dataclass(frozen=True, slots=True)
class RemoveGroup:
    name: str


@dataclass(frozen=True, slots=True)
class RemovePath:
    """Whoever made it. A directory only when `directory`; one that is not empty only when `recursive`."""

    path: str
    directory: bool = False
    recursive: bool = False


@dataclass(frozen=True, slots=True)
class RemoveUser:
    """The account; what the user owns stays."""

    name: str


@dataclass(frozen=True, slots=True)
class EnsureBlock:
    """Lines of a file that others write too. `name`, unique in the file and without #, marks them as ours."""

    path: str
    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class EnsureKernelArguments:
    """In one of the files of provision/kernel_arguments.py; nothing is asked for where it is not used."""

    path: str
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnpackTree:
    """The members of a tar archive below `path`. execute/trees.py makes it steps for each of them.

    `strip` leading parts of their names are left out. A mode of None: as in the archive.
    """

    path: str
    archive: bytes | RemoteContent = field(repr=False)
    strip: int = 0
    user: str | int = "root"
    group: str | int = "root"
    file_mode: int | None = None
    dir_mode: int | None = None


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


@dataclass(frozen=True, slots=True)
class Step:
    """One action and the config path that asked for it, e.g. `users[0].ssh_authorized_keys`."""

    action: Action
    because: str
