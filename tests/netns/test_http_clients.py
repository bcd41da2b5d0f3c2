"""The whole server, started as operators start it, against curl and plain sockets."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pxeserver.boot.events import Event, Result
from pxeserver.images.manifest import Manifest, describe_file, write_manifest
from pxeserver.store.sqlite import DATABASE_NAME, SqliteStore
from tests.netns.namespaces import CLIENT_MAC, SERVER_ADDRESS, Lab
from tests.netns.test_dhcp_clients import udhcpc

pytestmark = pytest.mark.netns

KERNEL_BYTES = 3_000_000
CONTROL = f"http://{SERVER_ADDRESS}:8080"
ASSETS = f"http://{SERVER_ADDRESS}:8081"
DATA = {
    "pxeserver.yaml": "dhcp: {mode: full, pool: {first: 10.77.0.100, last: 10.77.0.110}}\n",
    "profiles/node.yaml": "image: small\nconfig: node.yaml\n",
    "groups/nodes.yaml": "profile: node\n",
    "machines/node1.yaml": f'mac: "{CLIENT_MAC}"\naddress: 10.77.0.200\n',
    "configs/node.yaml": "hostname: {{ machine.hostname }}\n",
}
# Sends its first argument, byte for byte, and prints the first line of the answer.
RAW_CLIENT = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5) as connection:
    connection.sendall(sys.argv[3].encode("latin-1").decode("unicode_escape").encode("latin-1"))
    connection.shutdown(socket.SHUT_WR)
    print(connection.recv(4096).decode("latin-1").split("\\r\\n")[0])
"""


@dataclass
class Served:
    """A server on a data directory, with the client's namespace to ask it from."""

    network: Lab
    folder: Path
    kernel: bytes = b""
    process: subprocess.Popen[bytes] | None = None
    image: Manifest | None = None

    def start(self, *more: str) -> None:
        argv = ["ip", "netns", "exec", self.network.server, sys.executable, "-m", "pxeserver", "serve"]
        argv += ["--interface", "server0", "--data", str(self.folder / "data")]
        argv += ["--state", str(self.folder / "state"), "--images", str(self.folder / "images"), *more]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(argv, stdout=log, stderr=log)
        end_s = time.monotonic() + 15
        while time.monotonic() < end_s:
            if self.curl(f"{CONTROL}/healthz") == "ok\n":
                return
            time.sleep(0.1)
        raise AssertionError(f"the server does not answer: {self.log.read_text()}")

    def stop(self, number: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=15)

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def kernel_url(self) -> str:
        assert self.image is not None
        return f"{ASSETS}/assets/sha256/{self.image.kernel.sha256}/vmlinuz"

    def curl(self, *arguments: str) -> str:
        return self.network.in_client("curl", "--silent", "--show-error", *arguments).stdout

    def raw(self, port: int, text: str) -> str:
        """The first line that the server answers to these bytes."""
        client = self.network.in_client(
            sys.executable,
            "-c",
            RAW_CLIENT,
            SERVER_ADDRESS,
            str(port),
            text.encode("unicode_escape").decode(),
        )
        return client.stdout.strip()

    def wait_for_log(self, text: str, *, times: int = 1) -> None:
        end_s = time.monotonic() + 15
        while self.log.read_text().count(text) < times:
            assert time.monotonic() < end_s, self.log.read_text()
            time.sleep(0.1)

    def write(self, name: str, text: str) -> None:
        path = self.folder / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def script(self) -> str:
        return self.curl(f"{CONTROL}/v1/boot?mac={CLIENT_MAC.replace(':', '-')}&arch=x86_64")

    def events(self) -> list[tuple[int, str, str]]:
        found = json.loads(self.curl(f"{CONTROL}/v1/machines/{CLIENT_MAC}/events"))["events"]
        return [(event["boot"], event["step"], event["result"]) for event in found]

    def events_with(self, step: str) -> list[tuple[int, str, str]]:
        """The events once this step is among them: it is written down just after the last byte went out."""
        end_s = time.monotonic() + 10
        while time.monotonic() < end_s:
            events = self.events()
            if any(event[1] == step for event in events):
                return events
            time.sleep(0.05)
        raise AssertionError(f"no event {step!r}: {self.events()}")


@pytest.fixture
def server(network: Lab, tmp_path: Path) -> Iterator[Served]:
    network.give_client_an_address()
    served = Served(network, tmp_path)
    for name, text in DATA.items():
        served.write(name, text)
    folder = tmp_path / "images" / "small"
    folder.mkdir(parents=True)
    served.kernel = bytes(number % 251 for number in range(KERNEL_BYTES))
    for name, content in (("vmlinuz", served.kernel), ("initrd.img", b"i" * 1000), ("root", b"r" * 1000)):
        (folder / name).write_bytes(content)
    files = (describe_file(folder / name) for name in ("vmlinuz", "initrd.img", "root"))
    served.image = Manifest("small", "1", "amd64", (), *files)
    write_manifest(folder, served.image)
    try:
        served.start()
        yield served
    finally:
        if served.process is not None:
            served.process.kill()
            served.process.wait()


def test_a_boot_by_hand_leaves_its_events(server: Served, tmp_path: Path) -> None:
    script = server.script()
    kernel, initrd = (
        line.split(" ")[3] for line in script.split("\n") if line.startswith(("kernel", "initrd"))
    )
    server.curl("--output", str(tmp_path / "kernel"), kernel)
    server.curl("--output", str(tmp_path / "initrd"), initrd)

    assert (tmp_path / "kernel").read_bytes() == server.kernel
    assert server.events_with("initrd") == [(1, "script", "ok"), (1, "kernel", "ok"), (1, "initrd", "ok")]


def test_head_names_the_length_and_sends_no_byte(server: Served) -> None:
    answer = server.curl("--head", server.kernel_url)

    assert answer.startswith("HTTP/1.1 200 OK\n")
    assert f"Content-Length: {KERNEL_BYTES}\n" in answer
    assert "Accept-Ranges: bytes\n" in answer
    assert server.events() == []


def test_a_download_that_broke_off_goes_on_where_it_was(server: Served, tmp_path: Path) -> None:
    half = tmp_path / "half"
    half.write_bytes(server.kernel[: KERNEL_BYTES // 2])
    server.script()

    status = server.curl(
        "--continue-at", "-", "--write-out", "%{http_code}", "--output", str(half), server.kernel_url
    )

    assert status == "206"
    assert half.read_bytes() == server.kernel
    assert server.events_with("kernel")[-1] == (1, "kernel", "ok")


def test_one_connection_serves_one_file_after_the_other(server: Served, tmp_path: Path) -> None:
    out = ["--output", str(tmp_path / "a"), "--output", str(tmp_path / "b")]
    answer = server.curl("--write-out", "%{num_connects} ", *out, server.kernel_url, server.kernel_url)

    assert answer == "1 0 "


def test_a_client_that_reads_slowly_keeps_nobody_waiting(server: Served) -> None:
    slow = subprocess.Popen(
        ["ip", "netns", "exec", server.network.client, "curl", "-s", "--limit-rate", "1k", server.kernel_url],
        stdout=subprocess.DEVNULL,
    )
    try:
        content = server.network.in_client("sh", "-c", f"curl -s {server.kernel_url} | sha256sum").stdout
    finally:
        slow.kill()
        slow.wait()

    assert content.split(" ")[0] == hashlib.sha256(server.kernel).hexdigest()


def test_slashes_too_many_are_answered_without_a_redirect(server: Served) -> None:
    _, path = server.kernel_url.split(":8081")
    mac = CLIENT_MAC.replace(":", "-")

    kernel = server.raw(8081, f"HEAD /{path.replace('/', '//')} HTTP/1.1\r\nHost: x\r\n\r\n")
    script = server.raw(8080, f"GET //v1//boot?mac={mac} HTTP/1.1\r\nHost: x\r\n\r\n")

    assert (kernel, script) == ("HTTP/1.1 200 OK", "HTTP/1.1 200 OK")


def test_while_all_places_are_taken_ipxe_is_asked_to_come_back_and_uefi_is_served(server: Served) -> None:
    server.stop(signal.SIGTERM)
    server.write("pxeserver.yaml", f"{DATA['pxeserver.yaml']}downloads_at_once: 1\n")
    server.start()
    limited = ["curl", "-s", "--limit-rate", "10k", "-o", "/dev/null", server.kernel_url]
    slow = subprocess.Popen(["ip", "netns", "exec", server.network.client, *limited])
    try:
        end_s = time.monotonic() + 10
        refused = ""
        while "503" not in refused and time.monotonic() < end_s:
            refused = server.curl("-r", "0-9", "-i", "-A", "iPXE/1.21.1", server.kernel_url)
        served = server.curl(
            "-o", "/dev/null", "-w", "%{http_code}", "-A", "UefiHttpBoot/1.0", server.kernel_url
        )
    finally:
        slow.kill()
        slow.wait()

    assert refused.startswith("HTTP/1.1 503 Service Unavailable")
    assert int(refused.split("Retry-After: ")[1].split("\n")[0]) > 0
    assert served == "200"


NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; user root;
events {{ }}
http {{
    access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{ listen 10.77.0.1:8082; root {folder}/mirror; }}
}}
"""


@pytest.fixture
def mirror(server: Served) -> Iterator[Path]:
    """An nginx beside the server, and the folder it serves."""
    folder = server.folder / "mirror"
    (server.folder / "nginx.conf").write_text(NGINX.format(folder=server.folder))
    argv = ["ip", "netns", "exec", server.network.server, "nginx", "-c", str(server.folder / "nginx.conf")]
    for below in (server.folder, folder):
        below.mkdir(exist_ok=True)
    nginx = subprocess.Popen(argv)
    try:
        yield folder
    finally:
        nginx.terminate()
        nginx.wait()


def test_another_web_server_sends_the_bytes_and_the_script_names_the_digest_that_they_must_have(
    server: Served, mirror: Path
) -> None:
    assert server.image is not None
    root = server.image.root
    assert root is not None
    for file in (server.image.kernel, server.image.initrd, root):
        place = mirror / "assets" / "sha256" / file.sha256 / file.file
        place.parent.mkdir(parents=True)
        place.write_bytes((server.folder / "images" / "small" / file.file).read_bytes())
    server.stop(signal.SIGTERM)
    server.write("pxeserver.yaml", f"{DATA['pxeserver.yaml']}assets_url: http://{SERVER_ADDRESS}:8082\n")
    server.start()

    script = server.script()
    urls = [line.split(" ")[3] for line in script.split("\n") if line.startswith(("kernel", "initrd"))]
    heads = [server.curl("--head", url) for url in urls]
    content = server.network.in_client("sh", "-c", f"curl -s {urls[0]} | sha256sum").stdout

    assert len(heads) == 2
    assert all(head.startswith("HTTP/1.1 200 OK") and "Server: nginx" in head for head in heads)
    assert content.split(" ")[0] == server.image.kernel.sha256
    assert f"http://{SERVER_ADDRESS}:8082/assets/sha256/{root.sha256}/root" in script
    assert f"sha256={root.sha256}" in script


@pytest.mark.parametrize(
    ("port", "text", "answer"),
    [
        pytest.param(8081, "nonsense\r\n\r\n", "HTTP/1.1 400", id="bytes: no request"),
        pytest.param(8081, "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400", id="bytes: no host"),
        pytest.param(8081, "GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400", id="bytes: a NUL"),
        pytest.param(8081, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404", id="bytes: no listing"),
        pytest.param(
            8081,
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
            "HTTP/1.1 413",
            id="bytes: a body",
        ),
        pytest.param(
            8081,
            "GET / HTTP/1.1\r\nHost: x\r\nX: " + "x" * 40_000 + "\r\n\r\n",
            "HTTP/1.1 431",
            id="bytes: headers without end",
        ),
        pytest.param(8081, "GET / HT", "HTTP/1.1 400", id="bytes: cut off"),
        pytest.param(8080, "nonsense\r\n\r\n", "HTTP/1.0 400", id="control: no request"),
        pytest.param(
            8080,
            "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n\xff\xfe{[\x00",
            "HTTP/1.1 400",
            id="control: no JSON",
        ),
    ],
)
def test_malformed_input_is_refused_and_the_server_lives(
    server: Served, port: int, text: str, answer: str
) -> None:
    assert server.raw(port, text)[:12] == answer

    assert server.curl(f"{CONTROL}/healthz") == "ok\n"
    assert server.curl("--head", server.kernel_url).startswith("HTTP/1.1 200")


def test_a_server_that_was_killed_goes_on_with_the_same_boots(server: Served) -> None:
    token = server.script().split("provision.token=")[1].split(" ")[0]
    server.stop(signal.SIGKILL)
    server.start()

    config = server.curl(
        "--header",
        f"Authorization: Bearer {token}",
        f"{CONTROL}/v1/config/{CLIENT_MAC.replace(':', '-')}",
    )

    assert config == "hostname: node1\n"
    assert server.events() == [(1, "script", "ok")]


def test_the_server_stops_when_it_is_told_to(server: Served) -> None:
    waiting = subprocess.Popen(
        [
            *("ip", "netns", "exec", server.network.client, "curl", "-s"),
            f"{server.curl(f'{CONTROL}/discovery/new')}?wait=true&waitIndex=3",
        ]
    )
    time.sleep(0.5)
    begun_s = time.monotonic()

    assert server.stop(signal.SIGTERM) == 0
    assert time.monotonic() - begun_s < 8
    waiting.kill()
    waiting.wait()


def test_a_changed_file_counts_and_a_broken_one_does_not(server: Served) -> None:
    server.write("configs/node.yaml", "hostname: {{ nope }}\n")
    server.wait_for_log("undefined-variable")
    assert "boots small" in server.script(), "a broken file keeps the last good inventory"

    server.write("configs/node.yaml", "hostname: {{ machine.hostname }}\n")
    server.write("profiles/other.yaml", "image: missing\nconfig: node.yaml\n")
    server.write("groups/nodes.yaml", "profile: other\n")
    end_s = time.monotonic() + 15
    while "there is no image 'missing'" not in server.script():
        assert time.monotonic() < end_s, server.log.read_text()
        time.sleep(0.1)

    notices = json.loads(server.curl(f"{CONTROL}/v1/events"))["events"]
    inventory = [event["result"] for event in notices if event["step"] == "inventory"]
    assert (inventory[0], "failed" in inventory, inventory[-1]) == ("ok", True, "ok")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--interface", "eth9"], "there is no interface 'eth9'", id="no such interface"),
        pytest.param(["--interface", "lo"], "Address already in use", id="DHCP port taken"),
    ],
)
def test_what_keeps_a_server_from_starting_is_one_line(
    server: Served, tmp_path: Path, arguments: list[str], message: str
) -> None:
    argv = ["ip", "netns", "exec", server.network.server, sys.executable, "-m", "pxeserver", "serve"]
    data = tmp_path / "beside"  # another DHCP server gives the addresses: there are none that fit
    data.mkdir()
    argv += [*arguments, "--data", str(data), "--state", str(tmp_path / "other")]
    taken = (
        "import socket, subprocess, sys; s = socket.socket(); s.bind(('127.0.0.1', 8080)); s.listen();"
        "sys.exit(subprocess.run(sys.argv[1:]).returncode)"
    )

    wrapper = [*argv[:4], sys.executable, "-c", taken, *argv[4:]]
    done = subprocess.run(wrapper, capture_output=True, text=True, timeout=30, check=False)

    assert done.returncode == 2
    last = done.stderr.strip().split("\n")[-1]
    assert last.startswith("pxeserver: ")
    assert message in last


# A client of another's making that takes its time: a pause before each acknowledgement.
SLOW_TFTP = """
import sys, time, tftpy
tftpy.TftpClient(sys.argv[1], 69).download("undionly.kpxe", sys.argv[2], packethook=lambda _: time.sleep(0.02))
"""


def in_client(server: Served, *argv: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["ip", "netns", "exec", server.network.client, *argv], stderr=subprocess.DEVNULL)


def test_transfers_under_way_end_well_when_the_server_is_stopped(server: Served, tmp_path: Path) -> None:
    kernel, loader = tmp_path / "kernel", tmp_path / "loader"
    slow_http = in_client(server, "curl", "-s", "--limit-rate", "1m", "-o", str(kernel), server.kernel_url)
    slow_tftp = in_client(server, sys.executable, "-c", SLOW_TFTP, SERVER_ADDRESS, str(loader))
    end_s = time.monotonic() + 10
    while not (loader.exists() and loader.stat().st_size and kernel.exists()):
        assert time.monotonic() < end_s
        time.sleep(0.05)

    assert server.process is not None
    server.process.send_signal(signal.SIGTERM)
    server.wait_for_log("stopping: transfers under way have 30 s to end")
    late = server.network.in_client("curl", "-s", server.kernel_url)

    assert late.returncode == 7, "a new connection is refused"
    assert server.process.wait(timeout=15) == 0
    assert (slow_http.wait(timeout=15), slow_tftp.wait(timeout=15)) == (0, 0)
    assert kernel.read_bytes() == server.kernel
    assert loader.read_bytes() == Path("/usr/lib/ipxe/undionly.kpxe").read_bytes()


def test_a_second_signal_ends_transfers_as_well(server: Served) -> None:
    slow = in_client(server, "curl", "-s", "--limit-rate", "1k", "-o", "/dev/null", server.kernel_url)
    time.sleep(0.5)
    assert server.process is not None
    server.process.send_signal(signal.SIGTERM)
    server.wait_for_log("stopping: transfers")
    time.sleep(0.5)
    assert server.process.poll() is None, "it waits for the transfer"

    assert server.stop(signal.SIGTERM) == 0
    assert "stopping although transfers are under way" in server.log.read_text()
    slow.kill()
    slow.wait()


def test_a_reload_takes_over_what_it_can_and_names_the_rest(server: Served, tmp_path: Path) -> None:
    server.write(
        "pxeserver.yaml", "dhcp: {mode: full, pool: {first: 10.77.0.150, last: 10.77.0.150}}\nhttp_port: 80\n"
    )
    server.write("machines/node1.yaml", 'mac: "52:54:00:00:00:99"\n')
    assert server.process is not None
    server.process.send_signal(signal.SIGHUP)
    server.wait_for_log("settings read again: dhcp\n")
    server.wait_for_log("settings kept until a restart: http_port\n")

    assert "bound ip=10.77.0.150 " in udhcpc(server.network, tmp_path, "-q").stdout
    assert server.curl(f"{CONTROL}/healthz") == "ok\n"

    server.write("pxeserver.yaml", "dhcp: {mode: full, lease_s: soon}\n")
    server.process.send_signal(signal.SIGHUP)
    server.wait_for_log("settings kept: those in the file have errors")

    assert "bound ip=10.77.0.150 " in udhcpc(server.network, tmp_path, "-q").stdout


def test_what_a_boot_does_is_counted_and_each_decision_is_one_line(server: Served, tmp_path: Path) -> None:
    firmware = ("-V", "PXEClient:Arch:00000:UNDI:002001", "-x", "0x5d:0000")
    udhcpc(server.network, tmp_path, "-q", *firmware)
    server.curl(f"tftp://{SERVER_ADDRESS}/undionly.kpxe", "-o", str(tmp_path / "loader"))
    token = server.script().split("provision.token=")[1].split(" ")[0]
    server.curl("-o", str(tmp_path / "kernel"), server.kernel_url)
    server.events_with("kernel")

    found = {
        f"{sample.name}{sorted(sample.labels.values())}": sample.value
        for family in text_string_to_metric_families(server.curl(f"{CONTROL}/metrics"))
        for sample in family.samples
    }
    assert found["pxeserver_dhcp_replies_total['offer', 'pxe firmware']"] == 1
    assert found["pxeserver_dhcp_replies_total['ack', 'pxe firmware']"] == 1
    assert found["pxeserver_tftp_transfers_total['done']"] == 1
    assert found["pxeserver_tftp_bytes_total[]"] == (tmp_path / "loader").stat().st_size
    assert found["pxeserver_asset_bytes_total['kernel']"] == KERNEL_BYTES
    assert found["pxeserver_boot_steps_total['ok', 'script']"] == 1
    assert found["pxeserver_inventory_reloads_total['ok']"] == 1
    lines = server.log.read_text().splitlines()
    for decision in (
        "packet=DISCOVER",
        "packet=REQUEST",
        "done undionly.kpxe",
        "script served",
        "sent /assets/",
    ):
        assert len([line for line in lines if decision in line]) == 1, (decision, lines)
    assert token not in server.log.read_text()


def test_events_are_followed_over_a_restart_of_the_server(server: Served, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "pxeserver", "events", "--follow", "--format", "json", "--mac", CLIENT_MAC]
    out = tmp_path / "followed"
    with out.open("wb") as stdout:
        follower = subprocess.Popen([*argv, "--state", str(tmp_path / "state")], stdout=stdout)
    try:
        server.script()
        server.stop(signal.SIGKILL)
        server.start()
        server.script()
        end_s = time.monotonic() + 10
        while len(followed := out.read_text().splitlines()) < 2:
            assert time.monotonic() < end_s, followed
            time.sleep(0.1)
    finally:
        follower.kill()
        follower.wait()

    assert [(json.loads(line)["boot"], json.loads(line)["step"]) for line in followed] == [
        (1, "script"),
        (2, "script"),
    ]


def test_for_programs_every_line_of_the_log_is_an_object(server: Served, tmp_path: Path) -> None:
    server.stop(signal.SIGTERM)
    server.log.unlink()
    server.start("--log-format", "json")
    udhcpc(server.network, tmp_path, "-q")
    server.script()
    server.curl(f"{CONTROL}/v1/config/{CLIENT_MAC}")
    server.stop(signal.SIGTERM)

    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert all({"time", "level", "message"} <= line.keys() for line in lines)
    decisions = [(line["message"], line["mac"]) for line in lines if line.get("reason")]
    assert ("script served", CLIENT_MAC) in decisions
    assert ("config refused", CLIENT_MAC) in decisions
    assert [(line["message"], line["packet"], line["reply"]) for line in lines if "packet" in line] == [
        ("answered", "DISCOVER", "OFFER"),
        ("answered", "REQUEST", "ACK"),
    ]


def test_what_is_older_than_the_settings_say_is_forgotten_at_a_start(server: Served, tmp_path: Path) -> None:
    server.stop(signal.SIGTERM)
    store = SqliteStore.open(tmp_path / "state" / DATABASE_NAME)
    store.record_in(0, Event("server", "inventory", Result.OK), at=time.time() - 8 * 86400)
    store.record_in(0, Event("server", "inventory", Result.OK), at=time.time() - 6 * 86400)
    store.close()
    server.write("pxeserver.yaml", "keep_days: 7\n")

    server.start()

    server.wait_for_log("forgot 1 rows older than 7 days")
