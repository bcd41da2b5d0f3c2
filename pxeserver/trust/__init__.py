"""Who may ask for what: secrets of a boot."""
