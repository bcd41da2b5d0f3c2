"""How large a config each platform hands out as user data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from provision.findings import Finding, Severity

KIB = 1024


class Limit(Struct, frozen=True):
    """The most bytes; with `base64` of the encoded text, which has 4 for each 3 of the config."""

    name: str
    bytes: int
    base64: bool = False

    @property
    def config_bytes(self) -> int:
        return self.bytes // 4 * 3 if self.base64 else self.bytes


LIMITS: Mapping[str, Limit] = {
    "azure": Limit("Azure", 65535),  # customData, before base64
    "digitalocean": Limit("DigitalOcean", 64 * KIB),
    "ec2": Limit("Amazon EC2", 16 * KIB),  # before base64
    "gce": Limit("Google Compute Engine", 256 * KIB),  # a metadata value
    "hetzner": Limit("Hetzner Cloud", 32 * KIB),
    "openstack": Limit("OpenStack", 65535, base64=True),  # Nova, Create Server, user_data
}
SMALLEST_BYTES = min(limit.config_bytes for limit in LIMITS.values())


def size_findings(size_bytes: int, file: str, platform: str | None) -> Iterator[Finding]:
    """An error for the platform asked for; without one a note of those that would refuse the config."""
    hint = "put large content behind files[].source, or what machines share behind include[].url"
    if platform is not None:
        limit = LIMITS[platform]
        if size_bytes > limit.config_bytes:
            message = f"{size_bytes} bytes, and {limit.name} takes {limit.config_bytes}"
            yield Finding(Severity.ERROR, "platform-size", "", file, 1, 1, message, hint)
    elif size_bytes > SMALLEST_BYTES:
        refusing = [limit.name for limit in LIMITS.values() if size_bytes > limit.config_bytes]
        message = f"{size_bytes} bytes are too many for user data of {', '.join(refusing)}"
        yield Finding(Severity.NOTE, "platform-size", "", file, 1, 1, message, hint)
