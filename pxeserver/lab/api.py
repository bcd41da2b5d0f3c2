"""The server's JSON interface as the lab reads it, from inside the namespace."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from pxeserver.lab.namespace import Namespace

TIMEOUT_S = 10


class Api:
    def __init__(self, namespace: Namespace, base_url: str) -> None:
        self._namespace = namespace
        self.base_url = base_url

    def get(self, path: str) -> Any:
        """The JSON at `path`; OSError when the server does not answer."""
        return json.loads(self._namespace.call(lambda: self._read(path)))

    def is_up(self) -> bool:
        try:
            self._namespace.call(lambda: self._read("/healthz"))
        except OSError:
            return False
        return True

    def _read(self, path: str) -> bytes:
        with urllib.request.urlopen(self.base_url + path, timeout=TIMEOUT_S) as reply:  # noqa: S310
            body: bytes = reply.read()
        return body
