"""The GRUB scripts, written out in full."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pxeserver.boot.loaders.grub import first_script, local_script, machine_script, waiting_script
from pxeserver.boot.loaders.ipxe import BootTarget, ScriptError

SERVER = "http://10.77.0.1:8080"
TARGET = BootTarget(
    title="node1 (52:54:00:77:00:01) boots debian-12 5f3a",
    kernel_url="http://mirror.example/pxe/assets/sha256/aa/vmlinuz",
    initrd_url="http://10.77.0.1:8081/assets/sha256/bb/initrd.img",
    arguments=("provision.machine=52:54:00:77:00:01", "console=ttyS0,115200", "quiet"),
)


def test_the_first_script_asks_until_the_server_answers() -> None:
    assert first_script(SERVER) == (
        "smbios --type 1 --get-uuid 8 --set uuid\n"
        "while true; do\n"
        "  configfile (tftp,10.77.0.1)/boot.grub/$net_default_mac/$grub_cpu/$uuid\n"
        "  echo 'pxeserver: no answer from http://10.77.0.1:8080, asking again in 10 s'\n"
        "  sleep 10\n"
        "done\n"
    )


def test_the_machine_script_boots_from_this_servers_tftp_and_starts_over_when_that_fails() -> None:
    assert machine_script(TARGET, server_url=SERVER) == (
        "echo 'pxeserver: node1 (52:54:00:77:00:01) boots debian-12 5f3a'\n"
        "if linux '(tftp,10.77.0.1)/assets/sha256/aa/vmlinuz' 'provision.machine=52:54:00:77:00:01'"
        " 'console=ttyS0,115200' 'quiet'; then\n"
        "  if initrd '(tftp,10.77.0.1)/assets/sha256/bb/initrd.img'; then\n"
        "    boot\n"
        "  fi\n"
        "fi\n"
        "echo 'pxeserver: the boot failed, starting over in 10 s'\n"
        "sleep 10\n"
        "configfile '(tftp,10.77.0.1)/grub/grub.cfg'\n"
    )


def test_the_waiting_script_shows_the_reason_and_asks_again() -> None:
    assert waiting_script(("no group matches", "it's $odd; \x1b[2J ö"), server_url=SERVER) == (
        "echo 'pxeserver does not boot this machine:'\n"
        "echo '  no group matches'\n"
        "echo '  it\"s $odd; ?[2J ?'\n"
        "echo 'asking again in 10 s'\n"
        "sleep 10\n"
        "configfile '(tftp,10.77.0.1)/grub/grub.cfg'\n"
    )


def test_the_local_script_gives_the_machine_back_to_its_firmware() -> None:
    assert local_script("boot: local") == "echo 'pxeserver: not from the network: boot: local'\nexit 1\n"


@pytest.mark.parametrize(
    "argument",
    [
        pytest.param("quiet\nexit", id="a second line"),
        pytest.param("a=\x1b[2J", id="an escape sequence"),
        pytest.param("a'; exit; '", id="the end of the word"),
        pytest.param('a="b"', id="a quote that GRUB would put a backslash before"),
        pytest.param("a\\b", id="a backslash"),
        pytest.param("a b", id="two words"),
        pytest.param("x=ä", id="a letter that firmware does not have"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_value_that_would_change_the_script_is_refused(argument: str) -> None:
    with pytest.raises(ScriptError):
        machine_script(replace(TARGET, arguments=(argument,)), server_url=SERVER)


def test_a_title_that_would_end_the_line_is_refused() -> None:
    with pytest.raises(ScriptError):
        machine_script(replace(TARGET, title="x\nexit"), server_url=SERVER)


def test_a_command_line_that_the_kernel_would_cut_is_refused() -> None:
    with pytest.raises(ScriptError, match="only 2047 are kept"):
        machine_script(replace(TARGET, arguments=("x" * 2000,)), server_url=SERVER)


def test_a_kernel_that_is_not_below_assets_cannot_be_had_over_tftp() -> None:
    with pytest.raises(ScriptError, match="GRUB cannot be told"):
        machine_script(replace(TARGET, kernel_url="http://x/vmlinuz"), server_url=SERVER)
