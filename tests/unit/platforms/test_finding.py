"""Finding a source on a fake machine whose hypervisor's tools are programs that a test wrote."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from provision.errors import ProvisionError, SourceError
from provision.execute.command import Completed, Programs
from provision.platforms.finding import Finder
from tests.unit.platforms.roots import iso9660, make_machine

VBOX = {"sys_vendor": "innotek GmbH", "product_name": "VirtualBox"}


def no_program(arguments: list[str], *, stdin: str = "") -> Completed:
    raise ProvisionError(f"program {arguments[0]!r} is not installed")


def finder(root: Path, said: list[str], programs: Programs = no_program) -> Finder:
    return Finder(root, root / "run", say=said.append, programs=programs)


def test_a_file_is_found_read_and_told(tmp_path: Path) -> None:
    said: list[str] = []
    root = make_machine(
        tmp_path, command_line="provision.config=/c provision.report=http://r/ x", files={"/c": "hostname: a"}
    )

    found = finder(root, said).find(wait_s=0)

    assert found is not None
    assert found.read(1.0).user_data == b"hostname: a"
    assert (found.source().config_url, found.source().report_url) == ("/c", "http://r/")
    assert said == ["config source file: kernel argument provision.config"]


def test_nothing_certain_is_none_with_the_reason(tmp_path: Path) -> None:
    search = finder(make_machine(tmp_path), [])

    assert search.find(wait_s=0) is None
    assert search.reason() == (
        "neither firmware, drives, files nor the kernel command line (provision.config=URL) name one"
    )


def test_an_image_that_no_drive_is_for_waits_for_none(tmp_path: Path) -> None:
    said: list[str] = []
    root = make_machine(tmp_path, files={"/etc/provision/platforms": "ec2\n"})

    assert finder(root, said).find(wait_s=60) is None
    assert said == []


def test_a_name_in_the_list_that_is_no_platform_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    root = make_machine(tmp_path, files={"/etc/provision/platforms": "aws\n"})

    finder(root, said).find(wait_s=0)

    assert said[0].startswith("/etc/provision/platforms: there is no platform 'aws'")


def answering(value: str) -> Programs:
    def run(arguments: list[str], *, stdin: str = "") -> Completed:
        return Completed(
            0, f"Value: {value}\n" if value and arguments[-1] == "/Ignition/Config" else "No value set!\n", ""
        )

    return run


def test_a_hypervisor_that_has_the_config_is_not_kept_waiting(tmp_path: Path) -> None:
    said: list[str] = []

    found = finder(make_machine(tmp_path, dmi=VBOX), said, answering("{}")).find(wait_s=60)

    assert found is not None
    assert found.read(1.0).user_data == b"{}"
    assert said == ["config source virtualbox: DMI product 'VirtualBox'"]


@pytest.mark.parametrize("programs", [no_program, answering("")], ids=["no tools", "no property"])
def test_a_hypervisor_without_one_may_have_a_disc_that_comes_late(programs: Programs, tmp_path: Path) -> None:
    root = make_machine(tmp_path, dmi=VBOX)
    late = threading.Timer(0.8, make_machine, [root], {"devices": {"sr0": iso9660("cidata")}})
    late.start()

    found = finder(root, [], programs).find(wait_s=20)

    assert found is not None
    assert found.identified.because == "/dev/sr0 is labelled cidata"


def test_a_hypervisor_without_one_is_what_remains_after_the_wait(tmp_path: Path) -> None:
    root = make_machine(tmp_path, dmi=VBOX)

    found = finder(root, [], no_program).find(wait_s=0.1)

    assert found is not None
    assert found.platform.name == "virtualbox"
    with pytest.raises(SourceError, match="VBoxControl"):
        found.read(1.0)
