"""Both one-sided Kolmogorov-Smirnov distances of sorted rows, by bounds (layer 2, Numba).

Between two points of the line, F - G is largest if all of F rises first and all of G afterwards. Where that bound does
not exceed what was already found somewhere, the values in between are never read; elsewhere the interval is halved at the
median of the side that has more values in it. Exact: everything is counted in integers, in units of 1 / (n m).

About a thousand binary searches settle 100,000 values. On sorted rows of 20,000 to a million values that is 2 to 50 times as fast as
merging them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.ops._jit import jit

if TYPE_CHECKING:
    NDArray = np.ndarray[Any, Any]

__all__ = ["ks_of_rows"]

LEAF = 32  # values of both sides together: merging so few is cheaper than another search


@jit()
def ks_of_rows(reference: NDArray, current: NDArray, sizes: NDArray, suprema: NDArray) -> None:
    """Write `sup(F - G)` and `sup(G - F)` of each row to `suprema`, shape `(d, 2)`.

    F and G are the ECDFs of the first `sizes[row]` values, shape `(d, 2)`, of reference and current; NaN without values.
    """
    for row in range(reference.shape[0]):
        n, m = sizes[row]
        if n == 0 or m == 0:
            suprema[row] = np.nan
        else:
            up, down = _suprema(reference[row, :n], current[row, :m])
            suprema[row, 0], suprema[row, 1] = up / (n * m), down / (n * m)


@jit()
def _suprema(a: NDArray, b: NDArray) -> tuple[int, int]:
    """Return the largest `i m - j n` and the largest `j n - i m`, where i and j values of a and b do not exceed some x."""
    n, m = a.size, b.size
    # Open intervals of the line, as the counts (i, j) at their start and just before their end, nearly in the order of
    # their size: early suprema are then near the final ones. Only those with more than LEAF values have two children.
    room = 2 * ((n + m) // LEAF) + 4
    queue = np.empty((room, 4), np.int64)
    queue[0, 0], queue[0, 1], queue[0, 2], queue[0, 3] = 0, 0, n, m
    first, last = 0, 1
    up = down = 0
    while first != last:
        i0, j0, i1, j1 = queue[first]
        first = first + 1 if first + 1 < room else 0
        if i1 * m - j0 * n <= up and j1 * n - i0 * m <= down:
            continue
        if i1 - i0 + j1 - j0 <= LEAF:
            rise, fall = _merge(a, b, (i0, j0), (i1, j1))
            up, down = max(up, rise), max(down, fall)
            continue

        # il and ir: values of a below v, and up to v; jl and jr: the same of b
        if i1 - i0 > j1 - j0:
            v, il, ir = _middle(a, i0, i1)
            jl, jr = _ranks(b, v, j0, j1)
        else:
            v, jl, jr = _middle(b, j0, j1)
            il, ir = _ranks(a, v, i0, i1)
        before, at = il * m - jl * n, ir * m - jr * n
        up, down = max(up, before, at), max(down, -before, -at)
        # Where one side has no value in an interval, F - G is monotone in it and the ends have said everything.
        if il > i0 and jl > j0:
            queue[last, 0], queue[last, 1], queue[last, 2], queue[last, 3] = i0, j0, il, jl
            last = last + 1 if last + 1 < room else 0
        if i1 > ir and j1 > jr:
            queue[last, 0], queue[last, 1], queue[last, 2], queue[last, 3] = ir, jr, i1, j1
            last = last + 1 if last + 1 < room else 0
    return up, down


@jit()
def _merge(a: NDArray, b: NDArray, start: tuple[int, int], stop: tuple[int, int]) -> tuple[int, int]:
    """Return the two suprema between two pairs of counts."""
    n, m = a.size, b.size
    (i, j), (i1, j1) = start, stop
    up = down = 0
    while i < i1 and j < j1:
        x = min(a[i], b[j])
        while i < i1 and a[i] == x:
            i += 1
        while j < j1 and b[j] == x:
            j += 1
        up, down = max(up, i * m - j * n), max(down, j * n - i * m)
    return up, down


@jit()
def _middle(x: NDArray, low: int, high: int) -> tuple[float, int, int]:
    """Return the middle one of the sorted values `x[low:high]`, and its ranks from below and from above."""
    middle = (low + high) // 2
    v, left, right = x[middle], middle, middle + 1
    if left > low and x[left - 1] == v:
        left = _first_not_below(x, v, low, left)
    if right < high and x[right] == v:
        right = _first_above(x, v, right, high)
    return v, left, right


@jit()
def _ranks(x: NDArray, v: float, low: int, high: int) -> tuple[int, int]:
    """Return how many values of x are below v and how many do not exceed it; both lie in `[low, high]`."""
    left = _first_not_below(x, v, low, high)
    right = left
    if right < high and x[right] == v:
        right = _first_above(x, v, right, high)
    return left, right


@jit()
def _first_not_below(x: NDArray, v: float, low: int, high: int) -> int:
    n = high - low
    while n > 0:  # the same number of steps for every v: nothing for the processor to guess
        half = (n + 1) >> 1
        low += half if x[low + half - 1] < v else 0
        n -= half
    return low


@jit()
def _first_above(x: NDArray, v: float, low: int, high: int) -> int:
    n = high - low
    while n > 0:
        half = (n + 1) >> 1
        low += half if x[low + half - 1] <= v else 0
        n -= half
    return low
