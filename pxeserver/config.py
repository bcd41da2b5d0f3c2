"""The server's settings: `pxeserver.yaml` in the data directory, and what the command line adds."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from pathlib import Path

from provision.findings import Finding, did_you_mean
from pxeserver.boot.architectures import Loader
from pxeserver.boot.decide import DhcpMode
from pxeserver.inventory.boot_fields import LOADER_HINT, loader_problem
from pxeserver.inventory.yamlfile import Source, Table, read_table

SETTINGS_NAME = "pxeserver.yaml"
DEFAULT_STATE = Path("/var/lib/pxeserver")
DEFAULT_IMAGES = Path("/var/lib/pxeserver/images")
DEFAULT_LEASE_S = (
    12 * 3600
)  # a machine off for a night keeps its address; a lab's addresses come back next day
# A rack or five at once; on a 1 Gbit/s link each then gets half a megabyte a second, above what firmware stands.
DEFAULT_DOWNLOADS_AT_ONCE = 256

DEFAULT_KEEP_DAYS = 30


@dataclass(frozen=True, slots=True)
class SubnetSettings:
    """What full mode tells the clients of one network."""

    pool: tuple[IPv4Address, IPv4Address] | None = None  # first and last, both included
    lease_s: int = DEFAULT_LEASE_S
    router: IPv4Address | None = None
    dns: tuple[IPv4Address, ...] = ()
    domain: str | None = None
    network: IPv4Network | None = None  # None: that of the interface


@dataclass(frozen=True, slots=True)
class DhcpSettings:
    """`own` is for networks of our interfaces, `subnets` for those that are described one by one."""

    mode: DhcpMode = DhcpMode.PROXY
    own: SubnetSettings = field(default_factory=SubnetSettings)
    subnets: tuple[SubnetSettings, ...] = ()

    def own_in(self, network: IPv4Network) -> SubnetSettings:
        """`own` for one network: with pool and router only where they belong."""
        pool, router = self.own.pool, self.own.router
        return replace(
            self.own,
            network=network,
            pool=pool if pool is not None and pool[0] in network and pool[1] in network else None,
            router=router if router is not None and router in network else None,
        )


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """`assets_url` is where machines fetch kernels and images when it is not this server: a mirror, a CDN.
    `loader` is what profiles without one of their own boot by. Beyond `downloads_at_once` iPXE is asked to come
    back later.
    """

    dhcp: DhcpSettings = field(default_factory=DhcpSettings)
    http_port: int = 8080
    assets_port: int = 8081
    assets_url: str | None = None
    keep_days: int = DEFAULT_KEEP_DAYS  # events, ended leases, old tokens
    downloads_at_once: int = DEFAULT_DOWNLOADS_AT_ONCE
    interfaces: tuple[str, ...] = ()
    loader: str = Loader.IPXE
    ignores_unknown: bool = False


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """The command line of `pxeserver serve`."""

    interfaces: tuple[str, ...]
    data: Path
    state: Path = DEFAULT_STATE
    images: Path = DEFAULT_IMAGES
    log_format: str = "text"
    given: Mapping[str, str] = field(default_factory=dict)  # template variables, over all others


def variable_argument(text: str) -> tuple[str, str]:
    """Name and value of NAME=VALUE; for argparse, which shows the error."""
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def add_variable_argument(parser: ArgumentParser) -> None:
    """`--set NAME=VALUE`, as often as needed: `args.set` is a list of pairs."""
    help_text = "a template variable that wins over vars in the files"
    parser.add_argument(
        "--set", type=variable_argument, action="append", default=[], metavar="NAME=VALUE", help=help_text
    )


def read_settings(data: Path) -> tuple[ServerSettings, tuple[Finding, ...]]:
    """The settings of a data directory, not to be used when there are findings. No file: all defaults."""
    path = data / SETTINGS_NAME
    try:
        content = path.read_bytes()
    except FileNotFoundError:  # every setting has a default
        return ServerSettings(), ()
    except OSError as problem:
        unreadable = Source(str(path), b"")
        unreadable.report("unreadable", None, "", problem.strerror or str(problem))
        return ServerSettings(), tuple(unreadable.findings)
    source = Source(str(path), content)
    table = read_table(source, content)
    settings = _settings(table) if table is not None else ServerSettings()
    return settings, tuple(source.findings)


def _settings(table: Table) -> ServerSettings:
    default = ServerSettings()
    inner = table.table("dhcp")
    downloads_at_once = table.number("downloads_at_once", least=1, most=100_000)
    settings = ServerSettings(
        dhcp=_dhcp(inner) if inner is not None else default.dhcp,
        http_port=_port(table, "http_port", default.http_port),
        assets_port=_port(table, "assets_port", default.assets_port),
        assets_url=_url(table, "assets_url"),
        keep_days=table.number("keep_days", least=1, most=36500) or default.keep_days,
        downloads_at_once=default.downloads_at_once if downloads_at_once is None else downloads_at_once,
        interfaces=table.texts("interfaces"),
        loader=_loader(table) or default.loader,
        ignores_unknown=_ignores_unknown(table),
    )
    if settings.http_port == settings.assets_port:
        table.report("wrong-value", "assets_port", f"{settings.assets_port} is also the http_port")
    table.finish()
    return settings


def _dhcp(table: Table) -> DhcpSettings:
    own = _subnet(table, SubnetSettings())
    settings = DhcpSettings(
        _mode(table), own, tuple(_listed(inner, own) for inner in table.tables("subnets"))
    )
    table.finish()
    return settings


def _listed(table: Table, own: SubnetSettings) -> SubnetSettings:
    """A subnet of the list: what it does not say about names and times is as for our own networks."""
    subnet = _subnet(table, replace(own, pool=None, router=None), _network(table))
    if subnet.network is not None:
        for key, address in (("router", subnet.router), ("pool", subnet.pool[0] if subnet.pool else None)):
            if address is not None and address not in subnet.network:
                table.report("wrong-value", key, f"{address} is outside {subnet.network}")
        if subnet.pool is not None and subnet.pool[1] not in subnet.network:
            table.report("wrong-value", "pool", f"{subnet.pool[1]} is outside {subnet.network}")
    table.finish()
    return subnet


def _subnet(table: Table, default: SubnetSettings, network: IPv4Network | None = None) -> SubnetSettings:
    lease_s = table.number("lease_s", least=60, most=10 * 365 * 86400)
    return SubnetSettings(
        pool=_pool(table),
        lease_s=default.lease_s if lease_s is None else lease_s,
        router=_address(table, "router"),
        dns=_addresses(table, "dns") or default.dns,
        domain=table.text("domain") or default.domain,
        network=network,
    )


def _network(table: Table) -> IPv4Network | None:
    text = table.required_text("network")
    try:
        return IPv4Network(text) if text else None
    except ValueError as problem:
        table.report("wrong-value", "network", str(problem), hint="like 10.78.0.0/24")
        return None


def _loader(table: Table) -> str | None:
    text = table.text("loader")
    problem = loader_problem(text) if text is not None else None
    if problem is not None:
        table.report("wrong-value", "loader", problem, hint=LOADER_HINT)
    return None if problem is not None else text


def _ignores_unknown(table: Table) -> bool:
    text = table.text("unknown_machines") or "show"
    if text not in ("ignore", "show"):
        table.report("wrong-value", "unknown_machines", f"{text!r} is neither 'ignore' nor 'show'")
    return text == "ignore"


def _mode(table: Table) -> DhcpMode:
    # An unquoted off is a boolean for YAML 1.1; read as text it means what it says.
    text = table.text("mode") or DhcpMode.PROXY.value
    try:
        return DhcpMode(text)
    except ValueError:
        hint = did_you_mean(text, (mode.value for mode in DhcpMode)) or "one of full, off, proxy"
        table.report("wrong-value", "mode", f"{text!r} is no DHCP mode", hint=hint)
        return DhcpMode.PROXY


def _pool(table: Table) -> tuple[IPv4Address, IPv4Address] | None:
    inner = table.table("pool")
    if inner is None:
        return None
    for key in ("first", "last"):
        if not inner.has(key):
            inner.report("missing-key", None, f"{key!r} is missing")
    first, last = _address(inner, "first"), _address(inner, "last")
    inner.finish()
    if first is None or last is None:
        return None
    if last < first:
        inner.report("wrong-value", "last", f"{last} comes before {first}")
    return first, last


def _address(table: Table, key: str) -> IPv4Address | None:
    text = table.text(key)
    return _parsed_address(table, key, text) if text is not None else None


def _addresses(table: Table, key: str) -> tuple[IPv4Address, ...]:
    """One address or a list of them."""
    texts = table.texts(key) if table.is_list(key) else (table.text(key),)
    parsed = (_parsed_address(table, key, text) for text in texts if text is not None)
    return tuple(address for address in parsed if address is not None)


def _parsed_address(table: Table, key: str, text: str) -> IPv4Address | None:
    try:
        return IPv4Address(text)
    except AddressValueError:
        table.report("wrong-value", key, f"{text!r} is not an IPv4 address", hint="like 10.77.0.1")
        return None


def _port(table: Table, key: str, default: int) -> int:
    port = table.number(key, least=1, most=65535)
    return default if port is None else port


def _url(table: Table, key: str) -> str | None:
    text = table.text(key)
    if text is not None and not text.startswith(("http://", "https://")):
        table.report("wrong-value", key, f"{text!r} is not a URL", hint="like http://mirror.example/pxe")
    return text.rstrip("/") if text else None
