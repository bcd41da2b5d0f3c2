"""What goes into an image, and when it counts as the same one."""

from __future__ import annotations

from pathlib import Path

from pxeserver.images.initrd import module_closure, module_name, wanted_modules
from pxeserver.images.recipe import Recipe, content_id, packages_id

MODULES_DEP = """\
kernel/drivers/net/virtio_net.ko: kernel/drivers/net/net_failover.ko kernel/net/core/failover.ko
kernel/drivers/net/net_failover.ko: kernel/net/core/failover.ko
kernel/net/core/failover.ko:
kernel/drivers/net/ethernet/intel/e1000/e1000.ko:
kernel/drivers/net/ethernet/broadcom/tg3.ko: kernel/drivers/net/phy/libphy.ko
kernel/drivers/net/phy/libphy.ko:
kernel/fs/squashfs/squashfs.ko:
kernel/sound/soundcore.ko:
"""


def test_the_initramfs_gets_network_drivers_and_all_that_they_need() -> None:
    modules = module_closure(wanted_modules(MODULES_DEP), MODULES_DEP)

    assert modules == {
        "kernel/drivers/net/virtio_net.ko",
        "kernel/drivers/net/net_failover.ko",
        "kernel/net/core/failover.ko",
        "kernel/drivers/net/ethernet/intel/e1000/e1000.ko",
        "kernel/drivers/net/ethernet/broadcom/tg3.ko",
        "kernel/drivers/net/phy/libphy.ko",
        "kernel/fs/squashfs/squashfs.ko",
    }


def test_a_module_has_the_same_name_however_it_is_packed() -> None:
    assert module_name("kernel/net/af-packet.ko.xz") == "af_packet"


def test_another_kernel_is_another_layer_of_packages_and_another_mirror_too() -> None:
    ids = {
        packages_id(Recipe()),
        packages_id(Recipe(kernel="generic")),
        packages_id(Recipe(mirror="http://mirror")),
    }

    assert len(ids) == 3


def test_an_image_is_another_one_when_one_of_our_files_changes(tmp_path: Path) -> None:
    script = tmp_path / "init"
    script.write_text("one")
    before = content_id(Recipe(), [script], tmp_path)
    again = content_id(Recipe(), [script], tmp_path)
    script.write_text("two")

    assert before == again
    assert content_id(Recipe(), [script], tmp_path) != before
    assert packages_id(Recipe()) == packages_id(Recipe())
