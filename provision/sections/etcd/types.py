"""What can be said about a member of an etcd cluster."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Urls = tuple[str, ...]


class ClientTls(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Files on the machine, for example from `files`. etcd reads a renewed certificate without a restart."""

    certificate: Annotated[
        str, Meta(description="Certificate (PEM) shown to clients.", examples=["/etc/etcd/tls/client.crt"])
    ]
    key: Annotated[
        str,
        Meta(
            description="Its private key; on the host it must be readable by user etcd.",
            examples=["/etc/etcd/tls/client.key"],
        ),
    ]
    authority: Annotated[
        str | None,
        Meta(
            description="Certificate authority. With it, every client must show a certificate that it signed; "
            "absent: whoever reaches the address is served.",
            examples=["/etc/etcd/tls/ca.crt"],
        ),
    ] = None


class PeerTls(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Files on the machine. Members are clients of each other: the certificate must be good for both roles
    (serverAuth and clientAuth), and name the addresses in `advertise_peer_urls`."""

    certificate: Annotated[
        str,
        Meta(description="Certificate (PEM) shown to other members.", examples=["/etc/etcd/tls/peer.crt"]),
    ]
    key: Annotated[
        str,
        Meta(
            description="Its private key; on the host it must be readable by user etcd.",
            examples=["/etc/etcd/tls/peer.key"],
        ),
    ]
    authority: Annotated[
        str,
        Meta(
            description="Certificate authority that signed the certificates of all members: nobody else's count.",
            examples=["/etc/etcd/tls/ca.crt"],
        ),
    ]


class Tls(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Encryption, apart for clients and for peers. Where it is given, URLs begin with https, elsewhere with http."""

    client: Annotated[ClientTls | None, Meta(description="How clients are served.")] = None
    peer: Annotated[PeerTls | None, Meta(description="How members talk to each other.")] = None


class Etcd(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """This machine is a member of an etcd cluster. Exactly one of `discovery`, `initial_cluster` and
    `discovery_srv` says how the members find each other when the cluster begins."""

    discovery: Annotated[
        str | None,
        Meta(
            description="Discovery URL with token: members register there, and wait for each other.",
            examples=["http://10.77.0.1:8080/discovery/0123abcd"],
        ),
    ] = None
    initial_cluster: Annotated[
        dict[str, Urls] | None,
        Meta(
            description="All members that begin the cluster, by name, with their peer URLs; this machine's name "
            "is among them.",
            examples=[{"node1": ["http://10.77.0.11:2380"], "node2": ["http://10.77.0.12:2380"]}],
        ),
    ] = None
    discovery_srv: Annotated[
        str | None,
        Meta(
            description="DNS domain whose SRV records _etcd-server-ssl._tcp list the members; without `tls.peer` "
            "_etcd-server._tcp, which etcd 3.4 does not find.",
            examples=["lab.example"],
        ),
    ] = None
    discovery_srv_name: Annotated[
        str | None,
        Meta(
            description="For several clusters in one domain: looks up _etcd-server-ssl-NAME._tcp and "
            "_etcd-server-NAME._tcp instead.",
            examples=["blue"],
        ),
    ] = None
    initial_cluster_token: Annotated[
        str | None,
        Meta(
            description="Name of the cluster, for one that had the same members before; not with `discovery`. "
            "Absent: etcd-cluster.",
            examples=["lab-2"],
        ),
    ] = None
    initial_cluster_state: Annotated[
        Literal["new", "existing"],
        Meta(
            description="new: the cluster begins with these members. existing: this member has been added to a "
            "running one (etcdctl member add). Not with `discovery`."
        ),
    ] = "new"
    name: Annotated[str, Meta(description="Member name, unique in the cluster.")] = "${facts.hostname}"
    listen_client_urls: Annotated[
        Urls | None,
        Meta(
            description="Where clients are served. Absent: http://${facts.ipv4}:2379 and http://127.0.0.1:2379, "
            "with `tls.client` https.",
        ),
    ] = None
    listen_peer_urls: Annotated[
        Urls | None,
        Meta(
            description="Where peers are served. Absent: http://${facts.ipv4}:2380, with `tls.peer` https, with "
            "`initial_cluster` at the port written there.",
        ),
    ] = None
    advertise_client_urls: Annotated[
        Urls | None,
        Meta(
            description="Addresses told to clients. Absent: http://${facts.ipv4}:2379, with `tls.client` https.",
        ),
    ] = None
    advertise_peer_urls: Annotated[
        Urls | None,
        Meta(
            description="Addresses told to peers. Absent: this member's in `initial_cluster`, else "
            "http://${facts.ipv4}:2380, with `tls.peer` https.",
        ),
    ] = None
    tls: Annotated[Tls, Meta(description="Certificates and keys.")] = Tls()
    data_dir: Annotated[str, Meta(description="Directory of the member's data.")] = "/var/lib/etcd/default"
    engine: Annotated[
        Literal["host", "docker", "podman"],
        Meta(
            description="What runs it: host, the machine's own etcd; docker or podman, a container of `image`."
        ),
    ] = "host"
    image: Annotated[
        str | None,
        Meta(
            description="Image with etcd as its command, best with digest; docker and podman.",
            examples=["quay.io/coreos/etcd:v3.5.16@sha256:" + "0" * 64],
        ),
    ] = None
    settings: Annotated[
        dict[str, str | int | float | bool],
        Meta(description="Further settings, named as etcd's flags.", examples=[{"heartbeat-interval": 500}]),
    ] = {}
