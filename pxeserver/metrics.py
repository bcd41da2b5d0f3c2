"""What is counted, for Prometheus. No label takes values that machines make up."""

from __future__ import annotations

import re
import threading

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from provision import __version__

# Reasons are sentences of this program; with what they name taken out, there are some thirty. Should one name
# something that is not taken out, the rest of them are counted together.
MAX_REASONS = 64
OTHER_REASON = "other"

# From a script of a kilobyte to an image over a slow link.
_DURATION_BUCKETS_S = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600)
_REQUEST_BUCKETS_S = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30)
_NAMED = re.compile(
    r"\b[0-9a-f]{2}(?::[0-9a-f]{2}){5}\b|\b\d{1,3}(?:\.\d{1,3}){3}(?:/\d+)?\b|'[^']*'|\"[^\"]*\"|\b\d+\b"
)


class Metrics:
    """Every metric of the server, in a registry of its own; callable from any thread."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._reasons: set[str] = set()
        self._lock = threading.Lock()
        self._replies = Counter(
            "pxeserver_dhcp_replies_total", "DHCP replies sent", ("type", "client"), registry=registry
        )
        self._ignored = Counter(
            "pxeserver_dhcp_ignored_total",
            "DHCP packets left without a reply",
            ("reason",),
            registry=registry,
        )
        self._dropped = Counter(
            "pxeserver_packets_dropped_total",
            "packets that could not be understood or answered",
            ("protocol",),
            registry=registry,
        )
        self._transfers = Counter(
            "pxeserver_tftp_transfers_total", "TFTP requests that ended", ("outcome",), registry=registry
        )
        self._transfer_bytes = Counter(
            "pxeserver_tftp_bytes_total", "bytes that TFTP clients acknowledged", registry=registry
        )
        self._transfer_s = Histogram(
            "pxeserver_tftp_transfer_seconds",
            "how long TFTP transfers took that reached their end",
            buckets=_DURATION_BUCKETS_S,
            registry=registry,
        )
        self._requests = Counter(
            "pxeserver_http_requests_total",
            "requests for scripts, configs, reports and the page",
            ("endpoint", "status"),
            registry=registry,
        )
        self._request_s = Histogram(
            "pxeserver_http_request_seconds",
            "how long such requests took",
            ("endpoint",),
            buckets=_REQUEST_BUCKETS_S,
            registry=registry,
        )
        self._asset_bytes = Counter(
            "pxeserver_asset_bytes_total",
            "bytes of images sent over HTTP, of answers sent to their end",
            ("part",),
            registry=registry,
        )
        self._asset_s = Histogram(
            "pxeserver_asset_seconds",
            "how long it took to send a file of an image, or the rest of one",
            ("part",),
            buckets=_DURATION_BUCKETS_S,
            registry=registry,
        )
        self._steps = Counter(
            "pxeserver_boot_steps_total", "events of boots", ("step", "result"), registry=registry
        )
        self._reloads = Counter(
            "pxeserver_inventory_reloads_total", "inventory read again", ("result",), registry=registry
        )
        self._machines = Gauge(
            "pxeserver_inventory_machines", "machines in the inventory in use", registry=registry
        )
        Gauge("pxeserver_info", "the running program", ("version",), registry=registry).labels(
            __version__
        ).set(1)

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self._registry)

    def names(self) -> tuple[str, ...]:
        """The metrics as queries name them, in the order they are shown in."""
        suffixes = {"counter": "_total"}
        return tuple(f"{m.name}{suffixes.get(m.type, '')}" for m in self._registry.collect())

    def replied(self, message_type: str, client: str) -> None:
        self._replies.labels(message_type.lower(), client).inc()

    def ignored(self, reason: str) -> None:
        self._ignored.labels(self._reason(reason)).inc()

    def dropped(self, protocol: str) -> None:
        self._dropped.labels(protocol).inc()

    def transferred(self, outcome: str, count_bytes: int, duration_s: float) -> None:
        self._transfers.labels(outcome).inc()
        self._transfer_bytes.inc(count_bytes)
        if outcome == "done":
            self._transfer_s.observe(duration_s)

    def requested(self, endpoint: str, status: int, duration_s: float) -> None:
        self._requests.labels(endpoint, str(status)).inc()
        self._request_s.labels(endpoint).observe(duration_s)

    def sent(self, part: str, count_bytes: int, duration_s: float) -> None:
        self._asset_bytes.labels(part).inc(count_bytes)
        self._asset_s.labels(part).observe(duration_s)

    def stepped(self, step: str, result: str) -> None:
        self._steps.labels(step, result).inc()

    def reloaded(self, machine_count: int, *, is_good: bool) -> None:
        self._reloads.labels("ok" if is_good else "failed").inc()
        self._machines.set(machine_count)

    def _reason(self, reason: str) -> str:
        text = _NAMED.sub("…", reason)
        with self._lock:
            if text not in self._reasons and len(self._reasons) >= MAX_REASONS:
                return OTHER_REASON
            self._reasons.add(text)
        return text
