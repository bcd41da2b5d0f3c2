"""`coreos.etcd2`: a member of an etcd cluster, as our own section `etcd` has it.

A config that brings a unit of that name along (in a container, say) gets the environment variables instead, as CoreOS
wrote them.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Struct

from provision.findings import Place, error
from provision.formats.cloud_config.coreos.services import Number, variables_of
from provision.formats.cloud_config.coreos.units import Units
from provision.formats.cloud_config.words import ignored, refused
from provision.formats.draft import Draft, Entry

UNIT = "etcd2.service"
NO_PROXY = ignored("there is no proxy of etcd")


class EtcdTwo(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    advertise_client_urls: str | None = None
    ca_file: str | None = None
    cert_file: str | None = None
    client_cert_auth: bool = False
    cors: str | None = None
    data_dir: str | None = None
    debug: bool = False
    discovery: str | None = None
    discovery_fallback: str | None = None
    discovery_srv: str | None = None
    discovery_proxy: str | None = None
    election_timeout: Number | None = None
    enable_pprof: bool = False
    force_new_cluster: Annotated[
        bool, refused("it would throw out the other members at each start; give it to etcd once, by hand")
    ] = False
    heartbeat_interval: Number | None = None
    initial_advertise_peer_urls: str | None = None
    initial_cluster: str | None = None
    initial_cluster_state: str | None = None
    initial_cluster_token: str | None = None
    key_file: str | None = None
    listen_client_urls: str | None = None
    listen_peer_urls: str | None = None
    log_package_levels: str | None = None
    max_snapshots: Number | None = None
    max_wals: Number | None = None
    name: str | int | None = None
    peer_ca_file: str | None = None
    peer_cert_file: str | None = None
    peer_key_file: str | None = None
    peer_client_cert_auth: bool = False
    peer_trusted_ca_file: str | None = None
    proxy: bool | str = "off"
    proxy_dial_timeout: Annotated[Any, NO_PROXY] = None
    proxy_failure_wait: Annotated[Any, NO_PROXY] = None
    proxy_read_timeout: Annotated[Any, NO_PROXY] = None
    proxy_refresh_interval: Annotated[Any, NO_PROXY] = None
    proxy_write_timeout: Annotated[Any, NO_PROXY] = None
    snapshot_count: Number | None = None
    strict_reconfig_check: bool = False
    trusted_ca_file: str | None = None
    wal_dir: str | None = None


# Fields of section `etcd` by the name they have here; the second kind are lists with commas between them.
TEXTS = {
    "data_dir": "data_dir",
    "discovery": "discovery",
    "discovery_srv": "discovery_srv",
    "initial_cluster_state": "initial_cluster_state",
    "initial_cluster_token": "initial_cluster_token",
}
LISTS = {
    "advertise_client_urls": "advertise_client_urls",
    "initial_advertise_peer_urls": "advertise_peer_urls",
    "listen_client_urls": "listen_client_urls",
    "listen_peer_urls": "listen_peer_urls",
}
SETTINGS = (
    "cors",
    "debug",
    "discovery_proxy",
    "election_timeout",
    "enable_pprof",
    "heartbeat_interval",
    "log_package_levels",
    "max_snapshots",
    "max_wals",
    "snapshot_count",
    "strict_reconfig_check",
    "wal_dir",
)


def translate_etcd_two(etcd: EtcdTwo, units: Units) -> None:
    place: Place = ("coreos", "etcd2")
    if units.is_own(UNIT):
        units.environment(UNIT, variables_of(etcd, "ETCD"), place)
        return
    draft = units.draft
    _check_role(etcd, place, draft)
    made = draft.root.entry("etcd", place)
    if etcd.name is not None:
        made.put("name", str(etcd.name), (*place, "name"))
    for name, field in TEXTS.items():
        made.put(field, getattr(etcd, name), (*place, name))
    for name, field in LISTS.items():
        for url in _parts(getattr(etcd, name)):
            made.append(field, url, (*place, name))
    for name in SETTINGS:
        value = getattr(etcd, name)
        if value not in (None, False, "", 0):
            settings = made.entry("settings", place)
            settings.put(name.replace("_", "-"), value, (*place, name))
    if etcd.initial_cluster is not None:
        _translate_cluster(etcd.initial_cluster, made, (*place, "initial_cluster"), draft)
    authority = etcd.ca_file or (etcd.trusted_ca_file if etcd.client_cert_auth else None)
    translate_tls(made, "client", Files(etcd.cert_file, etcd.key_file, authority), place, draft)
    authority = etcd.peer_ca_file or etcd.peer_trusted_ca_file
    translate_tls(made, "peer", Files(etcd.peer_cert_file, etcd.peer_key_file, authority), place, draft)


class Files(Struct, frozen=True):
    certificate: str | None
    key: str | None
    authority: str | None


def translate_tls(etcd: Entry, side: str, files: Files, place: Place, draft: Draft) -> None:
    """Only the places differ in name: `cert_file`, and `peer_cert_file`."""
    prefix = "peer_" if side == "peer" else ""
    if files.certificate is None and files.key is None:
        return
    if files.certificate is None or files.key is None:
        missing = f"{prefix}{'cert_file' if files.certificate is None else 'key_file'}"
        draft.report(error("missing-key", place, f"{missing!r} is missing"))
        return
    if side == "peer" and files.authority is None:
        message = (
            "'peer_trusted_ca_file' is missing: members know each other by who signed their certificates"
        )
        draft.report(error("missing-key", place, message))
        return
    made = etcd.entry("tls", place).entry(side, place)
    made.put("certificate", files.certificate, (*place, f"{prefix}cert_file"))
    made.put("key", files.key, (*place, f"{prefix}key_file"))
    made.put("authority", files.authority, (*place, f"{prefix}trusted_ca_file"))


def _check_role(etcd: EtcdTwo, place: Place, draft: Draft) -> None:
    if etcd.proxy not in (False, "off"):
        message = "'proxy' is not carried out: a proxy is no member of the cluster"
        draft.report(
            error("not-carried", (*place, "proxy"), message, "give programs the addresses of the members")
        )
    if etcd.discovery_fallback not in (None, "exit"):
        message = "'discovery_fallback' is not carried out: a member whose cluster is full ends with an error"
        draft.report(error("not-carried", (*place, "discovery_fallback"), message, "remove it"))


def _parts(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _translate_cluster(text: str, made: Entry, place: Place, draft: Draft) -> None:
    """`name=url,name=url`; a member with two URLs is there twice."""
    members = made.entry("initial_cluster", place)
    for part in _parts(text):
        name, equals, url = part.partition("=")
        if not equals:
            message = f"{part!r} is no name=url"
            draft.report(error("etcd-cluster", place, message, "write name=url,name=url"))
            continue
        members.append(name.strip(), url.strip(), place)
