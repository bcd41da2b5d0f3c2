"""Texts that hold other texts, one kind a file."""
