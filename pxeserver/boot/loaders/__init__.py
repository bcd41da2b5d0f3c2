"""Boot scripts, one boot loader a file."""
