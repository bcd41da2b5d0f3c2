"""Section `containers`."""
