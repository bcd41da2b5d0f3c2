"""The inventory as it is now: read again when a file changes, and never worse than it was."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from inotify_simple import INotify, flags

from provision.findings import FileReport, Finding, has_errors, render_text
from pxeserver.inventory.files import FOLDERS, Inventory, InventoryReader
from pxeserver.inventory.model import Index

# Editors and git write several files one after the other; together with the poll this stays well below 2 s.
SETTLE_MS = 200
POLL_MS = 1000  # how soon a folder that was replaced as a whole is watched again, and how soon `stop` works

_CHANGES = (
    flags.CLOSE_WRITE
    | flags.CREATE
    | flags.DELETE
    | flags.DELETE_SELF
    | flags.MOVED_FROM
    | flags.MOVED_TO
    | flags.MOVE_SELF
)
_log = logging.getLogger("pxeserver.inventory")

Check = Callable[[Index], tuple[Finding, ...]]
OnReload = Callable[[tuple[Finding, ...]], None]


class LiveInventory:
    """`index` is replaced as a whole by another thread: take it once for each request."""

    def __init__(self, folder: Path, check: Check, on_reload: OnReload) -> None:
        self._reader = InventoryReader(folder)
        self._check = check
        self._on_reload = on_reload
        self._is_good = False
        self.index = Index()
        self.findings: tuple[Finding, ...] = ()
        self.reloads = 0
        self.failed_reloads = 0

    def reload(self) -> None:
        """Takes what is in the files now, unless it is broken and what there was is good."""
        inventory = self._reader.read()
        findings = inventory.findings + (self._check(inventory.index) if inventory.index else ())
        self._take(inventory, findings)
        self.reloads += 1
        self.failed_reloads += has_errors(findings)
        self._on_reload(findings)

    def _take(self, inventory: Inventory, findings: tuple[Finding, ...]) -> None:
        is_good = not has_errors(findings)
        # At the start there is nothing to keep: a whole inventory then boots all machines but those found wrong.
        if inventory.index is not None and (is_good or not self._is_good):
            self.index = inventory.index
            self._is_good = is_good
        self.findings = findings


class InventoryWatcher:
    """A thread that reloads a LiveInventory when its files change."""

    def __init__(self, folder: Path, inventory: LiveInventory) -> None:
        self._folder = folder
        self._inventory = inventory
        self._stopping = threading.Event()
        self._inotify = INotify()
        self._watched = self._watch_folders()
        self._thread = threading.Thread(target=self._run, name="inventory", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(timeout=2 * POLL_MS / 1000)
        self._inotify.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            events = list(self._inotify.read(timeout=POLL_MS, read_delay=SETTLE_MS))
            is_changed = any(not event.name.startswith(".") for event in events)
            before, self._watched = self._watched, self._watch_folders()
            if is_changed or self._watched != before:
                self._inventory.reload()

    def _watch_folders(self) -> dict[Path, int]:
        """A folder made anew, or a link that leads somewhere else now, has another number than before."""
        watched = {}
        for folder in (self._folder, *(self._folder / name for name in FOLDERS)):
            try:
                watched[folder] = self._inotify.add_watch(folder, _CHANGES)
            except OSError:  # not there (yet): its coming is a change of the folder above
                continue
        return watched


def findings_text(findings: tuple[Finding, ...]) -> str:
    """Findings for people, file by file, with source lines."""
    files = sorted({finding.file for finding in findings})
    reports = [
        FileReport(file, "native", tuple(finding for finding in findings if finding.file == file))
        for file in files
    ]
    return render_text(reports)


def log_reload(findings: tuple[Finding, ...]) -> None:
    """Says loudly what is wrong, line by line."""
    for line in findings_text(findings).splitlines():
        _log.log(logging.ERROR if has_errors(findings) else logging.WARNING, "%s", line)
