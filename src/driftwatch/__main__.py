"""`python -m driftwatch` is the command line (layer 5)."""

from __future__ import annotations

import sys

from driftwatch.cli.__main__ import main

__all__: list[str] = []

if __name__ == "__main__":
    sys.exit(main())
