"""The drop-in and the units that a member is made of."""

from __future__ import annotations

from collections.abc import Iterator

from provision.actions import EnableUnit, Step, WriteFile
from provision.facts import Facts
from provision.sections.etcd import DROPIN_PATH, UNIT
from provision.sections.etcd.addresses import METRICS_SETTING, addresses, metrics_urls
from provision.sections.etcd.types import Etcd
from provision.sections.unit_words import argument, quoted

# A member waits for the others: however they find each other, it takes as long as the slowest machine.
WAITS = "TimeoutStartSec=infinity\n"


def plan_etcd(etcd: Etcd, facts: Facts) -> Iterator[Step]:
    variables = tuple(environment(etcd, facts))
    if etcd.engine == "host":
        yield Step(WriteFile(DROPIN_PATH, host_dropin(variables).encode()), "etcd")
    else:
        from provision.sections.etcd.container import container_files, own_directories

        directories = tuple(directory for _, directory in own_directories(etcd))
        for path, text in container_files(etcd, variables).items():
            yield Step(WriteFile(path, text.encode()), "etcd")
        yield Step(WriteFile(DROPIN_PATH, container_dropin(directories).encode()), "etcd")
    yield Step(EnableUnit(UNIT, True), "etcd")


def host_dropin(variables: tuple[tuple[str, str], ...]) -> str:
    """The empty EnvironmentFile= keeps the distribution's /etc/default/etcd from overriding this."""
    settings = "".join(f"Environment={quoted(f'{name}={value}')}\n" for name, value in variables)
    return (
        "[Unit]\nWants=network-online.target\nAfter=network-online.target\n\n"
        f"[Service]\n{WAITS}Restart=on-failure\nRestartSec=5\nEnvironmentFile=\n{settings}"
    )


def container_dropin(directories: tuple[str, ...]) -> str:
    """Engines mount directories that are there; on the host etcd makes its own."""
    made = " ".join(map(argument, directories))
    return f"[Service]\n{WAITS}ExecStartPre=/bin/mkdir -p -m 700 {made}\n"


def environment(etcd: Etcd, facts: Facts) -> Iterator[tuple[str, str]]:
    """etcd's settings as it reads them from its environment."""
    urls = addresses(etcd, facts)
    yield "ETCD_NAME", etcd.name
    yield "ETCD_DATA_DIR", etcd.data_dir
    yield from _cluster(etcd)
    yield "ETCD_LISTEN_CLIENT_URLS", ",".join(urls.listen_client)
    yield "ETCD_LISTEN_PEER_URLS", ",".join(urls.listen_peer)
    yield "ETCD_ADVERTISE_CLIENT_URLS", ",".join(urls.advertise_client)
    yield "ETCD_INITIAL_ADVERTISE_PEER_URLS", ",".join(urls.advertise_peer)
    yield from _tls(etcd)
    metrics = metrics_urls(etcd)
    if metrics is not None and METRICS_SETTING not in etcd.settings:
        yield "ETCD_LISTEN_METRICS_URLS", metrics
    for name in sorted(etcd.settings):
        value = etcd.settings[name]
        text = str(value).lower() if isinstance(value, bool) else str(value)
        yield f"ETCD_{name.upper().replace('-', '_')}", text


def _cluster(etcd: Etcd) -> Iterator[tuple[str, str]]:
    if etcd.discovery is not None:
        yield "ETCD_DISCOVERY", etcd.discovery
        yield "ETCD_DISCOVERY_FALLBACK", "exit"  # the default, proxy, would hide that the cluster is full
        return
    if etcd.initial_cluster is not None:
        pairs = [f"{name}={url}" for name, urls in etcd.initial_cluster.items() for url in urls]
        yield "ETCD_INITIAL_CLUSTER", ",".join(pairs)
    elif etcd.discovery_srv is not None:
        yield "ETCD_DISCOVERY_SRV", etcd.discovery_srv
        if etcd.discovery_srv_name is not None:
            yield "ETCD_DISCOVERY_SRV_NAME", etcd.discovery_srv_name
    if etcd.initial_cluster_token is not None:
        yield "ETCD_INITIAL_CLUSTER_TOKEN", etcd.initial_cluster_token
    yield "ETCD_INITIAL_CLUSTER_STATE", etcd.initial_cluster_state


def _tls(etcd: Etcd) -> Iterator[tuple[str, str]]:
    client, peer = etcd.tls.client, etcd.tls.peer
    if client is not None:
        yield "ETCD_CERT_FILE", client.certificate
        yield "ETCD_KEY_FILE", client.key
        if client.authority is not None:  # etcd 3.4 asks for certificates as soon as it has an authority
            yield "ETCD_TRUSTED_CA_FILE", client.authority
            yield "ETCD_CLIENT_CERT_AUTH", "true"
    if peer is not None:
        yield "ETCD_PEER_CERT_FILE", peer.certificate
        yield "ETCD_PEER_KEY_FILE", peer.key
        yield "ETCD_PEER_TRUSTED_CA_FILE", peer.authority
        yield "ETCD_PEER_CLIENT_CERT_AUTH", "true"
