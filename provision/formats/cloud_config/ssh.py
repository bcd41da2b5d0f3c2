"""`ssh_authorized_keys`, `ssh_keys` and `ssh_pwauth`: who may come in by SSH, and how the machine is known there."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Struct

from provision.findings import Place, error
from provision.formats.cloud_config.users import Accounts
from provision.formats.cloud_config.words import SECRET, ignored, refused, refused_secret
from provision.formats.draft import Draft
from provision.sections.hidden import HiddenText

SSHD_PATH = "/etc/ssh/sshd_config.d/50-cloud-init.conf"  # where cloud-init writes it, too
WORDS = {
    "yes": True,
    "true": True,
    "1": True,
    "on": True,
    "no": False,
    "false": False,
    "0": False,
    "off": False,
}


class SshKeys(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Host keys."""

    rsa_private: Annotated[HiddenText | None, SECRET] = None
    rsa_public: str | None = None
    ecdsa_private: Annotated[HiddenText | None, SECRET] = None
    ecdsa_public: str | None = None
    ed25519_private: Annotated[HiddenText | None, SECRET] = None
    ed25519_public: str | None = None
    rsa_certificate: Annotated[Any, refused("host certificates are not written")] = None
    ecdsa_certificate: Annotated[Any, refused("host certificates are not written")] = None
    ed25519_certificate: Annotated[Any, refused("host certificates are not written")] = None
    dsa_private: Annotated[Any, refused_secret("sshd has no DSA keys since OpenSSH 7.0")] = None
    dsa_public: Annotated[Any, refused("sshd has no DSA keys since OpenSSH 7.0")] = None
    dsa_certificate: Annotated[Any, refused("sshd has no DSA keys since OpenSSH 7.0")] = None


class SshConsole(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    emit_keys_to_console: Annotated[Any, ignored("keys are not shown on the console")] = None


def translate_authorized_keys(
    keys: tuple[str, ...] | None, has_users: bool, disable_root: bool, accounts: Accounts
) -> None:
    """Of the default user; cloud-init gives root a key that only tells to log in as somebody else."""
    if not keys:
        return
    place: Place = ("ssh_authorized_keys",)
    if accounts.default is None and has_users and not accounts.is_coreos:
        message = "these are the keys of the default user, who is not among users"
        hint = "add `default` to users, or give a user of its own ssh_authorized_keys"
        accounts.draft.report(error("default-user", place, message, hint))
        return
    who = [accounts.default_user(place)]
    if not disable_root:
        who.append(accounts.user("root", ("disable_root",)))
    for made in who:
        for index, key in enumerate(keys):
            made.append("ssh_authorized_keys", key, (*place, index))


def translate_host_keys(keys: SshKeys, draft: Draft) -> None:
    for kind in ("rsa", "ecdsa", "ed25519"):
        private, public = getattr(keys, f"{kind}_private"), getattr(keys, f"{kind}_public")
        place: Place = ("ssh_keys", f"{kind}_private")
        if private is not None:
            made = draft.root.item("ssh_host_keys", place)
            made.put("type", kind, place)
            made.put("private", private.reveal(), place)
            made.put("public", public, ("ssh_keys", f"{kind}_public"))
        elif public is not None:
            message = f"a public key without {kind}_private"
            draft.report(error("host-key-pair", ("ssh_keys", f"{kind}_public"), message))


def translate_password_logins(wish: bool | str, draft: Draft) -> None:
    place: Place = ("ssh_pwauth",)
    answer = WORDS.get(wish.lower()) if isinstance(wish, str) else wish
    if answer is None:
        if str(wish).lower() != "unchanged":
            draft.report(error("ssh-pwauth", place, f"{wish!r} is neither true, false nor unchanged"))
        return
    made = draft.root.item("files", place)
    made.put("path", SSHD_PATH, place)
    made.put("content", f"PasswordAuthentication {'yes' if answer else 'no'}\n", place)
