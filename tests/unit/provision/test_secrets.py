"""A secret never shows: not in findings, whatever is wrong around it, and not in a repr."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.actions import EnsureUser, Secret, WriteFile
from provision.facts import Facts
from provision.findings import render_github, render_json, render_text
from provision.load import load_bytes
from provision.schema import secret_names
from provision.sections import plan_document

SECRET = "hunter2hunter2"


def rendered(text: str) -> str:
    reports = [load_bytes(text.encode(), file="config.yaml").report]
    return render_text(reports) + render_json(reports) + render_github(reports)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("users: [{name: a, password_hash: S}]", id="plaintext"),
        pytest.param("users: [{name: A b, uid: -1, password_hash: S, x: 1}]", id="others wrong on the line"),
        pytest.param("users: [{name: a, password_hash: [S]}]", id="wrong type"),
        pytest.param("users: [{name: a, password_hash: a, password_hash: S}]", id="twice"),
        pytest.param("users: [{name: a, passwordHash: S}]", id="misspelt"),
        pytest.param("users: {name: a, password_hash: S, uid: x}", id="in a wrong place"),
        pytest.param("users:\n- name: a\n  password_hash: >-\n    S\n    S\n", id="folded"),
        pytest.param("x: &s S\nusers: [{name: a, password_hash: *s}]", id="behind an alias"),
        pytest.param("users:\n- name: a\n  password_hash: 'S\n", id="no YAML: open quote"),
        pytest.param("users:\n- name: a\n  password_hash: S: S\n", id="no YAML: colon"),
        pytest.param("users:\n- name: a\n  password_hash: |\n    a\n\tS: [\n", id="no YAML: on a later line"),
        pytest.param("users:\n- name: a\n  password_hash: S\x01\n", id="control character"),
        pytest.param("users: S", id="in place of a list"),
        pytest.param("etcd: S", id="in place of a mapping"),
        pytest.param("users: [{name: a, ssh_authorized_keys: ['PRIVATE KEY S']}]", id="private key"),
        pytest.param("users: [{name: a, ssh_authorized_keys: S}]", id="in place of keys"),
        pytest.param("users: [{name: a, ssh_authorized_keys: [S]}]", id="in place of a key"),
        pytest.param("files: [{path: /a, source: 'ftp://u:S@h/'}]", id="in a URL"),
        pytest.param("files: [{path: /a, source: 'http://u:S@h:x/'}]", id="in a URL that cannot be read"),
        pytest.param("files: [{path: /a, content_base64: S-}]", id="in base64"),
        pytest.param("proxy: {http_proxy: 'http://u:S@h:x'}", id="in a proxy that cannot be read"),
        pytest.param("proxy: {http_proxy: 'u:S@h:3128'}", id="in a proxy without scheme"),
        pytest.param("proxy: {https_proxy: 'S://u@h:3128'}", id="as a proxy's scheme"),
        pytest.param("proxy: {http_proxy: 'http://u:S$@h:3128'}", id="in a proxy with odd characters"),
        pytest.param("proxy: {http_proxy: ['http://u:S@h:3128']}", id="in a list of proxies"),
        pytest.param("proxy: {http: 'http://u:S@h:3128'}", id="in a proxy under another name"),
        pytest.param("proxy: 'http://u:S@h:3128'", id="in place of the proxy section"),
        pytest.param(
            "network: {interfaces: [{name: w, wireguard: {private_key: S, listen_port: 0}}]}",
            id="WireGuard key",
        ),
        pytest.param(
            "network: {interfaces: [{name: w, wireguard: {peers: [{public_key: S, preshared_key: S}]}}]}",
            id="private key in place of the public one",
        ),
    ],
)
def test_a_finding_does_not_show_the_secret(text: str) -> None:
    output = rendered(text.replace("S", SECRET))

    assert "error" in output
    assert SECRET not in output


@given(st.integers(0, 60), st.sampled_from(list("[]{}:&*!|>'\"#\t\n-x")))
def test_no_damage_around_a_secret_makes_it_show(place: int, put: str) -> None:
    text = f"users:\n- name: core\n  uid: 10\n  password_hash: {SECRET}\n  shell: bash\n"
    place = min(place, text.index("password_hash"))

    assert SECRET not in rendered(text[:place] + put + text[place:])


def test_a_document_and_its_plan_do_not_show_the_secret() -> None:
    hash_text = f"$y$j9T$salt${SECRET}"
    loaded = load_bytes(f"users: [{{name: a, password_hash: {hash_text}}}]".encode(), file="config.yaml")
    assert loaded.document is not None

    steps = plan_document(loaded.document, Facts())

    assert SECRET not in repr(loaded) + repr(steps) + str(steps)
    (action,) = [step.action for step in steps if isinstance(step.action, EnsureUser)]
    assert action.password_hash == Secret(hash_text)


def test_a_proxys_password_does_not_show_in_the_plan() -> None:
    text = f"proxy: {{http_proxy: 'http://me:{SECRET}@proxy.example:3128'}}"
    loaded = load_bytes(text.encode(), file="config.yaml")
    assert loaded.document is not None, loaded.findings

    steps = plan_document(loaded.document, Facts())

    assert SECRET not in repr(loaded) + repr(steps)
    assert [step.action.secret for step in steps if isinstance(step.action, WriteFile)] == [True] * 3


def test_the_secret_fields_are_known_by_their_types() -> None:
    assert secret_names() == {
        "headers",
        "http_proxy",
        "https_proxy",
        "password_hash",
        "preshared_key",
        "private",
        "private_key",
        "secret_environment",
        "token",
    }
