"""Whether the clock is right: certificates and events depend on it."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import pxeserver
from pxeserver.doctor.diagnosis import Diagnosis, failed, ok

ALLOWED_S = 30.0  # the header counts whole seconds, and the answer takes its time
TIMEOUT_S = 5.0
_TODO = "set it: timedatectl set-ntp true, or chronyc makestep"


def check_clock(url: str | None) -> Diagnosis:
    """Against the Date of a web server when one is named, else against this program's own files."""
    return _by_server(url) if url is not None else judge_by_files(time.time(), newest_file_s())


def newest_file_s() -> float:
    """When this program was installed: no true clock is before that."""
    return max(path.stat().st_mtime for path in Path(pxeserver.__file__).parent.rglob("*.py"))


def judge_by_files(now_s: float, installed_s: float) -> Diagnosis:
    now = datetime.fromtimestamp(now_s, UTC)
    if now_s < installed_s - ALLOWED_S:
        installed = datetime.fromtimestamp(installed_s, UTC)
        return failed(
            "clock",
            f"it is {now:%Y-%m-%d %H:%M} UTC, before this program was installed ({installed:%Y-%m-%d})",
            _TODO,
        )
    return ok("clock", f"{now:%Y-%m-%d %H:%M} UTC is plausible; compare it with --time-url")


def _by_server(url: str) -> Diagnosis:
    if not url.startswith(("http://", "https://")):
        return failed("clock", f"{url!r} is no URL of a web server", "like http://deb.debian.org/")
    request = urllib.request.Request(url, method="HEAD")  # noqa: S310 - checked above
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply:  # noqa: S310 - checked above
            date = reply.headers.get("Date")
    except urllib.error.HTTPError as refusal:
        date = refusal.headers.get("Date")  # a refusal has the time as well
    except (OSError, ValueError) as problem:
        return failed("clock", f"{url}: {problem}", "name another web server with --time-url")
    return judge_by_date(url, date, time.time())


def judge_by_date(url: str, date: str | None, now_s: float) -> Diagnosis:
    try:
        off_s = now_s - parsedate_to_datetime(date or "").timestamp()
    except ValueError:
        return failed("clock", f"{url} sends no date", "name another web server with --time-url")
    if abs(off_s) > ALLOWED_S:
        way = "ahead of" if off_s > 0 else "behind"
        return failed("clock", f"the clock is {abs(off_s):.0f} s {way} {url}", _TODO)
    return ok("clock", f"the clock agrees with {url}")
