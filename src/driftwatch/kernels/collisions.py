"""Repeated rows, seen in the occupancy of a hash table of rows (layer 2, host, float64).

Copies of rows leave every distribution where it is, so no statistic of one feature sees them. Rows that are hashed into
a table of fixed size do show them: two equal rows are in one bin for certain, two others by chance, 1 in the size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from driftwatch.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["RepeatsResult", "repeated_rows"]


class RepeatsResult(NamedTuple):
    """`statistic`, the share of current rows that are copies beyond the reference's; `pvalue` one-sided."""

    statistic: float
    pvalue: float


def repeated_rows(reference_bins: ArrayLike, current_bins: ArrayLike) -> RepeatsResult:
    """Return whether rows repeat more often in the current data than in the reference.

    Parameters
    ----------
    reference_bins, current_bins : array of int, shape (n_bins,)
        How many rows of each sample a hash function put into each bin. The same function for all rows of a sample.

    Returns
    -------
    RepeatsResult
        `statistic` is the number of pairs of rows in one bin, less what the reference leads to expect, over the number
        of current rows: about r / m where r of m rows are second copies; more where rows have many copies. NaN with
        fewer than two rows on a side.

    Raises
    ------
    InputError
        If the two do not count the same bins.

    Notes
    -----
    Of m distinct rows, m (m - 1) / 2 pairs fall into one bin with probability 1 / n_bins each, pairwise independently,
    so that the count of such pairs has the variance of a Poisson variable. The p-value is that of the conditional
    binomial test that the rates of two Poisson counts are equal. Where the reference itself repeats rows, pairs come
    in clusters: both counts are then divided by their overdispersion, var / mean, in which the covariance of two pairs
    with a row in common is estimated from the triples of rows in one bin (the variance of a U-statistic).

    A share s of second copies stands z = s sqrt(2 n_bins) standard deviations out, whatever the number of rows, when
    the reference is large: 65,536 bins show 2 % at z = 7.

    References
    ----------
    Przyborowski, J. and Wilenski, H. (1940), "Homogeneity of results in testing samples from Poisson series",
    Biometrika 31; Hoeffding, W. (1948), "A class of statistics with asymptotically normal distribution", for the
    variance.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> bins = lambda rows: np.bincount(rows, minlength=65_536)
    >>> epoch = rng.integers(65_536, size=2_000)
    >>> result = repeated_rows(bins(rng.integers(65_536, size=2_000)), bins(np.concatenate([epoch[:1_800], epoch[:200]])))
    >>> round(result.statistic, 2), result.pvalue < 1e-9
    (0.1, True)
    """
    from scipy.special import betainc

    reference, current = (np.asarray(x, dtype=np.float64) for x in (reference_bins, current_bins))
    if reference.shape != current.shape or reference.ndim != 1:
        raise InputError(
            "`reference_bins` and `current_bins` must be one row over the same bins, "
            f"got shapes {reference.shape} and {current.shape}. Hash both sides with one grid."
        )
    n, m = float(reference.sum()), float(current.sum())
    if min(n, m) < 2.0:
        return RepeatsResult(np.nan, np.nan)
    found = np.asarray([_pairs(reference), _pairs(current)])
    possible = np.asarray([n * (n - 1.0) / 2.0, m * (m - 1.0) / 2.0])
    statistic = (found[1] - possible[1] * found[0] / possible[0]) / m

    scale = _overdispersion(reference, current, found.sum() / possible.sum())
    seen, expected = found / scale, possible / scale
    share = expected[1] / expected.sum()
    # P(X >= x) of a binomial variable, continued to scaled counts; certain where nothing was seen.
    pvalue = float(betainc(seen[1], seen[0] + 1.0, share)) if seen[1] > 0.0 else 1.0
    return RepeatsResult(float(statistic), pvalue)


def _pairs(counts: NDArray[np.float64]) -> float:
    return float((counts * (counts - 1.0)).sum() / 2.0)


def _triples(counts: NDArray[np.float64]) -> float:
    return float((counts * (counts - 1.0) * (counts - 2.0)).sum() / 6.0)


def _overdispersion(
    reference: NDArray[np.float64], current: NDArray[np.float64], pair_rate: float
) -> NDArray[np.float64]:
    """Return var / mean of the number of pairs in one bin on either side, at least 1, shape `(2,)`."""
    sizes = np.asarray([reference.sum(), current.sum()])
    possible = (sizes * (sizes - 1.0) * (sizes - 2.0)).sum() / 6.0
    triple_rate = (_triples(reference) + _triples(current)) / max(possible, 1.0)
    covariance = triple_rate - pair_rate * pair_rate
    ratio: NDArray[np.float64] = 1.0 + 2.0 * (sizes - 2.0) * covariance / max(pair_rate, np.finfo(np.float64).tiny)
    return np.maximum(ratio, 1.0)
