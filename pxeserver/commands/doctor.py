"""`pxeserver doctor`: what would keep machines from booting, before they try."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from ipaddress import IPv4Address
from pathlib import Path

from provision.findings import Finding
from pxeserver.boot.decide import DhcpMode
from pxeserver.boot.loaders.files import OWN_FOLDER, loader_files
from pxeserver.config import (
    DEFAULT_IMAGES,
    DEFAULT_STATE,
    ServerSettings,
    add_variable_argument,
    read_settings,
)
from pxeserver.doctor.clock import check_clock
from pxeserver.doctor.dhcp_servers import check_dhcp_servers, probe
from pxeserver.doctor.diagnosis import Diagnosis, Level, failed
from pxeserver.doctor.files import (
    check_data,
    check_images,
    check_loaders,
    check_state,
    is_readable,
    unreadable,
)
from pxeserver.doctor.interface import check_interface
from pxeserver.doctor.ports import check_port, server_ports
from pxeserver.errors import ExitCode
from pxeserver.inventory.files import read_inventory
from pxeserver.inventory.images import ImageShelf
from pxeserver.inventory.model import Index
from pxeserver.network import interface_address
from pxeserver.render.check import check_machines, example_surroundings

HELP = """Looks for what would keep machines from booting: interface, ports, other DHCP servers, data, loaders,
images, state, clock. Ends with 1 when something fails; each row says what to do."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--interface", required=True, metavar="IF", help="network interface of the machines")
    parser.add_argument("--data", required=True, type=Path, metavar="DIR", help="data directory")
    parser.add_argument(
        "--state", type=Path, default=DEFAULT_STATE, metavar="DIR", help="the server's state (%(default)s)"
    )
    parser.add_argument(
        "--images", type=Path, default=DEFAULT_IMAGES, metavar="DIR", help="built images (%(default)s)"
    )
    parser.add_argument("--time-url", metavar="URL", help="a web server whose clock is right")
    parser.add_argument("--format", choices=("json", "text"), default="text")
    add_variable_argument(parser)


def run(args: argparse.Namespace) -> int:
    found = []
    for diagnosis in _diagnoses(args):
        found.append(diagnosis)
        if args.format == "text":
            print(_line(diagnosis), flush=True)
    if args.format == "json":
        print(json.dumps({"diagnoses": [asdict(diagnosis) for diagnosis in found]}, indent=2))
    is_well = all(diagnosis.level is not Level.FAILED for diagnosis in found)
    return ExitCode.DONE if is_well else ExitCode.INVALID_CONFIG


def _diagnoses(args: argparse.Namespace) -> Iterator[Diagnosis]:
    settings, findings = read_settings(args.data)
    interface = check_interface(args.interface)
    yield interface
    if interface.level is Level.OK:
        yield from _network(args.interface, settings)
    for folder in (args.data, args.images):
        if not is_readable(folder):
            yield unreadable(folder)
            break
    else:
        yield from _contents(args, findings)
    found = loader_files(args.data if is_readable(args.data) else None)
    yield from check_loaders(found, settings.loader, args.data / OWN_FOLDER)
    yield from check_state(args.state)
    yield check_clock(args.time_url)


def _contents(args: argparse.Namespace, findings: tuple[Finding, ...]) -> Iterator[Diagnosis]:
    inventory = read_inventory(args.data)
    index = inventory.index or Index()
    surroundings = example_surroundings(ImageShelf(args.images).images(), dict(args.set))
    findings += inventory.findings + check_machines(index, surroundings)
    yield check_data(args.data, findings, len(index.machines))
    yield from check_images(args.images)


def _network(interface: str, settings: ServerSettings) -> Iterator[Diagnosis]:
    address = interface_address(interface).ip
    for port in server_ports(settings, interface, str(address)):
        yield check_port(port)
    yield from _dhcp(interface, address, settings.dhcp.mode)


def _dhcp(interface: str, address: IPv4Address, mode: DhcpMode) -> Iterator[Diagnosis]:
    try:
        others = probe(interface, address)
    except OSError as problem:
        what = f"cannot ask for other DHCP servers: {problem.strerror or problem}"
        yield failed("dhcp", what, "run it as root, or with CAP_NET_BIND_SERVICE")
        return
    yield from check_dhcp_servers(mode, others)


def _line(diagnosis: Diagnosis) -> str:
    todo = f"\n{'':<10}do: {diagnosis.todo}" if diagnosis.todo else ""
    return f"{diagnosis.level:<8}  {diagnosis.subject}: {diagnosis.what}{todo}"
