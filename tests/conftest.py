"""What holds for every test."""

from __future__ import annotations

import os

from hypothesis import settings

# The first example of a run pays for late imports, on machines that may be busy: speed is measured elsewhere.
# Half the usual number of examples keeps `make test-fast` under its minute; HYPOTHESIS_PROFILE=thorough looks longer.
settings.register_profile("untimed", deadline=None, max_examples=50)
settings.register_profile("thorough", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "untimed"))
