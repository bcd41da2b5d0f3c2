"""The server: opens what it needs, starts its parts, and stops them in order."""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
import threading
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from waitress.server import create_server

from provision.findings import Finding, has_errors
from pxeserver.arming_book import ArmingBook
from pxeserver.boot.decide import DhcpMode
from pxeserver.boot.events import Event, Result
from pxeserver.boot.loaders.files import loader_files, with_scripts
from pxeserver.config import ServeOptions, ServerSettings
from pxeserver.dhcp.lease_book import LeaseBook
from pxeserver.dhcp.subnet import Subnet
from pxeserver.dhcp.transport import DhcpServer
from pxeserver.discovery.service import DiscoveryService
from pxeserver.errors import StartError, StoreError
from pxeserver.inventory.images import ImageShelf
from pxeserver.inventory.model import Index
from pxeserver.inventory.watch import InventoryWatcher, LiveInventory, log_reload
from pxeserver.journal import Journal
from pxeserver.ndp.transport import NoRouterServer
from pxeserver.network import interface_address, interface_mtu_bytes
from pxeserver.render.check import check_machines, example_surroundings
from pxeserver.store.sqlite import DATABASE_NAME, SqliteStore
from pxeserver.tftp.files import TftpFiles
from pxeserver.tftp.session import Outcome, TransferResult
from pxeserver.tftp.transport import TftpServer
from pxeserver.web.app import MAX_REQUEST_BYTES, create_app
from pxeserver.web.bytes import BytesServer, Sent
from pxeserver.web.services import Services
from pxeserver.web.tftp_names import TftpNames, asset_digest, script_machine
from pxeserver.wiring import (
    DhcpReports,
    InventoryMachines,
    Served,
    TftpPermission,
    dhcp_settings,
    dhcp_subnets,
    log_transfer,
)

# Every etcd member that waits for the others holds a thread; a rack is 40 machines, and others ask meanwhile.
CONTROL_THREADS = 64
MAX_HEADER_BYTES = 16 * 1024
CONNECTION_LIMIT = 1000

# The parts of an image whose sending is a step of the boot; the root is reported by the machine itself.
_SENT_STEPS = {"initrd": "initrd", "kernel": "kernel"}

_log = logging.getLogger("pxeserver")


async def serve(options: ServeOptions, settings: ServerSettings) -> None:
    """Serves until SIGTERM or SIGINT; raises StartError when it cannot start as asked."""
    _raise_descriptor_limit()
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    interfaces = tuple(Served(name, interface_address(name)) for name in options.interfaces)
    subnets = dhcp_subnets(settings.dhcp, interfaces)
    async with AsyncExitStack() as stack:
        services = _open_services(options, settings, interfaces[0])
        stack.callback(services.store.close)
        _start_watching(options, services, stack)
        shared = _Shared(services, LeaseBook(services.store), subnets, loader_files(options.data))
        try:
            for served in interfaces:
                await _start_servers(shared, served, stack)
        except OSError as problem:
            raise StartError(_start_problem(problem)) from problem
        refreshing = asyncio.create_task(services.armings.keep_fresh())
        stack.callback(refreshing.cancel)
        names = ", ".join(options.interfaces)
        _log.info("serving %s on %s, page at %s/", options.data, names, services.urls.control)
        await stopping.wait()
        _log.info("stopping")


def _raise_descriptor_limit() -> None:
    """A thousand TFTP transfers have a socket and a file each; the usual soft limit is 1024 for everything."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _open_services(options: ServeOptions, settings: ServerSettings, served: Served) -> Services:
    try:
        # Leases, and digests of tokens: nobody else's business.
        options.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise StartError(f"{options.state}: {problem.strerror}") from problem
    store = SqliteStore.open(options.state / DATABASE_NAME)
    journal = Journal(store, time.time)
    images = ImageShelf(options.images)
    return Services(
        settings=settings,
        urls=served.urls(settings),
        store=store,
        journal=journal,
        inventory=_open_inventory(options, images, journal),
        images=images,
        discovery=DiscoveryService(store, time.time),
        clock=time.time,
        armings=ArmingBook(store),
        given=options.given,
    )


def _open_inventory(options: ServeOptions, images: ImageShelf, journal: Journal) -> LiveInventory:
    def on_reload(findings: tuple[Finding, ...]) -> None:
        log_reload(findings, options.data)
        try:
            _record_reload(journal, findings)
        except StoreError as problem:
            _log.error("event of the inventory is lost: %s", problem)

    def check(index: Index) -> tuple[Finding, ...]:
        return check_machines(index, example_surroundings(images.images(), options.given))

    inventory = LiveInventory(options.data, check, on_reload)
    inventory.reload()
    return inventory


def _record_reload(journal: Journal, findings: tuple[Finding, ...]) -> None:
    if not has_errors(findings):
        journal.record_notice("inventory", Result.OK, "inventory read")
        return
    first = findings[0]
    message = f"{first.file}:{first.line}:{first.column}: {first.message}"
    if len(findings) > 1:
        message += f" (and {len(findings) - 1} more)"
    journal.record_notice("inventory", Result.FAILED, message, first.path or None)


def _start_watching(options: ServeOptions, services: Services, stack: AsyncExitStack) -> None:
    watcher = InventoryWatcher(options.data, services.inventory)
    watcher.start()
    stack.callback(watcher.stop)


@dataclass(frozen=True, slots=True)
class _Shared:
    """What the servers of all interfaces have in common."""

    services: Services
    book: LeaseBook
    subnets: tuple[Subnet, ...]
    loaders: Mapping[str, bytes | Path]


async def _start_servers(shared: _Shared, served: Served, stack: AsyncExitStack) -> None:
    """Everything machines ask first is started last: who is answered finds the rest ready."""
    settings, address = shared.services.settings, served.address.ip
    # Scripts, configs and pages name the address that machines on this interface reach.
    urls = served.urls(settings)
    loaders = with_scripts(shared.loaders, urls.control)
    services = replace(shared.services, urls=urls, loaders=loaders)
    control = ControlServer(services, str(address))
    control.start()
    stack.callback(control.stop)
    bytes_server = BytesServer(services.images.asset, SentReports(services))
    await bytes_server.start(str(address), settings.assets_port)
    stack.push_async_callback(bytes_server.stop)
    machines = InventoryMachines(services.inventory, services.armings, services.defaults)
    tftp = TftpServer(
        address,
        TftpFiles(virtual=TftpNames(services)),
        TftpReports(services),
        mtu_bytes=interface_mtu_bytes(served.interface),
        refusal=TftpPermission(shared.book, machines),
    )
    await tftp.start()
    stack.push_async_callback(tftp.stop)
    if settings.dhcp.mode is DhcpMode.FULL:
        no_router = NoRouterServer(served.interface)
        no_router.start()
        stack.callback(no_router.stop)
    dhcp = DhcpServer(
        dhcp_settings(settings, served, shared.subnets, shared.loaders.keys()),
        shared.book,
        DhcpReports(services.journal, settings.dhcp.mode),
        machines=machines,
    )
    await dhcp.start()
    stack.push_async_callback(dhcp.stop)


class ControlServer:
    """The Flask application in waitress, in a thread of its own."""

    def __init__(self, services: Services, address: str) -> None:
        self._discovery = services.discovery
        self._server = create_server(
            create_app(services),
            host=address,
            port=services.settings.http_port,
            threads=CONTROL_THREADS,
            connection_limit=CONNECTION_LIMIT,
            max_request_header_size=MAX_HEADER_BYTES,
            max_request_body_size=MAX_REQUEST_BYTES,
            clear_untrusted_proxy_headers=True,
            ident="pxeserver",
        )
        self._thread = threading.Thread(target=self._server.run, name="control", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._discovery.stop()  # its long polls are answered at once
        self._server.task_dispatcher.shutdown()
        self._server.close()


@dataclass(frozen=True, slots=True)
class SentReports:
    """Takes the bytes server's reports: a kernel or initrd that went out whole is a step of a boot."""

    services: Services

    async def __call__(self, sent: Sent) -> None:
        step = _SENT_STEPS.get(sent.asset.part)
        if step is not None:
            # The disk may take its time; the downloads of other machines do not wait for it.
            await asyncio.to_thread(self.record, step, sent)

    def record(self, step: str, sent: Sent) -> None:
        message = f"{sent.asset.name}, {sent.asset.bytes} bytes"
        try:
            boot = self.services.store.boot_at(sent.client)
            if boot is None:
                _log.info("%s sent to %s, which has no boot script", sent.asset.name, sent.client)
                return
            event = Event(
                machine=boot.machine,
                step=step,
                result=Result.OK,
                message=message,
                duration_ms=sent.duration_ms,
            )
            self.services.journal.record_in(boot.number, event)
        except StoreError as problem:  # the machine has its bytes already; the boot itself goes on
            _log.error("event %s of %s is lost: %s", step, sent.client, problem)


def _start_problem(problem: OSError) -> str:
    hint = " (run it as root)" if isinstance(problem, PermissionError) else ""
    return f"cannot start: {problem.strerror or problem}{hint}"


@dataclass(frozen=True, slots=True)
class TftpReports:
    """Takes the TFTP server's reports: a log line for each, and what GRUB fetches as steps of a boot."""

    services: Services

    def __call__(self, result: TransferResult) -> None:
        log_transfer(result)
        if result.outcome not in (Outcome.DONE, Outcome.UNCONFIRMED):
            return
        client = str(result.client.address)
        mac = script_machine(result.file)
        if mac is not None:
            self._remember(mac, client)
        sha256 = asset_digest(result.file)
        asset = self.services.images.asset(sha256) if sha256 is not None else None
        step = _SENT_STEPS.get(asset.part) if asset is not None else None
        if asset is not None and step is not None:
            SentReports(self.services).record(step, Sent(client, asset, round(result.duration_s * 1000)))

    def _remember(self, mac: str, client: str) -> None:
        try:
            self.services.store.save_boot_address(mac, client)
        except StoreError as problem:  # the machine has its script already; the boot itself goes on
            _log.error("the address of %s is lost: %s", mac, problem)
