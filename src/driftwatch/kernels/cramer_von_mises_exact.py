"""The exact distribution of the two-sample Cramer-von Mises statistic without ties (layer 2, host, float64)."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["cramervonmises_sf"]

# What rounding may take from a statistic whose scaled value is a whole number.
ROUNDING = 1e-6


def cramervonmises_sf(
    statistic: NDArray[np.float64], n: NDArray[np.float64], m: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return P(T >= t) of samples of n and m distinct values, shape `(d,)`.

    All orderings of n + m values are lattice paths, and the statistic is a sum over the points of a path, so that its
    distribution follows point by point: up to 0.4 s for 19 and 20 values, once for a pair of sizes.

    References
    ----------
    Xiao, Y., Gordon, A. and Yakovlev, A. (2006), "A C++ program for the Cramer-von Mises two-sample test", Journal of
    Statistical Software 17(8).
    """
    sf = np.empty(statistic.shape)
    sizes = np.stack([np.minimum(n, m), np.maximum(n, m)], axis=-1).astype(np.int64)
    for small, large in np.unique(sizes, axis=0).tolist():
        rows = (sizes[:, 0] == small) & (sizes[:, 1] == large)
        unit = math.lcm(small, large) ** 2 * (small + large) ** 2 / (small * large)
        # Rounded down as in scipy, which matters for mid-ranks alone: there the sum is not a whole number.
        score = np.floor(statistic[rows] * unit + ROUNDING)
        values, tail = _distribution(small, large)
        sf[rows] = tail[np.searchsorted(values, score)]
    return sf


@lru_cache(maxsize=64)
def _distribution(small: int, large: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the values of the scaled statistic, ascending, and P(>= value) for each, 0 behind the last."""
    lcm = math.lcm(small, large)
    column_step, row_step = lcm // small, lcm // large
    nothing = np.empty(0, dtype=np.int64), np.empty(0)
    paths = [(np.zeros(1, dtype=np.int64), np.ones(1)), *[nothing] * small]
    for row in range(large + 1):
        before = nothing
        for column, above in enumerate(paths):
            values, counts = before if above is nothing else above if before is nothing else _merged(above, before)
            before = values + (column_step * column - row_step * row) ** 2, counts
            paths[column] = before
    values, counts = paths[-1]
    tail = np.append(np.cumsum(counts[::-1])[::-1] / math.comb(small + large, small), 0.0)
    return values, tail


def _merged(
    one: tuple[NDArray[np.int64], NDArray[np.float64]], other: tuple[NDArray[np.int64], NDArray[np.float64]]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    values, place = np.unique(np.concatenate([one[0], other[0]]), return_inverse=True)
    counts = np.zeros(values.shape)
    np.add.at(counts, place.reshape(-1), np.concatenate([one[1], other[1]]))
    return values, counts
