"""Large files from web servers: continued after an interruption, and kept only when the digest is right."""

from __future__ import annotations

import hashlib
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

CHUNK_BYTES = 1024 * 1024
SILENCE_S = 30.0  # without a byte; then the connection is given up and another continues
PAUSES_S = (1.0, 2.0, 4.0, 8.0)

Progress = Callable[[int, int | None], None]
"""Called with the bytes there are, and how many there will be if the server says so."""


class DownloadError(Exception):
    """The text names the URL, and says what to do."""


def download(
    url: str,
    target: Path,
    sha256: str,
    *,
    progress: Progress = lambda _have, _all: None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Continues `target` where an earlier attempt left it. A file with another digest is removed."""
    reason = ""
    for pause_s in (*PAUSES_S, None):
        try:
            _continue(url, target, progress)
            break
        except urllib.error.HTTPError as problem:
            if problem.code < 500:
                raise DownloadError(f"{url}: the server answers {problem.code} {problem.reason}") from problem
            reason = f"the server answers {problem.code}"
        except (OSError, http.client.HTTPException) as problem:
            reason = str(problem) or type(problem).__name__
        if pause_s is None:
            raise DownloadError(f"{url}: {reason}; what is there is kept, try again to continue")
        sleep(pause_s)
    with target.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != sha256:
        target.unlink()
        raise DownloadError(f"{url}: sha256 is {found}, not {sha256}; compare with what its publisher says")


def _continue(url: str, target: Path, progress: Progress) -> None:
    have = target.stat().st_size if target.exists() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - `Source.is_remote` is http or https
    try:
        answer = urllib.request.urlopen(request, timeout=SILENCE_S)  # noqa: S310
    except urllib.error.HTTPError as problem:
        if problem.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and have:
            problem.close()
            return  # all of it is there, or it is another file: the digest tells
        raise
    with answer:
        if answer.status != http.HTTPStatus.PARTIAL_CONTENT:
            have = 0  # a server that knows no ranges sends everything again
        promised = answer.length
        whole = have + promised if promised is not None else None
        with target.open("r+b" if have else "wb") as stream:
            stream.seek(have)
            while chunk := answer.read(CHUNK_BYTES):
                stream.write(chunk)
                progress(stream.tell(), whole)
            if whole is not None and stream.tell() < whole:
                raise http.client.IncompleteRead(b"", whole - stream.tell())
