"""A private lab: one network namespace with a bridge, and emulated machines that boot from a server on it."""
