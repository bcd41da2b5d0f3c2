"""The same content in the languages of all that are compared."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import quote

import yaml

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE0jDWXsfzt24JuYkHJHhJyXGdIJRSKIB4nVFZ1SzKb5 ops@example"
UNIT = "[Unit]\nDescription=Service {}\n\n[Service]\nExecStart=/bin/true\n\n[Install]\nWantedBy=multi-user.target\n"
SMALL, LARGE = 20, 2000  # lines


@dataclass(frozen=True, slots=True)
class Content:
    """How many of each."""

    files: int
    units: int
    users: int


def file_text(number: int) -> str:
    return f"# file {number}\n" + "".join(
        f"setting-{line} = value {line} of {number}\n" for line in range(10)
    )


def native(content: Content) -> str:
    return _yaml(
        {
            "users": [_native_user(number) for number in range(content.users)],
            "files": [
                {"path": f"/etc/app/{number:04}.conf", "mode": "0640", "content": file_text(number)}
                for number in range(content.files)
            ],
            "units": [
                {"name": f"app{number}.service", "enable": True, "content": UNIT.format(number)}
                for number in range(content.units)
            ],
        }
    )


def _native_user(number: int) -> dict[str, object]:
    return {"name": f"user{number}", "groups": ["sudo"], "ssh_authorized_keys": [KEY]}


def ignition(content: Content) -> str:
    users = [
        {"name": f"user{number}", "groups": ["sudo"], "sshAuthorizedKeys": [KEY]}
        for number in range(content.users)
    ]
    files = [
        {
            "path": f"/etc/app/{number:04}.conf",
            "mode": 0o640,
            "contents": {"source": f"data:,{quote(file_text(number))}"},
        }
        for number in range(content.files)
    ]
    units = [
        {"name": f"app{number}.service", "enabled": True, "contents": UNIT.format(number)}
        for number in range(content.units)
    ]
    return json.dumps(
        {
            "ignition": {"version": "3.3.0"},
            "passwd": {"users": users},
            "storage": {"files": files},
            "systemd": {"units": units},
        }
    )


def lines(count: int) -> tuple[str, str]:
    """A native config and a cloud-config of about so many lines, alike in what they hold."""
    # 13 lines are a file of ten settings; the rest is the user and the host name.
    number = max(1, (count - 6) // 14)
    files = range(number) if count > SMALL else range(1)
    body = {index: file_text(index) for index in files}
    native_config = {
        "hostname": "node1",
        "users": [_native_user(0)],
        "files": [
            {"path": f"/etc/app/{index}.conf", "mode": "0640", "content": body[index]} for index in files
        ],
    }
    cloud_config = {
        "hostname": "node1",
        "users": [_native_user(0)],
        "write_files": [
            {"path": f"/etc/app/{index}.conf", "permissions": "0640", "content": body[index]}
            for index in files
        ],
    }
    return _yaml(native_config), "#cloud-config\n" + _yaml(cloud_config)


class _Blocks(yaml.SafeDumper):
    """Texts of several lines as people write them."""


def _block(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Blocks.add_representer(str, _block)


def _yaml(data: object) -> str:
    return yaml.dump(data, Dumper=_Blocks, sort_keys=False, width=1000)
