"""How long boot scripts take while two hundred machines on slow links download the image."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import quantiles

from benchmarks.machines import write_image, write_machines
from benchmarks.servers import Server, inside, running
from benchmarks.table import Row

ADDRESS, PORT, ASSETS_PORT = "10.77.0.1", 8080, 8081
IMAGE_BYTES = 120_000_000
SLOW_CLIENTS, BYTES_S = 200, 1_000_000
REQUESTS = 1000
WARM_UP_REQUESTS = 50
DURATION_S = 30
LEAST_SHARE = 0.9  # of the rate that the slow clients want; with less, the server would not have been busy


def script_row(namespace: str, place: Path) -> Row:
    write_machines(place / "data")
    image = write_image(place / "images", IMAGE_BYTES)
    assert image.root is not None
    path = f"/assets/sha256/{image.root.sha256}/root"
    with running(namespace, _server(place)):
        _wait_until_ready(namespace)
        _milliseconds(namespace, WARM_UP_REQUESTS)
        alone = _milliseconds(namespace, REQUESTS)
        arguments = (ADDRESS, ASSETS_PORT, path, SLOW_CLIENTS, BYTES_S, DURATION_S)
        command = inside(namespace, sys.executable, "-m", "benchmarks.slow_clients", *map(str, arguments))
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as slow:
            _milliseconds(namespace, WARM_UP_REQUESTS)  # until all downloads run
            busy = _milliseconds(namespace, REQUESTS)
            rate = float(slow.communicate()[0])
    if rate < LEAST_SHARE * SLOW_CLIENTS * BYTES_S:
        raise SystemExit(f"bench: the slow clients got {rate / 1e6:.0f} MB/s in all; nothing was measured")
    what = f"boot scripts while {SLOW_CLIENTS} clients download at 1 MB/s each: 99th percentile / alone"
    return Row(what, f"{_p99(busy):.0f} ms", f"{_p99(alone):.0f} ms", _p99(busy), 100.0, "ms")


def _server(place: Path) -> Server:
    options = {
        "interface": "bench0",
        "data": place / "data",
        "state": place / "state",
        "images": place / "images",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    return Server("pxeserver", ADDRESS, (sys.executable, "-m", "pxeserver", "serve", *arguments))


def _wait_until_ready(namespace: str) -> None:
    curl = ("curl", "--silent", "--fail", "--retry", "20", "--retry-connrefused", "--retry-delay", "1")
    subprocess.run(
        inside(namespace, *curl, f"http://{ADDRESS}:{PORT}/healthz"), check=True, stdout=subprocess.DEVNULL
    )


def _milliseconds(namespace: str, requests: int) -> list[float]:
    command = (sys.executable, "-m", "benchmarks.script_client", ADDRESS, str(PORT), str(requests))
    done = subprocess.run(inside(namespace, *command), check=True, capture_output=True, text=True)
    return [float(took_ms) for took_ms in json.loads(done.stdout)]


def _p99(took_ms: list[float]) -> float:
    return quantiles(took_ms, n=100)[98]
