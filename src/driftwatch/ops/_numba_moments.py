"""Mean and standard deviation of rows, in two passes that use vector registers (layer 2, Numba)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.ops._jit import jit

if TYPE_CHECKING:
    NDArray = np.ndarray[Any, Any]

__all__ = ["moments_of_rows"]


@jit()
def moments_of_rows(x: NDArray, n_valid: NDArray, ends: NDArray, scale: NDArray, moments: NDArray) -> None:
    """Write mean and population standard deviation of each row's first `n_valid` values, as `generic.mean_std`.

    Parameters
    ----------
    x : array, shape (d, n)
    n_valid : array of integers, shape (d,)
    ends : array of float64, shape (2, d)
        The smallest and the largest value that counts.
    scale : array of float64, shape (d,)
        Powers of two near the largest value of each row, so that its squares neither overflow nor vanish.
    moments : array of float64, shape (2, d)
        Receives mean and standard deviation.
    """
    for row in range(x.shape[0]):
        values, unit, low, high = x[row, : n_valid[row]], scale[row], ends[0, row], ends[1, row]
        if values.size == 0 or not (math.isfinite(low) and math.isfinite(high)):
            moments[:, row] = np.nan
        elif low == high:
            moments[0, row], moments[1, row] = low, 0.0
        else:
            center = _sum(values, 1.0 / unit) / values.size
            moments[0, row] = center * unit
            moments[1, row] = math.sqrt(_sum_of_squares(values, 1.0 / unit, center) / values.size) * unit


@jit(reorder_sums=True)
def _sum(values: NDArray, factor: float) -> float:
    total = 0.0
    for i in range(values.size):
        total += np.float64(values[i]) * factor
    return total


@jit(reorder_sums=True)
def _sum_of_squares(values: NDArray, factor: float, center: float) -> float:
    total = 0.0
    for i in range(values.size):
        deviation = np.float64(values[i]) * factor - center
        total += deviation * deviation
    return total
