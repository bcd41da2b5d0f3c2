"""What can be said about a container, whichever engine runs it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from provision.sections.hidden import HiddenText

Engine = Literal["docker", "podman", "quadlet", "nspawn", "lxc", "directory"]

Seconds = Annotated[int, Meta(ge=0, le=86400)]
PositiveSeconds = Annotated[int, Meta(ge=1, le=86400)]
Processors = Annotated[float, Meta(ge=0.01, le=4096)]
Processes = Annotated[int, Meta(ge=1, le=4194304)]  # the kernel's PID_MAX_LIMIT
PortNumber = Annotated[int, Meta(ge=1, le=65535)]


class Volume(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something of the machine that the container sees."""

    source: Annotated[
        str,
        Meta(
            description="Absolute path on the machine; with docker, podman and quadlet also a volume's name.",
            examples=["/srv/web"],
        ),
    ]
    target: Annotated[str, Meta(description="Absolute path in the container.", examples=["/data"])]
    read_only: Annotated[bool, Meta(description="The container cannot write there.")] = False


class Port(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A port of the machine that leads into the container."""

    host: Annotated[PortNumber, Meta(description="Port of the machine.", examples=[8080])]
    container: Annotated[PortNumber, Meta(description="Port in the container.", examples=[80])]
    protocol: Annotated[Literal["tcp", "udp"], Meta(description="Transport protocol.")] = "tcp"
    address: Annotated[
        str | None, Meta(description="Address of the machine; absent: all.", examples=["127.0.0.1"])
    ] = None


class Limits(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The most that the container may use."""

    memory: Annotated[
        str | None,
        Meta(description="Bytes of memory; K, M, G and T stand for powers of 1024.", examples=["512M"]),
    ] = None
    cpus: Annotated[
        Processors | None, Meta(description="Processors; 0.5 is half of one.", examples=[1.5])
    ] = None
    pids: Annotated[Processes | None, Meta(description="Processes and threads.")] = None


class Health(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A command run in the container that says whether it does its work.

    podman and quadlet end an unhealthy container, and systemd restarts it; docker only shows its state.
    """

    command: Annotated[
        tuple[str, ...],
        Meta(description="Program and arguments; exit code 0 means healthy.", examples=[["/bin/true"]]),
    ]
    interval_s: Annotated[PositiveSeconds, Meta(description="Time between two runs.")] = 30
    timeout_s: Annotated[PositiveSeconds, Meta(description="A run that takes longer has failed.")] = 30
    retries: Annotated[int, Meta(description="Failures in a row that make it unhealthy.", ge=1, le=1000)] = 3
    start_period_s: Annotated[
        Seconds, Meta(description="Failures in this time after the start do not count.")
    ] = 0


class Capabilities(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Capabilities besides, or short of, those that the engine gives (capabilities(7))."""

    add: Annotated[tuple[str, ...], Meta(description="Given to it.", examples=[["NET_ADMIN"]])] = ()
    drop: Annotated[tuple[str, ...], Meta(description="Taken from it.", examples=[["NET_RAW"]])] = ()


class Container(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One container: a service NAME.service, made for the engine that runs it."""

    name: Annotated[
        str, Meta(description="Name of the container; its unit is NAME.service.", examples=["web"])
    ]
    engine: Annotated[
        Engine,
        Meta(
            description="What runs it: docker; podman; quadlet (podman 4.4 or newer); nspawn "
            "(systemd-nspawn); lxc; directory (systemd alone, in a directory tree)."
        ),
    ]
    image: Annotated[
        str | None,
        Meta(
            description="Image reference, best with digest. nspawn, lxc and directory unpack it with skopeo "
            "and umoci, and need `command`.",
            examples=["docker.io/library/nginx@sha256:" + "0" * 64],
        ),
    ] = None
    root: Annotated[
        str | None,
        Meta(
            description="Directory with the container's file tree (or its disk image, NAME.raw) in place of "
            "an image: nspawn, lxc and directory.",
            examples=["/var/lib/machines/web"],
        ),
    ] = None
    command: Annotated[
        tuple[str, ...],
        Meta(
            description="Program and arguments; absent: the image's own, or the tree's init.",
            examples=[["/usr/bin/web", "--port=80"]],
        ),
    ] = ()
    environment: Annotated[
        dict[str, str], Meta(description="Environment variables.", examples=[{"LOG_LEVEL": "info"}])
    ] = {}
    secret_environment: Annotated[
        dict[str, HiddenText],
        Meta(
            description="Environment variables with secret values, kept in a file that only root reads; "
            "taken as they are, without ${facts.…}.",
            extra={"secret": True},
        ),
    ] = {}
    volumes: Annotated[
        tuple[Volume, ...], Meta(description="What of the machine it sees; see also `directories`.")
    ] = ()
    ports: Annotated[
        tuple[Port, ...], Meta(description="Ports of the machine that lead into it; not lxc, directory.")
    ] = ()
    network: Annotated[
        str | None,
        Meta(
            description="bridge, host (the machine's own), none, or with docker, podman and quadlet the name "
            "of a network. Absent: bridge; with nspawn and directory host.",
            examples=["host"],
        ),
    ] = None
    user: Annotated[
        str | None,
        Meta(description="User, or user:group, that the command runs as.", examples=["1000:1000"]),
    ] = None
    limits: Annotated[Limits, Meta(description="The most that it may use.")] = Limits()
    restart: Annotated[
        bool | Literal["always", "on-failure", "no"],
        Meta(description="Whether it is started again when it ends: always, on-failure or no."),
    ] = "always"
    after: Annotated[
        tuple[str, ...],
        Meta(description="Containers, or units with suffix, that start before it.", examples=[["db"]]),
    ] = ()
    requires: Annotated[
        tuple[str, ...],
        Meta(description="Containers, or units with suffix, that it needs; they start before it."),
    ] = ()
    health: Annotated[Health | None, Meta(description="Health check: docker, podman and quadlet.")] = None
    pull: Annotated[
        Literal["missing", "always", "never"],
        Meta(
            description="When the registry is asked for the image: missing, unless it is there; always, at "
            "each boot, and without an answer the copy that is there will do; never."
        ),
    ] = "missing"
    stop_timeout_s: Annotated[
        PositiveSeconds, Meta(description="Time to end by itself before it is killed.")
    ] = 10
    privileged: Annotated[
        bool, Meta(description="Without the walls around it: whoever is root in it is root of the machine.")
    ] = False
    capabilities: Annotated[Capabilities, Meta(description="Capabilities given and taken.")] = Capabilities()
