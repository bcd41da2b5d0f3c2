"""The little of IPv6 neighbour discovery that spares machines a wait on a network without it."""
