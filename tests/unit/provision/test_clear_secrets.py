"""Secrets in clear are found where every user can read them; what only looks like one is left alone."""

from __future__ import annotations

import base64
import json

import pytest

from provision.findings import render_text
from provision.load import load_bytes

KEY = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIHunter2Hunter2\n-----END PRIVATE KEY-----\n"
WIREGUARD = "[Interface]\nPrivateKey = aHVudGVyMkh1bnRlcjJodW50ZXIySHVudGVyMmh1bnQ=\n"
NETDEV = "[NetDev]\nName=w\nKind=wireguard\n" + WIREGUARD.replace("Interface", "WireGuard")
BASE64 = base64.b64encode(KEY.encode()).decode()
ACCESS = "AKIAHUNTER2HUNTER2XX"


def file(**fields: object) -> dict[str, object]:
    return {"files": [{"path": "/etc/x", **fields}]}


def unit(text: str, name: str = "x.service") -> dict[str, object]:
    return {"units": [{"name": name, "content": text}]}


def service(line: str) -> dict[str, object]:
    return unit(f"[Service]\nExecStart=/bin/x\n{line}\n")


def container(**environment: str) -> dict[str, object]:
    one = {
        "name": "c",
        "engine": "directory",
        "root": "/srv",
        "command": ["/bin/x"],
        "environment": environment,
    }
    return {"containers": [one]}


def command(*argv: str, **environment: str) -> dict[str, object]:
    one = {"name": "c", "command": ["/bin/x", *argv], "once": True, "environment": environment}
    return {"commands": [one]}


def warnings(config: dict[str, object]) -> list[str]:
    report = load_bytes(json.dumps(config).encode(), file="config.yaml").report
    assert report.valid, render_text([report])
    shown = render_text([report])
    assert "hunter2" not in shown.lower()
    assert "aHVudGVyMkh1" not in shown
    return [f.path for f in report.findings if f.code == "secret-in-clear"]


@pytest.mark.parametrize(
    ("config", "place"),
    [
        pytest.param(file(content=KEY), "files[0].content", id="private key"),
        pytest.param(file(append=[KEY]), "files[0].append[0]", id="private key, appended"),
        pytest.param(file(content_base64=BASE64), "files[0].content_base64", id="private key in base64"),
        pytest.param(file(source=f"data:;base64,{BASE64}"), "files[0].source", id="private key in a data URL"),
        pytest.param(file(content=WIREGUARD), "files[0].content", id="WireGuard key"),
        pytest.param(file(content=f"[default]\naws_access_key_id = {ACCESS}\n"), "files[0].content", id="access key"),
        pytest.param(file(source="https://u:hunter2@h/x"), "files[0].source", id="password in a URL"),
        pytest.param(service("Environment=A=b DB_PASSWORD=hunter2"), "units[0].content", id="password of a unit"),
        pytest.param(service('Environment="API_TOKEN=hunter2 hunter2"'), "units[0].content", id="quoted token"),
        pytest.param(service("Environment=DB=postgres://u:hunter2@db/x"), "units[0].content", id="URL of a unit"),
        pytest.param(service(f"Environment=ID={ACCESS}"), "units[0].content", id="access key of a unit"),
        pytest.param(container(DB_PASSWORD="hunter2"), "containers[0].environment.DB_PASSWORD", id="container"),
        pytest.param(container(URL="redis://:hunter2@r"), "containers[0].environment.URL", id="URL of a container"),
        pytest.param(command(TOKEN="hunter2"), "commands[0].environment.TOKEN", id="command"),
        pytest.param(command("--db=postgres://u:hunter2@db/x"), "commands[0].command[1]", id="argument"),
        pytest.param({"report": {"url": "https://u:hunter2@h/"}}, "report.url", id="report"),
        pytest.param(
            {"trees": [{"path": "/a", "source": "https://u:hunter2@h/a.tar"}]}, "trees[0].source", id="archive"
        ),
        pytest.param({"etcd": {"discovery": "https://u:hunter2@h/abc"}}, "etcd.discovery", id="discovery"),
    ],
)  # fmt: skip
def test_a_secret_in_clear_is_found_and_not_shown(config: dict[str, object], place: str) -> None:
    assert warnings(config) == [place]


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(file(content=KEY, mode="0600"), id="private key only root reads"),
        pytest.param(file(content=KEY, mode="0640"), id="private key of a group"),
        pytest.param(file(content="-----BEGIN PUBLIC KEY-----\n"), id="public key"),
        pytest.param(file(content="-----BEGIN CERTIFICATE-----\n"), id="certificate"),
        pytest.param(file(content="PrivateKey=/etc/wireguard/key\n"), id="path of a key"),
        pytest.param(file(content="id = AKIAIOSFODNN7EXAMPLE\n"), id="key of the manual"),
        pytest.param(file(content="password=\n"), id="setting of a file"),
        pytest.param(file(source="https://h/a:b@c"), id="@ in a path"),
        pytest.param(file(source="https://u@h/x"), id="user without password"),
        pytest.param(service("Environment=DB_PASSWORD_FILE=/run/secrets/db"), id="file of a password"),
        pytest.param(service("Environment=TOKEN=%d/token"), id="credential"),
        pytest.param(service("Environment=DB=postgres://u:${DB_PASSWORD}@db/x"), id="variable in a URL"),
        pytest.param(service("# Environment=DB_PASSWORD=x"), id="comment"),
        pytest.param(service("Environment=MONKEY=banana TOKENIZER=fast"), id="other names"),
        pytest.param(unit(NETDEV, "w.netdev"), id="netdev, which only networkd reads"),
        pytest.param(container(MYSQL_RANDOM_ROOT_PASSWORD="yes", ALLOW_EMPTY_PASSWORD="1"), id="switch"),
        pytest.param(command("https://h/a", "ops@h:/x"), id="other arguments"),
    ],
)  # fmt: skip
def test_what_only_looks_like_a_secret_is_left_alone(config: dict[str, object]) -> None:
    assert warnings(config) == []
