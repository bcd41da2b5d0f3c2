"""The names of etcd's settings against etcd's own help."""

from __future__ import annotations

import re
import subprocess

from provision.sections.etcd.settings import ADDED_IN_3_5, FIELDS, SETTINGS_3_4


def test_the_settings_are_the_flags_that_etcd_has() -> None:
    version = subprocess.run(["etcd", "--version"], check=True, capture_output=True, text=True).stdout
    done = subprocess.run(["etcd", "--help"], check=False, capture_output=True, text=True)
    flags = set(re.findall(r"^  --([a-z0-9-]+) ", done.stdout + done.stderr, re.MULTILINE))

    assert version.startswith("etcd Version: 3.4.")
    assert flags == SETTINGS_3_4 | FIELDS.keys()
    assert flags & ADDED_IN_3_5 == set()
