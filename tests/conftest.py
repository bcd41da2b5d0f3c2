"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# The first example of a run pays for late imports, on machines that may be busy: speed is measured elsewhere.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
