"""Section `kernel`: its arguments, modules to load and settings while it runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct, structs

from provision.actions import EnsureKernelArguments, Step, WriteFile
from provision.facts import Facts
from provision.findings import Place, Problem, did_you_mean, error, path_text, warning
from provision.kernel_arguments import COMMAND_LINE_PATH, GRUB_PATH, is_named_by
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


# One word of the kernel's command line, of characters that mean nothing to the shells of GRUB and of Debian.
ARGUMENT = re.compile(r'[A-Za-z0-9][A-Za-z0-9_.-]*(?:=(?:[A-Za-z0-9_.,:=/@%+-]*|"[A-Za-z0-9_.,:=/@%+ -]*"))?')
MAX_ARGUMENTS_CHARS = (
    1500  # COMMAND_LINE_SIZE is 2048 on x86 and arm64; the boot loader's own need some of it
)
# The boot loader says them itself; what the config says would hold for every kernel and disk.
LOADER_ARGUMENTS = frozenset(["BOOT_IMAGE", "initrd", "root"])


class Arguments(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Arguments of the kernel of an installed system, from its next boot on.

    For GRUB a file in /etc/default/grub.d is written, and update-grub run when the machine is the running one. Where
    there is a /etc/kernel/cmdline (systemd-boot, unified kernel images) it is edited, and counts when a kernel is
    installed the next time. A machine that has neither is an error: what boots over the network gets its arguments
    from the boot server. When an argument is no longer asked for, that file of GRUB's goes, and its menu follows with
    the next update-grub; /etc/kernel/cmdline keeps it until it is `absent`.
    """

    present: Annotated[
        tuple[str, ...],
        Meta(
            description="Arguments that shall be there, each as one word; double quotes hold a value with spaces.",
            examples=[["console=ttyS0,115200", "mitigations=auto"]],
        ),
    ] = ()
    absent: Annotated[
        tuple[str, ...],
        Meta(
            description="Arguments that shall not be there: with a value that one, without one whatever its value.",
            examples=[["quiet", "console=tty0"]],
        ),
    ] = ()


class Kernel(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the kernel is told, has loaded and how it is set, from each boot on."""

    arguments: Annotated[
        Arguments | None, Meta(description="Arguments on the command line of an installed system.")
    ] = None
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


def check(kernel: Kernel, place: Place) -> Iterator[Problem]:
    if kernel.arguments is not None:
        yield from _check_arguments(kernel.arguments, (*place, "arguments"))
    yield from _check_modules(kernel.modules, (*place, "modules"))
    yield from _check_sysctl(kernel.sysctl, (*place, "sysctl"))


def _check_arguments(arguments: Arguments, place: Place) -> Iterator[Problem]:
    for field in ("present", "absent"):
        seen: dict[str, Place] = {}
        for index, argument in enumerate(getattr(arguments, field)):
            here = (*place, field, index)
            if has_variable(argument):
                continue
            if argument in seen:
                yield error("duplicate-name", here, f"{argument!r} is {path_text(seen[argument])} already")
            seen.setdefault(argument, here)
            yield from _check_argument(argument, here)
    for index, argument in enumerate(arguments.present):
        for number, absent in enumerate(arguments.absent):
            if is_named_by(argument, absent):
                other = path_text((*place, "absent", number))
                message = f"{argument!r} shall be absent by {other}"
                yield error(
                    "kernel-argument-both", (*place, "present", index), message, "remove one of the two"
                )
    if len(" ".join(arguments.present)) > MAX_ARGUMENTS_CHARS:
        message = f"together longer than {MAX_ARGUMENTS_CHARS} characters: the kernel cuts its command line"
        yield error("kernel-arguments-long", (*place, "present"), message)


def _check_argument(argument: str, place: Place) -> Iterator[Problem]:
    name = argument.partition("=")[0]
    if not ARGUMENT.fullmatch(argument):
        hint = (
            "one word such as console=ttyS0, double quotes around a value with spaces; GRUB reads $ ; & and others "
            "as its own"
        )
        yield error("kernel-argument", place, f"{argument!r} is no argument for the kernel", hint)
    elif name.startswith("provision."):
        message = f"{name!r} is said by whoever boots the machine for this program"
        yield error("kernel-argument-own", place, message)
    elif name in LOADER_ARGUMENTS:
        message = f"the boot loader says {name!r} itself; another value can make the machine unbootable"
        yield warning("kernel-argument-loader", place, message)


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
    for path in (GRUB_PATH, COMMAND_LINE_PATH) if kernel.arguments else ():
        yield Claim(path, (*place, "arguments"))
    if kernel.modules:
        yield Claim(MODULES_PATH, (*place, "modules"))
    if kernel.sysctl:
        yield Claim(SYSCTL_PATH, (*place, "sysctl"))


def plan(kernel: Kernel, _facts: Facts) -> Iterator[Step]:
    if kernel.arguments is not None and (kernel.arguments.present or kernel.arguments.absent):
        for path in (GRUB_PATH, COMMAND_LINE_PATH):
            action = EnsureKernelArguments(path, kernel.arguments.present, kernel.arguments.absent)
            yield Step(action, "kernel.arguments")
    if kernel.modules:
        text = "".join(f"{name}\n" for name in kernel.modules)
        yield Step(WriteFile(MODULES_PATH, text.encode()), "kernel.modules")
    if kernel.sysctl:
        # In the config's order: of two patterns that fit one setting, the later one counts.
        text = "".join(f"{key} = {value}\n" for key, value in kernel.sysctl.items())
        yield Step(WriteFile(SYSCTL_PATH, text.encode()), "kernel.sysctl")
