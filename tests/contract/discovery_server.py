"""A discovery server alone, for etcd to talk to: `python -m tests.contract.discovery_server STATE PORT`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from flask import Flask
from waitress import serve

from pxeserver.arming_book import ArmingBook
from pxeserver.config import ServerSettings
from pxeserver.discovery.service import DiscoveryService
from pxeserver.inventory.images import ImageShelf
from pxeserver.inventory.watch import LiveInventory
from pxeserver.journal import Journal
from pxeserver.metrics import Metrics
from pxeserver.render.variables import ServerUrls
from pxeserver.store.sqlite import DATABASE_NAME, SqliteStore
from pxeserver.web.app import create_app
from pxeserver.web.services import Services


def application(state: Path, port: int) -> Flask:
    store = SqliteStore.open(state / DATABASE_NAME)
    metrics = Metrics()
    return create_app(
        Services(
            settings=ServerSettings(),
            urls=ServerUrls(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port}"),
            store=store,
            journal=Journal(store, time.time, metrics),
            inventory=LiveInventory(state, lambda _: (), lambda _: None),
            images=ImageShelf(state),
            discovery=DiscoveryService(store, time.time),
            clock=time.time,
            metrics=metrics,
            armings=ArmingBook(store),
        )
    )


if __name__ == "__main__":
    serve(
        application(Path(sys.argv[1]), int(sys.argv[2])),
        host="127.0.0.1",
        port=int(sys.argv[2]),
        threads=16,
        _quiet=True,
    )
