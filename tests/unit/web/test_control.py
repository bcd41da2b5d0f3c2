"""The control application: scripts, configs, reports, the API and the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pxeserver.web.page import ago_text
from tests.unit.inventory.directory import write
from tests.unit.web.memory import NODE1, Clock, Control, control

STRANGER = "52:54:00:77:00:99"


@pytest.fixture
def server(tmp_path: Path) -> Control:
    return control(tmp_path)


def event(**changes: object) -> dict[str, object]:
    return {"provision": 1, "machine": NODE1, "step": "image", "result": "ok", **changes}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_known_machine_is_given_its_script_and_a_token(server: Control) -> None:
    script = server.boot()

    assert "echo pxeserver: node1 (52:54:00:77:00:01) boots debian-12 5f3a\n" in script
    assert "provision.config=http://10.77.0.1:8080/v1/config/52-54-00-77-00-01 " in script
    assert server.steps() == [(1, "script", "ok")]


def test_slashes_too_many_are_no_redirect(server: Control) -> None:
    answer = server.client.get(f"/v1///boot?mac={NODE1.replace(':', '-')}&arch=x86_64")

    assert (answer.status_code, answer.text[:6]) == (200, "#!ipxe")


def test_every_boot_has_another_token_and_number(server: Control) -> None:
    assert server.token() != server.token()
    assert server.steps() == [(1, "script", "ok"), (2, "script", "ok")]


def test_what_a_machine_says_selects_its_group_for_script_and_config(tmp_path: Path) -> None:
    server = control(
        tmp_path,
        groups__rack="profile: node\nselector: {labels: {rack: a1}, subnet: 10.77.0.0/24}\n",
        configs__node="hostname: {{ group.name }}\n",
    )
    question = f"/v1/boot?mac={STRANGER}&rack=A1&uuid=00000000-0000-0000-0000-000000000000"
    script = server.client.get(question, environ_base={"REMOTE_ADDR": "10.77.0.150"}).text
    token = script.split("provision.token=")[1].split(" ")[0]

    config = server.client.get(f"/v1/config/{STRANGER}", headers=bearer(token))

    assert config.text == "hostname: rack\n"


def test_the_first_script_takes_labels_of_the_operator(server: Control) -> None:
    assert "&rack=a1&" in server.client.get("/boot.ipxe?rack=a1").text
    assert "/boot.ipxe?rack=a1 || goto" in server.client.get(f"/v1/boot?mac={NODE1}&arch=x86_64&rack=a1").text
    assert server.client.get("/boot.ipxe?rack=a%0Ashell").status_code == 400


def test_a_machine_that_no_group_takes_sees_why_and_asks_again(server: Control) -> None:
    answer = server.client.get(f"/v1/boot?mac={STRANGER}&arch=arm64")
    server.client.get(f"/v1/boot?mac={STRANGER}&arch=arm64")

    assert "echo   no group matches 52:54:00:77:00:99: " in answer.text
    assert "sleep 10\n" in answer.text
    assert server.steps(STRANGER) == [(1, "script", "failed")]


def test_a_machine_with_a_broken_config_sees_file_and_line(tmp_path: Path) -> None:
    server = control(tmp_path, configs__node="hostname: x\nhostnme: y\n")

    script = server.boot()

    assert "echo   the config of node1 is not valid\n" in script
    assert "configs/node.yaml:2:1: hostnme: " in script
    assert "provision.token" not in script


def test_a_machine_sees_what_is_wrong_with_the_inventory(tmp_path: Path) -> None:
    server = control(tmp_path, machines__node2="mac: nonsense\n")

    script = server.boot()

    assert "echo   the inventory has errors\n" in script
    assert "machines/node2.yaml:1:6: mac: 'nonsense' is not a MAC address" in script


def test_a_broken_file_keeps_the_last_good_inventory(server: Control) -> None:
    write(server.folder, {"configs/node.yaml": "hostname: {{ nope }}\n", "groups/nodes.yaml": "profile: x\n"})
    server.services.inventory.reload()

    assert "boots debian-12" in server.boot()
    assert [finding.line for finding in server.services.inventory.findings] == [1]


def test_a_repaired_file_counts_at_once(tmp_path: Path) -> None:
    server = control(tmp_path, machines__node2="mac: nonsense\n")
    write(server.folder, {"machines/node2.yaml": 'mac: "52:54:00:77:00:02"\n'})
    server.services.inventory.reload()

    assert "boots debian-12" in server.boot()


def test_a_request_without_a_mac_address_is_refused(server: Control) -> None:
    assert server.client.get("/v1/boot?mac=node1").status_code == 400


def test_a_uuid_that_thousands_of_boards_have_is_no_uuid(server: Control) -> None:
    for uuid in ("03000200-0400-0500-0006-000700080009", "4C4C4544-0042-3510-8052-B4C04F4D3732"):
        server.client.get(f"/v1/boot?mac={STRANGER}&uuid={uuid}")
        seen = server.services.store.seen(STRANGER)
        assert seen is not None
        assert seen.uuid == ("" if uuid.startswith("0") else uuid.lower())


def test_the_config_needs_the_token_of_the_boot(server: Control) -> None:
    token = server.token()
    path = "/v1/config/52-54-00-77-00-01"

    good = server.client.get(path, headers=bearer(token))
    assert (good.status_code, good.mimetype) == (200, "application/yaml")
    assert good.text.startswith("hostname: node1\netcd: {discovery: http://10.77.0.1:8080/discovery/")

    assert server.client.get(path).status_code == 403
    assert server.client.get(path, headers=bearer("guess")).status_code == 403
    assert server.client.get("/v1/config/52-54-00-77-00-02", headers=bearer(token)).status_code == 403


def test_all_machines_of_a_group_are_given_the_same_discovery_token(server: Control) -> None:
    def config(mac: str) -> str:
        path = f"/v1/config/{mac.replace(':', '-')}"
        return server.client.get(path, headers=bearer(server.token(mac))).text

    assert config(NODE1).split("\n")[1] == config("52:54:00:77:00:02").split("\n")[1]


def test_reports_are_stored_in_the_boot_of_their_token(server: Control) -> None:
    first = server.token()
    second = server.token()

    late = server.client.post("/v1/events", json=event(step="image"), headers=bearer(first))
    both = [event(step="network"), event(step="image", duration_ms=5)]
    now = server.client.post("/v1/events", json=both, headers=bearer(second))

    assert (late.status_code, now.status_code) == (204, 204)
    assert server.steps() == [
        (1, "script", "ok"),
        (2, "script", "ok"),
        (1, "image", "ok"),
        (2, "network", "ok"),
        (2, "image", "ok"),
    ]


def test_a_report_that_is_sent_again_is_stored_once(server: Control) -> None:
    token = server.token()
    for _ in range(2):
        assert server.client.post("/v1/events", json=event(), headers=bearer(token)).status_code == 204

    assert server.steps() == [(1, "script", "ok"), (1, "image", "ok")]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(event(machine="52:54:00:77:00:02"), 403, id="about another machine"),
        pytest.param([event(), event(machine="52:54:00:77:00:02")], 403, id="also about another machine"),
        pytest.param(event(step="kernel"), 400, id="a step that the server itself reports"),
        pytest.param(event(step="party"), 400, id="an unknown step"),
        pytest.param([event(), event(result="fine")], 400, id="one good, one bad"),
        pytest.param([], 400, id="nothing"),
        pytest.param("text", 400, id="no object"),
    ],
)
def test_a_wrong_report_is_refused_and_nothing_of_it_is_stored(
    server: Control, body: object, status: int
) -> None:
    token = server.token()

    assert server.client.post("/v1/events", json=body, headers=bearer(token)).status_code == status
    assert server.steps() == [(1, "script", "ok")]


def test_the_machines_are_listed_with_all_their_steps(server: Control) -> None:
    token = server.token()
    failed = event(step="apply", result="failed", message="no such host", path="files[0].source")
    server.client.post("/v1/events", json=failed, headers=bearer(token))

    first, second = server.client.get("/v1/machines").get_json()["machines"]

    assert (first["name"], first["boot"], first["state"], first["sequence"]) == (
        "node1",
        1,
        "failed",
        ["script"],
    )
    assert {step["id"]: step["state"] for step in first["steps"]} == {
        "script": "ok",
        "kernel": "pending",
        "initrd": "pending",
        "network": "pending",
        "image": "pending",
        "verify": "pending",
        "root": "pending",
        "config": "pending",
        "validate": "pending",
        "apply": "failed",
        "start": "pending",
        "register": "pending",
        "join": "pending",
    }
    assert (first["failure"]["path"], first["failure"]["message"]) == ("files[0].source", "no such host")
    assert (second["name"], second["boot"], second["state"]) == ("node2", None, "pending")


def test_the_page_shows_failures_with_their_path_and_escapes_what_machines_say(server: Control) -> None:
    token = server.token()
    failed = event(step="apply", result="failed", message="<script>x</script>", path="files[0].source")
    server.client.post("/v1/events", json=failed, headers=bearer(token))

    page = server.client.get("/")

    assert "<code>files[0].source</code> &lt;script&gt;x&lt;/script&gt;" in page.text
    assert "<script>x" not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_the_page_tells_first_how_many_failed_and_why(server: Control) -> None:
    token = server.token()
    failed = event(step="apply", result="failed", message="no such host", path="files[0].source", attempt=3)
    server.client.post("/v1/events", json=failed, headers=bearer(token))
    (server.folder / "configs/node.yaml").write_text("hostname: {{ nope }}\n")
    server.services.inventory.reload()

    page = server.client.get("/").text

    assert "<title>1 failed – pxeserver</title>" in page
    counts = page.split('<ul class="counts">')[1].split("</ul>")[0]
    assert re.findall(r">([^<>]+)</li>", counts) == ["1 failed", "1 not seen"]
    attention, machines = page.split("<h2>Needs attention</h2>")[1].split("<h2>Machines</h2>")
    assert f"<code>{server.folder}/configs/node.yaml:1:1</code>" in attention
    assert "{{ nope }}" not in page, "a line of a template may hold a secret, and anybody may see the page"
    assert "<code>files[0].source</code> no such host</td>" in attention
    assert "attempt 3" in attention
    assert '<span class="state failed">failed</span>' in machines


def test_a_machine_that_fell_silent_in_the_middle_needs_attention(server: Control) -> None:
    server.boot()
    assert "Needs attention" not in server.client.get("/").text
    clock = server.services.clock
    assert isinstance(clock, Clock)

    clock.now += 1000

    attention = server.client.get("/").text.split("<h2>Needs attention</h2>")[1].split("<h2>Machines</h2>")[0]
    assert "nothing heard since this step: boots debian-12 5f3a with profile node" in attention
    assert "16 min ago" in attention


def test_without_trouble_the_page_has_no_such_part(server: Control) -> None:
    page = server.client.get("/").text

    assert "<title>pxeserver</title>" in page
    assert "Needs attention" not in page


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0 s ago"),
        (119, "119 s ago"),
        (120, "2 min ago"),
        (7199, "119 min ago"),
        (7200, "2 h ago"),
        (4e5, "4 days ago"),
    ],
)
def test_times_are_told_in_the_largest_unit_that_fits(seconds: float, text: str) -> None:
    assert ago_text(seconds) == text


def test_the_page_needs_nothing_from_elsewhere(server: Control) -> None:
    page = server.client.get("/").text

    assert "http://" not in page
    assert "https://" not in page


def test_the_first_script_and_the_health_check_need_no_state(server: Control) -> None:
    assert server.client.get("/boot.ipxe").text.startswith("#!ipxe\n")
    assert server.client.get("/healthz").text == "ok\n"
