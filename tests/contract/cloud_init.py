"""Asks Debian's cloud-init what it makes of user data. Run by the system's Python, which has its modules."""

from __future__ import annotations

import json
import pathlib
import sys
from typing import Any

from cloudinit import user_data, util
from cloudinit.config import cc_write_files
from cloudinit.distros import ug_util

Config = dict[str, Any]


def files(config: Config, root: str) -> object:
    """Writes the files below a root directory; owners are names, which are looked up by whoever asks."""
    owners: dict[str, list[str | None]] = {}
    util.chownbyname = lambda path, user=None, group=None: owners.__setitem__(path, [user, group])
    for file in config["write_files"]:
        file["path"] = root + file["path"]
    cc_write_files.write_files("write_files", config["write_files"], "root:root")
    found = {}
    for path, owner in owners.items():
        data = pathlib.Path(path).read_bytes()
        mode = pathlib.Path(path).stat().st_mode & 0o7777
        found[path.removeprefix(root)] = {"data": data.hex(), "mode": mode, "owner": owner}
    return found


def script(config: Config, _root: str) -> object:
    return util.shellify(config["runcmd"])


class Debian:
    """What normalize_users_groups asks of a distribution."""

    def get_default_user(self) -> Config:
        return {"name": "debian", "lock_passwd": True, "groups": ["sudo"], "sudo": ["ALL=(ALL) NOPASSWD:ALL"]}


def users(config: Config, _root: str) -> object:
    found, groups = ug_util.normalize_users_groups(config, Debian())
    return {"users": found, "groups": groups}


def hostname(config: Config, _root: str) -> object:
    class Cloud:
        def get_hostname(self, fqdn: bool = False, metadata_only: bool = False) -> object:
            return type("Named", (), {"hostname": "none"})

    return list(util.get_hostname_fqdn(config, Cloud()))[:2]


def parts(data: bytes) -> object:
    class Paths:
        def get_ipath_cur(self, _name: str) -> str:
            return "/nonexistent"

    util.fetch_ssl_details = lambda _paths: {}
    user_data.util.fetch_ssl_details = util.fetch_ssl_details
    message = user_data.UserDataProcessor(Paths()).process(data)
    found = []
    for part in message.walk():
        if part.get_content_maintype() != "multipart":
            payload = util.fully_decoded_payload(part)
            payload = payload if isinstance(payload, bytes) else payload.encode()
            found.append([part.get_content_type(), payload.hex()])
    return found


def main() -> None:
    question, root = sys.argv[1:3]
    data = sys.stdin.buffer.read()
    if question == "parts":
        json.dump(parts(data), sys.stdout)
        return
    config = util.load_yaml(data)
    answer = {"files": files, "hostname": hostname, "script": script, "users": users}[question]
    json.dump(answer(config, root), sys.stdout)


if __name__ == "__main__":
    main()
