"""`include`: configs built on others, and findings that still point at the file a value was written in."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.document import Document
from provision.findings import render_text
from provision.formats.compose import MAX_DEPTH, MAX_INCLUDES
from provision.formats.merge import KEYS
from provision.load import Loaded, load_bytes
from provision.resolve import CannotInclude, Included, Listed
from provision.schema import document_schema
from provision.sections.include import Include

SECRET = "hunter2hunter2"


@dataclass
class Shelf:
    """Texts by name, in place of files."""

    texts: dict[str, str]
    asked: list[str] = field(default_factory=list)

    def identity(self, file: str) -> str:
        return file

    def read(self, include: Include, including: str) -> Included | None:
        name = include.file or ""
        self.asked.append(name)
        if name not in self.texts:
            raise CannotInclude("include-unreadable", "not on the shelf")
        return Included(name, name, self.texts[name].encode())

    def listing(self, directory: str, including: str) -> tuple[Listed, ...]:
        raise CannotInclude("include-unreadable", "no directories on the shelf")


def load(text: str, **others: str) -> Loaded:
    return load_bytes(text.encode(), file="main", resolver=Shelf({"main": text, **others}))


def composed(text: str, **others: str) -> Document:
    loaded = load(text, **others)
    assert loaded.document is not None, loaded.findings
    return loaded.document


def found(loaded: Loaded) -> list[str]:
    return [f"{one.code} {one.path} {one.file}:{one.line}:{one.column}" for one in loaded.findings]


BASE = """\
hostname: base
users:
  - {name: core, uid: 1000, groups: [sudo, adm], shell: /bin/bash}
  - {name: ops}
network:
  interfaces:
    - {name: lan, match: {name: "en*"}, addresses: [10.0.0.1/8], mtu: 9000}
etcd: {discovery: "http://10.0.0.1/t", settings: {heartbeat-interval: 100, election-timeout: 1000}}
vars: {a: 1, b: 2}
"""


def test_the_including_file_wins_field_by_field_and_what_it_does_not_say_holds() -> None:
    document = composed(
        "include: [{file: base}]\n"
        "users: [{name: new}, {name: core, groups: [adm], gecos: Core}]\n"
        "network: {interfaces: [{name: lan, match: {mac: 52-54-00-12-34-56}, addresses: [10.0.0.2/8]}]}\n"
        "etcd: {name: m1, settings: {heartbeat-interval: 500}}\n",
        base=BASE,
    )

    assert document.hostname == "base"
    core, ops, new = document.users
    assert (core.uid, core.groups, core.shell, core.gecos) == (1000, ("adm",), "/bin/bash", "Core")
    assert (ops.name, new.name) == ("ops", "new")
    assert document.network is not None
    (lan,) = document.network.interfaces
    assert (lan.addresses, lan.mtu) == (("10.0.0.2/8",), 9000)
    assert lan.match is not None
    assert (lan.match.name, lan.match.mac) == ("en*", "52-54-00-12-34-56")
    assert document.etcd is not None
    assert (document.etcd.name, document.etcd.discovery) == ("m1", "http://10.0.0.1/t")
    assert document.etcd.settings == {"heartbeat-interval": 500, "election-timeout": 1000}


def test_a_later_include_wins_over_an_earlier_one_and_an_including_file_over_what_it_includes() -> None:
    files = {
        "one": "hostname: one\nfiles: [{path: /a, content: one}, {path: /b, content: one}]\n",
        "two": "include: [{file: deep}]\nhostname: two\nfiles: [{path: /a, content: two}]\n",
        "deep": "hostname: deep\nfiles: [{path: /a, mode: '0600'}, {path: /c, content: deep}]\n",
    }

    document = composed("include: [{file: one}, {file: two}]\n", **files)

    assert document.hostname == "two"
    assert [(file.path, file.content, file.mode) for file in document.files] == [
        ("/a", "two", "0600"),
        ("/b", "one", None),
        ("/c", "deep", None),
    ]


def test_variables_merge_before_they_are_filled_in() -> None:
    document = composed(
        "include: [{file: base}]\nvars: {site: berlin}\n",
        base="vars: {site: nowhere, domain: lab}\nhostname: n-${vars.site}.${vars.domain}\n",
    )

    assert document.hostname == "n-berlin.lab"


def test_merged_keys_of_yaml_count_in_each_file() -> None:
    document = composed(
        "include: [{file: base}]\nusers:\n- &x {name: a, uid: 5}\n- {<<: *x, name: b, uid: 6}\n",
        base="users:\n- &x {name: b, shell: /bin/sh}\n- {<<: *x, name: a}\n",
    )

    assert [(user.name, user.uid, user.shell) for user in document.users] == [
        ("b", 6, "/bin/sh"),
        ("a", 5, "/bin/sh"),
    ]


@pytest.mark.parametrize("place", sorted(KEYS), ids=".".join)
def test_every_rule_of_merging_is_about_a_list_whose_entries_need_that_key(place: tuple[str, ...]) -> None:
    definitions = document_schema()["$defs"]
    schema = document_schema()
    for name in place:
        part = schema["properties"][name]
        part = next((branch for branch in part.get("anyOf", ()) if "$ref" in branch), part)
        reference = part.get("items", part)["$ref"]
        schema = definitions[reference.rpartition("/")[2]]

    assert KEYS[place] in schema["required"]


def test_a_finding_points_into_the_file_that_says_it() -> None:
    loaded = load(
        "include: [{file: base}]\nhostname: node_1\nusers:\n- name: core\n  shell: sh\n",
        base="users:\n- name: core\n  home: core\n- name: B\nuser: []\n",
    )

    assert found(loaded) == [
        "hostname hostname main:2:11",
        "path-not-absolute users[0].shell main:5:10",
        "path-not-absolute users[0].home base:3:9",
        "user-name users[1].name base:4:9",
        "unknown-key user base:5:1",
    ]


def test_the_same_name_twice_in_one_file_is_still_found() -> None:
    loaded = load("include: [{file: base}]\n", base="users: [{name: a}, {name: a}]\n")

    assert found(loaded) == ["duplicate-name users[1].name base:1:27"]


@pytest.mark.parametrize(
    ("text", "others", "expected"),
    [
        pytest.param("include: [{file: main}]", {}, ["include-loop include[0].file main:1:18"], id="itself"),
        pytest.param(
            "include: [{file: a}]",
            {"a": "include: [{file: b}]", "b": "include: [{file: a}]"},
            ["include-loop include[0].file b:1:18"],
            id="each other",
        ),
        pytest.param(
            "include: [{file: a}]", {}, ["include-unreadable include[0].file main:1:18"], id="missing"
        ),
        pytest.param("include: [{file: a}]", {"a": "- x"}, ["wrong-type  a:1:1"], id="no mapping"),
        pytest.param("include: [{file: a}]", {"a": ""}, ["empty  a:1:1"], id="empty"),
        pytest.param("include: [{file: a}]", {"a": "x: [\n"}, ["yaml  a:2:1"], id="no YAML"),
        pytest.param(
            "include: [{file: a}]", {"a": "x: 1\nx: 2\n"}, ["duplicate-key x a:2:1"], id="a key twice"
        ),
        pytest.param(
            "include: [{file: a}]",
            {"a": "users: &a [*a]"},
            ["alias-loop users[0] a:1:8"],
            id="alias of itself",
        ),
        pytest.param(
            "include: [{file: a}]",
            {"a": "include: [{fil: b}]\n"},
            ["unknown-key include[0].fil a:1:12"],
            id="unknown key of an include",
        ),
        pytest.param("include: a", {}, ["wrong-type include main:1:10"], id="no list"),
        pytest.param("include: [{}]", {}, ["include include[0] main:1:11"], id="nothing to include"),
        pytest.param("include: [{file: /a}]", {}, ["include-path include[0].file main:1:18"], id="absolute"),
        pytest.param("include: [{file: ''}]", {}, ["include-path include[0].file main:1:18"], id="no path"),
        pytest.param(
            "include: [{file: '${vars.a}'}]",
            {},
            ["include-variable include[0].file main:1:18"],
            id="a variable",
        ),
        pytest.param(
            "include: [{url: 'http://a/b'}]", {}, ["include-digest include[0].url main:1:17"], id="no digest"
        ),
        pytest.param(
            "include: [{file: a, sha256: " + "a" * 64 + "}]",
            {"a": "hostname: a"},
            ["digest-without-source include[0].sha256 main:1:21"],
            id="a digest of a file",
        ),
        pytest.param(
            "include: [{file: a}, {file: a}]\nhostname: x", {"a": "hostname: a"}, [], id="the same one twice"
        ),
    ],
)
def test_an_include_that_gives_nothing_is_refused_at_its_place(
    text: str, others: dict[str, str], expected: list[str]
) -> None:
    assert found(load(text, **others)) == expected


def test_what_is_missing_is_not_blamed_on_those_who_refer_to_it() -> None:
    loaded = load("include: [{file: gone}]\nhostname: ${vars.name}\n")

    assert found(loaded) == ["include-unreadable include[0].file main:1:18"]


def test_includes_below_each_other_are_limited() -> None:
    deep = {f"f{n}": f"include: [{{file: f{n + 1}}}]" for n in range(20)}

    assert found(load("include: [{file: f0}]", **deep)) == [
        f"include-depth include[0].file f{MAX_DEPTH - 1}:1:18"
    ]


def test_includes_beside_each_other_are_limited() -> None:
    wide = {f"f{n}": f"include: [{{file: f{n + 1}}}, {{file: f{n + 1}}}]" for n in range(20)}
    wide["f6"] = "hostname: a"
    shelf = Shelf(wide)

    loaded = load_bytes(b"include: [{file: f0}]", file="main", resolver=shelf)

    assert {finding.code for finding in loaded.findings} == {"include-count"}
    assert len(shelf.asked) == MAX_INCLUDES


def test_the_size_of_all_files_together_is_limited() -> None:
    big = "#" * 600_000 + "\nhostname: a\n"

    loaded = load("include: [{file: a}, {file: b}]", a=big, b=big)

    assert found(loaded) == ["include-too-large include[1].file main:1:29"]


def test_without_a_resolver_nothing_is_included() -> None:
    loaded = load_bytes(b"include: [{file: a}]\n", file="main")

    assert found(loaded) == ["include-unresolved include[0].file main:1:18"]


@pytest.mark.parametrize(
    ("text", "base"),
    [
        pytest.param("users: [{name: a, uid: x}]", "users: [{name: a, password_hash: S}]", id="merged entry"),
        pytest.param("users: [{name: a, uid: x, password_hash: S}]", "users: [{name: a}]", id="in both"),
        pytest.param("usrs: {a: 1}", "usrs: {b: S}", id="a misspelt section of both files"),
        pytest.param("hostname: a", "usrs: S", id="a misspelt section"),
        pytest.param("hostname: a", "users:\n- password_hash: S: S\n", id="no YAML"),
        pytest.param("hostname: a", "include: S\n", id="an include"),
    ],
)
def test_no_secret_of_any_file_shows(text: str, base: str) -> None:
    loaded = load(f"include: [{{file: base}}]\n{text}\n".replace("S", SECRET), base=base.replace("S", SECRET))

    assert not loaded.valid
    assert SECRET not in render_text([loaded.report]) + repr(loaded)


@given(st.text(alphabet="abu:-[]{}&*!<|>'\"# \n0."), st.text(alphabet="abu:-[]{}&*!<|>'\"# \n0."))
def test_no_included_text_makes_it_raise(text: str, base: str) -> None:
    loaded = load(f"include: [{{file: base}}]\n{text}", base=base)

    assert loaded.valid or loaded.findings
    assert render_text([loaded.report])
