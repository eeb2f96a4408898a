"""How long blocks of dependent rows must be so that whole blocks are nearly independent (layer 2, host, float64)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["block_lengths"]

MISSED_VARIANCE = 0.05  # of the long-run variance that blocks may miss: a test at 5 % is then one at 5.6 %
MIN_BLOCKS = 10  # in a sample, where dependence is longer than that blocks can help
SIGNIFICANCE = 2.0  # Politis and White's c: autocorrelations below c sqrt(log10(n) / n) count as none


def block_lengths(values: ArrayLike) -> NDArray[np.int64]:
    """Return the block length of each feature, 1 for independent rows.

    Parameters
    ----------
    values : array, shape (d, n)
        In the order of the rows, NaN where missing.

    Returns
    -------
    array of int64, shape (d,)
        From 1 to n / 10.

    Notes
    -----
    A mean over blocks of l rows misses about G / (l g) of its long-run variance g, where g is the sum of all
    autocovariances R(k) and G that of |k| R(k). l is chosen so that this is 5 %. R is that of the ranks, which heavy tails do not
    disturb; how many of its lags count is found as by Politis and White: up to the last one that is significant, and
    as many again with falling weight. O(d n log n).

    References
    ----------
    Politis, D. N. and White, H. (2004), "Automatic block-length selection for the dependent bootstrap", Econometric
    Reviews 23; Patton, A., Politis, D. N. and White, H. (2009), the correction, the same journal 28.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> noise = rng.normal(size=2010)
    >>> moving = np.convolve(noise, np.ones(11), mode="valid")
    >>> block_lengths([noise[:2000], moving]).tolist()
    [1, 75]
    """
    values = np.asarray(values, dtype=np.float64)
    n = values.shape[-1]
    longest = n // MIN_BLOCKS
    if longest < 2:
        return np.ones(values.shape[0], dtype=np.int64)
    quiet = max(5, math.ceil(math.sqrt(math.log10(n))))  # how many lags in a row must be insignificant
    n_lags = min(n - 1, math.ceil(math.sqrt(n)) + quiet)
    covariance = _autocovariance(_ranks(values), n_lags)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = np.abs(covariance[:, 1:] / covariance[:, :1])
    significant = correlation >= SIGNIFICANCE * math.sqrt(math.log10(n) / n)
    return np.asarray([_length(c, s, quiet, longest) for c, s in zip(covariance, significant, strict=True)])


def _length(covariance: NDArray[np.float64], significant: NDArray[np.bool_], quiet: int, longest: int) -> int:
    runs = np.lib.stride_tricks.sliding_window_view(significant, quiet).any(axis=-1)
    settled = np.flatnonzero(~runs)
    last = int(settled[0]) if settled.size else len(significant)
    if last == 0:
        return 1
    lags = np.arange(1, min(2 * last, len(significant)) + 1)
    weight = np.clip(2.0 * (1.0 - lags / (2.0 * last)), 0.0, 1.0)
    weighted = weight * covariance[lags]
    total, spread = covariance[0] + 2.0 * weighted.sum(), 2.0 * (lags * weighted).sum()
    if spread <= 0.0:  # negative dependence: single rows are on the safe side
        return 1
    if total <= 0.0:
        return longest
    return int(np.clip(math.ceil(spread / (MISSED_VARIANCE * total)), 1, longest))


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return centred mid-ranks, 0 where a value is missing."""
    ranks = np.zeros(values.shape)
    for row, out in zip(values, ranks, strict=True):
        present = ~np.isnan(row)
        ordered = np.sort(row[present])
        below, upto = (np.searchsorted(ordered, row[present], side=side) for side in ("left", "right"))
        out[present] = (below + upto - ordered.size) / 2.0
    return ranks


def _autocovariance(x: NDArray[np.float64], n_lags: int) -> NDArray[np.float64]:
    """Return the autocovariances at the lags 0 to `n_lags` of centred rows, shape `(d, n_lags + 1)`."""
    n = x.shape[-1]
    size = 1 << (n + n_lags).bit_length()
    spectrum = np.abs(np.fft.rfft(x, size, axis=-1)) ** 2
    covariance: NDArray[np.float64] = np.fft.irfft(spectrum, size, axis=-1)[:, : n_lags + 1] / n
    return covariance
