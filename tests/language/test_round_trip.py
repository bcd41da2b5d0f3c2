"""Made-up configs through the whole agent: valid, applied, nothing left to do; and taken back without a trace."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import given, settings

from provision.commands.plan import facts_for, find_changes
from provision.execute.apply import apply
from provision.execute.journal import Journal
from provision.execute.target import Target
from provision.load import load_bytes
from provision.plan.build import Plan, plan
from tests.golden.apply.tree import build_tree, describe_tree
from tests.language.valid import Config, configs

BEFORE = """\
directory 0755 0:0 /etc
file 0644 0:0 /etc/group "root:x:0:\\nadm:x:4:\\nsudo:x:27:\\n"
file 0644 0:0 /etc/passwd "root:x:0:0:root:/root:/bin/sh\\n"
file 0640 0:42 /etc/shadow "root:*:19000:0:99999:7:::\\n"
"""
# Accounts and homes stay when no config asks for them any more: what a user owns would belong to the next one.
ACCOUNTS = re.compile(
    r"^(file \S+ \S+ /etc/(passwd|group|shadow|gshadow|subuid|subgid) .*|directory \S+ \S+ /home(/.*)?)\n",
    re.MULTILINE,
)

# Each example starts a dozen programs: a fifth of the profile's number.
few = settings(max_examples=max(8, settings().max_examples // 5))


@contextmanager
def root_directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as place:
        build_tree(Path(place), BEFORE)
        yield Path(place)


def planned(config: Config, root: Path) -> Plan:
    loaded = load_bytes(json.dumps(config, ensure_ascii=False).encode(), file="config.yaml")
    assert loaded.document is not None, loaded.findings
    return plan(loaded.document, facts_for(loaded.document, root))


def apply_config(config: Config, root: Path) -> None:
    with Target(root) as target:
        built = planned(config, root)
        apply(built, target, contents={}, journal=Journal(target), on_step=lambda _: None)


@few
@given(configs())
def test_what_was_applied_leaves_nothing_to_do(config: Config) -> None:
    with root_directory() as root:
        apply_config(config, root)

        with Target(root) as target:
            assert find_changes(planned(config, root), target).changes == ()


@few
@given(configs(), configs())
def test_another_config_in_between_leaves_no_trace(config: Config, other: Config) -> None:
    for one in (config, other):  # appended texts stay, as their description says
        one["files"] = [file for file in one.get("files", []) if "append" not in file]

    with root_directory() as root, root_directory() as expected:
        apply_config(config, expected)
        for one in (config, other, config):
            apply_config(one, root)

        assert ACCOUNTS.sub("", describe_tree(root)) == ACCOUNTS.sub("", describe_tree(expected))
