"""The 1-Wasserstein distance of sorted rows, by pairing quantiles (layer 2, Numba).

W1 is the integral of |Q_F(u) - Q_G(u)| over u in (0, 1). Both quantile functions are steps whose ends, multiples of 1/n and 1/m,
do not depend on the values: no comparison of values, so nothing to mispredict, and for n = m a plain mean of differences.
Everything is added in float64: float32 would lose digits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.ops._jit import jit

if TYPE_CHECKING:
    NDArray = np.ndarray[Any, Any]

__all__ = ["w1_of_rows"]


@jit()
def w1_of_rows(reference: NDArray, current: NDArray, sizes: NDArray, w1: NDArray) -> None:
    """Write the W1 distance of each row's first `sizes[row]` values, shape `(d, 2)`; NaN where a side has none."""
    for row in range(reference.shape[0]):
        n, m = sizes[row]
        if n == 0 or m == 0:
            w1[row] = np.nan
            continue
        a, b = reference[row, :n], current[row, :m]
        w1[row] = _mean_gap(a, b) if n == m else _paired(a, b)
        if not np.isfinite(w1[row]):
            w1[row] = _paired_with_infinities(a, b)


@jit(reorder_sums=True)
def _mean_gap(a: NDArray, b: NDArray) -> float:
    total = 0.0
    for i in range(a.size):
        total += abs(np.float64(a[i]) - np.float64(b[i]))
    return total / a.size


@jit()
def _paired(a: NDArray, b: NDArray) -> float:
    n, m = a.size, b.size
    total = 0.0
    i = j = position = 0  # position: the part of (0, 1) that is done, in units of 1 / (n m)
    end_a, end_b = m, n  # where the steps of value i and value j end
    while i < n and j < m:
        end = min(end_a, end_b)
        total += np.float64(end - position) * abs(np.float64(a[i]) - np.float64(b[j]))
        position = end
        ends_a, ends_b = end_a == end, end_b == end
        i += ends_a
        j += ends_b
        end_a += m if ends_a else 0
        end_b += n if ends_b else 0
    return total / (n * m)


@jit()
def _paired_with_infinities(a: NDArray, b: NDArray) -> float:
    """`_paired` where values are infinite or the sum overflows: equal values are at distance 0 even at infinity."""
    n, m = a.size, b.size
    total = 0.0
    i = j = position = 0
    end_a, end_b = m, n
    while i < n and j < m:
        end = min(end_a, end_b)
        if a[i] != b[j]:
            total += (end - position) / (n * m) * abs(np.float64(a[i]) - np.float64(b[j]))
        position = end
        ends_a, ends_b = end_a == end, end_b == end
        i += ends_a
        j += ends_b
        end_a += m if ends_a else 0
        end_b += n if ends_b else 0
    return total
