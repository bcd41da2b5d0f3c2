"""A data directory of matchbox becomes one of ours, and what could not be carried over is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pxeserver.cli import main
from pxeserver.imports.matchbox import convert_directory
from pxeserver.inventory.files import read_inventory
from pxeserver.inventory.model import Labels
from pxeserver.inventory.select import Selection, select
from pxeserver.render.check import check_machines, example_surroundings

MAC = "52:54:00:a1:9c:ae"
ENDPOINT = "http://matchbox.example:8080/ignition?uuid=${uuid}&mac=${mac:hexhyp}"
PROFILE = {
    "id": "etcd",
    "name": "Flatcar with etcd",
    "boot": {
        "kernel": "/assets/flatcar/1/vmlinuz",
        "initrd": ["--name main /assets/flatcar/1/image.cpio.gz"],
        "args": [
            "initrd=main",
            f"flatcar.config.url={ENDPOINT}",
            "coreos.live.rootfs_url=https://mirror.example/rootfs.img",
            "console=ttyS0",
        ],
    },
    "ignition_id": "etcd.ign",
}
GROUP = {
    "id": "node1",
    "name": "node 1",
    "profile": "etcd",
    "selector": {"mac": "52-54-00-A1-9C-AE", "os": "installed"},
    "metadata": {"etcd_name": "node1", "nested": {"a": [1, 2]}},
}
IGNITION = {"ignition": {"version": "3.3.0"}}


def write(folder: Path, **changes: object) -> Path:
    """`profiles__etcd_json` is profiles/etcd.json."""
    files: dict[str, object] = {
        "profiles/etcd.json": PROFILE,
        "groups/node1.json": GROUP,
        "ignition/etcd.ign": IGNITION,
        **{name.replace("__", "/").replace("_json", ".json"): value for name, value in changes.items()},
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


def problems(folder: Path) -> list[str]:
    return [str(problem) for problem in convert_directory(folder).problems]


def test_a_whole_directory_is_converted_and_valid(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "old")

    assert main(["import", "matchbox", str(tmp_path / "old"), "--to", str(tmp_path / "new")]) == 0

    inventory = read_inventory(tmp_path / "new")
    assert inventory.findings == ()
    assert inventory.index is not None
    assert check_machines(inventory.index, example_surroundings({}, {})) == ()
    selection = select(inventory.index, Labels(MAC, others={"os": "installed"}))
    assert isinstance(selection, Selection)
    assert selection.group.vars == {"etcd_name": "node1", "nested": {"a": [1, 2]}}
    assert (selection.profile.image, selection.profile.config) == ("etcd", "ignition-etcd.ign")
    assert selection.profile.kernel_args == (
        "flatcar.config.url={{ boot.config_url }}",
        "coreos.live.rootfs_url={{ image.root_url }}",
        "console=ttyS0",
    )
    assert not isinstance(select(inventory.index, Labels(MAC)), Selection)
    assert (
        f"  pxeserver image import etcd --kernel {tmp_path}/old/assets/flatcar/1/vmlinuz"
        f" --initrd {tmp_path}/old/assets/flatcar/1/image.cpio.gz"
        " --root https://mirror.example/rootfs.img --root-sha256 HEX\n"
    ) in capsys.readouterr().out


def test_templates_are_carried_over_with_their_variables(tmp_path: Path) -> None:
    text = "#cloud-config\nhostname: {{.etcd_name}} # {{.request.query.mac}} {{.mac}} {{.request.query.os}}\n"
    profile = {**PROFILE, "ignition_id": "", "cloud_id": "node.yaml"}

    made = convert_directory(write(tmp_path, profiles__etcd_json=profile, **{"cloud__node.yaml": text}))

    assert made.problems == []
    assert made.files["configs/cloud-node.yaml"] == (
        "#cloud-config\nhostname: {{ vars.etcd_name }} # {{ machine.mac }} {{ machine.mac }} {{ machine.os }}\n"
    )


def test_plain_ignition_is_not_taken_for_a_template(tmp_path: Path) -> None:
    folder = write(tmp_path, **{"ignition__etcd.ign": '{"ignition": {"version": "3.3.0"}, "x": "{{.a}}"}\n'})

    made = convert_directory(folder)

    assert made.files["configs/ignition-etcd.ign"].startswith("{% raw %}\n{")
    assert made.files["configs/ignition-etcd.ign"].endswith("}\n{% endraw %}")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        pytest.param(
            {"profiles__etcd_json": {**PROFILE, "generic_id": "a.cfg"}},
            "profiles/etcd.json: generic_id: a.cfg is left out: a profile has one config, etcd.ign",
            id="two configs",
        ),
        pytest.param(
            {"profiles__etcd_json": {**PROFILE, "ignition_id": "none.ign"}},
            "ignition/none.ign: there is no such file",
            id="no such template",
        ),
        pytest.param(
            {"profiles__etcd_json": {**PROFILE, "ignition_id": "../groups/node1.json"}},
            "ignition/../groups/node1.json: there is no such file",
            id="out of the folder",
        ),
        pytest.param(
            {"profiles__etcd_json": {**PROFILE, "boot": {**PROFILE["boot"], "args": ["ip=${ip}"]}}},  # type: ignore[dict-item]
            "profiles/etcd.json: boot.args: left out: kernel argument: 'ip=${ip}' holds '${', which iPXE expands",
            id="what iPXE would expand",
        ),
        pytest.param(
            {"profiles__etcd_json": {**PROFILE, "boot": {"kernel": "k", "initrd": ["a", "b"]}}},
            "profiles/etcd.json: boot: an image has one kernel and one initrd, here are 2 initrds",
            id="two initrds",
        ),
        pytest.param(
            {"profiles__etcd_json": {**PROFILE, "secure": 1}},
            "profiles/etcd.json: secure: is not known",
            id="a key",
        ),
        pytest.param(
            {"profiles__etcd_json": "{"},
            "profiles/etcd.json:1: no JSON: Expecting property name enclosed in double quotes",
            id="half a file",
        ),
        pytest.param(
            {"groups__node1_json": "[]"}, "groups/node1.json:1: an object is needed here", id="a list"
        ),
        pytest.param(
            {"groups__sub": "x"},
            "groups/sub: not carried over: no .json file of this folder itself",
            id="another file",
        ),
        pytest.param(
            {"groups__node1_json": {**GROUP, "metadata": {"request": {}}}},
            "groups/node1.json: metadata.request: is not used, the request's own values are in its place",
            id="reserved metadata",
        ),
        pytest.param(
            {"groups__node1_json": {**GROUP, "selector": {"a b": "c"}}},
            "groups/node1.json: selector.a b: cannot name a label; the group is left out",
            id="a label with a space",
        ),
        pytest.param(
            {
                "ignition__etcd.ign": '{"ignition": {"version": "3.3.0"},\n"x": "http://m:8080/ignition?os=installed"}'
            },
            "ignition/etcd.ign:2: http://m:8080/ignition asks matchbox itself",
            id="an address of matchbox",
        ),
    ],
)
def test_what_could_not_be_carried_over_is_said(
    tmp_path: Path, changes: dict[str, object], problem: str
) -> None:
    assert problem in problems(write(tmp_path, **changes))


def test_butane_is_said_to_need_a_translation(tmp_path: Path) -> None:
    profile = {**PROFILE, "ignition_id": "etcd.yaml"}
    text = 'variant: flatcar\nx: {{printf "%s" .a}}\n'

    assert problems(write(tmp_path, profiles__etcd_json=profile, **{"ignition__etcd.yaml": text})) == [
        'ignition/etcd.yaml:2: {{printf "%s" .a}} has no counterpart',
        "ignition/etcd.yaml: Butane: translate it to Ignition JSON, which is served as it is",
    ]


def test_problems_are_told_by_the_exit_code_and_nothing_is_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "old", groups__node2_json="{")
    arguments = ["import", "matchbox", str(tmp_path / "old"), "--to", str(tmp_path / "new")]

    assert main(arguments) == 1
    assert "groups/node2.json:1: no JSON: " in capsys.readouterr().err
    assert main(arguments) == 2
    assert "is there already; name a new directory" in capsys.readouterr().err


def test_a_selector_that_cannot_be_carried_over_does_not_make_a_group_of_everybody(tmp_path: Path) -> None:
    made = convert_directory(write(tmp_path, groups__node1_json={**GROUP, "selector": {"a b": "c"}}))

    assert "groups/node1.yaml" not in made.files
