"""What holds for every test."""

from __future__ import annotations

import os

from hypothesis import settings

# The first example of a run pays for late imports, on machines that may be busy: speed is measured elsewhere.
settings.register_profile("quick", deadline=None, max_examples=5)
settings.register_profile("untimed", deadline=None, max_examples=50)
settings.register_profile("thorough", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "untimed"))
