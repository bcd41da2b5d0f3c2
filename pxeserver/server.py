"""The server: opens what it needs, starts its parts, and stops them in order."""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
import threading
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from ipaddress import IPv4Interface
from pathlib import Path

from waitress.server import create_server

from provision.findings import Finding, has_errors
from pxeserver.boot.events import Event, Result
from pxeserver.config import ServeOptions, ServerSettings
from pxeserver.dhcp.transport import DhcpServer
from pxeserver.discovery.service import DiscoveryService
from pxeserver.errors import StartError, StoreError
from pxeserver.inventory.images import ImageShelf
from pxeserver.inventory.model import Index
from pxeserver.inventory.watch import InventoryWatcher, LiveInventory, log_reload
from pxeserver.journal import Journal
from pxeserver.lifecycle import FINISH_S, Running, listen_for_signals
from pxeserver.metrics import Metrics
from pxeserver.network import has_address, interface_address, interface_mtu_bytes
from pxeserver.render.check import check_machines, example_surroundings, some_machines
from pxeserver.render.variables import ServerUrls
from pxeserver.service.notify import notify
from pxeserver.store.contract import Store
from pxeserver.store.pruning import prune_daily
from pxeserver.store.sqlite import DATABASE_NAME, SqliteStore
from pxeserver.tftp.files import TftpFiles
from pxeserver.tftp.transport import TftpServer
from pxeserver.web.app import MAX_REQUEST_BYTES, create_app
from pxeserver.web.bytes import BytesServer, Sent
from pxeserver.web.services import Services
from pxeserver.wiring import (
    DhcpReports,
    DropReports,
    InventoryMachines,
    TransferReports,
    dhcp_settings,
    loader_files,
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
    address = interface_address(options.interface)
    async with AsyncExitStack() as stack:
        store = _open_store(options)
        stack.callback(store.close)
        services = open_services(options, settings, address, store)
        stack.callback(services.journal.close)
        _start_watching(options, services, stack)
        try:
            running = await _start_servers(options, services, address, stack)
            stack.push_async_callback(running.stop_dhcp)
        except OSError as problem:
            raise StartError(_start_problem(problem)) from problem
        _log.info("serving %s on %s, page at %s/", options.data, options.interface, services.urls.control)
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


def open_services(
    options: ServeOptions, settings: ServerSettings, address: IPv4Interface, store: Store
) -> Services:
    """What answers HTTP, on a store and the inventory as it is now."""
    control = f"http://{address.ip}:{settings.http_port}"
    assets = settings.assets_url or f"http://{address.ip}:{settings.assets_port}"
    metrics = Metrics()
    journal = Journal(store, time.time, metrics)
    images = ImageShelf(options.images)
    return Services(
        settings=settings,
        urls=ServerUrls(control, assets),
        store=store,
        journal=journal,
        inventory=_open_inventory(options, images, journal, metrics),
        images=images,
        discovery=DiscoveryService(store, time.time),
        clock=time.time,
        metrics=metrics,
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


async def _start_servers(
    options: ServeOptions, services: Services, address: IPv4Interface, stack: AsyncExitStack
) -> Running:
    """Everything machines ask first is started last: who is answered finds the rest ready."""
    settings = services.settings
    control = ControlServer(services, str(address.ip), settings.http_port)
    control.start()
    stack.callback(control.stop)
    if has_address(options.interface, METADATA_ADDRESS):
        metadata = ControlServer(services, METADATA_ADDRESS, METADATA_PORT)
        metadata.start()
        stack.callback(metadata.stop)
    bytes_server = BytesServer(
        services.images.asset, SentReports(services), downloads_at_once=settings.downloads_at_once
    )
    await bytes_server.start(str(address.ip), settings.assets_port)
    stack.push_async_callback(bytes_server.stop)
    loaders = loader_files()
    tftp = TftpServer(
        address.ip,
        TftpFiles(virtual=loaders),
        TransferReports(services.metrics),
        on_drop=DropReports("tftp", services.metrics),
        mtu_bytes=interface_mtu_bytes(options.interface),
    )
    await tftp.start()
    stack.push_async_callback(tftp.stop)

    def make_dhcp(settings: ServerSettings) -> DhcpServer:
        boot_url = f"{services.urls.control}/boot.ipxe"
        return DhcpServer(
            dhcp_settings(
                settings, options.interface, address, boot_url=boot_url, loaders=frozenset(loaders)
            ),
            services.store,
            DhcpReports(services.journal, settings.dhcp.mode, services.metrics),
            machines=InventoryMachines(services.inventory),
            on_drop=DropReports("dhcp", services.metrics),
        )

    running = Running(settings, (tftp, bytes_server))
    await running.start_dhcp(make_dhcp)
    pruning = asyncio.create_task(
        prune_daily(services.store, lambda: running.settings.keep_days, services.clock)
    )
    stack.callback(pruning.cancel)
    return running


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
            await asyncio.to_thread(self._record, step, sent)

    def _record(self, step: str, sent: Sent) -> None:
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
