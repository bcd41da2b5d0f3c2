"""For each secret field of the language a config that is valid, and the text in it that must show nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Config:
    text: str
    secret: str


WIREGUARD_KEY = "aHVudGVyMkh1bnRlcjJodW50ZXIySHVudGVyMmh1bnQ="
HASH = "$y$j9T$saltsaltsalt$hunter2Hunter2hunter2Hunter2hunter2Hunte"
# The part of a key of ssh-keygen, made for this test alone, that the public half does not have.
HOST_KEY_SECRET = "AAAEB4m0OZ4pNLLJrv28qJNcp+AQppjKjgm5NpRRlxFFSMAVbny/RwjpTPGKmxlXtkujqC"
HOST_KEY = f"""\
-----BEGIN OPENSSH PRIVATE KEY-----
    b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
    QyNTUxOQAAACBW58v0cI6UzxipsZV7ZLo6gtC0RuIIrV4WgQXhmoJGMQAAAJD0i4gR9IuI
    EQAAAAtzc2gtZWQyNTUxOQAAACBW58v0cI6UzxipsZV7ZLo6gtC0RuIIrV4WgQXhmoJGMQ
    {HOST_KEY_SECRET}
    0LRG4gitXhaBBeGagkYxAAAADGhvc3RAZXhhbXBsZQE=
    -----END OPENSSH PRIVATE KEY-----
"""
PEER = "public_key: AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdefg="
TUNNEL = "network:\n  interfaces:\n  - name: wg0\n    addresses: [10.9.0.1/24]\n    wireguard:\n"

CONFIGS: Mapping[str, Config] = {
    "containers[].secret_environment": Config(
        "containers:\n- name: web\n  engine: directory\n  root: /srv/web\n  command: [/bin/web]\n"
        "  secret_environment: {TOKEN: hunter2Hunter2}\n",
        "hunter2Hunter2",
    ),
    "files[].append[].headers": Config(
        "files:\n- path: /srv/app\n  append:\n  - source: http://SERVER/app\n"
        f"    headers: {{Authorization: hunter2Hunter2}}\n    sha256: {'0' * 64}\n",
        "hunter2Hunter2",
    ),
    "files[].headers": Config(
        # The server there refuses: the fetch fails, and says so.
        "files:\n- path: /srv/app\n  source: http://SERVER/app\n  headers: {Authorization: hunter2Hunter2}\n"
        f"  sha256: {'0' * 64}\n",
        "hunter2Hunter2",
    ),
    "network.interfaces[].wireguard.peers[].preshared_key": Config(
        f"{TUNNEL}      private_key_file: /etc/wg\n      peers:\n      - {PEER}\n"
        f"        allowed_ips: [10.9.0.2/32]\n        preshared_key: {WIREGUARD_KEY}\n",
        WIREGUARD_KEY,
    ),
    "network.interfaces[].wireguard.private_key": Config(
        f"{TUNNEL}      private_key: {WIREGUARD_KEY}\n", WIREGUARD_KEY
    ),
    "proxy.http_proxy": Config(
        "proxy: {http_proxy: 'http://me:hunter2Hunter2@proxy:3128'}\n", "hunter2Hunter2"
    ),
    "proxy.https_proxy": Config(
        "proxy: {https_proxy: 'http://me:hunter2Hunter2@proxy:3128'}\n", "hunter2Hunter2"
    ),
    "report.token": Config(
        "report: {url: 'https://status.example/', token: hunter2Hunter2}\n", "hunter2Hunter2"
    ),
    "ssh_host_keys[].private": Config(
        f"ssh_host_keys:\n- type: ed25519\n  private: |\n    {HOST_KEY}", HOST_KEY_SECRET
    ),
    "trees[].headers": Config(
        "trees:\n- path: /srv/site\n  source: http://SERVER/site.tar\n  headers: {Authorization: hunter2Hunter2}\n"
        f"  sha256: {'0' * 64}\n",
        "hunter2Hunter2",
    ),
    "groups[].password_hash": Config(f"groups: [{{name: ops, password_hash: {HASH}}}]\n", "hunter2Hunter2"),
    "users[].password_hash": Config(f"users: [{{name: ops, password_hash: {HASH}}}]\n", "hunter2Hunter2"),
}

SECRET_URL = "http://me:hunter2Hunter2@SERVER/a?token=hunter2Hunter2"

# A URL is no secret field, but user, password and query in it can be secrets.
URLS: Mapping[str, Config] = {
    "files[].source": Config(
        f"files:\n- path: /srv/app\n  source: {SECRET_URL}\n  sha256: {'0' * 64}\n", "hunter2Hunter2"
    ),
    "files[].source, unverified": Config(
        f"files: [{{path: /srv/app, source: '{SECRET_URL}', overwrite: false}}]\n", "hunter2Hunter2"
    ),
    "include[].url": Config(
        f"include:\n- url: http://SERVER/a?token=hunter2Hunter2\n  sha256: {'0' * 64}\n", "hunter2Hunter2"
    ),
    "report.url": Config(
        "report: {url: 'http://me:hunter2Hunter2@SERVER/?token=hunter2Hunter2'}\n", "hunter2Hunter2"
    ),
    "trees[].source": Config(
        f"trees:\n- path: /srv/site\n  source: {SECRET_URL}\n  sha256: {'0' * 64}\n", "hunter2Hunter2"
    ),
}
