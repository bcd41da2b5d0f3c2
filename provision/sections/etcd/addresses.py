"""Where a member is reached: what the config says, and what follows when it does not."""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec import Struct

from provision.facts import Facts
from provision.sections.etcd.types import Etcd, Urls
from provision.variables import expand

METRICS_SETTING = "listen-metrics-urls"
# Health without a certificate, for those on the machine only: no keys can be read there.
METRICS_URL = "http://127.0.0.1:2381"


class Addresses(Struct, frozen=True):
    listen_client: Urls
    listen_peer: Urls
    advertise_client: Urls
    advertise_peer: Urls


def addresses(etcd: Etcd, facts: Facts) -> Addresses:
    """Of a member whose own variables are filled in. Raises ProvisionError when a default needs an unknown fact."""
    client = f"{client_scheme(etcd)}://${{facts.ipv4}}:2379"
    own = (etcd.initial_cluster or {}).get(etcd.name)
    # The port that the others use is the one to listen on.
    peer_port = urlsplit(own[0]).port if own else 2380
    peer = f"{peer_scheme(etcd)}://${{facts.ipv4}}:{peer_port}"
    local = f"{client_scheme(etcd)}://127.0.0.1:2379"

    def given_or(given: Urls | None, field: str, *default: str) -> Urls:
        if given is not None:
            return given
        return tuple(expand(url, facts, ("etcd", field)) for url in default)

    return Addresses(
        listen_client=given_or(etcd.listen_client_urls, "listen_client_urls", client, local),
        listen_peer=given_or(etcd.listen_peer_urls, "listen_peer_urls", peer),
        advertise_client=given_or(etcd.advertise_client_urls, "advertise_client_urls", client),
        advertise_peer=given_or(etcd.advertise_peer_urls or own, "advertise_peer_urls", peer),
    )


def client_scheme(etcd: Etcd) -> str:
    return "https" if etcd.tls.client is not None or etcd.settings.get("auto-tls") is True else "http"


def peer_scheme(etcd: Etcd) -> str:
    return "https" if etcd.tls.peer is not None or etcd.settings.get("peer-auto-tls") is True else "http"


def metrics_urls(etcd: Etcd) -> str | None:
    """Where health is told besides the client URLs: where these are encrypted, unless the config has a place."""
    given = etcd.settings.get(METRICS_SETTING)
    if given is not None:
        return str(given)
    return METRICS_URL if client_scheme(etcd) == "https" else None


def health_url(etcd: Etcd, urls: Addresses) -> str:
    """The URL that tells this machine's own agent whether the member is healthy."""
    metrics = metrics_urls(etcd)
    if metrics is not None:
        return metrics.split(",")[0]
    return next((url for url in urls.listen_client if "127.0.0.1" in url), urls.advertise_client[0])
