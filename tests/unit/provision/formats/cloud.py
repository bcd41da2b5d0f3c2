"""Cloud-configs as YAML texts, loaded."""

from __future__ import annotations

from provision.document import Document
from provision.load import Loaded, load_bytes

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
HASH = "$6$salt$" + "a" * 86


def load_cloud(body: str) -> Loaded:
    return load_bytes(f"#cloud-config\n{body}".encode(), file="user-data")


def cloud_document(body: str) -> Document:
    loaded = load_cloud(body)
    assert loaded.document is not None, loaded.findings
    return loaded.document
