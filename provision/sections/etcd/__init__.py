"""Section `etcd`: membership of a cluster, and what it takes to run the member."""

from __future__ import annotations

from collections.abc import Iterator

from provision.actions import Step
from provision.facts import Facts
from provision.findings import Place, Problem
from provision.sections.claims import Claim
from provision.sections.etcd.types import Etcd

__all__ = ["DROPIN_PATH", "Etcd", "check", "claims", "plan", "wal_path"]

UNIT = "etcd.service"
UNIT_DIRECTORY = "/etc/systemd/system"
DROPIN_PATH = f"{UNIT_DIRECTORY}/{UNIT}.d/20-provision.conf"
# Of a member in a container: the service itself, and the one that gets its image.
CONTAINER_PATHS = (f"{UNIT_DIRECTORY}/{UNIT}", f"{UNIT_DIRECTORY}/etcd-pull.service")


def check(etcd: Etcd, place: Place) -> Iterator[Problem]:
    # Not at the top, like the import below: most configs have no etcd.
    from provision.sections.etcd.checks import check_etcd

    yield from check_etcd(etcd, place)


def claims(etcd: Etcd, place: Place) -> Iterator[Claim]:
    for path in (DROPIN_PATH,) if etcd.engine == "host" else (DROPIN_PATH, *CONTAINER_PATHS):
        yield Claim(path, place)


def wal_path(etcd: Etcd) -> str:
    """Where etcd writes its log as soon as it is a member: it is there, or the member has forgotten everything."""
    return str(etcd.settings.get("wal-dir", f"{etcd.data_dir}/member/wal"))


def plan(etcd: Etcd, facts: Facts) -> Iterator[Step]:
    from provision.sections.etcd.planning import plan_etcd

    yield from plan_etcd(etcd, facts)
