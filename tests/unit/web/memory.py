"""A control application on a small data directory, its store in memory."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from flask.testing import FlaskClient

from pxeserver.arming_book import ArmingBook
from pxeserver.boot.decide import DhcpMode
from pxeserver.config import DhcpSettings, ServerSettings
from pxeserver.discovery.service import DiscoveryService
from pxeserver.images.manifest import Manifest, describe_file, write_manifest
from pxeserver.inventory.images import ImageShelf
from pxeserver.inventory.watch import LiveInventory
from pxeserver.journal import Journal
from pxeserver.metrics import Metrics
from pxeserver.render.check import check_machines, example_surroundings
from pxeserver.render.variables import ServerUrls
from pxeserver.store.sqlite import SqliteStore
from pxeserver.web.app import create_app
from pxeserver.web.services import Services
from tests.unit.inventory.directory import GOOD, write

NODE1 = "52:54:00:77:00:01"
FILES = {
    **GOOD,
    "groups/nodes.yaml": "profile: node\netcd: {size: 3}\nselector: {arch: x86_64}\n",
    "machines/node2.yaml": 'mac: "52:54:00:77:00:02"\n',
    "configs/node.yaml": "hostname: {{ machine.hostname }}\netcd: {discovery: {{ etcd.discovery }}}\n",
}


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        self.now += 0.5
        return self.now


@dataclass(frozen=True)
class Control:
    """The application, what it works with, and a client of it."""

    folder: Path
    services: Services
    client: FlaskClient

    def boot(self, mac: str = NODE1, address: str = "10.77.0.11") -> str:
        """The machine's boot script, asked for from `address`."""
        answer = self.client.get(
            f"/v1/boot?mac={mac.replace(':', '-')}&arch=x86_64&uuid=U-1&serial=S1",
            environ_base={"REMOTE_ADDR": address},
        )
        assert answer.status_code == 200
        return answer.text

    def token(self, mac: str = NODE1) -> str:
        script = self.boot(mac)
        return script.split("provision.token=")[1].split(" ")[0]

    def steps(self, mac: str = NODE1) -> list[tuple[int, str, str]]:
        events = self.client.get(f"/v1/machines/{mac}/events").get_json()["events"]
        return [(event["boot"], event["step"], event["result"]) for event in events]


def control(folder: Path, *, has_agent: bool = True, **changes: str) -> Control:
    data, images = folder / "data", folder / "images"
    write(data, {**FILES, **{f"{name.replace('__', '/')}.yaml": text for name, text in changes.items()}})
    write_image(images / "debian-12", has_agent=has_agent)
    shelf = ImageShelf(images)
    surroundings = example_surroundings(shelf.images(), {})
    inventory = LiveInventory(data, lambda index: check_machines(index, surroundings), lambda _: None)
    inventory.reload()
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    store = SqliteStore.with_connection(connection)
    clock, metrics = Clock(), Metrics()
    services = Services(
        settings=ServerSettings(DhcpSettings(mode=DhcpMode.OFF)),
        urls=ServerUrls("http://10.77.0.1:8080", "http://10.77.0.1:8081"),
        store=store,
        journal=Journal(store, clock, metrics),
        inventory=inventory,
        images=shelf,
        discovery=DiscoveryService(store, clock),
        clock=clock,
        metrics=metrics,
        armings=ArmingBook(store),
    )
    return Control(data, services, create_app(services).test_client())


def write_image(folder: Path, *, has_agent: bool = True) -> Manifest:
    """A small image: its files hold their own names."""
    folder.mkdir(parents=True)
    for name in ("vmlinuz", "initrd.img", "root.squashfs"):
        (folder / name).write_text(name * 1000)
    manifest = Manifest(
        name=folder.name,
        version="5f3a",
        architecture="amd64",
        kernel_args=("quiet",),
        kernel=describe_file(folder / "vmlinuz"),
        initrd=describe_file(folder / "initrd.img"),
        root=describe_file(folder / "root.squashfs"),
        has_agent=has_agent,
    )
    write_manifest(folder, manifest)
    return manifest
