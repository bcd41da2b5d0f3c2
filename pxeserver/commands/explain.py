"""`pxeserver explain`: why a machine boots what it boots, or why it does not."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from dataclasses import replace
from ipaddress import AddressValueError, IPv4Interface, NetmaskValueError
from pathlib import Path
from typing import TYPE_CHECKING

from provision.findings import has_errors
from pxeserver.boot.decide import DhcpMode
from pxeserver.config import (
    DEFAULT_IMAGES,
    DEFAULT_STATE,
    SETTINGS_NAME,
    ServeOptions,
    ServerSettings,
    add_variable_argument,
    read_settings,
)
from pxeserver.errors import ExitCode, ServerError
from pxeserver.explain.requests import Asker, named_architecture
from pxeserver.inventory.files import read_inventory
from pxeserver.inventory.model import Index, normal_mac
from pxeserver.inventory.places import place
from pxeserver.inventory.verdicts import Verdict
from pxeserver.inventory.watch import findings_text

if TYPE_CHECKING:
    from pxeserver.explain.rehearsal import Answer, Rehearsal, Stage

HELP = """Rehearses one machine's boot with the server's own parts and a copy of its state, and prints every
answer with its reason and where that is written down. Changes nothing."""

# What an example network is (RFC 5737), when nothing says which address the server has.
EXAMPLE_ADDRESS = IPv4Interface("192.0.2.1/24")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("mac", metavar="MAC", help="MAC address, or the name of a machine's file")
    parser.add_argument("--data", required=True, type=Path, metavar="DIR", help="data directory")
    parser.add_argument(
        "--state", type=Path, default=DEFAULT_STATE, metavar="DIR", help="the server's state (%(default)s)"
    )
    parser.add_argument(
        "--images", type=Path, default=DEFAULT_IMAGES, metavar="DIR", help="built images (%(default)s)"
    )
    parser.add_argument(
        "--arch", default="7", metavar="CODE", help="option 93, or a name: 0, 7, arm64-uefi (%(default)s)"
    )
    parser.add_argument("--uuid", default="", help="SMBIOS UUID (what it last said)")
    parser.add_argument("--serial", default="", help="serial number (what it last said)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--interface", metavar="IF", help="the interface that is served")
    where.add_argument("--address", metavar="ADDRESS/LENGTH", help="the server's address there")
    parser.add_argument("--format", choices=("json", "text"), default="text")
    add_variable_argument(parser)


def run(args: argparse.Namespace) -> int:
    settings, findings = read_settings(args.data)
    if findings:
        print(findings_text(findings), file=sys.stderr, end="")
        return ExitCode.INVALID_CONFIG
    logging.disable()  # the parts log what they decide; here the decisions are the output
    try:
        return _explain(args, settings)
    finally:
        logging.disable(logging.NOTSET)


def _explain(args: argparse.Namespace, settings: ServerSettings) -> int:
    from pxeserver.explain.rehearsal import as_seen, rehearse

    stage = _stage(args, settings)
    asker = as_seen(_asker(args, stage.services.index), stage.services)
    rehearsal = rehearse(stage, asker)
    if args.format == "json":
        print(json.dumps(_json(asker, rehearsal), indent=2))
    else:
        print("\n".join(_lines(asker, rehearsal)))
    if has_errors(findings := stage.services.inventory.findings):
        print(findings_text(findings), file=sys.stderr, end="")
        note = (
            "these answers are those of the files as they are; a running server keeps its last good inventory"
        )
        print(f"note: {note}", file=sys.stderr)
    return ExitCode.DONE if rehearsal.boots else ExitCode.INVALID_CONFIG


def _asker(args: argparse.Namespace, index: Index) -> Asker:
    machine = index.machines.get(args.mac)
    mac = machine.mac if machine else normal_mac(args.mac)
    if mac is None:
        raise ServerError(f"{args.mac!r} is neither a MAC address nor a machine in machines/")
    try:
        architecture = named_architecture(args.arch)
    except ValueError as problem:
        raise ServerError(f"--arch: {problem}") from None
    return Asker(mac, architecture, args.uuid, args.serial)


def _stage(args: argparse.Namespace, settings: ServerSettings) -> Stage:
    from pxeserver.boot.loaders.files import loader_files, with_scripts
    from pxeserver.dhcp.lease_book import LeaseBook
    from pxeserver.dhcp.responder import Responder
    from pxeserver.explain.rehearsal import Stage
    from pxeserver.server import open_services
    from pxeserver.store.sqlite import copy_of
    from pxeserver.tftp.files import TftpFiles
    from pxeserver.web.app import create_app
    from pxeserver.web.tftp_names import TftpNames
    from pxeserver.wiring import InventoryMachines, Served, dhcp_settings, dhcp_subnets

    served = Served(args.interface or "-", _address(args, settings))
    options = ServeOptions((served.interface,), args.data, args.state, args.images, given=dict(args.set))
    store = copy_of(args.state)
    found = loader_files(args.data)
    services = open_services(options, settings, served, store)
    services = replace(services, loaders=with_scripts(found, services.urls.control))
    subnets = dhcp_subnets(settings.dhcp, (served,))
    dhcp = dhcp_settings(settings, served, subnets, found.keys())
    machines = InventoryMachines(services.inventory, services.armings, services.defaults)
    return Stage(
        responder=Responder(dhcp, LeaseBook(store), machines, time.time),
        files=TftpFiles(virtual=TftpNames(services)),
        services=services,
        client=create_app(services).test_client(),
        settings_file=str(args.data / SETTINGS_NAME),
    )


def _address(args: argparse.Namespace, settings: ServerSettings) -> IPv4Interface:
    """The server's address: as told, else one that fits the network of the addresses in the files."""
    from pxeserver.network import interface_address

    if args.interface:
        return interface_address(args.interface)
    if args.address:
        try:
            return IPv4Interface(args.address)
        except (AddressValueError, NetmaskValueError) as problem:
            raise ServerError(f"--address: {problem}; like 10.77.0.1/24") from None
    index = read_inventory(args.data).index or Index()
    reserved = sorted(m.address for m in index.machines.values() if m.address is not None)
    pool = settings.dhcp.own.pool
    known = pool[0] if pool else next(iter(reserved), None)
    if known is None:
        if settings.dhcp.mode is DhcpMode.FULL:
            raise ServerError("name the server's network with --interface or --address")
        return EXAMPLE_ADDRESS
    network = IPv4Interface(f"{known}/24").network
    return IPv4Interface(f"{network[1]}/24")


def _lines(asker: Asker, rehearsal: Rehearsal) -> list[str]:
    said = [f"uuid {asker.uuid}" if asker.uuid else "", f"serial {asker.serial}" if asker.serial else ""]
    head = ", ".join(
        [asker.mac, f"{asker.architecture.name} ({asker.architecture.code})", *filter(None, said)]
    )
    width = max(len(a.where) for a in rehearsal.answers)
    lines = [head, ""]
    for answer in rehearsal.answers:
        lines.append(f"{answer.where:<{width}}  {answer.request}: {answer.outcome}, {answer.reason}")
        if (found := _place(answer)) is not None:
            lines.append(f"{'':<{width}}    {found}")
    lines += ["", "groups"]
    for verdict in rehearsal.verdicts:
        lines.append(f"  {'*' if verdict.is_chosen else '-'} {verdict.group}: {verdict.reason}")
        lines.append(f"      {place(verdict.file, verdict.key)}")
    if not rehearsal.verdicts:
        lines.append("  none in the inventory")
    return [*lines, "", "this machine boots" if rehearsal.boots else "this machine does not boot"]


def _place(answer: Answer) -> str | None:
    if answer.file is None:
        return None
    return place(answer.file, answer.key) if answer.key else answer.file


def _json(asker: Asker, rehearsal: Rehearsal) -> dict[str, object]:
    return {
        "mac": asker.mac,
        "architecture": asker.architecture.code,
        "uuid": asker.uuid,
        "serial": asker.serial,
        "boots": rehearsal.boots,
        "answers": [
            {
                "where": answer.where,
                "request": answer.request,
                "outcome": answer.outcome.value,
                "reason": answer.reason,
                "place": _place(answer),
            }
            for answer in rehearsal.answers
        ],
        "groups": [_verdict_json(verdict) for verdict in rehearsal.verdicts],
    }


def _verdict_json(verdict: Verdict) -> dict[str, object]:
    return {
        "group": verdict.group,
        "chosen": verdict.is_chosen,
        "reason": verdict.reason,
        "place": place(verdict.file, verdict.key),
    }
