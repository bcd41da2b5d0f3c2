"""Carries out a plan below one target root: the only part of the agent that changes a machine."""
