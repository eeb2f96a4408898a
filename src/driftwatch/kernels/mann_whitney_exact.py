"""The exact distribution of the Mann-Whitney statistic without ties (layer 2, host, float64)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["mannwhitney_sf"]


def mannwhitney_sf(u: NDArray[np.float64], n: NDArray[np.float64], m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return P(U >= u) of samples of n and m distinct values, for whole u from (n m - 1) / 2 to n m, shape `(d,)`.

    O(min(n, m) n m) once for a pair of sizes.

    References
    ----------
    Andrews, G. E. (1976), "The Theory of Partitions", chapter 3: the generating function of U is a Gaussian binomial.
    """
    sf = np.empty(u.shape)
    sizes = np.stack([np.minimum(n, m), np.maximum(n, m)], axis=-1).astype(np.int64)
    for small, large in np.unique(sizes, axis=0).tolist():
        rows = (sizes[:, 0] == small) & (sizes[:, 1] == large)
        # U and n m - U have one distribution.
        sf[rows] = _lower_tail(small, large)[small * large - u[rows].astype(np.int64)]
    return sf


@lru_cache(maxsize=8)
def _lower_tail(small: int, large: int) -> NDArray[np.float64]:
    """Return P(U <= u) for u = 0, 1, ..., (small large + 1) / 2."""
    size = (small * large + 1) // 2 + 1
    pmf = np.zeros(size)
    pmf[0] = 1.0
    for i in range(1, small + 1):
        # The next Gaussian binomial: times 1 - q^(large + i), divided by 1 - q^i. Kept as probabilities, since the
        # counts overflow from about 500 values on each side.
        jump = large + i
        if jump < size:
            pmf[jump:] -= pmf[:-jump].copy()
        padded = np.zeros(-(-size // i) * i)
        padded[:size] = pmf
        pmf = padded.reshape(-1, i).cumsum(axis=0).reshape(-1)[:size] * (i / jump)
    tail: NDArray[np.float64] = np.cumsum(pmf)
    tail.flags.writeable = False
    return tail
