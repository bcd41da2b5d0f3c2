"""Which keys hold secrets, in our language and in those that are only passed on."""

from __future__ import annotations

from provision.formats.source import masked_by_name
from provision.schema import secret_names

# Of cloud-init, the Ubuntu installer and Ignition.
_OTHERS = frozenset(
    {
        "chpasswd",
        "hashed_passwd",
        "keyFile",
        "passphrase",
        "passwd",
        "password",
        "passwordHash",
        "plain_text_passwd",
        "private_key",
        "rsa_private",
        "ecdsa_private",
        "ed25519_private",
    }
)


def without_secrets_by_name(text: str) -> list[str]:
    """The lines, with what follows a secret's name hidden: for text in whatever language, also half written."""
    return masked_by_name(text.splitlines(), secret_names() | _OTHERS)
