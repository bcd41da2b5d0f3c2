"""From what is written in a file to an item of the inventory, with what is wrong in it alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address
from pathlib import PurePath

from provision.findings import Place, Problem, error, warning
from pxeserver.boot.loaders.ipxe import ScriptError, check_argument
from pxeserver.inventory.assemble import Entry
from pxeserver.inventory.boot_fields import LOADER_HINT, loader_problem
from pxeserver.inventory.labels import is_label_name, normal_label, normal_subnet
from pxeserver.inventory.model import Group, Machine, Profile, normal_mac
from pxeserver.inventory.reading import read_file
from pxeserver.inventory.shapes import GroupFile, MachineFile, ProfileFile, Selector

_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOSTNAME = re.compile(rf"{_LABEL}(\.{_LABEL})*")  # RFC 1123 section 2.1
OWN_LABELS = tuple(name for name in Selector.__struct_fields__ if name not in ("known", "labels", "subnet"))


def profile_entry(file: str, data: bytes) -> Entry[Profile]:
    written = read_file(data, file, "profile", ProfileFile)
    if written.content is None:
        return Entry(written)
    content = written.content
    profile = Profile(
        name=_name(file),
        file=file,
        image=content.image,
        config=content.config,
        kernel_args=content.kernel_args,
        vendor_data=content.vendor_data,
        network_config=content.network_config,
        metadata=content.metadata,
        vars=content.vars,
        loader=content.loader,
        lines=written.lines,
    )
    return Entry(written, profile, tuple(_check_profile(content)))


def group_entry(file: str, data: bytes) -> Entry[Group]:
    written = read_file(data, file, "group", GroupFile)
    if written.content is None:
        return Entry(written)
    content = written.content
    problems: list[Problem] = []
    group = Group(
        name=_name(file),
        file=file,
        profile=content.profile,
        selector=_selector(content.selector, problems) if content.selector else (),
        known_only=content.selector is not None and content.selector.known is True,
        etcd_size=content.etcd.size if content.etcd else None,
        boot=content.boot,
        vars=content.vars,
        lines=written.lines,
    )
    problems += _check_group(content)
    return Entry(written, group, tuple(problems))


def machine_entry(file: str, data: bytes) -> Entry[Machine]:
    written = read_file(data, file, "machine", MachineFile)
    if written.content is None:
        return Entry(written)
    content = written.content
    problems: list[Problem] = []
    machine = Machine(
        name=_name(file),
        file=file,
        mac=_mac(content.mac, ("mac",), problems),
        hostname=_hostname(content.hostname, _name(file), problems),
        address=_address(content.address, problems) if content.address is not None else None,
        group=content.group,
        boot=content.boot,
        vars=content.vars,
        lines=written.lines,
    )
    return Entry(written, machine, tuple(problems))


def _name(file: str) -> str:
    return PurePath(file).stem


def _check_profile(profile: ProfileFile) -> Iterator[Problem]:
    if profile.loader is not None and (reason := loader_problem(profile.loader)) is not None:
        yield error("wrong-value", ("loader",), reason, LOADER_HINT)
    for index, argument in enumerate(profile.kernel_args):
        try:
            check_argument(argument)
        except ScriptError as problem:
            yield error("wrong-value", ("kernel_args", index), str(problem))


def _check_group(group: GroupFile) -> Iterator[Problem]:
    selector = group.selector
    if selector is not None and selector == Selector():
        yield error("wrong-value", ("selector",), "empty", "leave it out to select every machine")
    if group.etcd is not None and (selector is None or selector == Selector()):
        hint = (
            "write selector: {known: true} for machines that have a file in machines/, "
            "or {known: false} if strangers are meant"
        )
        message = "every machine that asks, also one nobody knows, becomes a member of this cluster"
        yield warning("etcd-takes-all", ("etcd",), message, hint)


def _selector(selector: Selector, problems: list[Problem]) -> tuple[tuple[str, str], ...]:
    pairs = {}
    for name in OWN_LABELS:
        value = getattr(selector, name)
        if value is not None:
            pairs[name] = _label(name, str(value), ("selector", name), problems)
    for name, value in selector.labels.items():
        place: Place = ("selector", "labels", name)
        if name in Selector.__struct_fields__:
            problems.append(error("wrong-value", place, f"{name!r} belongs into the selector itself"))
        elif not is_label_name(name):
            hint = "a lower-case letter, then letters, digits, - and _"
            problems.append(error("wrong-value", place, f"{name!r} cannot name a label", hint))
        else:
            pairs[name] = _label(name, str(value), place, problems)
    if selector.subnet is not None:
        try:
            label, network = normal_subnet(selector.subnet)
            pairs[label] = network
        except ValueError as problem:
            message = f"no network: {problem}"
            problems.append(error("wrong-value", ("selector", "subnet"), message, "like 10.77.1.0/24"))
    return tuple(sorted(pairs.items()))


def _label(name: str, text: str, place: Place, problems: list[Problem]) -> str:
    if name == "mac":
        return _mac(text, place, problems)
    value = normal_label(name, text)
    if not text.strip():
        problems.append(error("wrong-value", place, "empty", "machines that do not say it would match"))
    elif not value:
        hint = "select by another label"
        problems.append(error("wrong-value", place, f"thousands of machines have {text!r}", hint))
    return value


def _mac(text: str, place: Place, problems: list[Problem]) -> str:
    mac = normal_mac(text)
    if mac is None:
        message = f"{text!r} is not a MAC address"
        problems.append(error("wrong-value", place, message, "like 52:54:00:12:34:56"))
    return mac or ""


def _hostname(hostname: str | None, name: str, problems: list[Problem]) -> str:
    if hostname is not None and not _HOSTNAME.fullmatch(hostname):
        message = f"{hostname!r} is not a host name (RFC 1123)"
        problems.append(error("wrong-value", ("hostname",), message))
    elif hostname is None and not _HOSTNAME.fullmatch(name):
        problems.append(error("missing-key", (), f"{name!r} is no host name; add 'hostname'"))
    return hostname or name


def _address(text: str, problems: list[Problem]) -> IPv4Address | None:
    try:
        return IPv4Address(text)
    except AddressValueError:
        hint = "without a prefix length" if "/" in text else "like 10.77.0.11"
        problems.append(error("wrong-value", ("address",), f"{text!r} is not an IPv4 address", hint))
        return None
