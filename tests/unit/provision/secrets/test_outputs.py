"""No output shows a secret: of plan, apply, status and first-boot, in the journal, of the server's commands."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from provision.actions import EnsureUser
from provision.actions import Secret as SecretText
from provision.agent import World, apply_stage
from provision.cli import main
from provision.cluster.decide import Observation
from provision.cluster.listed import Peers
from provision.errors import ProvisionError
from provision.execute.apply import apply
from provision.execute.command import Completed
from provision.execute.handlers.users import perform
from provision.execute.journal import JOURNAL_PATH, STATUS_PATH, Journal
from provision.execute.machine import Machine
from provision.execute.target import Target
from provision.execute.wanted import WANTED_PATH
from provision.facts import Facts
from provision.fetch.gather import gather
from provision.fetch.http import fetch
from provision.findings import FileReport, render_text
from provision.plan.build import Plan
from provision.platforms.contract import Provided
from provision.platforms.identity import Memory
from provision.platforms.source import Source
from provision.report.sinks import Outbox, Reporter
from provision.resolve import Includes
from provision.urls import file_name
from pxeserver.cli import main as server_main
from tests.golden.apply.tree import build_tree
from tests.unit.inventory.directory import GOOD, write
from tests.unit.provision.secrets.configs import CONFIGS, HASH, URLS, Config
from tests.unit.provision.secrets.places import Secret, damaged, secrets

pytestmark = pytest.mark.long

MAC = "52:54:00:77:00:01"
ROOT = """\
directory 0755 0:0 /etc
file 0644 0:0 /etc/group "root:x:0:\\nsystemd-network:x:101:\\n"
file 0644 0:0 /etc/passwd "root:x:0:0:root:/root:/bin/sh\\n"
file 0640 0:0 /etc/shadow "root:*:19000:0:99999:7:::\\n"
"""

each_config = pytest.mark.parametrize(
    "config",
    [pytest.param(config, id=name) for name, config in sorted({**CONFIGS, **URLS}.items())],
    indirect=True,
)


class Repeating(BaseHTTPRequestHandler):
    """A server that has nothing, and repeats what it was sent."""

    def do_GET(self) -> None:
        self.send_response(404, f"no {self.path} for {self.headers['Authorization']}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        return


@contextmanager
def http_server(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def config(request: pytest.FixtureRequest) -> Iterator[Config]:
    """One of CONFIGS or URLS, with a server that answers."""
    found: Config = request.param
    with http_server(Repeating) as address:
        yield replace(found, text=found.text.replace("SERVER", address))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    place = tmp_path / "root"
    place.mkdir()
    build_tree(place, ROOT)
    return place


def test_every_secret_field_has_a_valid_config_here() -> None:
    assert sorted(CONFIGS) == sorted(secret.name for secret in secrets())


@each_config
def test_no_command_of_the_agent_shows_the_secret(
    config: Config, tmp_path: Path, root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(config.text)
    codes = []
    for form in ("text", "json", "github"):
        codes.append(main(["validate", "--format", form, str(file)]))
    for command in ("plan", "apply", "apply"):  # the second has nothing to do, or fails again
        for form in ("text", "json"):
            codes.append(main([command, "--root", str(root), "--format", form, str(file)]))
    for form in ("text", "json"):
        codes.append(main(["status", "--root", str(root), "--format", form]))

    output = capfd.readouterr()

    assert codes[:3] == [0] * 3, output.err
    # The server there refuses, and without some things there is no plan: what is in an archive, for example.
    needed = any(text in config.text for text in ("trees:", "include:", "overwrite:", "append:"))
    assert codes[3:5] == [3 if needed else 0] * 2, output.err
    assert config.secret not in output.out + output.err
    assert config.secret not in state(root)


def state(root: Path) -> str:
    """What the agent writes down about its runs."""
    places = [root / path.lstrip("/") for path in (JOURNAL_PATH, STATUS_PATH, WANTED_PATH)]
    return "".join(place.read_text() for place in places if place.exists())


@each_config
def test_no_change_of_a_secret_shows_the_old_or_the_new_one(
    config: Config, tmp_path: Path, root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """What is on the machine is a secret, too: that of the config before."""
    file = tmp_path / "config.yaml"
    file.write_text(config.text)
    main(["apply", "--root", str(root), str(file)])
    other = config.secret[:-4] + config.secret[-4:].swapcase()
    file.write_text(config.text.replace(config.secret, other))

    for form in ("text", "json"):
        main(["plan", "--root", str(root), "--format", form, str(file)])
    main(["apply", "--root", str(root), str(file)])
    file.write_text("hostname: node1\n")
    main(["plan", "--root", str(root), str(file)])
    main(["apply", "--root", str(root), str(file)])

    output = capfd.readouterr()
    for secret in (config.secret, other):
        assert secret not in output.out + output.err + state(root)


@each_config
def test_first_boot_tells_nobody_the_secret(config: Config, tmp_path: Path, root: Path) -> None:
    told = first_boot([config.text], tmp_path / "outbox", root)

    assert "validate" in told
    assert config.secret not in told + state(root)


@pytest.mark.parametrize("secret", secrets(), ids=lambda secret: secret.name)
def test_first_boot_with_a_broken_config_tells_nobody_the_secret(
    secret: Secret, tmp_path: Path, root: Path
) -> None:
    texts = [text for _, text in damaged(secret, "hunter2Hunter2")]

    told = first_boot(texts, tmp_path / "outbox", root)

    assert told.count('"failed"') > 20
    assert "hunter2Hunter2" not in told + state(root)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(None, id="that cannot be fetched"),
        pytest.param("hostname: a_b\n", id="with a finding"),
        pytest.param("hostname: node1\nfiles: [{path: /srv/a, content: ''}]\n", id="that is applied"),
    ],
)
def test_first_boot_tells_nobody_the_secret_in_the_url_of_its_config(
    text: str | None, tmp_path: Path, root: Path
) -> None:
    url = "http://me:hunter2@127.0.0.1:1/node.yaml?token=hunter2"

    told = first_boot([text], tmp_path / "outbox", root, url=url)

    assert ("http://******@127.0.0.1:1/node.yaml?******" if text is None else "node.yaml:1:11") in told or (
        '"file":"node.yaml"' in state(root)
    )
    assert "hunter2" not in told + state(root)


def first_boot(
    configs: Iterable[str | None], outbox: Path, root: Path, url: str = "http://10.77.0.1/config"
) -> str:
    """All that the console and the server are told."""
    console: list[str] = []
    server: list[str] = []

    def post(line: str) -> bool:
        server.append(line)
        return True

    reporter = Reporter(console.append, Outbox(outbox, post))

    def explain(report: FileReport) -> None:
        console.append(render_text([report]))

    def make(built: Plan, data: bytes) -> str:
        with Target(root) as target:
            contents = gather(built, target, deadline_s=0.2)
            outcome = apply(built, target, contents=contents, journal=Journal(target), on_step=lambda _: None)
        return repr(outcome)

    def from_network(url: str) -> bytes:
        return fetch(url, deadline_s=0.2, size_limit_bytes=1000)

    for text in configs:
        data = None if text is None else text.encode(errors="surrogateescape")
        world = World(
            read=lambda data=data: Provided(from_network(url) if data is None else data, file=file_name(url)),  # type: ignore[misc]
            memory=Memory(lambda: None, lambda identity: None, lambda: "", lambda: None, lambda reason: None),
            observe_facts=lambda: Facts(hostname="node1", machine=MAC, ipv4="10.77.0.11"),
            observe_registry=lambda spec, directory: Observation(has_data=False, size=3),
            observe_peers=lambda listed, files, wal: Peers(has_data=False),
            apply=make,
            member_health=lambda url: None,
            tell=reporter.tell,
            settle=reporter.settle,
            clock=lambda: 0.0,
            sleep=lambda seconds: None,
            explain=explain,
            report_to=lambda url, token: None,
            includes=Includes(fetch=from_network, reads_files=False),
        )
        source = Source("pxe", MAC, url, None, None)
        apply_stage(source, world, keep_trying=False)
    return "\n".join([*console, *server, outbox.read_text() if outbox.exists() else ""])


def test_what_comes_from_a_secret_url_is_told_to_be_from_there(
    tmp_path: Path, root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The journal and what was wanted name the file behind each resource, for every user of the machine."""
    base = b"files: [{path: /srv/a, content: a, mode: '0600'}]\nusers: [{name: a, groups: [nobodyknows]}]\n"

    class Serving(Repeating):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(base)))
            self.end_headers()
            self.wfile.write(base)

    file = tmp_path / "config.yaml"
    with http_server(Serving) as address:
        url = f"http://{address}/base.yaml?token=hunter2"
        digest = hashlib.sha256(base).hexdigest()
        file.write_text(f"include:\n- url: {url}\n  sha256: {digest}\nusers: [{{name: a, absent: true}}]\n")
        main(["validate", "--fetch", str(file)])
        file.write_text(file.read_text().replace("absent: true", "groups: []"))
        assert main(["apply", "--root", str(root), str(file)]) == 0
        main(["plan", "--root", str(root), "--format", "json", str(file)])
    main(["status", "--root", str(root), "--all"])

    output = capfd.readouterr()
    assert f"http://{address}/base.yaml?******:1" in output.out
    assert f'"file":"http://{address}/base.yaml?******"' in state(root)
    assert "hunter2" not in output.out + output.err + state(root)


def echoing(arguments: list[str], *, stdin: str = "") -> Completed:
    """A tool that repeats what it was given when it does not like it."""
    return Completed(1, "", f"{arguments[0]}: cannot take this: {'x' * 700} {stdin} {stdin.strip()[:-10]}")


def test_a_program_that_repeats_its_input_does_not_make_the_secret_show(root: Path) -> None:
    with Target(root) as target:
        machine = Machine(target, programs=echoing)
        action = EnsureUser("root", password_hash=SecretText(HASH), home="/root")
        with pytest.raises(ProvisionError, match="chpasswd --encrypted") as failure:
            perform(machine, [action])

    assert "hunter2" not in str(failure.value)
    assert "saltsaltsalt" not in str(failure.value)


@each_config
def test_no_command_of_the_server_shows_the_secret(
    config: Config, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data = directory_with(tmp_path, config.text)

    assert server_output(data) != ""

    output = capfd.readouterr()
    assert config.secret not in output.out + output.err


def test_the_server_shows_a_secret_to_who_asks_for_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = CONFIGS["report.token"]
    data = directory_with(tmp_path, config.text)

    server_main(["render", "--part", "config", "--show-secrets", "--data", str(data), MAC])

    assert capfd.readouterr().out == config.text


@pytest.mark.parametrize("secret", secrets(), ids=lambda secret: secret.name)
def test_no_command_of_the_server_shows_the_secret_of_a_broken_config(
    secret: Secret, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    texts = dict(damaged(secret, "hunter2Hunter2"))
    # Their findings are those of the agent, of which every damage is tested; here it is about who prints them.
    for how in ("as a list, block", "beside wrong types, flow", "with an open quote"):
        server_output(directory_with(tmp_path / how, texts[how]))

    output = capfd.readouterr()
    assert "error" in output.out + output.err
    assert "hunter2Hunter2" not in output.out + output.err


def directory_with(folder: Path, config: str) -> Path:
    write(folder, {**GOOD, "configs/node.yaml": config})
    return folder


def server_output(data: Path) -> str:
    images = ["--images", str(data / "images")]
    codes = [
        server_main(["check", *images, "--format", form, str(data)]) for form in ("text", "json", "github")
    ]
    codes.append(server_main(["render", *images, "--data", str(data), MAC]))
    return str(codes)
