"""Is the local etcd member healthy? https://etcd.io/docs/v3.4/op-guide/monitoring/ (health check)."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

HEALTH_TIMEOUT_S = 5


def member_health(client_url: str) -> str | None:
    """None when the member at `client_url` says it is healthy (it has a leader), otherwise why not."""
    try:
        with urllib.request.urlopen(f"{client_url}/health", timeout=HEALTH_TIMEOUT_S) as reply:  # noqa: S310
            answer = json.load(reply)
    except (OSError, ValueError) as error:  # OSError covers urllib's errors: refused, reset, timed out, 503
        return f"{client_url}: {error}"
    if isinstance(answer, dict) and answer.get("health") == "true":
        return None
    return f"{client_url} answers {answer}"
