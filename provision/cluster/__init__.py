"""Joining: what the registry says, what the machine still has, and what follows from both."""
