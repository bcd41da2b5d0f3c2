"""Is this machine ready to boot, and with what? One answer for the boot script, `check` and `render`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from provision.findings import Finding, Severity
from pxeserver.boot.loaders.ipxe import BootTarget, ScriptError
from pxeserver.images.manifest import Manifest, ManifestError
from pxeserver.inventory.model import Group, Index, Labels, Profile
from pxeserver.inventory.select import NoMatch, Selection, Tie, select
from pxeserver.render.arguments import asset_url, boot_variables, own_arguments, profile_arguments
from pxeserver.render.configs import Rendered, render_config
from pxeserver.render.variables import ServerUrls, machine_name, origin_of, template_variables

# Stand-in for a token that only the running server can make: `check` and `render` work without its state.
EXAMPLE_TOKEN = "0" * 32

Images = Mapping[str, Manifest | ManifestError]
SHOWN_FINDINGS = 4  # what fits a machine's 25-line screen with its hints; all of them are in the server's log


@dataclass(frozen=True, slots=True)
class Ready:
    selection: Selection
    image: Manifest
    config: Rendered
    variables: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class NotReady:
    """`reason` is one line; `findings` say more when a config is the reason."""

    reason: str
    findings: tuple[Finding, ...] = ()

    @property
    def screen_lines(self) -> tuple[str, ...]:
        shown = [_screen_line(finding) for finding in self.findings[:SHOWN_FINDINGS]]
        more = len(self.findings) - len(shown)
        return (self.reason, *shown, *((f"and {more} more",) if more else ()))


def _screen_line(finding: Finding) -> str:
    path = f"{finding.path}: " if finding.path else ""
    hint = f" ({finding.hint})" if finding.hint else ""
    return f"{finding.file}:{finding.line}:{finding.column}: {path}{finding.message}{hint}"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known apart from inventory and machine. `discovery_url` gives a group's etcd discovery URL;
    `given` are variables of the command line."""

    images: Images
    urls: ServerUrls
    discovery_url: Callable[[Group], str]
    given: Mapping[str, str] = field(default_factory=dict)


def prepare_boot(index: Index, labels: Labels, surroundings: Surroundings) -> Ready | NotReady:
    """Everything one machine boots with, or why it does not boot."""
    selection = select(index, labels)
    if isinstance(selection, NoMatch | Tie):
        return NotReady(selection.reason)
    image = find_image(surroundings.images, selection.profile)
    if isinstance(image, str):
        return NotReady(image)
    config = config_for(index, selection, labels, surroundings)
    if not config.is_valid:
        name = machine_name(selection, labels)
        errors = tuple(f for f in config.findings if f.severity is Severity.ERROR)
        return NotReady(f"the config of {name} is not valid", errors)
    variables = variables_for(selection, labels, surroundings)
    finding = check_arguments(selection, image, labels, surroundings)
    if finding is not None:
        return NotReady("the kernel arguments cannot be made", (finding,))
    return Ready(selection, image, config, variables)


def check_arguments(
    selection: Selection, image: Manifest, labels: Labels, surroundings: Surroundings
) -> Finding | None:
    """What is wrong with the profile's kernel arguments for this machine."""
    variables = {
        **variables_for(selection, labels, surroundings),
        **boot_variables(image, labels.mac, surroundings.urls, EXAMPLE_TOKEN),
    }
    arguments = profile_arguments(selection.profile, variables)
    return arguments if isinstance(arguments, Finding) else None


def find_image(images: Images, profile: Profile) -> Manifest | str:
    """The profile's image, or the sentence that says how to get it."""
    image = images.get(profile.image)
    if image is None:
        return f"there is no image {profile.image!r}; make it with: pxeserver image build {profile.image}"
    if isinstance(image, ManifestError):
        return str(image)
    return image


def foreign_images(images: Images) -> frozenset[str]:
    """Names of the images that do not have our agent."""
    return frozenset(
        name for name, image in images.items() if isinstance(image, Manifest) and not image.has_agent
    )


def variables_for(selection: Selection, labels: Labels, surroundings: Surroundings) -> dict[str, object]:
    group = selection.group
    discovery_url = surroundings.discovery_url(group) if group.etcd_size is not None else None
    return template_variables(selection, labels, surroundings.urls, discovery_url, surroundings.given)


def config_for(index: Index, selection: Selection, labels: Labels, surroundings: Surroundings) -> Rendered:
    """The machine's config with its findings."""
    profile = selection.profile
    image = surroundings.images.get(profile.image)
    has_agent = image.has_agent if isinstance(image, Manifest) else None
    if profile.config is None:
        return Rendered("", (_no_config(profile),) if has_agent else ())
    return render_config(
        index.configs[profile.config],
        variables_for(selection, labels, surroundings),
        lambda name: origin_of(name, selection, surroundings.given),
        has_agent=has_agent,
    )


def _no_config(profile: Profile) -> Finding:
    return Finding(
        severity=Severity.ERROR,
        code="missing-key",
        path="config",
        file=profile.file,
        line=1,
        column=1,
        message=f"the image {profile.image!r} needs a config",
    )


def boot_target(ready: Ready, labels: Labels, urls: ServerUrls, token: str) -> BootTarget:
    """What the boot script says; the names on the command line are those the initramfs and the agent read."""
    image = ready.image
    variables = {**ready.variables, **boot_variables(image, labels.mac, urls, token)}
    arguments = profile_arguments(ready.selection.profile, variables)
    if isinstance(arguments, Finding):
        raise ScriptError(f"{arguments.path}: {arguments.message}")
    return BootTarget(
        title=f"{machine_name(ready.selection, labels)} ({labels.mac}) boots {image.name} {image.version}",
        kernel_url=asset_url(urls, image.kernel),
        initrd_url=asset_url(urls, image.initrd),
        arguments=(
            *own_arguments(image, labels.mac, urls, token),
            *image.kernel_args,
            *arguments,
        ),
    )
