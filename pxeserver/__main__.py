"""`python -m pxeserver`."""

from __future__ import annotations

import sys

from pxeserver.cli import main

sys.exit(main())
