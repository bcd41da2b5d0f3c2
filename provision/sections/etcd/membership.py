"""How the members find each other: exactly one way, and this member among them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import structs

from provision.findings import Place, Problem, did_you_mean, error, path_text, warning
from provision.sections.etcd.addresses import peer_scheme
from provision.sections.etcd.types import Etcd, Urls
from provision.sections.hosts import is_host_name
from provision.sections.urls import check_url
from provision.variables import has_variable

MEMBER_NAME = re.compile(r"[^\s=,]+")
SRV_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?")
WAYS = ("discovery", "initial_cluster", "discovery_srv")


def check_membership(etcd: Etcd, place: Place) -> Iterator[Problem]:
    given = [field for field in WAYS if getattr(etcd, field) is not None]
    if not given:
        message = f"one of {', '.join(WAYS[:-1])} or {WAYS[-1]} is needed"
        yield error("etcd-no-cluster", place, message, "it says how the members find each other")
    elif len(given) > 1:
        message = f"{' and '.join(given)} exclude each other"
        yield structs.replace(error("etcd-cluster-twice", (*place, given[1]), message), at_key=True)
    if etcd.discovery is not None:
        yield from check_url(etcd.discovery, (*place, "discovery"), schemes=("http", "https"))
        yield from _check_token(etcd.discovery, (*place, "discovery"))
    if etcd.initial_cluster is not None:
        yield from _check_cluster(etcd.initial_cluster, (*place, "initial_cluster"))
        yield from _check_self(etcd, etcd.initial_cluster, place)
    yield from _check_srv(etcd, place)
    if given == ["discovery"]:
        yield from _check_discovery_alone(etcd, place)


def _check_token(discovery: str, place: Place) -> Iterator[Problem]:
    token = discovery.partition("://")[2].partition("/")[2].strip("/")
    if not token and not has_variable(discovery):
        hint = "the URL that the discovery service gave for this cluster"
        yield error("etcd-discovery", place, "the discovery URL has no token", hint)
    elif "?" in token or "#" in token:
        yield error("etcd-discovery", place, "the discovery URL must end with its token")


def _check_discovery_alone(etcd: Etcd, place: Place) -> Iterator[Problem]:
    if etcd.initial_cluster_token is not None:
        message = "with discovery, the URL itself is the cluster's token"
        problem = error("etcd-cluster-token", (*place, "initial_cluster_token"), message, "remove it")
        yield structs.replace(problem, at_key=True)
    if etcd.initial_cluster_state == "existing":
        message = "discovery only begins clusters; it adds nobody to one that is there"
        hint = "write initial_cluster with all members, this one included"
        yield error("etcd-cluster-state", (*place, "initial_cluster_state"), message, hint)


def _check_cluster(cluster: dict[str, Urls], place: Place) -> Iterator[Problem]:
    if not cluster:
        yield error("etcd-cluster-empty", place, "a cluster has at least one member")
    elif len(cluster) % 2 == 0:
        more = len(cluster) + 1
        message = f"{len(cluster)} members bear no more failures than {len(cluster) - 1}"
        yield warning("etcd-cluster-even", place, message, f"{len(cluster) - 1} or {more} members")
    first: dict[str, Place] = {}
    for name, urls in cluster.items():
        here = (*place, name)
        if has_variable(name):
            message = "names in initial_cluster take no variables: all machines list the same members"
            yield structs.replace(error("etcd-name", here, message), at_key=True)
        elif not MEMBER_NAME.fullmatch(name):
            hint = "no spaces, commas or = : etcd lists members as name=url,name=url"
            problem = error("etcd-name", here, f"{name!r} cannot name a member", hint)
            yield structs.replace(problem, at_key=True)
        for index, url in enumerate(urls):
            earlier = first.setdefault(url.rstrip("/"), (*here, index))
            if earlier != (*here, index):
                message = f"{url!r} is {path_text(earlier)} already"
                yield error("duplicate-url", (*here, index), message, "each member has its own address")


def _check_self(etcd: Etcd, cluster: dict[str, Urls], place: Place) -> Iterator[Problem]:
    """etcd ends with an error when it does not find itself in the list, by name and by peer URLs."""
    if has_variable(etcd.name) or not cluster:
        return
    if etcd.name not in cluster:
        hint = did_you_mean(etcd.name, cluster) or f"its members are {', '.join(cluster)}"
        message = f"this member, {etcd.name!r}, is not in initial_cluster"
        yield error("etcd-not-listed", (*place, "name"), message, hint)
        return
    listed, told = cluster[etcd.name], etcd.advertise_peer_urls
    if told is None or any(map(has_variable, (*listed, *told))):
        return
    if {url.rstrip("/") for url in told} != {url.rstrip("/") for url in listed}:
        own = path_text((*place, "initial_cluster", etcd.name))
        message = f"{own} has other URLs: {', '.join(listed)}"
        hint = "remove advertise_peer_urls: what initial_cluster says is its default"
        yield error("etcd-advertise", (*place, "advertise_peer_urls"), message, hint)


def _check_srv(etcd: Etcd, place: Place) -> Iterator[Problem]:
    domain, name = etcd.discovery_srv, etcd.discovery_srv_name
    if domain is not None and not has_variable(domain) and not is_host_name(domain):
        hint = "the domain alone, as in lab.example: etcd puts _etcd-server-ssl._tcp before it"
        yield error("etcd-srv", (*place, "discovery_srv"), f"{domain!r} is no DNS domain", hint)
    if domain is not None and etcd.engine == "host" and peer_scheme(etcd) == "http":
        # Seen with 3.4.23: a failed look-up of _etcd-server-ssl ends it, whatever _etcd-server has.
        message = "etcd 3.4, as Debian 12 has it, finds members by DNS only with TLS between them"
        yield warning("etcd-srv-plain", (*place, "discovery_srv"), message, "add etcd.tls.peer")
    if name is None:
        return
    if domain is None:
        problem = error("etcd-srv", (*place, "discovery_srv_name"), "there is no discovery_srv to look up")
        yield structs.replace(problem, at_key=True)
    if not has_variable(name) and not SRV_NAME.fullmatch(name):
        hint = "letters, digits and - ; etcd looks up _etcd-server-NAME._tcp"
        yield error("etcd-srv", (*place, "discovery_srv_name"), f"{name!r} cannot be part of a service", hint)
