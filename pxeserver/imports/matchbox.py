"""A data directory of matchbox (groups, profiles, templates) as one of ours.

https://matchbox.psdn.io/matchbox/ says what the files mean.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any  # JSON

import yaml

from pxeserver.boot.loaders.ipxe import ScriptError, check_argument
from pxeserver.imports.go_templates import convert
from pxeserver.inventory.entries import OWN_LABELS
from pxeserver.inventory.labels import is_label_name

_CONFIG_ENDPOINT = re.compile(r"^(?P<key>[\w.]+)=https?://[^/]+/(?P<kind>cloud|generic|ignition)(?:\?.*)?$")
_ENDPOINT = re.compile(r"https?://[^/\s\"']+/(?:cloud|generic|ignition|metadata)\b")
_ROOT_ARGUMENTS = ("coreos.live.rootfs_url", "fetch", "url", "iso-url")
_OWN_FIELDS = {
    "mac": "machine.mac",
    "uuid": "machine.uuid",
    "serial": "machine.serial",
    "hostname": "machine.hostname",
}
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be carried over. `line` counts from 1; 0 is the whole file."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"


@dataclass(slots=True)
class Conversion:
    """`files` are texts by path in the new data directory, `commands` what makes the images."""

    files: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)


def convert_directory(folder: Path) -> Conversion:
    result = Conversion()
    converter = _Converter(folder, result)
    for name, data in _read(folder / "profiles", result):
        converter.profile(name, data)
    for name, data in _read(folder / "groups", result):
        converter.group(name, data)
    return result


def _read(folder: Path, result: Conversion) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path in sorted(folder.glob("*")) if folder.is_dir() else ():
        name = f"{folder.name}/{path.name}"
        if path.suffix != ".json":
            result.problems.append(Problem(name, 0, "not carried over: no .json file of this folder itself"))
            continue
        try:
            data = json.loads(path.read_bytes())
        except json.JSONDecodeError as problem:
            result.problems.append(Problem(name, problem.lineno, f"no JSON: {problem.msg}"))
            continue
        except (OSError, UnicodeDecodeError) as problem:
            result.problems.append(Problem(name, 0, f"cannot be read: {problem}"))
            continue
        if isinstance(data, dict):
            yield path.stem, data
        else:
            result.problems.append(Problem(name, 1, "an object is needed here"))


class _Converter:
    def __init__(self, folder: Path, result: Conversion) -> None:
        self._folder = folder
        self._result = result

    def group(self, name: str, data: Mapping[str, Any]) -> None:
        file = f"groups/{name}.json"
        group: dict[str, object] = {"profile": str(data.get("profile", ""))}
        wanted = data.get("selector") or {}
        selector = self._selector(file, wanted)
        if selector is None:
            return
        if selector:
            group["selector"] = selector
        metadata = data.get("metadata") or {}
        if "request" in metadata:
            self._report(file, "metadata.request: is not used, the request's own values are in its place")
        variables = {key: value for key, value in metadata.items() if key != "request"}
        if variables:
            group["vars"] = variables
        self._known(file, data, {"id", "metadata", "name", "profile", "selector"})
        self._add(f"groups/{_plain(name)}.yaml", _yaml(group, data.get("name")))

    def profile(self, name: str, data: Mapping[str, Any]) -> None:
        file = f"profiles/{name}.json"
        image = _plain(name)
        boot = data.get("boot") or {}
        root, arguments = self._arguments(file, boot)
        profile: dict[str, object] = {"image": image}
        config = self._config(file, data)
        if config is not None:
            profile["config"] = config
        if arguments:
            profile["kernel_args"] = arguments
        self._known(file, data, {"boot", "cloud_id", "generic_id", "id", "ignition_id", "name"})
        self._known(file, boot, {"args", "initrd", "kernel"}, "boot.")
        self._image(file, image, boot, root)
        self._add(f"profiles/{image}.yaml", _yaml(profile, data.get("name")))

    def _selector(self, file: str, wanted: Mapping[str, Any]) -> dict[str, object] | None:
        """None when a label cannot be asked for: without it the group would take other machines, too."""
        selector: dict[str, object] = {}
        labels: dict[str, str] = {}
        for key, value in wanted.items():
            label = key.lower()
            if label in OWN_LABELS:
                selector[label] = str(value)
            elif is_label_name(label):
                labels[label] = str(value)
            else:
                self._report(file, f"selector.{key}: cannot name a label; the group is left out")
                return None
        if labels:
            selector["labels"] = labels
        return selector

    def _arguments(self, file: str, boot: Mapping[str, Any]) -> tuple[str | None, list[str]]:
        """The root file that one of the arguments names, and the arguments."""
        root, arguments = None, []
        for argument in map(str, boot.get("args") or ()):
            key, _, value = argument.partition("=")
            endpoint = _CONFIG_ENDPOINT.match(argument)
            if key == "initrd":
                continue  # the boot script says it
            if endpoint is not None:
                arguments.append(f"{endpoint['key']}={{{{ boot.config_url }}}}")
            elif key in _ROOT_ARGUMENTS and value.startswith(("http://", "https://")):
                root = value
                arguments.append(f"{key}={{{{ image.root_url }}}}")
            elif not self._is_wrong(file, argument):
                arguments.append(argument)
        return root, arguments

    def _is_wrong(self, file: str, argument: str) -> bool:
        try:
            check_argument(argument)
        except ScriptError as problem:
            self._report(file, f"boot.args: left out: {problem}")
            return True
        return False

    def _config(self, file: str, data: Mapping[str, Any]) -> str | None:
        """The name of the converted template; a profile has one config here."""
        named = [
            (folder, str(data[key]))
            for key, folder in (("ignition_id", "ignition"), ("cloud_id", "cloud"), ("generic_id", "generic"))
            if data.get(key)
        ]
        for folder, name in named[1:]:
            self._report(file, f"{folder}_id: {name} is left out: a profile has one config, {named[0][1]}")
        return self._template(*named[0]) if named else None

    def _template(self, folder: str, name: str) -> str | None:
        file = f"{folder}/{name}"
        path = self._folder / folder / name
        if PurePosixPath(name).name != name or not path.is_file():
            self._report(file, "there is no such file")
            return None
        text = path.read_text(errors="replace")
        for asked in _ENDPOINT.finditer(text):
            self._report(file, f"{asked[0]} asks matchbox itself", text.count("\n", 0, asked.start()) + 1)
        if folder == "ignition" and path.suffix in (".ign", ".ignition"):
            # Served there as it is, without a look at what is in double braces.
            converted = f"{{% raw %}}\n{text}{{% endraw %}}" if re.search(r"\{[{%#]", text) else text
        else:
            made = convert(text, _field_name)
            converted = made.text
            for line, action in made.problems:
                self._report(file, f"{action} has no counterpart", line)
            if folder == "ignition":
                self._report(file, "Butane: translate it to Ignition JSON, which is served as it is")
        target = f"{folder}-{name}"
        self._add(f"configs/{target}", converted)
        return target

    def _image(self, file: str, image: str, boot: Mapping[str, Any], root: str | None) -> None:
        kernel, initrds = str(boot.get("kernel") or ""), list(map(str, boot.get("initrd") or ()))
        if not kernel or len(initrds) != 1:
            self._report(
                file, f"boot: an image has one kernel and one initrd, here are {len(initrds)} initrds"
            )
            return
        sources = {"kernel": kernel, "initrd": initrds[0].split()[-1], **({"root": root} if root else {})}
        words = ["pxeserver", "image", "import", image]
        for part, location in sources.items():
            asset = re.sub(r"^https?://[^/]+/assets/", "/assets/", location)
            if asset.startswith("/assets/"):
                words += [f"--{part}", str(self._folder / asset[1:])]
            else:
                words += [f"--{part}", location, f"--{part}-sha256", "HEX"]
        self._result.commands.append(shlex.join(words))

    def _known(self, file: str, data: Mapping[str, Any], known: set[str], before: str = "") -> None:
        for key in data:
            if key not in known:
                self._report(file, f"{before}{key}: is not known")

    def _report(self, file: str, message: str, line: int = 0) -> None:
        self._result.problems.append(Problem(file, line, message))

    def _add(self, path: str, text: str) -> None:
        self._result.files[path] = text


def _field_name(name: str) -> str | None:
    first, _, rest = name.partition(".")
    if first == "request":
        key = rest.removeprefix("query.")
        if rest == "raw_query":
            return None
        return _OWN_FIELDS.get(key) or (f"machine.{key}" if _IDENTIFIER.fullmatch(key) else None)
    return _OWN_FIELDS.get(name, f"vars.{name}")


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", name)


def _yaml(data: Mapping[str, object], title: object) -> str:
    comment = f"# {' '.join(str(title).split())}\n" if title else ""
    return comment + yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
