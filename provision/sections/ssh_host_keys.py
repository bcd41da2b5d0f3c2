"""Section `ssh_host_keys`: the keys by which users know this machine, when it shall not make its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta, Struct, structs

from provision.actions import Step, WriteFile
from provision.facts import Facts
from provision.findings import Place, Problem, error, path_text
from provision.sections.claims import Claim
from provision.sections.hidden import HiddenText
from provision.sections.private_key import PublicHalf, read_public_half

KEY_TYPES = {
    "ecdsa": ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    "ed25519": ("ssh-ed25519",),
    "rsa": ("ssh-rsa",),
}


class SshHostKey(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One host key, /etc/ssh/ssh_host_TYPE_key. Keys of other types are left alone: kept, or made at first boot."""

    type: Annotated[Literal["ecdsa", "ed25519", "rsa"], Meta(description="Type, as ssh-keygen -t takes it.")]
    private: Annotated[
        HiddenText,
        Meta(
            description="The private key file, as ssh-keygen writes it, without a passphrase. Secret.",
            extra={"secret": True},
        ),
    ]
    public: Annotated[str | None, Meta(description="The .pub file; absent: taken from the private key.")] = (
        None
    )

    @property
    def path(self) -> str:
        return f"/etc/ssh/ssh_host_{self.type}_key"


def check(keys: tuple[SshHostKey, ...], place: Place) -> Iterator[Problem]:
    for index, key in enumerate(keys):
        yield from _check_key(key, (*place, index))


def _check_key(key: SshHostKey, place: Place) -> Iterator[Problem]:
    try:
        half = read_public_half(key.private.reveal())
    except ValueError as problem:
        hint = f'make one with `ssh-keygen -t {key.type} -N "" -f FILE`, and write the whole of FILE'
        yield structs.replace(error("host-key", (*place, "private"), str(problem), hint), sensitive=True)
        return
    if half.key_type not in KEY_TYPES[key.type]:
        message = f"the private key is of type {half.key_type!r}, not {key.type}"
        yield error("host-key-type", (*place, "type"), message)
    if key.public is not None:
        yield from _check_public(key.public, half, (*place, "public"))


def _check_public(public: str, half: PublicHalf, place: Place) -> Iterator[Problem]:
    if "PRIVATE KEY" in public:
        hint = "write the .pub file here, or leave it out"
        yield structs.replace(error("ssh-private-key", place, "this is a private key", hint), sensitive=True)
    elif "\n" in public.strip() or public.split()[:2] != half.line.split():
        hint = "leave it out: it is taken from the private key"
        yield error("host-key-pair", place, "this is not the public half of the private key", hint)


def claims(keys: tuple[SshHostKey, ...], place: Place) -> Iterator[Claim]:
    for index, key in enumerate(keys):
        yield Claim(key.path, (*place, index))
        yield Claim(f"{key.path}.pub", (*place, index))


def plan(keys: tuple[SshHostKey, ...], _facts: Facts) -> Iterator[Step]:
    for index, key in enumerate(keys):
        private = key.private.reveal().strip() + "\n"
        public = (key.public or read_public_half(private).line).strip() + "\n"
        because = path_text(("ssh_host_keys", index))
        # sshd refuses a private key that anyone else can read.
        yield Step(WriteFile(key.path, private.encode(), mode=0o600, secret=True), because)
        yield Step(WriteFile(f"{key.path}.pub", public.encode()), because)
