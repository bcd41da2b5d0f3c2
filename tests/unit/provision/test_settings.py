"""Sections `hosts`, `kernel`, `time`, `locale`, `keyboard` and `proxy`: accepts and refuses."""

from __future__ import annotations

import json

import pytest

from provision.load import load_bytes
from tests.unit.provision.checks import codes


def section(name: str, value: object) -> list[str]:
    """Findings, their paths without the section's own name."""
    return [code.replace(f" {name}", " ") for code in codes(json.dumps({name: value}))]


def host(address: str, *names: str) -> dict[str, object]:
    return {"address": address, "names": names}


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        pytest.param([host("10.0.0.1", "a.example", "a")], [], id="a name and its short form"),
        pytest.param([host("10.0.0.1", "a"), host("fd00::1", "a")], [], id="both families"),
        pytest.param([host("0.0.0.0", "ads.example")], [], id="a name that leads nowhere"),
        pytest.param([host("${facts.ipv4}", "a"), host("10.0.0.1", "a")], [], id="known when planned"),
        pytest.param([host("10.0.0.256", "a")], ["ip [0].address"], id="no address"),
        pytest.param([host("10.0.0.1/24", "a")], ["ip [0].address"], id="with prefix"),
        pytest.param([host("fe80::1%eth0", "a")], ["ip [0].address"], id="with scope"),
        pytest.param([host("10.0.0.1")], ["hosts-no-name [0].names"], id="no name"),
        pytest.param([host("10.0.0.1", "a_b")], ["host-name [0].names[0]"], id="underscore"),
        pytest.param([host("10.0.0.1", "a b")], ["host-name [0].names[0]"], id="two names in one"),
        pytest.param([host("10.0.0.1", "10.0.0.2")], ["host-name [0].names[0]"], id="address as a name"),
        pytest.param([host("10.0.0.1", "Localhost")], ["hosts-localhost [0].names[0]"], id="localhost"),
        pytest.param(
            [host("fd00::1", "a"), host("FD00:0::1", "b")],
            ["duplicate-address [1].address"],
            id="one address in two spellings",
        ),
        pytest.param(
            [host("10.0.0.1", "a"), host("10.0.0.2", "A")],
            ["duplicate-name [1].names[0]"],
            id="one name, two addresses",
        ),
        pytest.param([host("10.0.0.1", "a", "a")], ["duplicate-name [0].names[1]"], id="one name twice"),
    ],
)
def test_hosts(hosts: list[object], expected: list[str]) -> None:
    assert section("hosts", hosts) == expected


@pytest.mark.parametrize(
    ("kernel", "expected"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({"modules": ["br_netfilter", "nf-tables", "8021q"]}, [], id="modules"),
        pytest.param({"modules": ["overlay.ko"]}, ["kernel-module .modules[0]"], id="a file's name"),
        pytest.param({"modules": ["a b"]}, ["kernel-module .modules[0]"], id="with options"),
        pytest.param({"modules": ["a" * 56]}, ["kernel-module .modules[0]"], id="too long"),
        pytest.param({"modules": ["a-b", "a_b"]}, ["duplicate-name .modules[1]"], id="twice to modprobe"),
        pytest.param({"sysctl": {"vm.swappiness": 10, "kernel.domainname": "x"}}, [], id="settings"),
        pytest.param({"sysctl": {"-net.ipv4.conf.*.rp_filter": 1}}, [], id="pattern that may fail"),
        pytest.param({"sysctl": {"net/ipv4/conf/eth0.1/rp_filter": 1}}, [], id="slashes"),
        pytest.param({"sysctl": {"swappiness": 1}}, ["sysctl-key .sysctl.swappiness"], id="one part"),
        pytest.param({"sysctl": {"net..a": 1}}, ["sysctl-key .sysctl.net..a"], id="empty part"),
        pytest.param({"sysctl": {"vm.a=1": 1}}, ["sysctl-key .sysctl.vm.a=1"], id="an assignment"),
        pytest.param({"sysctl": {"ent.ipv4.a": 1}}, ["sysctl-unknown .sysctl.ent.ipv4.a"], id="misspelt"),
        pytest.param({"sysctl": {"vm.a": True}}, ["wrong-type .sysctl.vm.a"], id="true is no number"),
        pytest.param({"sysctl": {"vm.a": "1\n2"}}, ["sysctl-value .sysctl.vm.a"], id="two lines"),
        pytest.param(
            {"arguments": {"present": ["quiet", "console=ttyS0,115200", "a.b_c="]}}, [], id="arguments"
        ),
        pytest.param({"arguments": {"present": ['dyndbg="file a.c +p"']}}, [], id="value with spaces"),
        pytest.param(
            {"arguments": {"present": ["console=ttyS0"], "absent": ["console=tty0"]}}, [], id="both"
        ),
        pytest.param(
            {"arguments": {"present": ["a b"]}}, ["kernel-argument .arguments.present[0]"], id="two words"
        ),
        pytest.param(
            {"arguments": {"absent": ["a\n"]}}, ["kernel-argument .arguments.absent[0]"], id="line break"
        ),
        pytest.param(
            {"arguments": {"present": ["a=$(b)"]}},
            ["kernel-argument .arguments.present[0]"],
            id="for a shell",
        ),
        pytest.param({"arguments": {"present": [""]}}, ["kernel-argument .arguments.present[0]"], id="empty"),
        pytest.param(
            {"arguments": {"present": ["a=1", "a=1"]}},
            ["duplicate-name .arguments.present[1]"],
            id="argument twice",
        ),
        pytest.param(
            {"arguments": {"present": ["a=1"], "absent": ["a=1"]}},
            ["kernel-argument-both .arguments.present[0]"],
            id="present and absent",
        ),
        pytest.param(
            {"arguments": {"present": ["a=1"], "absent": ["a"]}},
            ["kernel-argument-both .arguments.present[0]"],
            id="absent whatever its value",
        ),
        pytest.param(
            {"arguments": {"present": ["provision.config=http://a/"]}},
            ["kernel-argument-own .arguments.present[0]"],
            id="what the boot server says",
        ),
        pytest.param(
            {"arguments": {"absent": ["root"]}},
            ["kernel-argument-loader .arguments.absent[0]"],
            id="what the boot loader says",
        ),
        pytest.param(
            {"arguments": {"present": ["a=" + "b" * 1500]}},
            ["kernel-arguments-long .arguments.present"],
            id="more than the kernel reads",
        ),
        pytest.param({"sysctl": {"vm.a": " "}}, ["sysctl-value .sysctl.vm.a"], id="empty"),
        pytest.param(
            {"sysctl": {"net.a.b": 1, "net/a/b": 2}}, ["duplicate-name .sysctl.net/a/b"], id="two spellings"
        ),
    ],
)
def test_the_kernel(kernel: object, expected: list[str]) -> None:
    assert section("kernel", kernel) == expected


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        pytest.param({"zone": "Europe/Berlin"}, [], id="area and city"),
        pytest.param({"zone": "America/Argentina/Buenos_Aires"}, [], id="three parts"),
        pytest.param({"zone": "Etc/GMT+1"}, [], id="offset"),
        pytest.param({"zone": "UTC"}, [], id="UTC"),
        pytest.param({"zone": "Europe/Berlinn"}, ["time-zone .zone"], id="misspelt"),
        pytest.param({"zone": "Europe"}, ["time-zone .zone"], id="an area alone"),
        pytest.param({"zone": "../Europe/Berlin"}, ["time-zone .zone"], id="leaves the database"),
        pytest.param({"zone": "+02:00"}, ["time-zone .zone"], id="an offset"),
        pytest.param({"zone": ""}, ["time-zone .zone"], id="empty"),
        pytest.param({"ntp": ["ntp.example", "10.0.0.1", "fd00::1"]}, [], id="servers"),
        pytest.param({"ntp": ["ntp://a"]}, ["ntp-server .ntp[0]"], id="a URL"),
        pytest.param({"ntp": ["a b"]}, ["ntp-server .ntp[0]"], id="two in one"),
        pytest.param({"ntp": ["a", "a"]}, ["duplicate-name .ntp[1]"], id="twice"),
    ],
)
def test_time(time: object, expected: list[str]) -> None:
    assert section("time", time) == expected


def test_a_misspelt_time_zone_is_suggested_for() -> None:
    loaded = load_bytes(b"time: {zone: europe/berlin}", file="config.yaml")

    assert [finding.hint for finding in loaded.findings] == ["did you mean 'Europe/Berlin'?"]


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        pytest.param({"lang": "C.UTF-8"}, [], id="C"),
        pytest.param({"lang": "de_DE.utf8@euro"}, [], id="all parts"),
        pytest.param({"lang": "C.UTF-8", "categories": {"LC_TIME": "en_DK.UTF-8"}}, [], id="category"),
        pytest.param({"lang": "german"}, ["locale .lang"], id="a language's name"),
        pytest.param({"lang": "de-DE.UTF-8"}, ["locale .lang"], id="hyphen"),
        pytest.param({"lang": "C.UTF-8\nLC_ALL=C"}, ["locale .lang"], id="another line"),
        pytest.param({"lang": "de_DE"}, ["locale-not-utf8 .lang"], id="no UTF-8"),
        pytest.param({}, ["missing-key "], id="none"),
        pytest.param(
            {"lang": "C.UTF-8", "categories": {"LC_ALL": "C.UTF-8"}},
            ["locale-category .categories.LC_ALL"],
            id="would hide the others",
        ),
    ],
)
def test_a_locale(locale: object, expected: list[str]) -> None:
    assert section("locale", locale) == expected


@pytest.mark.parametrize(
    ("keyboard", "expected"),
    [
        pytest.param({"layout": "de"}, [], id="layout"),
        pytest.param({"layout": "us,ru", "variant": ",phonetic"}, [], id="two layouts"),
        pytest.param({"layout": "de", "options": ["ctrl:nocaps"], "keymap": "de-latin1"}, [], id="all"),
        pytest.param({"layout": 'de"'}, ["keyboard-layout .layout"], id="quote"),
        pytest.param({"layout": "de", "model": "a b"}, ["keyboard-model .model"], id="model"),
        pytest.param({"layout": "de", "variant": "$x"}, ["keyboard-variant .variant"], id="variant"),
        pytest.param(
            {"layout": "de", "variant": "a,b"}, ["keyboard-variant .variant"], id="a variant too many"
        ),
        pytest.param({"layout": "de", "keymap": "../x"}, ["keyboard-keymap .keymap"], id="keymap"),
        pytest.param({"layout": "de", "options": ["nocaps"]}, ["keyboard-option .options[0]"], id="option"),
    ],
)
def test_a_keyboard(keyboard: object, expected: list[str]) -> None:
    assert section("keyboard", keyboard) == expected


def proxy(url: str) -> dict[str, object]:
    return {"http_proxy": url}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(proxy("http://proxy.example:3128"), [], id="host and port"),
        pytest.param(proxy("https://me:pa%24s@[fd00::1]:3128/"), [], id="password and IPv6"),
        pytest.param(proxy("http://me@p:3128"), [], id="user alone"),
        pytest.param(proxy("http://me:pass@p:3128"), ["proxy-in-clear .http_proxy"], id="password over http"),
        pytest.param({"https_proxy": "https://10.0.0.1:8443"}, [], id="proxy behind TLS"),
        pytest.param(proxy("proxy.example:3128"), ["url .http_proxy"], id="no scheme"),
        pytest.param(proxy("ftp://proxy.example:3128"), ["url .http_proxy"], id="scheme"),
        pytest.param(proxy("http://:3128"), ["url .http_proxy"], id="no host"),
        pytest.param(proxy("http://p:99999"), ["url .http_proxy"], id="no such port"),
        pytest.param(proxy("http://me:it's@p:1"), ["proxy-characters .http_proxy"], id="quote"),
        pytest.param(proxy("http://me:$HOME@p:1"), ["proxy-characters .http_proxy"], id="dollar"),
        pytest.param(proxy("http://p:1\nX=y"), ["proxy-characters .http_proxy"], id="another line"),
        pytest.param(proxy("http://p:1/proxy.pac"), ["proxy-path .http_proxy"], id="path"),
        pytest.param(proxy("http://p"), ["proxy-port .http_proxy"], id="no port"),
        pytest.param(
            {
                **proxy("http://p:1"),
                "no_proxy": ["*", ".a", "a:80", "*.b", "10.0.0.0/8", "[::1]", "fd00::/8"],
            },
            [],
            id="exceptions",
        ),
        pytest.param(
            {**proxy("http://p:1"), "no_proxy": ["a b", "", "http://a", "a:0"]},
            [f"no-proxy .no_proxy[{index}]" for index in range(4)],
            id="no exceptions",
        ),
        pytest.param({"no_proxy": ["a"]}, ["no-proxy-alone .no_proxy"], id="exceptions alone"),
    ],
)
def test_a_proxy(value: object, expected: list[str]) -> None:
    assert section("proxy", value) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "hosts: [{address: 10.0.0.1, names: [a]}]\nfiles: [{path: /etc/hosts, content: x}]",
            ["duplicate-path hosts"],
            id="hosts",
        ),
        pytest.param(
            "time: {zone: UTC}\nlinks: [{path: /etc/localtime, target: a}]",
            ["duplicate-path time.zone"],
            id="zone",
        ),
        pytest.param(
            "time: {ntp: [a]}\nunits: [{name: systemd-timesyncd.service, mask: true}]",
            ["unit-needed units[0].mask"],
            id="NTP masked",
        ),
        pytest.param(
            "etcd: {discovery: 'http://h/t'}\nunits: [{name: etcd.service, enable: false}]",
            ["unit-needed units[0].enable"],
            id="etcd disabled",
        ),
        pytest.param(
            "time: {ntp: [a]}\nunits: [{name: systemd-timesyncd.service, enable: true}]", [], id="agreed"
        ),
    ],
)
def test_sections_do_not_contradict_each_other(text: str, expected: list[str]) -> None:
    assert codes(text) == expected
