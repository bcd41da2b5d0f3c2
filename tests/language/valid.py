"""Configs that mean something: every one of these is valid, and can be applied to a small root directory."""

from __future__ import annotations

from typing import Any  # plain data, as YAML has it

from hypothesis import strategies as st

Config = dict[str, Any]

NAMES = ("ada", "bob", "cyd")  # few, so that two configs often speak of the same thing
GROUPS = ("crew", "guests")
DIRECTORIES = ("/srv/a", "/srv/b/c", "/opt/d")
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE0jDWXsfzt24JuYkHJHhJyXGdIJRSKIB4nVFZ1SzKb5"
MODES = st.sampled_from(["0600", "0640", "0644", "0755", "4755"])
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=20).map(
    lambda text: text.replace("$", "").replace("://", "").replace("-----", "") + "\n"
)


def configs() -> st.SearchStrategy[Config]:
    return st.fixed_dictionaries(
        {},
        optional={
            "hostname": st.sampled_from(["node1", "node2.lab.example"]),
            "groups": _some(GROUPS, _group),
            "users": _some(NAMES, _user),
            "directories": _some(tuple(f"{place}/sub" for place in DIRECTORIES), _directory),
            "files": _some(tuple(f"{place}/f{n}" for place in DIRECTORIES for n in (1, 2)), _file),
            "links": _some(tuple(f"{place}/l" for place in DIRECTORIES), _link),
            "units": _some(("one.service", "two.timer", "web@.service"), _unit),
            "network": _network(),
            "hosts": _some(("10.1.0.1", "2001:db8::1"), _host),
            "kernel": st.fixed_dictionaries(
                {}, optional={"modules": st.just(["br_netfilter"]), "sysctl": st.just({"vm.swappiness": 10})}
            ),
            "time": st.fixed_dictionaries({"zone": st.sampled_from(["UTC", "Europe/Berlin"])}),
            "locale": st.just({"lang": "C.UTF-8"}),
            "keyboard": st.fixed_dictionaries({"layout": st.sampled_from(["de", "us"])}),
            "proxy": st.just({"http_proxy": "http://proxy.example:3128"}),
        },
    )


def _some(names: tuple[str, ...], one: Any) -> st.SearchStrategy[list[Config]]:
    """Entries for some of the names, in any order, none twice."""
    chosen = st.lists(st.sampled_from(names), unique=True, max_size=3)
    return chosen.flatmap(lambda found: st.tuples(*(one(name) for name in found)).map(list))


def _group(name: str) -> st.SearchStrategy[Config]:
    return st.fixed_dictionaries({"name": st.just(name)}, optional={"system": st.booleans()})


def _user(name: str) -> st.SearchStrategy[Config]:
    return st.fixed_dictionaries(
        {"name": st.just(name)},
        optional={
            "gecos": st.sampled_from(["Ada L.", "Somebody"]),
            "shell": st.sampled_from(["/bin/sh", "/bin/bash"]),
            "groups": st.lists(st.sampled_from(["sudo", "adm"]), unique=True),
            "sudo": st.just("ALL=(ALL) NOPASSWD: ALL"),
            "lock": st.booleans(),
            "ssh_authorized_keys": st.lists(st.sampled_from([f"{KEY} a@b", f"{KEY} c@d"]), max_size=1),
        },
    )


def _directory(path: str) -> st.SearchStrategy[Config]:
    return st.fixed_dictionaries({"path": st.just(path), "mode": st.sampled_from(["0700", "0750"])})


def _file(path: str) -> st.SearchStrategy[Config]:
    content = st.fixed_dictionaries(
        {"path": st.just(path), "content": TEXTS}, optional={"mode": MODES, "user": st.just("root")}
    )
    appended = st.fixed_dictionaries({"path": st.just(path), "append": st.just(["export A=b"])})
    return appended if path.endswith("f2") else content


def _link(path: str) -> st.SearchStrategy[Config]:
    return st.fixed_dictionaries({"path": st.just(path), "target": st.sampled_from(["/etc/passwd", "f1"])})


def _unit(name: str) -> st.SearchStrategy[Config]:
    body = {
        "one.service": "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n",
        "two.timer": "[Timer]\nOnBootSec=60\nUnit=one.service\n[Install]\nWantedBy=timers.target\n",
        "web@.service": "[Service]\nExecStart=/bin/echo %i\n",
    }[name]
    optional: dict[str, Any] = {
        "dropins": st.just([{"name": "10-more.conf", "content": "[Unit]\nDescription=More\n"}])
    }
    if not name.startswith("web"):
        optional["enable"] = st.booleans()
    return st.fixed_dictionaries({"name": st.just(name), "content": st.just(body)}, optional=optional)


def _network() -> st.SearchStrategy[Config]:
    interface = st.fixed_dictionaries(
        {"name": st.sampled_from(["lan", "wan"]), "match": st.just({"name": "en*"})},
        optional={"addresses": st.just(["10.77.0.11/24"]), "gateway": st.just("10.77.0.1")},
    ).filter(lambda found: "gateway" not in found or "addresses" in found)
    return st.fixed_dictionaries({"interfaces": st.lists(interface, min_size=1, max_size=1)})


def _host(address: str) -> st.SearchStrategy[Config]:
    return st.fixed_dictionaries({"address": st.just(address), "names": st.just(["store.lab.example"])})
