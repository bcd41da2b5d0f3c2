"""`coreos.etcd`: etcd 0.4, with `host:port` for URLs; today's etcd gets what it still has."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Struct

from provision.findings import Place
from provision.formats.cloud_config.coreos.etcd2 import Files, translate_tls
from provision.formats.cloud_config.coreos.services import Number, variables_of
from provision.formats.cloud_config.coreos.units import Units
from provision.formats.cloud_config.words import ignored, refused
from provision.formats.draft import Entry

UNIT = "etcd.service"
CLIENT_PORT, PEER_PORT = 4001, 7001
IN_TWO = refused("it is a setting of etcd 2: write it below etcd2")
GONE = ignored("etcd has no such setting any more")


class EtcdOne(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    addr: str | None = None
    advertise_client_urls: Annotated[Any, IN_TWO] = None
    bind_addr: str | None = None
    ca_file: str | None = None
    cert_file: str | None = None
    cluster_active_size: Annotated[Any, GONE] = None
    cluster_remove_delay: Annotated[Any, GONE] = None
    cluster_sync_interval: Annotated[Any, GONE] = None
    cors: str | None = None
    data_dir: str | None = None
    discovery: str | None = None
    discovery_fallback: Annotated[Any, IN_TWO] = None
    discovery_srv: Annotated[Any, IN_TWO] = None
    discovery_proxy: Annotated[Any, IN_TWO] = None
    election_timeout: Annotated[Any, IN_TWO] = None
    force_new_cluster: Annotated[Any, IN_TWO] = None
    graphite_host: Annotated[Any, GONE] = None
    heartbeat_interval: Annotated[Any, IN_TWO] = None
    http_read_timeout: Annotated[Any, GONE] = None
    http_write_timeout: Annotated[Any, GONE] = None
    initial_advertise_peer_urls: Annotated[Any, IN_TWO] = None
    initial_cluster: Annotated[Any, IN_TWO] = None
    initial_cluster_state: Annotated[Any, IN_TWO] = None
    initial_cluster_token: Annotated[Any, IN_TWO] = None
    key_file: str | None = None
    listen_client_urls: Annotated[Any, IN_TWO] = None
    listen_peer_urls: Annotated[Any, IN_TWO] = None
    max_result_buffer: Annotated[Any, GONE] = None
    max_retry_attempts: Annotated[Any, GONE] = None
    max_snapshots: Annotated[Any, IN_TWO] = None
    max_wals: Annotated[Any, IN_TWO] = None
    name: str | int | None = None
    peer_addr: str | None = None
    peer_bind_addr: str | None = None
    peer_ca_file: str | None = None
    peer_cert_file: str | None = None
    peer_election_timeout: Number | None = None
    peer_heartbeat_interval: Number | None = None
    peer_key_file: str | None = None
    peers: Annotated[Any, refused("it names no members: write etcd2 with initial_cluster, or discovery")] = (
        None
    )
    peers_file: Annotated[
        Any, refused("it names no members: write etcd2 with initial_cluster, or discovery")
    ] = None
    proxy: Annotated[Any, IN_TWO] = None
    retry_interval: Annotated[Any, GONE] = None
    snapshot: Annotated[Any, GONE] = None
    snapshot_count: Number | None = None
    trace: Annotated[Any, GONE] = None
    verbose: Annotated[Any, GONE] = None
    very_verbose: Annotated[Any, GONE] = None
    very_very_verbose: Annotated[Any, GONE] = None


SETTINGS = {
    "cors": "cors",
    "peer_election_timeout": "election-timeout",
    "peer_heartbeat_interval": "heartbeat-interval",
    "snapshot_count": "snapshot-count",
}


def translate_etcd_one(etcd: EtcdOne, units: Units) -> None:
    place: Place = ("coreos", "etcd")
    if units.is_own(UNIT):
        units.environment(UNIT, variables_of(etcd, "ETCD"), place)
        return
    made = units.draft.root.entry("etcd", place)
    if etcd.name is not None:
        made.put("name", str(etcd.name), (*place, "name"))
    made.put("discovery", etcd.discovery, (*place, "discovery"))
    made.put("data_dir", etcd.data_dir, (*place, "data_dir"))
    _translate_addresses(etcd, made, place)
    for name, setting in SETTINGS.items():
        value = getattr(etcd, name)
        if value:
            made.entry("settings", place).put(setting, value, (*place, name))
    client = Files(etcd.cert_file, etcd.key_file, etcd.ca_file)
    translate_tls(made, "client", client, place, units.draft)
    peer = Files(etcd.peer_cert_file, etcd.peer_key_file, etcd.peer_ca_file)
    translate_tls(made, "peer", peer, place, units.draft)


def _translate_addresses(etcd: EtcdOne, made: Entry, place: Place) -> None:
    """What is told to others is where it listens, too, unless it is told where."""
    client = "https" if etcd.cert_file else "http"
    peer = "https" if etcd.peer_cert_file else "http"
    rows = (
        ("advertise_client_urls", "addr", etcd.addr, client, CLIENT_PORT),
        ("listen_client_urls", "bind_addr", etcd.bind_addr, client, _port(etcd.addr, CLIENT_PORT)),
        ("advertise_peer_urls", "peer_addr", etcd.peer_addr, peer, PEER_PORT),
        ("listen_peer_urls", "peer_bind_addr", etcd.peer_bind_addr, peer, _port(etcd.peer_addr, PEER_PORT)),
    )
    told: str | None = None
    for field, name, address, scheme, port in rows:
        if address:
            told = _url(address, scheme, port)
            made.append(field, told, (*place, name))
        elif field.startswith("listen") and told is not None:
            made.append(field, told, (*place, name.replace("bind_", "")))
        if field.startswith("listen"):
            told = None


def _url(address: str, scheme: str, port: int) -> str:
    return f"{scheme}://{address}" if ":" in address else f"{scheme}://{address}:{port}"


def _port(address: str | None, otherwise: int) -> int:
    found = (address or "").rpartition(":")[2]
    return int(found) if found.isdecimal() else otherwise
