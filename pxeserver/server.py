"""The server: opens what it needs, starts its parts, and stops them in order."""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
import threading
import time
from collections.abc import Callable, Mapping
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
from pxeserver.dhcp.transport import DhcpServer
from pxeserver.discovery.service import DiscoveryService
from pxeserver.errors import StartError, StoreError
from pxeserver.inventory.images import ImageShelf
from pxeserver.inventory.model import Index
from pxeserver.inventory.watch import InventoryWatcher, LiveInventory, log_reload
from pxeserver.journal import Journal
from pxeserver.lifecycle import FINISH_S, Running, listen_for_signals
from pxeserver.metrics import Metrics
from pxeserver.ndp.transport import NoRouterServer
from pxeserver.network import has_address, interface_address, interface_mtu_bytes
from pxeserver.render.check import check_machines, example_surroundings, some_machines
from pxeserver.service.notify import notify
from pxeserver.store.contract import Store
from pxeserver.store.pruning import prune_daily
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
    DropReports,
    InventoryMachines,
    Served,
    TftpPermission,
    TransferReports,
    dhcp_settings,
    dhcp_subnets,
)

# Every etcd member that waits for the others holds a thread; a rack is 40 machines, and others ask meanwhile.
CONTROL_THREADS = 64
# Where images made for clouds look for their metadata: answered when the operator gave the interface this address.
METADATA_ADDRESS, METADATA_PORT = "169.254.169.254", 80
MAX_HEADER_BYTES = 16 * 1024
CONNECTION_LIMIT = 1000

# The parts of an image whose sending is a step of the boot; the root is reported by the machine itself.
_SENT_STEPS = {"initrd": "initrd", "kernel": "kernel"}

# The settings as they are in the file now, under the flags of the command line; not to be used with findings.
ReadSettings = Callable[[], tuple[ServerSettings, tuple[Finding, ...]]]

_log = logging.getLogger("pxeserver")


async def serve(options: ServeOptions, settings: ServerSettings, read: ReadSettings) -> None:
    """Serves until SIGTERM or SIGINT; raises StartError when it cannot start as asked.

    SIGHUP: what `read` gives is taken over where that is possible. A second signal to stop ends transfers, too.
    """
    _raise_descriptor_limit()
    signals = listen_for_signals()
    interfaces = tuple(Served(name, interface_address(name)) for name in options.interfaces)
    dhcp_subnets(settings.dhcp, interfaces)  # says what is wrong with them before anything is opened
    async with AsyncExitStack() as stack:
        store = _open_store(options)
        stack.callback(store.close)
        services = open_services(options, settings, interfaces[0], store)
        stack.callback(services.journal.close)
        _start_watching(options, services, stack)
        running = Running(settings)
        stack.push_async_callback(running.stop_dhcp)
        shared = _Shared(services, LeaseBook(services.store), interfaces, loader_files(options.data))
        try:
            for served in interfaces:
                await _start_servers(shared, served, running, stack)
        except OSError as problem:
            raise StartError(_start_problem(problem)) from problem
        _start_keeping(services, running, stack)
        names = ", ".join(options.interfaces)
        _log.info("serving %s on %s, page at %s/", options.data, names, services.urls.control)
        notify("READY=1", f"STATUS=page at {services.urls.control}/")
        while await signals.get() is signal.SIGHUP:
            services.inventory.reload()
            await running.take(*read())
        _log.info("stopping: transfers under way have %.0f s to end", FINISH_S)
        notify("STOPPING=1", "STATUS=transfers under way are finishing")
        if not await running.finish(signals):
            _log.warning("stopping although transfers are under way")


def _raise_descriptor_limit() -> None:
    """A thousand TFTP transfers have a socket and a file each; the usual soft limit is 1024 for everything."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _open_store(options: ServeOptions) -> SqliteStore:
    try:
        # Leases, and digests of tokens: nobody else's business.
        options.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise StartError(f"{options.state}: {problem.strerror}") from problem
    return SqliteStore.open(options.state / DATABASE_NAME)


def open_services(options: ServeOptions, settings: ServerSettings, served: Served, store: Store) -> Services:
    """What answers HTTP, on a store and the inventory as it is now."""
    metrics = Metrics()
    journal = Journal(store, time.time, metrics)
    images = ImageShelf(options.images)
    return Services(
        settings=settings,
        urls=served.urls(settings),
        store=store,
        journal=journal,
        inventory=_open_inventory(options, images, journal, metrics),
        images=images,
        discovery=DiscoveryService(store, time.time),
        clock=time.time,
        metrics=metrics,
        armings=ArmingBook(store),
        given=options.given,
    )


def _open_inventory(
    options: ServeOptions, images: ImageShelf, journal: Journal, metrics: Metrics
) -> LiveInventory:
    def on_reload(findings: tuple[Finding, ...]) -> None:
        log_reload(findings)
        metrics.reloaded(len(inventory.index.machines), is_good=not has_errors(findings))
        try:
            _record_reload(journal, findings, options.data)
        except StoreError as problem:
            _log.error("event of the inventory is lost: %s", problem)

    def check(index: Index) -> tuple[Finding, ...]:
        surroundings = example_surroundings(images.images(), options.given)
        return check_machines(index, surroundings, some_machines(index))

    inventory = LiveInventory(options.data, check, on_reload)
    inventory.reload()
    return inventory


def _record_reload(journal: Journal, findings: tuple[Finding, ...], data: Path) -> None:
    if not has_errors(findings):
        journal.record_notice("inventory", Result.OK, f"inventory read from {data}")
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


def _start_keeping(services: Services, running: Running, stack: AsyncExitStack) -> None:
    """What has to be done now and then."""
    pruning = prune_daily(services.store, lambda: running.settings.keep_days, services.clock)
    for task in (asyncio.create_task(pruning), asyncio.create_task(services.armings.keep_fresh())):
        stack.callback(task.cancel)


@dataclass(frozen=True, slots=True)
class _Shared:
    """What the servers of all interfaces have in common."""

    services: Services
    book: LeaseBook
    interfaces: tuple[Served, ...]
    loaders: Mapping[str, bytes | Path]


async def _start_servers(shared: _Shared, served: Served, running: Running, stack: AsyncExitStack) -> None:
    """Everything machines ask first is started last: who is answered finds the rest ready."""
    settings, address = shared.services.settings, served.address.ip
    # Scripts, configs and pages name the address that machines on this interface reach.
    urls = served.urls(settings)
    loaders = with_scripts(shared.loaders, urls.control)
    services = replace(shared.services, urls=urls, loaders=loaders)
    control = ControlServer(services, str(address), settings.http_port)
    control.start()
    stack.callback(control.stop)
    if has_address(served.interface, METADATA_ADDRESS):
        metadata = ControlServer(services, METADATA_ADDRESS, METADATA_PORT)
        metadata.start()
        stack.callback(metadata.stop)
    bytes_server = BytesServer(
        services.images.asset, SentReports(services), downloads_at_once=settings.downloads_at_once
    )
    await bytes_server.start(str(address), settings.assets_port)
    stack.push_async_callback(bytes_server.stop)
    machines = InventoryMachines(services.inventory, services.armings, services.defaults)
    tftp = TftpServer(
        address,
        TftpFiles(virtual=TftpNames(services)),
        TftpReports(services, TransferReports(services.metrics)),
        on_drop=DropReports("tftp", services.metrics),
        mtu_bytes=interface_mtu_bytes(served.interface),
        refusal=TftpPermission(shared.book, machines),
    )
    await tftp.start()
    stack.push_async_callback(tftp.stop)
    running.finish_first(tftp, bytes_server)
    if settings.dhcp.mode is DhcpMode.FULL:
        no_router = NoRouterServer(served.interface)
        no_router.start()
        stack.callback(no_router.stop)

    def make_dhcp(settings: ServerSettings) -> DhcpServer:
        subnets = dhcp_subnets(settings.dhcp, shared.interfaces)
        return DhcpServer(
            dhcp_settings(settings, served, subnets, shared.loaders.keys()),
            shared.book,
            DhcpReports(services.journal, settings.dhcp.mode, services.metrics),
            machines=machines,
            on_drop=DropReports("dhcp", services.metrics),
        )

    await running.start_dhcp(make_dhcp)


class ControlServer:
    """The Flask application in waitress, in a thread of its own."""

    def __init__(self, services: Services, address: str, port: int) -> None:
        self._discovery = services.discovery
        self._server = create_server(
            create_app(services),
            map={},  # waitress has one for all servers of a process, which their threads would work on at once
            host=address,
            port=port,
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
        self.services.metrics.sent(sent.asset.part, sent.count, sent.duration_ms / 1000)
        step = _SENT_STEPS.get(sent.asset.part)
        if step is not None and sent.ends_file:
            # The disk may take its time; the downloads of other machines do not wait for it.
            await asyncio.to_thread(self.record, step, sent)

    def record(self, step: str, sent: Sent) -> None:
        message = f"{sent.asset.name}, {sent.asset.bytes} bytes"
        try:
            boot = self.services.store.boot_at(sent.client)
            if boot is None:
                _log.debug("%s sent to %s, which has no boot script", sent.asset.name, sent.client)
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
    told: TransferReports

    def __call__(self, result: TransferResult) -> None:
        self.told(result)
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
            sent = Sent(client, asset, asset.bytes, round(result.duration_s * 1000), ends_file=True)
            SentReports(self.services).record(step, sent)

    def _remember(self, mac: str, client: str) -> None:
        try:
            self.services.store.save_boot_address(mac, client)
        except StoreError as problem:  # the machine has its script already; the boot itself goes on
            _log.error("the address of %s is lost: %s", mac, problem)
