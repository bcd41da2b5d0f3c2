"""What can be said about a container, and what is refused."""

from __future__ import annotations

import json

import pytest

from tests.unit.provision.checks import codes

DIGEST = "sha256:" + "ab" * 32
IMAGE = f"docker.io/library/web@{DIGEST}"


def containers(*given: dict[str, object], **sections: object) -> list[str]:
    return codes(json.dumps({"containers": given, **sections}))


def container(**fields: object) -> list[str]:
    """Findings about one container; a field given as None is left out."""
    base = {"name": "web", "engine": "docker", "image": IMAGE}
    found = containers({key: value for key, value in {**base, **fields}.items() if value is not None})
    return [line.replace("containers[0].", "").removesuffix(" containers[0]") for line in found]


def tree(engine: str, **fields: object) -> list[str]:
    return container(
        **{"engine": engine, "image": None, "root": "/srv/web", "command": ["/bin/web"], **fields}
    )


@pytest.mark.parametrize("name", ["web", "web-1", "a.b", "Web", "${facts.hostname}", "a" * 63])
def test_a_name_is_accepted(name: str) -> None:
    assert container(name=name) == []


@pytest.mark.parametrize("name", ["", "web.service", "a_b", "-a", "a/b", "a b", "a@b", "é", "a" * 64])
def test_a_name_is_refused(name: str) -> None:
    assert container(name=name) == ["container-name name"]


@pytest.mark.parametrize(
    "image",
    [
        f"web@{DIGEST}",
        f"docker.io/library/web:1.25@{DIGEST}",
        f"registry.example:5000/team/app_x/web@{DIGEST}",
        f"[::1]:5000/web:Tag_1@sha512:{'0' * 128}",
        "registry.example/${facts.hostname}",
    ],
)
def test_an_image_is_accepted(image: str) -> None:
    assert container(image=image) == []


@pytest.mark.parametrize(
    ("image", "code"),
    [
        pytest.param("", "image", id="empty"),
        pytest.param(f"Web@{DIGEST}", "image", id="capital"),
        pytest.param(f"https://docker.io/web@{DIGEST}", "image", id="a URL"),
        pytest.param(f"web:@{DIGEST}", "image", id="empty tag"),
        pytest.param(f"web:{'a' * 129}@{DIGEST}", "image", id="long tag"),
        pytest.param(f"--rm/web@{DIGEST}", "image", id="an option"),
        pytest.param("web@sha256:abc", "digest", id="short digest"),
        pytest.param(f"web@{DIGEST.upper()}", "digest", id="capital digest"),
        pytest.param(f"web@md5:{'0' * 32}", "digest", id="unknown algorithm"),
        pytest.param("web@", "digest", id="no digest after @"),
        pytest.param("web:1.25", "image-unpinned", id="tag alone"),
        pytest.param("registry.example:5000/web", "image-unpinned", id="neither tag nor digest"),
    ],
)
def test_an_image_is_found_wrong(image: str, code: str) -> None:
    assert container(image=image) == [f"{code} image"]


def test_podman_needs_to_be_told_the_registry() -> None:
    assert container(engine="podman", image=f"web@{DIGEST}") == ["image-registry image"]
    assert container(engine="podman", image=f"docker.io/library/web@{DIGEST}") == []
    assert container(engine="podman", image=f"localhost/web@{DIGEST}") == []


def test_quadlet_is_not_everywhere() -> None:
    assert container(engine="quadlet") == ["container-quadlet engine"]


FULL: dict[str, object] = {
    "command": ["/bin/web", "--say", 'it\'s "100%" $x\n'],
    "environment": {"LEVEL": 'a "b" $c %d', "_": ""},
    "secret_environment": {"TOKEN": "x y"},
    "volumes": [{"source": "/srv/a", "target": "/a"}, {"source": "/b", "target": "/b", "read_only": True}],
    "user": "1000:1000",
    "limits": {"memory": "512M", "cpus": 0.5, "pids": 100},
    "restart": "on-failure",
    "after": ["db.service"],
    "requires": ["srv-my\\x2ddata.mount"],
    "stop_timeout_s": 30,
    "capabilities": {"drop": ["NET_RAW", "CAP_CHOWN"]},
}
HTTP: dict[str, object] = {"host": 8080, "container": 80}
PORTS = [HTTP, {"host": 53, "container": 53, "protocol": "udp"}]
HEALTH = {"command": ["/bin/true"], "interval_s": 5, "timeout_s": 2, "retries": 2, "start_period_s": 9}


@pytest.mark.parametrize("engine", ["docker", "podman"])
def test_an_engine_with_images_can_do_everything(engine: str) -> None:
    fields = {**FULL, "ports": PORTS, "health": HEALTH, "capabilities": {"add": ["NET_ADMIN"]}}

    assert container(engine=engine, pull="always", privileged=True, network="lab", **fields) == []
    assert container(engine=engine, volumes=[{"source": "named", "target": "/a"}], pull="never") == []


@pytest.mark.parametrize("engine", ["nspawn", "lxc", "directory"])
def test_an_engine_with_trees_can_do_the_rest(engine: str) -> None:
    assert tree(engine, network="none", privileged=True, **FULL) == []
    assert tree(engine, image=IMAGE, root=None) == []


@pytest.mark.parametrize("engine", ["nspawn", "lxc"])
def test_a_tree_with_an_init_needs_no_command(engine: str) -> None:
    assert tree(engine, command=None) == []


@pytest.mark.parametrize(
    ("engine", "fields", "path"),
    [
        ("docker", {"image": None, "root": "/srv/web"}, "root"),
        ("docker", {"network": "host", "ports": PORTS}, "ports"),
        ("podman", {"network": "none", "ports": PORTS}, "ports"),
        ("nspawn", {"health": HEALTH}, "health"),
        ("nspawn", {"ports": PORTS}, "ports"),
        ("nspawn", {"network": "bridge", "ports": [{**HTTP, "address": "10.0.0.1"}]}, "ports[0].address"),
        ("nspawn", {"image": IMAGE, "root": None, "command": None}, "image"),
        ("nspawn", {"image": IMAGE, "root": None, "pull": "always"}, "pull"),
        ("nspawn", {"network": "lab"}, "network"),
        ("lxc", {"volumes": [{"source": "named", "target": "/a"}]}, "volumes[0].source"),
        ("lxc", {"ports": PORTS}, "ports"),
        ("lxc", {"capabilities": {"add": ["NET_ADMIN"]}}, "capabilities.add"),
        ("lxc", {"root": "/srv/web.raw"}, "root"),
        ("lxc", {"user": "app"}, "user"),
        ("directory", {"ports": PORTS}, "ports"),
        ("directory", {"network": "bridge"}, "network"),
        ("directory", {"command": None}, "root"),
        ("directory", {"command": ["web"]}, "command[0]"),
        ("directory", {"command": ["/bin/$web"]}, "command[0]"),
    ],
)
def test_what_an_engine_lacks_is_refused(engine: str, fields: dict[str, object], path: str) -> None:
    base = (
        {} if engine in ("docker", "podman") else {"image": None, "root": "/srv/web", "command": ["/bin/web"]}
    )

    assert container(**{"engine": engine, **base, **fields}) == [f"container-engine {path}"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"engine": "rkt"}, ["wrong-type engine"], id="no such engine"),
        pytest.param({"engine": None}, ["missing-key"], id="no engine"),
        pytest.param({"image": None}, ["container-no-image"], id="nothing to run"),
        pytest.param({"command": ["a\0"]}, ["container-command command[0]"], id="NUL"),
        pytest.param({"command": [""]}, ["container-command command[0]"], id="no program"),
        pytest.param({"environment": {"1A": "b"}}, ["environment-name environment.1A"], id="variable's name"),
        pytest.param({"environment": {"A": "b\nc"}}, ["environment-value environment.A"], id="line break"),
        pytest.param(
            {"secret_environment": {"A": "b\nc"}},
            ["environment-value secret_environment.A"],
            id="in a secret",
        ),
        pytest.param(
            {"environment": {"A": "b"}, "secret_environment": {"A": "c"}},
            ["duplicate-name secret_environment.A"],
            id="secret and not",
        ),
        pytest.param({"environment": {"PORT": 80}}, ["wrong-type environment.PORT"], id="number"),
        pytest.param(
            {"volumes": [{"source": "/a", "target": "data"}]},
            ["path-not-absolute volumes[0].target"],
            id="relative target",
        ),
        pytest.param(
            {"volumes": [{"source": "./a", "target": "/a"}]},
            ["path-not-absolute volumes[0].source"],
            id="relative source",
        ),
        pytest.param(
            {"volumes": [{"source": "/a:b", "target": "/a"}]},
            ["container-path volumes[0].source"],
            id="colon in a path",
        ),
        pytest.param(
            {"volumes": [{"source": "/a", "target": "/a"}, {"source": "/b", "target": "/a"}]},
            ["duplicate-target volumes[1].target"],
            id="target twice",
        ),
        pytest.param(
            {"ports": [{"host": 0, "container": 65536}]},
            ["out-of-range ports[0].host", "out-of-range ports[0].container"],
            id="no ports",
        ),
        pytest.param(
            {"ports": [{"host": 1, "container": 1, "address": "eth0"}]},
            ["ip ports[0].address"],
            id="no address",
        ),
        pytest.param({"limits": {"memory": "512MB"}}, ["memory-size limits.memory"], id="unit of memory"),
        pytest.param({"limits": {"memory": "0"}}, ["memory-size limits.memory"], id="no memory"),
        pytest.param({"limits": {"cpus": 0}}, ["out-of-range limits.cpus"], id="no processor"),
        pytest.param({"limits": {"pids": 0}}, ["out-of-range limits.pids"], id="no process"),
        pytest.param({"network": "a b"}, ["container-network network"], id="network"),
        pytest.param({"user": "a b"}, ["container-user user"], id="user"),
        pytest.param({"restart": True}, ["wrong-type restart"], id="restart: true"),
        pytest.param({"restart": "never"}, ["wrong-type restart"], id="restart: never"),
        pytest.param(
            {"health": {"command": []}}, ["container-command health.command"], id="nothing to check"
        ),
        pytest.param(
            {"health": {"command": ["a"], "interval_s": 0}},
            ["out-of-range health.interval_s"],
            id="no interval",
        ),
        pytest.param({"stop_timeout_s": 0}, ["out-of-range stop_timeout_s"], id="no time to stop"),
        pytest.param(
            {"capabilities": {"add": ["NET_ADMN"]}}, ["capability capabilities.add[0]"], id="capability"
        ),
        pytest.param({"restart": False}, [], id="no without quotes is false"),
    ],
)
def test_a_container(fields: dict[str, object], expected: list[str]) -> None:
    assert container(**fields) == expected


def test_image_and_root_exclude_each_other() -> None:
    assert tree("nspawn", image=IMAGE) == ["container-image-twice root"]


def two(first: dict[str, object], second: dict[str, object]) -> list[str]:
    base = {"engine": "docker", "image": IMAGE}
    return containers({"name": "one", **base, **first}, {"name": "two", **base, **second})


def port(**fields: object) -> dict[str, object]:
    return {"ports": [{"host": 80, "container": 80, **fields}]}


def test_a_name_is_used_once() -> None:
    assert two({}, {"name": "one"}) == ["duplicate-name containers[1].name"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param({}, {"host": 81}, id="other port"),
        pytest.param({}, {"protocol": "udp"}, id="other protocol"),
        pytest.param({"address": "10.0.0.1"}, {"address": "10.0.0.2"}, id="other address"),
    ],
)
def test_ports_beside_each_other(first: dict[str, object], second: dict[str, object]) -> None:
    assert two(port(**first), port(**second)) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param({}, {"container": 81}, id="the same port"),
        pytest.param({"address": "10.0.0.1"}, {"address": "10.0.0.1"}, id="the same address"),
        pytest.param({"address": "10.0.0.1"}, {}, id="one of all addresses"),
        pytest.param({"address": "0.0.0.0"}, {"address": "10.0.0.1"}, id="all addresses by number"),
    ],
)
def test_a_port_is_taken_once(first: dict[str, object], second: dict[str, object]) -> None:
    assert two(port(**first), port(**second)) == ["duplicate-port containers[1].ports[0].host"]


def test_a_dependency_is_a_container_or_a_unit() -> None:
    assert two({"requires": ["two", "time-sync.target"]}, {"after": ["local-fs.target"]}) == []
    assert two({"requires": ["tow"]}, {"after": ["a b"]}) == [
        "unknown-container containers[0].requires[0]",
        "unit-name containers[1].after[0]",
    ]


def test_containers_do_not_wait_for_each_other_in_a_circle() -> None:
    assert two({"requires": ["two"]}, {"after": ["one.service"]}) == ["dependency-cycle containers[0].name"]
    assert two({"after": ["one"]}, {"after": ["two"]}) == [
        "dependency-cycle containers[0].name",
        "dependency-cycle containers[1].name",
    ]


def test_a_container_and_a_unit_do_not_share_a_name() -> None:
    unit = {"name": "web.service", "content": "[Service]\nExecStart=/bin/true\n"}
    base = {"name": "web", "image": IMAGE}

    assert containers({**base, "engine": "docker"}, units=[unit]) == ["duplicate-path containers[0].name"]
    assert containers({**base, "engine": "quadlet"}, units=[unit]) == [
        "duplicate-path containers[0].name",
        "container-quadlet containers[0].engine",
    ]
    pull = {**unit, "name": "web-pull.service"}
    assert containers({**base, "engine": "docker"}, units=[pull]) == ["duplicate-path containers[0].name"]
