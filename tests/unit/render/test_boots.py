"""Whether a machine is ready to boot, and with what."""

from __future__ import annotations

from pathlib import Path

from pxeserver.images.manifest import ImageFile, Manifest, ManifestError
from pxeserver.inventory.model import Group, Index, Labels
from pxeserver.render.boots import Images, NotReady, Ready, Surroundings, boot_target, prepare_boot
from pxeserver.render.variables import ServerUrls
from tests.unit.inventory.directory import index_of

MAC = "52:54:00:77:00:01"
URLS = ServerUrls("http://10.77.0.1:8080", "http://10.77.0.1:8081")
IMAGE = Manifest(
    name="debian-12",
    version="5f3a",
    architecture="amd64",
    kernel_args=("systemd.show_status=1",),
    kernel=ImageFile("vmlinuz", "aa" * 32, 10),
    initrd=ImageFile("initrd.img", "bb" * 32, 20),
    root=ImageFile("root.squashfs", "cc" * 32, 30),
)


def discovery_url(group: Group) -> str:
    return f"http://10.77.0.1:8080/discovery/{group.name}"


def prepare(index: Index, images: Images | None = None, mac: str = MAC) -> Ready | NotReady:
    known = {"debian-12": IMAGE} if images is None else images
    return prepare_boot(index, Labels(mac=mac), Surroundings(known, URLS, discovery_url))


def test_a_machine_boots_with_everything_on_its_command_line(tmp_path: Path) -> None:
    index = index_of(
        tmp_path, profiles__node="image: debian-12\nconfig: node.yaml\nkernel_args: [console=tty0]\n"
    )

    ready = prepare(index)

    assert isinstance(ready, Ready)
    target = boot_target(ready, Labels(mac=MAC), URLS, "secret")
    assert target.title == "node1 (52:54:00:77:00:01) boots debian-12 5f3a"
    assert target.kernel_url == f"http://10.77.0.1:8081/assets/sha256/{'aa' * 32}/vmlinuz"
    assert target.initrd_url == f"http://10.77.0.1:8081/assets/sha256/{'bb' * 32}/initrd.img"
    assert target.arguments == (
        "provision.machine=52:54:00:77:00:01",
        "provision.token=secret",
        "provision.config=http://10.77.0.1:8080/v1/config/52-54-00-77-00-01",
        "provision.report=http://10.77.0.1:8080/v1/events",
        f"provision.image=http://10.77.0.1:8081/assets/sha256/{'cc' * 32}/root.squashfs",
        f"provision.image.sha256={'cc' * 32}",
        "provision.image.bytes=30",
        "console=ttyS0,115200",
        "systemd.show_status=1",
        "console=tty0",
    )


def test_variables_of_the_machine_win_over_the_group_and_the_profile(tmp_path: Path) -> None:
    index = index_of(
        tmp_path,
        profiles__node="image: debian-12\nconfig: node.yaml\nvars: {a: profile, b: profile, c: profile}\n",
        groups__nodes="profile: node\nvars: {b: group, c: group}\n",
        machines__node1="mac: 52:54:00:77:00:01\nvars: {c: machine}\n",
        configs__node="hostname: {{ vars.a }}-{{ vars.b }}-{{ vars.c }}\n",
    )

    ready = prepare(index)

    assert isinstance(ready, Ready)
    assert ready.config.text == "hostname: profile-group-machine\n"


def test_the_discovery_url_is_there_for_groups_with_a_cluster_only(tmp_path: Path) -> None:
    config = "etcd: {discovery: {{ etcd.discovery }}}\n"
    clustered = prepare(
        index_of(tmp_path / "a", groups__nodes="profile: node\netcd: {size: 3}\n", configs__node=config)
    )
    single = prepare(index_of(tmp_path / "b", configs__node=config))

    assert isinstance(clustered, Ready), clustered
    assert clustered.config.text == "etcd: {discovery: http://10.77.0.1:8080/discovery/nodes}\n"
    assert isinstance(single, NotReady)


def test_a_config_that_is_not_valid_is_shown_with_its_place(tmp_path: Path) -> None:
    prepared = prepare(index_of(tmp_path, configs__node="hostname: node1\nhostnme: x\n"))

    assert isinstance(prepared, NotReady)
    assert prepared.screen_lines[0] == "the config of node1 is not valid"
    assert prepared.screen_lines[1].startswith(f"{tmp_path}/configs/node.yaml:2:1: ")


def test_a_missing_image_is_a_reason_that_says_how_to_make_it(tmp_path: Path) -> None:
    prepared = prepare(index_of(tmp_path), images={})

    assert prepared == NotReady(
        "there is no image 'debian-12'; make it with: pxeserver image build debian-12"
    )


def test_a_broken_image_is_a_reason(tmp_path: Path) -> None:
    prepared = prepare(index_of(tmp_path), images={"debian-12": ManifestError("manifest.json: broken")})

    assert prepared == NotReady("manifest.json: broken")


def test_a_machine_that_no_group_takes_is_told_so(tmp_path: Path) -> None:
    index = index_of(tmp_path, groups__nodes="profile: node\nselector: {serial: S1}\n")

    prepared = prepare(index, mac="52:54:00:77:00:99")

    assert isinstance(prepared, NotReady)
    assert prepared.reason.startswith("no group matches 52:54:00:77:00:99")
