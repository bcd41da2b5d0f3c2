"""What a config does not need is not even imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.unit.platforms.roots import make_machine

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


FETCH_UNNEEDED = (
    "hashlib",
    "jsonschema",
    "provision.execute.target",
    "provision.fetch.http",
    "provision.sections",
    "subprocess",
    "xml.parsers.expat",
    "yaml",
)
FETCH = f"""
import sys
from pathlib import Path
from provision.platforms.finding import Finder
found = Finder(Path(sys.argv[1]), Path(sys.argv[1]), say=print).find(wait_s=0)
assert found.read(1).user_data == b'hostname: node1'
print([name for name in {FETCH_UNNEEDED} if name in sys.modules])
"""


def test_finding_a_source_loads_nothing_that_others_need(tmp_path: Path) -> None:
    files = {"/config": "hostname: node1"}
    root = make_machine(tmp_path, command_line="provision.config=/config", files=files)

    done = subprocess.run(
        [sys.executable, "-c", FETCH, str(root)], capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == "[]"
