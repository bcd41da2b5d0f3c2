"""What a config does not need is not even imported."""

from __future__ import annotations

import subprocess
import sys

UNNEEDED = (
    *("graphlib", "hashlib", "jsonschema", "provision.fetch.http"),
    *("provision.formats.compose", "provision.formats.front_end", "provision.formats.json_tree"),
)

PROGRAM = f"""
import sys
from provision.load import load_bytes
from provision.resolve import Includes
assert load_bytes(b'hostname: node1', file='config.yaml', resolver=Includes()).valid
print([name for name in {UNNEEDED} if name in sys.modules])
"""


def test_a_valid_config_without_includes_loads_nothing_for_findings_and_includes() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
