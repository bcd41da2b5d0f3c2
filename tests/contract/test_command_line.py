"""What shells and pipelines rely on: the exit code, and output that is whole or said not to be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROVISION = Path(sys.executable).with_name("provision")
CONFIG = Path(__file__).parents[2] / "examples/configs/complete.yaml"


def test_all_of_a_long_output_comes_through_a_pipe() -> None:
    done = subprocess.run([PROVISION, "schema"], capture_output=True, text=True, check=True)

    assert len(done.stdout) > 65536  # what a pipe holds
    assert done.stdout.endswith("}\n")


def test_an_invalid_config_is_exit_code_1(tmp_path: Path) -> None:
    config = tmp_path / "node.yaml"
    config.write_text("hostnam: node1\n")

    done = subprocess.run([PROVISION, "validate", config], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "did you mean 'hostname'?" in done.stdout


def test_a_full_disk_behind_the_output_is_an_error() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [PROVISION, "validate", "--format", "json", CONFIG],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.returncode == 2
    assert done.stderr == "provision: cannot write what there is to say: No space left on device\n"


def test_a_reader_that_went_away_is_no_error_to_speak_of() -> None:
    read_fd, write_fd = os.pipe()
    os.close(read_fd)

    done = subprocess.run(
        [PROVISION, "validate", "--format", "json", CONFIG],
        stdout=write_fd,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(write_fd)

    assert done.returncode == 141  # 128 + SIGPIPE
    assert done.stderr == b""
