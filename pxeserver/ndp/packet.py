"""Router solicitations read, and the advertisement of no router written (RFC 4861 sec. 4.1 and 4.2)."""

from __future__ import annotations

import struct
from ipaddress import IPv6Address

from pxeserver.wire import WireError

ROUTER_SOLICITATION = 133
ROUTER_ADVERTISEMENT = 134
ALL_NODES = IPv6Address("ff02::1")
ALL_ROUTERS = IPv6Address("ff02::2")
MIN_SOLICITATION_BYTES = 8
_OPTION_UNIT_BYTES = 8

# Type, code, checksum (by the kernel), hop limit, flags, router lifetime in seconds, reachable and retransmit time.
_ADVERTISEMENT = struct.Struct("!BBHBBHII")
# Lifetime 0: not a default router. No flags, no prefix: there is no DHCPv6 and no network to configure here. All
# that a machine learns from it is that it need not go on asking.
NO_ROUTER = _ADVERTISEMENT.pack(ROUTER_ADVERTISEMENT, 0, 0, 0, 0, 0, 0, 0)


def check_solicitation(message: bytes, source: IPv6Address) -> IPv6Address:
    """Where the advertisement goes; `WireError` for what is no solicitation of this link (RFC 4861 sec. 6.1.1)."""
    if len(message) < MIN_SOLICITATION_BYTES or message[:2] != bytes((ROUTER_SOLICITATION, 0)):
        raise WireError(f"icmpv6 message {message[:2].hex()} of {len(message)} bytes: no router solicitation")
    position = MIN_SOLICITATION_BYTES
    while position < len(message):
        length_bytes = message[position + 1] * _OPTION_UNIT_BYTES if position + 1 < len(message) else 0
        if length_bytes == 0 or position + length_bytes > len(message):
            raise WireError(f"router solicitation: option {message[position]} has no right length")
        position += length_bytes
    if source.is_unspecified:
        return ALL_NODES
    if not source.is_link_local:
        raise WireError(f"router solicitation from {source}, which is not of this link")
    return source
