"""Arrays of statistics as plain Python numbers (layer 4)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from driftwatch.arrays.namespace import to_host

__all__ = ["floats"]


def floats(x: Any) -> list[float | None]:
    """Return the numbers of an array of any library; None where one is not finite."""
    return [value if math.isfinite(value) else None for value in np.asarray(to_host(x), dtype=np.float64).tolist()]
