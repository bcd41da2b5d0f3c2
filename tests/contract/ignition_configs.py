"""Configs that Ignition and this agent carry out alike, or not: by what they are about."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from typing import Any

from tests.contract.ignition_peer import SERVICE

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
HASH = f"$6$saltsalt${'a' * 86}"
PACKED = base64.b64encode(gzip.compress(b"packed\n", mtime=0)).decode()
SHA512 = f"sha512-{hashlib.sha512(b'packed' + bytes([10])).hexdigest()}"


def files(*found: dict[str, Any]) -> dict[str, Any]:
    return {"storage": {"files": list(found)}}


def file(path: str = "/etc/new", source: str = "data:,text%0A", **more: Any) -> dict[str, Any]:
    return files({"path": path, "contents": {"source": source}, **more})


def storage(kind: str, **found: Any) -> dict[str, Any]:
    return {"storage": {kind: [found]}}


def units(*found: dict[str, Any]) -> dict[str, Any]:
    return {"systemd": {"units": list(found)}}


def user(name: str = "core", **more: Any) -> dict[str, Any]:
    return {"passwd": {"users": [{"name": name, **more}]}}


def groups(*found: dict[str, Any]) -> dict[str, Any]:
    return {"passwd": {"groups": list(found)}}


TOGETHER = {
    "storage": {
        "directories": [{"path": "/srv/app", "mode": 0o750, "user": {"name": "app"}}],
        "files": [
            {"path": "/srv/app/conf", "contents": {"source": "data:,a"}, "user": {"name": "app"}},
            {"path": "/etc/old", "append": [{"source": "data:,new%0A"}]},
        ],
        "links": [{"path": "/etc/app", "target": "../srv/app/conf"}],
    },
    "systemd": {"units": [{"name": "app.service", "enabled": True, "contents": SERVICE}]},
    "passwd": {
        "groups": [{"name": "ops", "gid": 1500}],
        "users": [{"name": "app", "uid": 1501, "groups": ["ops", "sudo"], "sshAuthorizedKeys": [KEY]}],
    },
}

CHILD = {
    "ignition": {"version": "3.2.0"},
    "storage": {
        "files": [
            {"path": "/etc/new", "contents": {"source": "data:,child"}, "mode": 0o600},
            {"path": "/etc/old", "append": [{"source": "data:,child%0A"}]},
            {"path": "/etc/same", "mode": 0o640},
        ],
        "links": [{"path": "/etc/kind", "target": "new"}],
    },
    "systemd": {
        "units": [{"name": "known.service", "dropins": [{"name": "20.conf", "contents": "[Unit]\n"}]}]
    },
    "passwd": {"users": [{"name": "core", "groups": ["sudo", "old"], "sshAuthorizedKeys": [f"{KEY} child"]}]},
}
PARENT = {
    "storage": {
        "files": [
            {"path": "/etc/new", "contents": {"source": "data:,parent"}, "user": {"id": 5}},
            {"path": "/etc/old", "append": [{"source": "data:,parent%0A"}]},
            {"path": "/etc/same", "contents": {"source": "data:,same"}},
            {"path": "/etc/kind", "contents": {"source": "data:,parent"}},
        ]
    },
    "systemd": {
        "units": [
            {
                "name": "known.service",
                "enabled": True,
                "dropins": [{"name": "10.conf", "contents": "[Unit]\n"}],
            }
        ]
    },
    "passwd": {"users": [{"name": "core", "uid": 1500, "groups": ["old"], "sshAuthorizedKeys": [KEY]}]},
}


def reference(config: object) -> dict[str, str]:
    return {"source": f"data:;base64,{base64.b64encode(json.dumps(config).encode()).decode()}"}


def settings(**config: Any) -> dict[str, Any]:
    return {"ignition": {"version": "3.3.0", "config": config}}


CASES: dict[str, dict[str, Any]] = {
    "a file": file(),
    "a file in base64": file(source="data:text/plain;charset=utf-8;base64,AP8K"),
    "a file about which nothing is said": files({"path": "/etc/new"}),
    "a file with no source": files({"path": "/etc/new", "contents": {}}),
    "a file with an empty source": file(source=""),
    "a file with mode and ids": file(mode=0o600, user={"id": 12}, group={"id": 13}),
    "a file with names": file(user={"name": "old"}, group={"name": "sudo"}),
    "a file of special bits": file(mode=0o4755),
    "a file with new parents": file("/opt/a/b/c", mode=0o600, user={"id": 5}),
    "a packed and verified file": files(
        {
            "path": "/etc/new",
            "contents": {
                "source": f"data:;base64,{PACKED}",
                "compression": "gzip",
                "verification": {"hash": SHA512},
            },
        }
    ),
    "a file with another digest": files(
        {"path": "/etc/new", "contents": {"source": "data:,x", "verification": {"hash": SHA512}}}
    ),
    "a file that is there": file("/etc/old"),
    "a file in the place of a link": file("/etc/oldlink"),
    "a file that is there, overwritten": file("/etc/old", overwrite=True),
    "a file that is there, overwritten, with a mode": file("/etc/old", overwrite=True, mode=0o600),
    "a link that is there, overwritten by a file": file("/etc/oldlink", overwrite=True),
    "a file that is there, with no source": files({"path": "/etc/old", "contents": {}}),
    "a file that is there, with another mode": files({"path": "/etc/old", "mode": 0o600}),
    "a file that is there, with another owner": files({"path": "/etc/old", "user": {"id": 9}}),
    "a file in the place of a directory": file("/srv/full", overwrite=True),
    "what is appended": files(
        {"path": "/etc/old", "append": [{"source": "data:,one%0A"}, {"source": "data:,two%0A"}]}
    ),
    "what is appended, packed": files(
        {"path": "/etc/old", "append": [{"source": f"data:;base64,{PACKED}", "compression": "gzip"}]}
    ),
    "what is appended to nothing": files({"path": "/etc/new", "append": [{"source": "data:,one%0A"}]}),
    "what is appended to contents": files(
        {
            "path": "/etc/new",
            "mode": 0o600,
            "contents": {"source": "data:,zero"},
            "append": [{"source": "data:,one"}],
        }
    ),
    "what is appended without a line break": files({"path": "/etc/old", "append": [{"source": "data:,one"}]}),
    "what is there is appended once more": files(
        {"path": "/etc/old", "append": [{"source": "data:,old%0A"}]}
    ),
    "a directory": storage("directories", path="/srv/new", mode=0o700, user={"id": 5}),
    "a directory with new parents": storage("directories", path="/srv/new/deep"),
    "a directory of others": storage("directories", path="/srv/theirs"),
    "a directory of others, with a group": storage("directories", path="/srv/theirs", group={"id": 3}),
    "a directory of others, with a mode": storage("directories", path="/srv/theirs", mode=0o700),
    "a directory where a file is": storage("directories", path="/etc/old"),
    "a directory in the place of a file": storage("directories", path="/etc/old", overwrite=True),
    "a directory is emptied": storage("directories", path="/srv/full", overwrite=True),
    "a link": storage("links", path="/etc/new", target="../nowhere"),
    "a link where a file is": storage("links", path="/etc/old", target="x"),
    "a link where another is": storage("links", path="/etc/oldlink", target="x"),
    "a link that is there": storage("links", path="/etc/oldlink", target="old"),
    "a link in the place of a file": storage("links", path="/etc/old", target="x", overwrite=True),
    "a link in the place of a directory": storage("links", path="/srv/full", target="x", overwrite=True),
    "the owner of a link": storage("links", path="/etc/new", target="x", user={"id": 5}),
    "another owner of a link": storage("links", path="/etc/oldlink", target="old", group={"name": "sudo"}),
    "the owner of a hard link": storage(
        "links", path="/etc/new", target="/etc/old", hard=True, user={"id": 5}
    ),
    "a hard link": storage("links", path="/etc/new", target="/etc/old", hard=True),
    "a hard link in the place of a link": storage(
        "links", path="/etc/oldlink", target="/etc/old", hard=True, overwrite=True
    ),
    "a hard link to a new file": {
        "storage": {
            "files": [{"path": "/etc/new", "contents": {"source": "data:,x"}, "mode": 0o600}],
            "links": [{"path": "/etc/hard", "target": "/etc/new", "hard": True}],
        }
    },
    "units": units(
        {"name": "new.service", "enabled": True, "contents": SERVICE},
        {"name": "known.service", "enabled": True},
        {"name": "on.service", "enabled": False},
    ),
    "a unit that is not enabled": units({"name": "new.service", "contents": SERVICE}),
    "drop-ins": units(
        {
            "name": "known.service",
            "dropins": [
                {"name": "10-user.conf", "contents": "[Service]\nUser=nobody\n"},
                {"name": "20.conf"},
            ],
        }
    ),
    "masks": units(
        {"name": "known.service", "mask": True},
        {"name": "masked.service", "mask": False},
        {"name": "none.service", "enabled": False},
    ),
    "a masked unit with contents": units(
        {"name": "new.service", "mask": True, "contents": "[Service]\nExecStart=/bin/true\n"}
    ),
    "a masked unit that is enabled": units({"name": "known.service", "mask": True, "enabled": True}),
    "a user": user(sshAuthorizedKeys=[KEY, f"{KEY} again"], groups=["sudo"], gecos="Core"),
    "a user with ids": {
        "passwd": {
            "users": [
                {
                    "name": "core",
                    "uid": 1500,
                    "homeDir": "/srv/core",
                    "shell": "/bin/sh",
                    "primaryGroup": "sudo",
                    "passwordHash": HASH,
                }
            ]
        }
    },
    "a user without home and group": user(noCreateHome=True, noUserGroup=True),
    "a system user": user(system=True),
    "a system user without home": user(system=True, noCreateHome=True),
    "a user who is there": user("root", passwordHash=HASH, sshAuthorizedKeys=[KEY]),
    "a user with no keys and an empty hash": user(sshAuthorizedKeys=[], passwordHash=""),
    "a user who is there, with an empty hash": user("old", passwordHash=""),
    "a user who is there, in other groups": user("old", groups=["sudo"], gecos="Old"),
    "a user who is there, with another id": user("old", uid=1300),
    "a user who is there, with another home": user("old", homeDir="/home/new"),
    "a group that is there, with another id": groups({"name": "stale", "gid": 1300}),
    "a user who is not there shall not exist": user("nobody", shouldExist=False),
    "a user who shall not exist": user("old", shouldExist=False),
    "groups": groups({"name": "ops", "gid": 1600}, {"name": "low", "system": True}),
    "a group with a password": groups({"name": "ops", "gid": 1600, "passwordHash": HASH}),
    "a group that shall not exist": groups({"name": "stale", "shouldExist": False}),
    "all of it together": TOGETHER,
    "a merged config": {**settings(merge=[reference(CHILD)]), **PARENT},
    "a config merged by a merged one": {
        **settings(merge=[reference({**settings(merge=[reference(CHILD)]), **files({"path": "/etc/same"})})]),
        **PARENT,
    },
    "two merged configs": {
        **settings(
            merge=[
                reference(CHILD),
                reference({"ignition": {"version": "3.0.0"}, **file(source="data:,second")}),
            ]
        ),
        **PARENT,
    },
    "a replaced config": {**settings(replace=reference(CHILD)), **PARENT},
}
