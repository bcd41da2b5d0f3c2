"""TFTP, read-only: RFC 1350, 2347, 2348, 2349 and 7440."""
