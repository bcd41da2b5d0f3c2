"""What other systems read from the server, read by their own programs: cloud-init's and Ignition's."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from pxeserver.render.variables import ServerUrls
from pxeserver.web.app import create_app
from tests.unit.web.memory import NODE1, Control, control

IGNITION = "/usr/lib/dracut/modules.d/30ignition/ignition"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOnhV9QbcUtNn9PbiOv0cZoYZ8a7nVdcUvuwPTDfYbqN ops@lab.example"
USER_DATA = "#cloud-config\nhostname: {{ machine.hostname }}\n"
PROFILE = """image: debian-12
config: node.yaml
vendor_data: vendor.yaml
network_config: network.yaml
metadata: true
kernel_args:
  - ds=nocloud-net;s={{ boot.nocloud_url }}
  - ignition.config.url={{ boot.config_url }}
  - ignition.platform.id=metal
  - ec2={{ boot.ec2_url }}
  - openstack={{ boot.openstack_url }}
"""
NETWORK = 'version: 2\nethernets:\n  lan: {match: {macaddress: "{{ machine.mac }}"}, dhcp4: true}\n'
CLOUD_INIT = """
import json, sys
from cloudinit import helpers, util
from cloudinit.sources import DataSourceNoCloud
from cloudinit.sources.helpers import ec2, openstack
def nocloud(folder):
    paths = helpers.Paths({"cloud_dir": folder, "run_dir": folder})
    source = DataSourceNoCloud.DataSourceNoCloudNet({}, None, paths)
    assert source.get_data()
    return {"user": util.decode_binary(source.userdata_raw), "vendor": util.decode_binary(source.vendordata_raw),
            "id": source.get_instance_id(), "keys": source.get_public_ssh_keys(),
            "name": source.metadata["local-hostname"]}
def amazon(url):
    return {"meta": ec2.get_instance_metadata("latest", url),
            "user": util.decode_binary(ec2.get_instance_userdata("latest", url))}
def stack(url):
    reader = openstack.MetadataReader(url)
    reader._read_ec2_metadata = dict  # is always asked at 169.254.169.254
    read = reader.read_v2()
    return {"meta": read["metadata"], "user": util.decode_binary(read["userdata"]),
            "network": read["networkdata"], "version": read["version"], "vendor": read["vendordata"]}
print(json.dumps({"nocloud": nocloud, "ec2": amazon, "openstack": stack}[sys.argv[1]](sys.argv[2])))
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Control]:
    """A real server whose machine asks from loopback, with an image that is not ours."""
    made = control(
        tmp_path,
        has_agent=False,
        profiles__node=PROFILE,
        groups__nodes=f"profile: node\nvars:\n  ssh_authorized_keys: [{KEY}]\n",
        configs__node=USER_DATA,
        configs__vendor="#cloud-config\ntimezone: Etc/UTC\n",
        configs__network=NETWORK,
    )
    yield from _serving(made)


def _serving(made: Control) -> Iterator[Control]:
    """The server's own URLs are known when its port is."""
    listening = make_server("127.0.0.1", 0, lambda _environment, _start: [], threaded=True)
    url = f"http://127.0.0.1:{listening.server_port}"
    services = replace(made.services, urls=ServerUrls(url, url))
    app = create_app(services)
    listening.app = app
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield Control(made.folder, services, app.test_client())
    listening.shutdown()
    listening.server_close()
    thread.join()


def command_line(server: Control) -> str:
    script = server.boot(NODE1, "127.0.0.1")
    found = re.search(r"^kernel --name kernel \S+ (.*) \|\| goto failed$", script, re.MULTILINE)
    assert found is not None, script
    return found[1]


def value(line: str, name: str) -> str:
    return next(word.partition("=")[2] for word in line.split() if word.startswith(f"{name}="))


def read_by_cloud_init(kind: str, where: str, line: str = "") -> dict[str, Any]:
    done = subprocess.run(
        ["/usr/bin/python3", "-c", CLOUD_INIT, kind, where],
        env={**os.environ, "DEBUG_PROC_CMDLINE": line},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_cloud_init_takes_everything_from_the_command_line_of_the_script(
    server: Control, tmp_path: Path
) -> None:
    read = read_by_cloud_init("nocloud", str(tmp_path), command_line(server))

    assert read == {
        "user": "#cloud-config\nhostname: node1\n",
        "vendor": "#cloud-config\ntimezone: Etc/UTC\n",
        "id": "i-525400770001",
        "keys": [KEY],
        "name": "node1",
    }
    (row,) = (row for row in server.services.machine_rows() if row.mac == NODE1)
    assert [cell.id for cell in row.steps] == ["script", "kernel", "initrd", "config"]
    assert row.sequence == ("script", "config")


def test_the_network_config_is_served_for_versions_of_cloud_init_that_ask_for_it(server: Control) -> None:
    url = value(command_line(server), "ds").partition("s=")[2]
    path = url.removeprefix(server.services.urls.control)

    assert server.client.get(f"{path}network-config").text == NETWORK.replace("{{ machine.mac }}", NODE1)
    assert server.client.get(path).text.split() == ["meta-data", "user-data", "vendor-data", "network-config"]


@pytest.mark.parametrize("by_address", [False, True])
def test_cloud_init_reads_the_metadata_of_ec2(server: Control, by_address: bool) -> None:
    line = command_line(server)

    read = read_by_cloud_init("ec2", server.services.urls.control if by_address else value(line, "ec2"))

    assert read["user"] == "#cloud-config\nhostname: node1\n"
    meta = read["meta"]
    assert (meta["instance-id"], meta["local-hostname"], meta["local-ipv4"]) == (
        "i-525400770001",
        "node1",
        "10.77.0.11",
    )
    assert meta["public-keys"] == {"key0": KEY}
    assert meta["network"]["interfaces"]["macs"][NODE1]["local-ipv4s"] == "10.77.0.11"


@pytest.mark.parametrize("by_address", [False, True])
def test_cloud_init_reads_the_metadata_of_openstack(server: Control, by_address: bool) -> None:
    line = command_line(server)

    read = read_by_cloud_init(
        "openstack", server.services.urls.control if by_address else value(line, "openstack")
    )

    assert (read["version"], read["user"]) == (2, "#cloud-config\nhostname: node1\n")
    assert (read["meta"]["hostname"], read["meta"]["public_keys"]) == ("node1", {"key0": KEY})
    assert read["vendor"] == {"cloud-init": "#cloud-config\ntimezone: Etc/UTC\n"}
    assert read["network"]["links"][0]["ethernet_mac_address"] == NODE1


def test_ignition_fetches_its_config_from_the_command_line_of_the_script(
    server: Control, tmp_path: Path
) -> None:
    config = {"ignition": {"version": "3.3.0"}, "passwd": {"users": [{"name": "{{ machine.hostname }}"}]}}
    (server.folder / "configs/node.yaml").write_text(json.dumps(config))
    server.services.inventory.reload()
    line = tmp_path / "cmdline"
    line.write_text(command_line(server) + "\n")
    cache = tmp_path / "cache.json"

    # Its own mount namespace, in which /proc/cmdline is that of the script.
    stages = " && ".join(
        f"{IGNITION} --platform=metal --stage={stage} --root={tmp_path} --config-cache={cache}"
        f" --state-file={tmp_path}/state --neednet={tmp_path}/neednet --log-to-stdout"
        for stage in ("fetch-offline", "fetch")
    )
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", f"mount --bind {line} /proc/cmdline && {stages}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    users = json.loads(cache.read_text())["passwd"]["users"]
    assert [user["name"] for user in users] == ["node1"]
    assert (1, "config", "ok") in server.steps()


def test_only_the_token_of_the_boot_opens_the_trees(server: Control) -> None:
    line = command_line(server)
    path = value(line, "openstack").removeprefix(server.services.urls.control)
    wrong = f"{path.rpartition('/')[0]}/{'0' * 32}"

    assert server.client.get(f"{path}/openstack/latest/user_data").status_code == 200
    assert server.client.get(f"{wrong}/openstack/latest/user_data").status_code == 403
    assert server.client.get(f"{path}/openstack/latest/none").status_code == 404
    assert server.client.get(wrong.replace("openstack", "config")).status_code == 403


def test_by_address_only_profiles_that_say_so_are_served(server: Control, tmp_path: Path) -> None:
    command_line(server)
    assert server.client.get("/latest/user-data", environ_base={"REMOTE_ADDR": "10.9.9.9"}).status_code == 404
    (server.folder / "profiles/node.yaml").write_text(PROFILE.replace("metadata: true\n", ""))
    server.services.inventory.reload()

    assert server.client.get("/latest/user-data").status_code == 404
    assert server.client.get("/openstack/latest/user_data").status_code == 404


def test_a_token_of_ec2_is_given_to_who_asks(server: Control) -> None:
    answer = server.client.put("/latest/api/token", headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"})

    assert (answer.status_code, len(answer.text) >= 32) == (200, True)
    assert answer.headers["X-aws-ec2-metadata-token-ttl-seconds"] == "60"


@pytest.mark.parametrize(
    ("text", "line", "media_type"),
    [
        pytest.param('{"ignition": {"version": "3.3.0"},\n}\n', 2, None, id="JSON with a comma too many"),
        pytest.param('{"ignition": {}}\n', 1, None, id="Ignition without version"),
        pytest.param("#cloud-config\na: [1\n", 3, None, id="half a list"),
        pytest.param(
            '{"ignition": {"version": "3.3.0"}}', 0, "application/vnd.coreos.ignition+json", id="Ignition"
        ),
        pytest.param("#!/bin/sh\necho {{ machine.hostname }} ]\n", 0, "text/plain", id="a script"),
        pytest.param("#cloud-config\nwhatever: true\n", 0, "text/cloud-config", id="cloud-config"),
    ],
)
def test_the_form_of_other_systems_configs_is_checked(
    tmp_path: Path, text: str, line: int, media_type: str | None
) -> None:
    made = control(tmp_path, has_agent=False, configs__node=text, groups__nodes="profile: node\n")
    findings = [finding.line for finding in made.services.inventory.findings]

    assert findings == ([line] if line else [])
    script = made.boot()
    assert ("boots debian-12" in script) == (not line)
    if media_type is not None:
        (made.folder / "profiles/node.yaml").write_text(
            "image: debian-12\nconfig: node.yaml\nkernel_args: ['url={{ boot.config_url }}']\n"
        )
        made.services.inventory.reload()
        url = re.search(r"url=http://[^/]+(\S+)", made.boot())
        assert url is not None
        assert made.client.get(url[1]).mimetype == media_type
