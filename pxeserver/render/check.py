"""Checks a whole inventory: every machine's config, rendered and validated as it would get it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from provision.findings import Finding, Severity
from pxeserver.inventory.labels import SUBNET, network_of, said
from pxeserver.inventory.model import Index, Labels, Machine
from pxeserver.inventory.select import NoMatch, Selection, select
from pxeserver.render.boots import (
    EXAMPLE_TOKEN,
    Images,
    Surroundings,
    check_arguments,
    config_for,
    find_image,
)
from pxeserver.render.instances import extra_configs
from pxeserver.render.variables import ServerUrls

# Rendering and validating one takes 2 ms, and a change takes effect within 2 s. `pxeserver check` does them all.
CHECKED_AT_RELOAD = 300

EXAMPLE_URLS = ServerUrls(control="http://pxeserver:8080", assets="http://pxeserver:8081")


def example_surroundings(images: Images, given: Mapping[str, str]) -> Surroundings:
    """Surroundings without a running server."""
    return Surroundings(
        images, EXAMPLE_URLS, lambda _group: f"{EXAMPLE_URLS.control}/discovery/{EXAMPLE_TOKEN}", given
    )


def check_machines(
    index: Index, surroundings: Surroundings, machines: Iterable[Machine] | None = None
) -> tuple[Finding, ...]:
    """The findings of the configs of these machines, of all by default. What many share is reported once."""
    found: dict[tuple[str, int, int, str], Finding] = {}
    for machine in index.machines.values() if machines is None else machines:
        for finding in _check_machine(index, machine, surroundings):
            found.setdefault((finding.file, finding.line, finding.column, finding.message), finding)
    return tuple(found.values())


def some_machines(index: Index, count: int = CHECKED_AT_RELOAD) -> tuple[Machine, ...]:
    """At most so many machines: first one of every kind, by group and own variables, then others."""
    kinds: dict[tuple[object, ...], Machine] = {}
    for machine in index.machines.values():
        kinds.setdefault((machine.group, *sorted(machine.vars)), machine)
    first = {machine.name: machine for machine in kinds.values()}
    return tuple(islice({**first, **index.machines}.values(), count))


def check_images(index: Index, surroundings: Surroundings) -> tuple[Finding, ...]:
    """A finding for every profile whose image has not been built."""
    images = ((p, find_image(surroundings.images, p)) for p in index.profiles.values())
    return tuple(
        _error(p.file, "missing-image", "image", image) for p, image in images if isinstance(image, str)
    )


def machine_labels(machine: Machine) -> Labels:
    """What is known about a machine that has not spoken yet; templates may use what it will say."""
    return Labels(
        mac=machine.mac,
        uuid="00000000-0000-0000-0000-000000000000",
        serial="unknown",
        arch="x86_64",
        address=str(machine.address or ""),
    )


def _check_machine(index: Index, machine: Machine, surroundings: Surroundings) -> Iterator[Finding]:
    labels = machine_labels(machine)
    selection = select(index, labels)
    if isinstance(selection, Selection):
        yield from _check_selection(index, selection, labels, surroundings)
        return
    possible = possible_selections(index, machine) if isinstance(selection, NoMatch) else ()
    for one in possible:
        yield from _check_selection(index, one, labels, surroundings)
    if not possible:
        yield _error(machine.file, "no-group", "", selection.reason)


def possible_selections(index: Index, machine: Machine) -> tuple[Selection, ...]:
    """The groups that may take the machine when it says what only it can say, such as its serial number."""
    labels = machine_labels(machine)
    values = said(labels, machine)
    known = {"hostname": values["hostname"], "mac": values["mac"]}
    return tuple(
        Selection(machine, group, index.profiles[group.profile])
        for group in index.groups.values()
        if all(
            network_of(labels.address, name) == value
            if name.startswith(SUBNET) and labels.address
            else known.get(name, value) == value
            for name, value in group.selector
        )
    )


def _check_selection(
    index: Index, selection: Selection, labels: Labels, surroundings: Surroundings
) -> Iterator[Finding]:
    yield from config_for(index, selection, labels, surroundings).findings
    for extra in extra_configs(index, selection, labels, surroundings).values():
        yield from extra.findings
    image = find_image(surroundings.images, selection.profile)
    finding = None if isinstance(image, str) else check_arguments(selection, image, labels, surroundings)
    if finding is not None:
        yield finding


def _error(file: str, code: str, path: str, message: str) -> Finding:
    return Finding(
        severity=Severity.ERROR, code=code, path=path, file=file, line=1, column=1, message=message
    )
