"""First-boot agent: one YAML file in, the machine it describes out."""

__version__ = "0.1.0"
