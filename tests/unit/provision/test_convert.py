"""`provision convert`: the same document in another format, and what cannot be said there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from msgspec import structs

from provision.actions import EnableUnit, EnsureLink, MaskUnit, Step, WriteFile
from provision.convert.converted import convertible
from provision.convert.ignition_json import render as as_ignition
from provision.convert.native_yaml import render as as_native
from provision.document import Document
from provision.facts import Facts
from provision.load import Loaded, load_bytes
from provision.plan.build import plan
from provision.resolve import Includes
from provision.sections.units import PRESET_NAME
from tests.language.valid import Config, configs
from tests.unit.provision.formats.cloud import HASH, KEY

EXAMPLES = sorted((Path(__file__).parents[3] / "examples/configs").glob("*.yaml"))
few = settings(max_examples=max(10, settings().max_examples // 3))


def load(text: str, file: str = "config.yaml") -> Loaded:
    return load_bytes(text.encode(), file=file, resolver=Includes())


def converted(loaded: Loaded) -> Document:
    found = convertible(loaded).document
    assert found is not None, loaded.findings
    return found


def again(document: Document) -> Document:
    loaded = load(as_native(document, (), "native"))
    assert loaded.document is not None, loaded.findings
    return loaded.document


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_a_native_config_stays_the_same_document(example: Path) -> None:
    loaded = load_bytes(example.read_bytes(), file=str(example), resolver=Includes())

    document = converted(loaded)

    assert again(document) == document
    assert document == structs.replace(loaded.document or Document(), include=())


@few
@given(configs())
def test_whatever_it_says(config: Config) -> None:
    document = converted(load(json.dumps(config, ensure_ascii=False)))

    assert again(document) == document


@pytest.mark.parametrize(
    "content",
    [
        "",
        "\n",
        " leading\n",
        "trailing \n",
        "a\n\n\n",
        "no end\nhere",
        "\ttab\n\ttab\n",
        "a: b # c\n- d\n",
        "${vars.a} $${vars.b} ${facts.hostname} $${facts.x}",
        "yes",
        "0644",
        "12:30:45",
        "\x85\u2028",
        "'\"\\",
        "---\n...\n",
    ],
)
def test_texts_stay_as_they_are(content: str) -> None:
    text = json.dumps({"vars": {"a": "1", "b": "2"}, "files": [{"path": "/a", "content": content}]})

    document = converted(load(text))

    assert again(document) == document


def test_a_native_config_reads_well() -> None:
    text = """\
#cloud-config
hostname: web
write_files:
  - {path: /etc/motd, content: "a\\nb\\n"}
mounts: [[a, b]]
"""
    loaded = load(text)
    found = convertible(loaded)

    assert found.document is not None
    assert as_native(found.document, found.lost, "cloud-config") == (
        "# Converted from cloud-config, without:\n"
        "#   mounts (line 5): 'mounts' is not carried out: disks are not partitioned, formatted or mounted\n"
        "hostname: web\nfiles:\n  - path: /etc/motd\n    content: |\n      a\n      b\n"
    )


def test_a_config_with_other_errors_is_not_converted() -> None:
    assert convertible(load("#cloud-config\nhostnam: web\n")).document is None
    assert convertible(load("#cloud-config\nhostname: a_b\nmounts: []\n")).document is None


EVERYTHING: dict[str, Any] = {
    "hostname": "node1",
    "groups": [{"name": "ops", "gid": 1500}, {"name": "old", "absent": True}],
    "users": [
        {
            "name": "ops",
            "uid": 1500,
            "password_hash": HASH,
            "gecos": "Ops",
            "home": "/srv/ops",
            "shell": "/bin/sh",
            "primary_group": "ops",
            "groups": ["sudo"],
            "ssh_authorized_keys": [KEY],
            "sudo": "ALL=(ALL) NOPASSWD: ALL",
        },
        {"name": "gone", "absent": True},
    ],
    "directories": [{"path": "/srv/data", "mode": "0750", "user": "ops", "group": 1500}],
    "files": [
        {"path": "/etc/motd", "content": "grün\n", "mode": "0600", "user": "ops"},
        {"path": "/srv/blob", "content_base64": "AAECAw==", "overwrite": False},
        {
            "path": "/srv/app",
            "source": "https://files.example/app.gz",
            "sha256": "0" * 64,
            "compression": "gzip",
            "headers": {"A": "b"},
        },
    ],
    "units": [
        {
            "name": "hello.service",
            "enable": True,
            "content": "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n",
            "dropins": [{"name": "10-a.conf", "content": "[Service]\nNice=5\n"}],
        },
        {"name": "apt-daily.timer", "mask": True},
        {"name": "10-lan.network", "content": "[Match]\nName=lan\n"},
    ],
    "hosts": [{"address": "10.0.0.1", "names": ["store"]}],
    "proxy": {"http_proxy": "http://proxy.example:3128"},
    "commands": [{"name": "once", "script": "#!/bin/sh\n", "once": True}],
}


def steps_of(document: Document) -> set[Step]:
    """What is done, without the config's own paths; order and presets are Ignition's own."""
    steps = {Step(step.action, "") for step in plan(document, Facts(hostname="node1")).steps}
    presets = {step for step in steps if getattr(step.action, "path", "").endswith(f"-preset/{PRESET_NAME}")}
    return steps - presets


def test_a_machine_made_by_way_of_ignition_is_the_same() -> None:
    document = converted(load(json.dumps(EVERYTHING)))
    made = as_ignition(document, Facts())

    assert made.lost == ()
    back = load(made.text, "config.ign")
    assert back.document is not None, back.findings
    ours, theirs = steps_of(document), steps_of(back.document)
    # What is secret by its mode is so again; a data: URL is bytes like any others.
    assert {repr(step) for step in ours} == {repr(step) for step in theirs}
    contents = [
        {step.action.path: step.action.content for step in steps if isinstance(step.action, WriteFile)}
        for steps in (ours, theirs)
    ]
    assert contents[0] == contents[1]


def test_ignition_itself_takes_it(tmp_path: Path) -> None:
    everything = {**EVERYTHING, "time": {"zone": "UTC"}, "kernel": {"arguments": {"present": ["quiet"]}}}
    file = tmp_path / "config.ign"
    file.write_text(as_ignition(converted(load(json.dumps(everything))), Facts()).text)

    done = subprocess.run(["ignition-validate", str(file)], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_links_take_the_place_of_what_is_there() -> None:
    made = as_ignition(converted(load('{"links": [{"path": "/a", "target": "b"}]}')), Facts())

    assert json.loads(made.text)["storage"]["links"] == [{"path": "/a", "target": "b", "overwrite": True}]


def test_what_ignition_cannot_say_is_listed_with_its_place() -> None:
    text = "files: [{path: /a, absent: true}]\nunits: [{name: a.service, scope: user, enable: true}]\n"
    made = as_ignition(converted(load(text)), Facts())

    assert [problem.place for problem in made.lost] == [("files", 0), ("units", 0, "enable")]


def provision(*args: str, stdin: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "provision", "convert", "-", *args]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)


def test_what_is_lost_is_told_and_fails_unless_that_is_meant() -> None:
    text = "#cloud-config\nhostname: web\nmounts: [[a, b]]\npassword: '!'\nchpasswd: {expire: false}\n"

    lossy = provision("--to", "native", "--lossy", stdin=text)
    done = provision("--to", "native", stdin=text)

    assert (done.returncode, lossy.returncode) == (1, 0)
    assert done.stdout == lossy.stdout
    assert yaml.safe_load(done.stdout)["users"][0]["password_hash"] == "!"
    assert "not-carried" in done.stderr
    assert "<stdin>:3:1" in done.stderr


def test_nothing_lost_is_no_word_on_standard_error() -> None:
    done = provision("--to", "ignition", stdin="hostname: web\n")

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["storage"]["files"][0]["path"] == "/etc/hostname"


@pytest.mark.parametrize(
    ("stdin", "said"),
    [
        ("hostnam: web\n", "unknown-key"),
        ("files: [{path: /a, content: '${facts.ipv4}'}]\n", "fact 'ipv4' is not known"),
    ],
)
def test_what_cannot_be_converted_gives_nothing(stdin: str, said: str) -> None:
    done = provision("--to", "ignition", stdin=stdin)

    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr


def test_what_was_not_fetched_is_lost() -> None:
    done = provision("--to", "native", stdin="#include\nhttps://configs.example/a\n")

    assert done.returncode == 1
    assert "include-not-fetched" in done.stderr


def test_a_template_is_filled_in_from_given_data(tmp_path: Path) -> None:
    data = tmp_path / "instance-data.json"
    data.write_text('{"v1": {"local_hostname": "web"}}')
    text = "## template: jinja\n#cloud-config\nhostname: {{ v1.local_hostname }}\n"

    done = provision("--to", "native", "--instance-data", str(data), stdin=text)

    assert done.returncode == 0, done.stderr
    assert yaml.safe_load(done.stdout) == {"hostname": "web"}
    assert provision("--to", "native", "--instance-data", "/nonexistent", stdin=text).returncode == 2


def test_all_kinds_of_steps_are_known() -> None:
    """A link, a mask and an enabled unit are what their names say."""
    document = converted(
        load('{"links": [{"path": "/a", "target": "b"}], "units": [{"name": "a.service", "mask": true}]}')
    )
    kinds = {type(step.action) for step in steps_of(document)}

    assert {EnsureLink, MaskUnit} <= kinds
    assert EnableUnit not in kinds
