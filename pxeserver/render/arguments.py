"""The kernel command line of one machine."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import structs

from provision.findings import Finding
from pxeserver.images.manifest import ImageFile, Manifest
from pxeserver.inventory.model import ConfigTemplate, Profile
from pxeserver.render.templates import render_template
from pxeserver.render.variables import ServerUrls


def own_arguments(image: Manifest, mac: str, urls: ServerUrls, token: str) -> tuple[str, ...]:
    """What our initramfs and agent read; nothing for an image that has neither."""
    if not image.has_agent or image.root is None:
        return ()
    return (
        f"provision.machine={mac}",
        f"provision.token={token}",
        f"provision.config={urls.control}/v1/config/{mac.replace(':', '-')}",
        f"provision.report={urls.control}/v1/events",
        f"provision.image={asset_url(urls, image.root)}",
        f"provision.image.sha256={image.root.sha256}",
        f"provision.image.bytes={image.root.bytes}",
        "console=ttyS0,115200",
    )


def profile_arguments(profile: Profile, variables: Mapping[str, object]) -> tuple[str, ...] | Finding:
    """The arguments of the profile, each a template, or the first that is wrong."""
    arguments = []
    for number, text in enumerate(profile.kernel_args):
        rendered = render_template(ConfigTemplate(profile.file, text), variables)
        if isinstance(rendered, Finding):
            place = f"kernel_args[{number}]"
            return structs.replace(rendered, line=profile.lines.get(place, 1), path=place)
        arguments.append(rendered)
    return tuple(arguments)


def boot_variables(image: Manifest, mac: str, urls: ServerUrls, token: str) -> dict[str, object]:
    """What only kernel arguments can have: they are made for one boot of one image."""
    here = f"{mac.replace(':', '-')}/{token}"
    known = {f"{part}_url": asset_url(urls, file) for part, file in image.parts().items()}
    return {
        "image": {"name": image.name, "version": image.version, **known},
        "boot": {
            "config_url": f"{urls.control}/v1/config/{here}",
            "nocloud_url": f"{urls.control}/v1/nocloud/{here}/",
            "ec2_url": f"{urls.control}/v1/ec2/{here}",
            "openstack_url": f"{urls.control}/v1/openstack/{here}",
            "token": token,
        },
    }


def asset_url(urls: ServerUrls, asset: ImageFile) -> str:
    return f"{urls.assets}/assets/sha256/{asset.sha256}/{asset.file}"
