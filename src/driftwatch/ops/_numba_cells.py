"""Counts and whole sums of unsorted values in the cells between points, in one read (layer 2, Numba).

A table of equal steps over the points' range says between which of them a value lies, roughly; a bisection finds the
place. On values that spread evenly over the points' range few steps are left, on heavy tails all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.ops._jit import jit
from driftwatch.ops.cells import LIMB, LIMB_BITS, LIMIT, SQUARE_LIMIT, SQUARE_SHIFT

if TYPE_CHECKING:
    NDArray = np.ndarray[Any, Any]

__all__ = ["tally_rows"]

STEPS = 4096  # of the table: 16 kB, which stays in the first cache
FAR = float(LIMIT)


@jit()
def tally_rows(  # noqa: PLR0917 - compiled code takes arrays, not objects
    x: NDArray,
    points: NDArray,
    inverse: NDArray,
    middle: NDArray,
    cells: NDArray,
    missing: NDArray,
    sums: NDArray,
    squares: NDArray,
    ends: NDArray,
) -> None:
    """Add each row of `x` to its cells, as `generic.tally_cells` does; limbs are left to be carried.

    Parameters
    ----------
    x : array, shape (d, m)
    points : array of float64, shape (d, k)
    inverse, middle : array, shape (d,)
        1 / unit, and the center less half a step of squares.
    cells, missing, sums, squares, ends : array, shapes (d, 2 k + 1), (d,), (2, d, k + 1), (2, d), (2, d)
        Receive what was counted: high limbs and smallest values first.
    """
    starts = np.empty(STEPS + 1, np.int32)
    for row in range(x.shape[0]):
        own, counted = points[row], cells[row]
        high_sums, low_sums = sums[0, row], sums[1, row]
        factor, center = inverse[row], middle[row]
        origin, per_step = _table(own, starts)
        low, high = np.inf, -np.inf
        square_high = square_low = 0
        n_missing = 0
        for i in range(x.shape[1]):
            value = np.float64(x[row, i])
            if value != value:  # noqa: PLR0124 - NaN
                n_missing += 1
                continue
            low, high = min(low, value), max(high, value)
            place = _place(own, starts, origin, per_step, value)
            whole = np.int64(min(max(np.rint(value * factor), -FAR), FAR))
            is_point = own[place] == value
            counted[2 * place + is_point] += 1
            if not is_point:
                high_sums[place] += whole >> LIMB_BITS
                low_sums[place] += whole & LIMB
            distance = min(max((whole - center) >> SQUARE_SHIFT, -SQUARE_LIMIT), SQUARE_LIMIT)
            square = distance * distance
            square_high += square >> LIMB_BITS
            square_low += square & LIMB
        missing[row] += n_missing
        squares[0, row], squares[1, row] = square_high, square_low
        ends[0, row], ends[1, row] = low, high


@jit()
def _table(points: NDArray, starts: NDArray) -> tuple[float, float]:
    """Write how many points lie below each step of the table, and return where it begins and its steps per unit."""
    n = np.searchsorted(points, np.inf)
    first = 0
    while first < n and points[first] == -np.inf:
        first += 1
    starts[:] = 0
    if n - first < 2:
        return 0.0, 0.0
    origin, width = points[first], points[n - 1] - points[first]
    per_step = STEPS / width
    if not (per_step < np.inf and per_step > 0.0):
        return 0.0, 0.0
    for step in range(STEPS + 1):
        starts[step] = np.searchsorted(points[:n], origin + step / per_step)
    return origin, per_step


@jit()
def _place(points: NDArray, starts: NDArray, origin: float, per_step: float, value: float) -> int:
    """Return how many points lie below a value; the last point is infinite."""
    low, high = 0, points.size - 1
    if per_step > 0.0:
        position = (value - origin) * per_step
        if position < 0.0:
            position = 0.0
        elif position > STEPS - 1:
            position = STEPS - 1.0
        step = np.int64(position)
        # the table is a hint: rounding may have put a value one step off
        if starts[step] == 0 or points[starts[step] - 1] < value:
            low = starts[step]
        if points[starts[step + 1]] >= value:
            high = starts[step + 1]
    # without a branch that depends on the value: a wrong guess of the processor costs more than a step
    n = high - low
    while n > 0:
        half = (n + 1) >> 1
        low += half if points[low + half - 1] < value else 0
        n -= half
    return low
