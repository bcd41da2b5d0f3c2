"""`pxeserver lab` when things go wrong: it says where a machine stopped, and leaves nothing behind."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.boot.conftest import EXAMPLES

pytestmark = pytest.mark.boot


def lab_command(images: Path, *arguments: str, data: Path = EXAMPLES / "single") -> list[str]:
    program = (sys.executable, "-m", "pxeserver", "lab")
    return [*program, "--data", str(data), "--images", str(images), *arguments]


def assert_nothing_is_left() -> None:
    namespaces = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    assert "pxelab" not in namespaces
    machines = subprocess.run(
        ["pgrep", "-f", "qemu-system.*52:54:00:77:00:21"], capture_output=True, check=False
    )
    assert machines.returncode == 1, "an emulated machine is still running"


def test_a_machine_that_does_not_get_through_is_named_with_its_step_and_console(
    images: Path, tmp_path: Path
) -> None:
    # Nobody gives out addresses there.
    data = tmp_path / "data"
    shutil.copytree(EXAMPLES / "single", data)
    (data / "pxeserver.yaml").write_text("dhcp: {mode: proxy}\n")
    command = lab_command(images, "--timeout", "8", data=data)

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "not every machine has joined after 8 s" in done.stderr
    assert "box stopped at step 'script'" in done.stderr
    assert "the end of its console" in done.stderr
    assert "iPXE" in done.stderr
    assert_nothing_is_left()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_lab_cleans_up(images: Path, number: signal.Signals) -> None:
    lab = subprocess.Popen(
        lab_command(images), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert lab.stdout is not None
    assert "offer" in lab.stdout.readline()
    time.sleep(0.5)

    lab.send_signal(number)
    _, errors = lab.communicate(timeout=30)

    assert lab.returncode == 130
    assert "interrupted; everything is cleaned up" in errors
    assert "Traceback" not in errors
    assert_nothing_is_left()


def test_a_second_lab_is_refused_and_the_first_goes_on(images: Path) -> None:
    first = subprocess.Popen(lab_command(images), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert first.stdout is not None
    assert "offer" in first.stdout.readline()

    second = subprocess.run(lab_command(images), capture_output=True, text=True, check=False)

    assert second.returncode == 1
    assert "a lab is running already" in second.stderr
    assert first.poll() is None
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=30)
    assert_nothing_is_left()


def test_a_data_directory_with_errors_is_refused_before_anything_starts(images: Path, tmp_path: Path) -> None:
    (tmp_path / "machines").mkdir()
    (tmp_path / "machines/a.yaml").write_text("mca: x\n")

    done = subprocess.run(
        [sys.executable, "-m", "pxeserver", "lab", "--data", str(tmp_path), "--images", str(images)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "machines/a.yaml:1:1" in done.stderr
