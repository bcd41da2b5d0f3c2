"""DHCP: packets, leases and the server's sockets."""
