"""The commands of `pxeserver`, one a file."""
