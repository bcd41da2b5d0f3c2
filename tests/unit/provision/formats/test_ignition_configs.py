"""Ignition configs that merge others, or are replaced by one."""

from __future__ import annotations

import gzip
import hashlib
import json
from base64 import b64encode
from typing import Any

from provision.document import Document
from provision.errors import SourceError
from provision.load import Loaded, load_bytes
from provision.resolve import Includes
from provision.sections.appended import Appended
from provision.sections.kernel import Arguments
from tests.unit.provision.formats.loading import codes

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
URL = "https://configs.example/child.ign"


def ignition(config: dict[str, Any] | None = None, **sections: Any) -> dict[str, Any]:
    return {"ignition": {"version": "3.3.0", "config": config}, **sections}


def load(config: object, **others: object) -> Loaded:
    """`others` are what URLs give, by the name of the file at configs.example."""

    def fetch(url: str) -> bytes:
        name = url.rpartition("/")[2].partition(".")[0]
        if name not in others:
            raise SourceError("nothing there")
        found = others[name]
        return found if isinstance(found, bytes) else json.dumps(found).encode()

    return load_bytes(json.dumps(config).encode(), file="main.ign", resolver=Includes(fetch=fetch))


def document(loaded: Loaded) -> Document:
    assert loaded.document is not None, loaded.findings
    return loaded.document


def merge(*sources: str, **sections: Any) -> dict[str, Any]:
    return ignition({"merge": [{"source": source} for source in sources]}, **sections)


def data(config: object) -> str:
    return f"data:;base64,{b64encode(json.dumps(config).encode()).decode()}"


def files(*found: dict[str, Any]) -> dict[str, Any]:
    return {"files": list(found)}


def file(source: str, **more: Any) -> dict[str, Any]:
    return {"path": "/a", "contents": {"source": source}, **more}


def test_what_is_merged_says_more_than_the_config_itself() -> None:
    child = ignition(storage=files(file("data:,child", mode=0o600)))
    parent = merge(URL, storage=files(file("data:,parent", mode=0o644, user={"id": 5})))

    (made,) = document(load(parent, child=child)).files

    assert (made.source, made.mode, made.user) == ("data:,child", "0600", 5)


def test_later_configs_go_over_earlier_ones_and_what_those_merge() -> None:
    grandchild = ignition(storage=files(file("data:,grandchild")))
    first, second = (
        merge(data(grandchild), storage=files(file("data:,first"))),
        ignition(storage=files(file("data:,second"))),
    )

    assert document(load(merge(data(first)))).files[0].source == "data:,grandchild"
    assert document(load(merge(data(first), data(second)))).files[0].source == "data:,second"


def test_lists_of_names_add_up_and_appended_pieces_follow() -> None:
    units = [{"name": "a.service", "dropins": [{"name": "10.conf", "contents": "[Unit]\n"}]}]
    child = ignition(
        passwd={"users": [{"name": "core", "groups": ["sudo"], "sshAuthorizedKeys": [KEY, f"{KEY} child"]}]},
        storage=files({"path": "/a", "append": [{"source": "data:,child"}]}),
        systemd={"units": units},
    )
    units = [{"name": "a.service", "dropins": [{"name": "20.conf", "contents": "[Unit]\n"}]}]
    parent = merge(
        data(child),
        passwd={"users": [{"name": "core", "groups": ["adm", "sudo"], "sshAuthorizedKeys": [KEY]}]},
        storage=files(file("data:,parent", append=[{"source": "data:,own"}])),
        systemd={"units": units},
    )

    made = document(load(parent))

    assert made.users[0].groups == ("adm", "sudo")
    assert made.users[0].ssh_authorized_keys == (KEY, f"{KEY} child")
    assert made.files[0].source == "data:,parent"
    assert made.files[0].append == (Appended(source="data:,own"), Appended(source="data:,child"))
    assert [dropin.name for dropin in made.units[0].dropins] == ["20.conf", "10.conf"]


def test_a_path_is_one_thing() -> None:
    child = ignition(storage={"links": [{"path": "/a", "target": "b"}]})

    made = document(load(merge(data(child), storage=files(file("data:,x"), {"path": "/b"}))))

    assert [one.path for one in made.files] == ["/b"]
    assert [one.path for one in made.links] == ["/a"]


def test_a_replaced_config_says_nothing() -> None:
    child = ignition(storage=files(file("data:,child")))
    parent = ignition(
        {"replace": {"source": URL}, "merge": [{"source": data({})}]}, storage=files({"path": "/b"})
    )

    loaded = load(parent, child=child)

    assert codes(loaded) == ["replaced-config ignition.config.merge"]
    assert [one.path for one in document(loaded).files] == ["/a"]


def test_packed_and_verified_configs() -> None:
    child = json.dumps(ignition(storage=files(file("data:,child")))).encode()
    digest = hashlib.sha512(child).hexdigest()

    def parent(digest: str) -> dict[str, Any]:
        reference = {"source": URL, "compression": "gzip", "verification": {"hash": f"sha512-{digest}"}}
        return ignition({"merge": [reference]})

    assert document(load(parent(digest), child=gzip.compress(child))).files[0].path == "/a"
    assert codes(load(parent("0" * 128), child=gzip.compress(child))) == [
        "include-source ignition.config.merge[0]"
    ]


def test_what_cannot_be_merged_is_found_where_it_is_asked_for() -> None:
    for source, expected in (
        ("ftp://configs.example/a", "url ignition.config.merge[0].source"),
        ("https://me:secret@configs.example/a", "include-url ignition.config.merge[0].source"),
        (URL, "include-source ignition.config.merge[0]"),
        ("data:;base64,?", "url ignition.config.merge[0]"),
        ("", "missing-key ignition.config.merge[0]"),
    ):
        loaded = load(merge(source))
        assert codes(loaded) == [expected]
        assert loaded.document is None


def test_a_config_over_http_wants_a_digest() -> None:
    loaded = load(merge("http://configs.example/child.ign"), child=ignition())

    assert codes(loaded) == ["source-unverified ignition.config.merge[0]"]
    assert loaded.valid


def test_mistakes_of_a_merged_config_are_its_own() -> None:
    loaded = load(merge(URL), child=ignition(storage=files({"path": "/a", "mod": 420})))

    assert codes(loaded) == ["unknown-key storage.files[0].mod"]
    assert loaded.findings[0].file == URL
    inside = load(merge(data(ignition(storage=files({"path": "a"})))))
    assert codes(inside) == ["path-not-absolute storage.files[0].path"]
    assert (inside.findings[0].file, inside.findings[0].part) == ("main.ign", "ignition.config.merge[0]")


def test_a_config_that_merges_itself_is_refused() -> None:
    assert "include-loop ignition.config.merge[0]" in codes(load(merge(URL), child=merge(URL)))


def test_headers_for_configs_are_refused_by_name() -> None:
    reference = {"source": URL, "httpHeaders": [{"name": "A", "value": "secret"}]}

    loaded = load(ignition({"merge": [reference]}), child=ignition())

    assert codes(loaded) == ["not-carried ignition.config.merge[0].httpHeaders"]


def test_what_stands_in_the_config_needs_no_way_to_others() -> None:
    text = json.dumps(merge(data(ignition(storage=files({"path": "/c"}))))).encode()

    assert document(load_bytes(text, file="main.ign")).files[0].path == "/c"
    assert codes(load_bytes(json.dumps(merge(URL)).encode(), file="main.ign")) == [
        "include-unresolved ignition.config.merge[0]"
    ]


def test_arguments_of_the_kernel_add_up_and_exclude_each_other() -> None:
    child = ignition(kernelArguments={"shouldExist": ["a", "b"], "shouldNotExist": ["quiet"]})
    parent = merge(data(child), kernelArguments={"shouldExist": ["quiet", "a"], "shouldNotExist": ["b", "c"]})

    kernel = document(load(parent)).kernel

    assert kernel is not None
    assert kernel.arguments == Arguments(present=("a", "b"), absent=("c", "quiet"))
