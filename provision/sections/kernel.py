"""Section `kernel`: modules to load and settings of the running kernel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct, structs

from provision.actions import Step, WriteFile
from provision.facts import Facts
from provision.findings import Place, Problem, did_you_mean, error, path_text, warning
from provision.sections.claims import Claim
from provision.variables import has_variable

MODULES_PATH = "/etc/modules-load.d/provision.conf"
SYSCTL_PATH = "/etc/sysctl.d/80-provision.conf"

MODULE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
MAX_MODULE_CHARS = 55  # MODULE_NAME_LEN of a 64-bit kernel, less its final NUL

# sysctl.d(5): parts joined by dots or slashes, whichever comes first; patterns; "-" forgives a failure.
SYSCTL_KEY = re.compile(r"-?[A-Za-z0-9_*?\[\]-]+(?:[./][A-Za-z0-9_:@*?\[\]-]+)+")
# What /proc/sys has on some kernel or other.
SYSCTL_ROOTS = frozenset(
    ["abi", "crypto", "debug", "dev", "fs", "kernel", "net", "sunrpc", "user", "vm", "xen"]
)


class Kernel(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the kernel has loaded and how it is set, from each boot on."""

    modules: Annotated[
        tuple[str, ...], Meta(description="Modules to load at boot.", examples=[["br_netfilter"]])
    ] = ()
    sysctl: Annotated[
        dict[str, str | int],
        Meta(
            description="Kernel settings by sysctl name.",
            examples=[{"net.ipv4.ip_forward": 1, "vm.max_map_count": 262144}],
        ),
    ] = {}


def check(kernel: Kernel | None, place: Place) -> Iterator[Problem]:
    if kernel is None:
        return
    yield from _check_modules(kernel.modules, (*place, "modules"))
    yield from _check_sysctl(kernel.sysctl, (*place, "sysctl"))


def _check_modules(modules: tuple[str, ...], place: Place) -> Iterator[Problem]:
    seen: dict[str, Place] = {}
    for index, name in enumerate(modules):
        here = (*place, index)
        if has_variable(name):
            continue
        if not MODULE_NAME.fullmatch(name) or len(name) > MAX_MODULE_CHARS:
            hint = f"did you mean {name.removesuffix('.ko')!r}?" if name.endswith(".ko") else None
            yield error("kernel-module", here, f"{name!r} is no module name", hint)
        key = name.replace("-", "_")  # modprobe takes them for the same
        if key in seen:
            yield error("duplicate-name", here, f"module {name!r} is {path_text(seen[key])} already")
        seen.setdefault(key, here)


def _check_sysctl(settings: dict[str, str | int], place: Place) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for key, value in settings.items():
        here = (*place, key)
        problem = _key_problem(key, here)
        if problem:
            yield structs.replace(problem, at_key=True)
            continue
        path = _sysctl_path(key)
        if path in seen:
            message = f"{key!r} is the same setting as {seen[path]!r}"
            yield structs.replace(error("duplicate-name", here, message), at_key=True)
        seen.setdefault(path, key)
        if isinstance(value, str) and (not value.strip() or "\n" in value):
            yield error("sysctl-value", here, "a setting has one line of text or a number")


def _key_problem(key: str, place: Place) -> Problem | None:
    if not SYSCTL_KEY.fullmatch(key):
        hint = "parts joined by dots, for example net.ipv4.ip_forward"
        return error("sysctl-key", place, f"{key!r} is no sysctl name", hint)
    root = _sysctl_path(key).partition("/")[0]
    if root not in SYSCTL_ROOTS and not re.search(r"[*?\[]", root):
        hint = did_you_mean(root, SYSCTL_ROOTS) or f"known are {', '.join(sorted(SYSCTL_ROOTS))}"
        return warning("sysctl-unknown", place, f"the kernel has no settings below {root!r}", hint)
    return None


def _sysctl_path(key: str) -> str:
    """Path below /proc/sys: with a dot first, a slash further on stands for a dot (of an interface's name)."""
    plain = key.removeprefix("-")
    first = re.search(r"[./]", plain)
    return plain.translate(str.maketrans("./", "/.")) if first and first[0] == "." else plain


def claims(kernel: Kernel, place: Place) -> Iterator[Claim]:
    if kernel.modules:
        yield Claim(MODULES_PATH, (*place, "modules"))
    if kernel.sysctl:
        yield Claim(SYSCTL_PATH, (*place, "sysctl"))


def plan(kernel: Kernel | None, _facts: Facts) -> Iterator[Step]:
    if kernel is None:
        return
    if kernel.modules:
        text = "".join(f"{name}\n" for name in kernel.modules)
        yield Step(WriteFile(MODULES_PATH, text.encode()), "kernel.modules")
    if kernel.sysctl:
        # In the config's order: of two patterns that fit one setting, the later one counts.
        text = "".join(f"{key} = {value}\n" for key, value in kernel.sysctl.items())
        yield Step(WriteFile(SYSCTL_PATH, text.encode()), "kernel.sysctl")
