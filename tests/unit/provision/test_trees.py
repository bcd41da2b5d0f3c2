"""Section `trees`: accepts and refuses, and what it plans."""

from __future__ import annotations

import base64
import json

import pytest

from provision.actions import RemoteContent, UnpackTree
from provision.facts import Facts
from provision.load import load_bytes
from provision.plan.build import plan
from tests.unit.provision.archives import archive
from tests.unit.provision.checks import codes

DIGEST = "ab" * 32


def inline(data: bytes) -> str:
    return "data:;base64," + base64.b64encode(data).decode()


def tree(**fields: object) -> dict[str, object]:
    return {"path": "/srv/www", "source": "https://files.example/site.tar", **fields}


def trees(*entries: dict[str, object], **more: object) -> list[str]:
    return [code.replace(" trees", " ") for code in codes(json.dumps({"trees": entries, **more}))]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({}, [], id="https without a digest"),
        pytest.param(
            {"sha256": DIGEST, "strip": 1, "user": "root", "file_mode": "0644"}, [], id="most fields"
        ),
        pytest.param({"headers": {"Authorization": "Bearer x"}}, [], id="headers"),
        pytest.param({"source": inline(archive(("file", "a", "")))}, [], id="in the config itself"),
        pytest.param({"path": "srv"}, ["path-not-absolute [0].path"], id="relative path"),
        pytest.param({"path": "/"}, ["path [0].path"], id="the root"),
        pytest.param({"path": "/srv/../etc"}, ["path-not-normal [0].path"], id="path that goes up"),
        pytest.param({"source": "ftp://a/b"}, ["url [0].source"], id="scheme"),
        pytest.param({"source": "http://a/b"}, ["source-unverified [0].source"], id="http without a digest"),
        pytest.param({"sha256": "ab"}, ["digest [0].sha256"], id="short digest"),
        pytest.param({"sha256": DIGEST, "sha512": 2 * DIGEST}, ["digest-twice [0].sha512"], id="two digests"),
        pytest.param({"strip": -1}, ["out-of-range [0].strip"], id="negative strip"),
        pytest.param({"file_mode": "888"}, ["mode [0].file_mode"], id="file mode"),
        pytest.param({"dir_mode": 755}, ["mode-decimal [0].dir_mode"], id="decimal mode"),
        pytest.param({"user": "no user"}, ["user-name [0].user"], id="owner"),
        pytest.param({"group": "webmasters"}, ["unknown-group [0].group"], id="group that nobody makes"),
        pytest.param({"source": "data:;base64,%%"}, ["url [0].source"], id="no base64"),
        pytest.param({"source": "data:,text"}, ["archive [0].source"], id="no archive"),
        pytest.param(
            {"source": inline(archive(("file", "../a", "")))},
            ["archive [0].source"],
            id="archive that leads out",
        ),
        pytest.param(
            {"source": inline(archive(("file", "a", ""))), "strip": 1},
            ["archive [0].source"],
            id="nothing left",
        ),
        pytest.param(
            {"source": inline(archive(("file", "a", ""))), "sha256": DIGEST},
            ["digest-mismatch [0].sha256"],
            id="digest of other content",
        ),
    ],
)
def test_trees(fields: dict[str, object], expected: list[str]) -> None:
    assert trees(tree(**fields)) == expected


def test_a_source_is_needed() -> None:
    assert trees({"path": "/srv/www"}) == ["missing-key [0]"]


def test_files_and_other_trees_may_stand_below_a_tree_but_not_in_its_place() -> None:
    inside = {"path": "/srv/www/local.conf", "content": ""}

    assert trees(tree(), tree(path="/srv/www/docs"), files=[inside]) == []
    assert trees(tree(), tree()) == ["duplicate-path [1].path"]
    assert trees(tree(), files=[{"path": "/srv/www", "content": ""}])[0].startswith("duplicate-path")
    assert "below-file [0].path" in trees(tree(), files=[{"path": "/srv", "content": ""}])


def test_a_tree_is_planned_with_what_it_says() -> None:
    config = {
        "trees": [tree(sha512=2 * DIGEST.upper(), strip=2, user=7, dir_mode="2775", headers={"X": "y"})]
    }
    document = load_bytes(json.dumps(config).encode(), file="config.yaml").document
    assert document is not None

    (step,) = plan(document, Facts()).steps

    assert isinstance(step.action, UnpackTree)
    assert step.because == "trees[0].source"
    assert (step.action.path, step.action.strip, step.action.user) == ("/srv/www", 2, 7)
    assert (step.action.file_mode, step.action.dir_mode) == (None, 0o2775)
    assert isinstance(step.action.archive, RemoteContent)
    assert (step.action.archive.algorithm, step.action.archive.digest) == ("sha512", 2 * DIGEST)
    assert "y" not in repr(step)
