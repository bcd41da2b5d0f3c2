"""Sections `files`, `directories` and `links`: accepts and refuses."""

from __future__ import annotations

import json

import pytest

from tests.unit.provision.checks import codes

SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def file(**fields: object) -> list[str]:
    return codes(json.dumps({"files": [{"path": "/etc/a", **fields}]}))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("/etc/a b", [], id="space"),
        pytest.param("/etc/é", [], id="not ASCII"),
        pytest.param("etc/a", ["path-not-absolute files[0].path"], id="relative"),
        pytest.param("", ["path-not-absolute files[0].path"], id="empty"),
        pytest.param("/", ["path files[0].path"], id="root"),
        pytest.param("/etc/../a", ["path-not-normal files[0].path"], id="goes up"),
        pytest.param("/etc//a", ["path-not-normal files[0].path"], id="double slash"),
        pytest.param("//etc/a", ["path-not-normal files[0].path"], id="double slash in front"),
        pytest.param("/etc/./a", ["path-not-normal files[0].path"], id="dot"),
        pytest.param("/etc/a/", ["path-not-normal files[0].path"], id="slash at the end"),
        pytest.param("/etc/a\n", ["path files[0].path"], id="line break"),
        pytest.param("/" + "a" * 4095, ["path files[0].path"], id="longer than PATH_MAX"),
        pytest.param("/etc/${facts.hostname}/../a", [], id="variable: checked when it is known"),
    ],
)
def test_a_path(path: str, expected: list[str]) -> None:
    assert file(path=path, content="") == expected


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        pytest.param('"0644"', [], id="quoted"),
        pytest.param('"644"', [], id="quoted without zero"),
        pytest.param("0644", [], id="unquoted octal"),
        pytest.param("0o644", [], id="unquoted octal, YAML 1.2"),
        pytest.param('"4755"', [], id="set-uid"),
        pytest.param("644", ["mode-decimal files[0].mode"], id="unquoted decimal"),
        pytest.param("420", ["mode-decimal files[0].mode"], id="decimal value of 0644"),
        pytest.param("0999", ["mode files[0].mode"], id="no octal digits"),
        pytest.param('"u=rw"', ["mode files[0].mode"], id="symbolic"),
        pytest.param('"07"', ["mode files[0].mode"], id="too short"),
        pytest.param("true", ["wrong-type files[0].mode"], id="no mode at all"),
    ],
)
def test_a_mode(mode: str, expected: list[str]) -> None:
    assert codes(f'files: [{{path: /etc/a, content: "", mode: {mode}}}]') == expected
    in_directory = [code.replace("files", "directories") for code in expected]
    assert codes(f"directories: [{{path: /etc/a, mode: {mode}}}]") == in_directory


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"content": ""}, [], id="empty file"),
        pytest.param({"content_base64": "aGVsbG8=\n"}, [], id="base64"),
        pytest.param({"content_base64": "aGVs\nbG8="}, [], id="wrapped base64"),
        pytest.param({"source": "https://h/a"}, [], id="https vouches for itself"),
        pytest.param({"source": "http://h/a", "sha256": SHA256}, [], id="http with digest"),
        pytest.param({"source": "http://[::1]:80/a", "sha512": "0" * 128}, [], id="IPv6 host"),
        pytest.param({"source": "http://h/a"}, ["source-unverified files[0].source"], id="http alone"),
        pytest.param({"source": "tftp://h/a", "sha256": SHA256}, [], id="tftp with digest"),
        pytest.param({"source": "tftp://h:70/a"}, ["source-unverified files[0].source"], id="tftp alone"),
        pytest.param(
            {"source": "tftp://h", "sha256": SHA256}, ["url files[0].source"], id="tftp without a file"
        ),
        pytest.param({}, ["file-no-content files[0]"], id="nothing"),
        pytest.param(
            {"content": "", "source": "https://h/a"},
            ["file-content-twice files[0].source"],
            id="two contents",
        ),
        pytest.param({"content_base64": "a"}, ["base64 files[0].content_base64"], id="cut base64"),
        pytest.param({"content_base64": "é==="}, ["base64 files[0].content_base64"], id="not ASCII"),
        pytest.param({"source": "file:///etc/passwd"}, ["url files[0].source"], id="local file"),
        pytest.param({"source": "ftp://h/a"}, ["url files[0].source"], id="ftp"),
        pytest.param({"source": "h/a"}, ["url files[0].source"], id="no scheme"),
        pytest.param({"source": "https:///a"}, ["url files[0].source"], id="no host"),
        pytest.param({"source": "https://h:99999/a"}, ["url files[0].source"], id="no such port"),
        pytest.param({"source": "https://[::1/a"}, ["url files[0].source"], id="open bracket"),
        pytest.param({"source": "https://h/a b"}, ["url files[0].source"], id="space"),
        pytest.param(
            {"source": "https://h/a", "sha256": "00"}, ["digest files[0].sha256"], id="digest too short"
        ),
        pytest.param(
            {"source": "https://h/a", "sha256": SHA256, "sha512": "0" * 128},
            ["digest-twice files[0].sha512"],
            id="two digests",
        ),
        pytest.param(
            {"content": "", "sha256": SHA256},
            ["digest-without-source files[0].sha256"],
            id="digest of what is here",
        ),
        pytest.param({"content": "", "user": 1000, "group": "1000"}, [], id="owner by id"),
        pytest.param({"content": "", "user": -1}, ["out-of-range files[0].user"], id="no id"),
        pytest.param(
            {"content": "", "user": "9" * 5000}, ["user-name files[0].user"], id="digits without end"
        ),
        pytest.param({"content": "", "user": "www-data"}, [], id="system's user"),
        pytest.param(
            {"content": "", "user": "nobodyknows"}, ["unknown-user files[0].user"], id="user nobody makes"
        ),
        pytest.param(
            {"content": "", "user": "A b"},
            ["user-name files[0].user"],
            id="no name",
        ),
    ],
)
def test_a_files_content_and_owner(fields: dict[str, object], expected: list[str]) -> None:
    assert file(**fields) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"target": "../b"}, [], id="relative"),
        pytest.param({"target": "/b", "hard": True}, [], id="hard"),
        pytest.param({"target": ""}, ["link-target links[0].target"], id="empty"),
        pytest.param({"target": "/a"}, ["link-to-itself links[0].target"], id="itself"),
        pytest.param(
            {"target": "b", "hard": True}, ["path-not-absolute links[0].target"], id="hard and relative"
        ),
    ],
)
def test_a_link(fields: dict[str, object], expected: list[str]) -> None:
    assert codes(json.dumps({"links": [{"path": "/a", **fields}]})) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "files: [{path: /a, content: ''}]\nlinks: [{path: /a, target: b}]",
            ["duplicate-path links[0].path"],
            id="file and link",
        ),
        pytest.param(
            "links: [{path: /a, target: b}]\nfiles: [{path: /a/b, content: ''}]",
            ["below-link files[0].path"],
            id="file below a link",
        ),
        pytest.param(
            "files: [{path: /a/b, content: ''}]\ndirectories: [{path: /a}]", [], id="file below a directory"
        ),
        pytest.param(
            "links: [{path: /a, target: b}, {path: /a/b/c, target: d}]\ndirectories: [{path: /a/b}]\n"
            f"trees: [{{path: /a/t, source: 'https://h/t.tar', sha256: {SHA256}}}]",
            [
                "below-link links[1].path",
                "below-link directories[0].path",
                "below-link trees[0].path",
            ],
            id="link, directory and tree below a link",
        ),
        pytest.param(
            "links: [{path: /etc/systemd/system, target: /b}]\nunits: [{name: a.service, enable: true}]",
            ["below-link units[0].name"],
            id="unit below a link",
        ),
        pytest.param(
            "links: [{path: /etc/systemd/system/a.service.d/b.conf, target: b}]\n"
            'units: [{name: a.service, dropins: [{name: b.conf, content: "[Unit]"}]}]',
            ["duplicate-path units[0].dropins[0].name"],
            id="drop-in written as a link too",
        ),
        pytest.param(
            "directories: [{path: /a}]\nlinks: [{path: /b, target: /a, hard: true}]",
            ["hard-link-directory links[0].target"],
            id="hard link to a directory",
        ),
        pytest.param(
            "files: [{path: /a, absent: true}]\nlinks: [{path: /b, target: /a, hard: true}]",
            ["removed-file links[0].target"],
            id="hard link to what is removed",
        ),
        pytest.param(
            "directories: [{path: /a}]\nfiles: [{path: /c, content: ''}]\n"
            "links: [{path: /b, target: /a}, {path: /d, target: /c, hard: true}]",
            [],
            id="symbolic link to a directory, hard link to a file",
        ),
        pytest.param(
            "units: [{name: a.service, enable: true}]\n"
            "files: [{path: /etc/systemd/system/a.service, content: ''}]",
            ["duplicate-path units[0].name"],
            id="unit written as a file too",
        ),
        pytest.param(
            "units: [{name: a.service, enable: true}, {name: a.service, mask: true}]",
            ["duplicate-path units[1].name"],
            id="unit listed twice",
        ),
        pytest.param(
            "files: [{path: /etc/systemd/network/10-a.network, content: ''}]\n"
            "network: {interfaces: [{name: a, match: {name: a}, dhcp: true}]}",
            ["duplicate-path network.interfaces[0].name"],
            id="interface written as a file too",
        ),
    ],
)
def test_one_path_has_one_maker(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("/proc/sys/vm/swappiness", ["path"], id="of the kernel"),
        pytest.param("/sys/power/state", ["path"], id="of the kernel's devices"),
        pytest.param("/run/app", ["path-forgotten"], id="empty at boot"),
        pytest.param("/var/run/app", ["path-forgotten"], id="the same under its old name"),
        pytest.param("/tmp/app", ["path-forgotten"], id="emptied at boot"),  # noqa: S108 - nothing is made there
        pytest.param("/dev/app", ["path-forgotten"], id="made by the kernel at boot"),
        pytest.param("/var/tmp/app", [], id="kept"),  # noqa: S108
        pytest.param("/running/app", [], id="another name"),
    ],
)
def test_what_is_made_stays(path: str, expected: list[str]) -> None:
    for section, fields in [("files", {"content": ""}), ("directories", {}), ("links", {"target": "b"})]:
        found = codes(json.dumps({section: [{"path": path, **fields}]}))
        assert found == [f"{code} {section}[0].path" for code in expected]
        if expected != ["path"]:
            assert codes(json.dumps({section: [{"path": path, "absent": True}]})) == []
