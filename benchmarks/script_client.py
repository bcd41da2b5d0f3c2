"""Asks for boot scripts, several at a time, and prints how long each answer took, in milliseconds."""

from __future__ import annotations

import http.client
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from benchmarks.machines import macs

AT_ONCE = 4


def ask(host: str, port: int, mac: str) -> float:
    connection = http.client.HTTPConnection(host, port, timeout=30)
    began = time.perf_counter()
    connection.request("GET", f"/v1/boot?mac={mac.replace(':', '-')}&arch=x86_64")
    answer = connection.getresponse()
    text = answer.read()
    took_ms = (time.perf_counter() - began) * 1000
    connection.close()
    if answer.status != 200 or b"kernel http" not in text:
        raise SystemExit(f"{mac}: {answer.status} {text[:200]!r}")
    return took_ms


if __name__ == "__main__":
    host, port, count = sys.argv[1:]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        print(json.dumps(list(pool.map(lambda mac: ask(host, int(port), mac), islice(macs(), int(count))))))
