"""What a config's findings are, short enough for a table."""

from __future__ import annotations

from provision.load import load_bytes


def codes(text: str) -> list[str]:
    """`code path` of each finding, in the order of the file."""
    loaded = load_bytes(text.encode(), file="config.yaml")
    return [f"{finding.code} {finding.path}".rstrip() for finding in loaded.findings]


def network_codes(*interfaces: str) -> list[str]:
    """Those of section `network`; paths without its name."""
    text = f"network: {{interfaces: [{', '.join(interfaces)}]}}"
    return [code.replace("network.interfaces", "") for code in codes(text)]
