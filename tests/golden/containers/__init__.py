"""Units of containers before systemd itself."""
