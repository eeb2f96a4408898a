"""Mean and variance, without drift, of divergences that are a sum over cells (layer 2, host, float64)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from driftwatch.kernels.log_probability import log_table_probability
from driftwatch.kernels.noise import reciprocal_sum

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "HELLINGER",
    "JENSEN_SHANNON",
    "Divergence",
    "kullback_leibler",
    "null_moments",
    "population_stability",
    "split_distribution",
]

LN2 = 0.6931471805599453
# Below this expected count on the smaller side the terms of a cell are summed over its exact distribution: with 12 the
# chance of an empty cell, which is what a floor makes expensive, is 6e-6.
RARE_COUNT = 12.0
MANY_DRAWS = 2000.0  # beside a reference of at most 120 values in ten bins: 6 % of the variance at most
TAIL = 62  # beyond the smallest possible count: twelve standard deviations above an expectation of 12


@dataclass(frozen=True, slots=True)
class Divergence:
    """A divergence of two rows of shares: the sum over cells of `term(reference share, current share)`.

    `curvature` is the factor k in its limit for well-filled cells, k (1 / n + 1 / m) chi-squared of k - 1 degrees of
    freedom: half the second derivative of the term in the difference of the shares, times the share.
    """

    curvature: float
    term: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]


def population_stability(floor: float) -> Divergence:
    """Return the population stability index with this floor."""

    def term(r: NDArray[np.float64], c: NDArray[np.float64]) -> NDArray[np.float64]:
        r, c = np.maximum(r, floor), np.maximum(c, floor)
        value: NDArray[np.float64] = (c - r) * np.log(c / r)
        return value

    return Divergence(1.0, term)


def kullback_leibler(floor: float) -> Divergence:
    """Return the Kullback-Leibler divergence, in nats, of the current shares from the reference's; as `kl_from_counts`."""

    def term(r: NDArray[np.float64], c: NDArray[np.float64]) -> NDArray[np.float64]:
        r, c = np.maximum(r, floor), np.maximum(c, floor)
        return np.asarray(c * np.log(c / r) - (c - r))

    return Divergence(0.5, term)


def _jensen_shannon(r: NDArray[np.float64], c: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.special import xlogy

    middle = (r + c) / 2.0
    safe = np.where(middle > 0.0, middle, 1.0)
    return np.asarray((xlogy(r, r / safe) + xlogy(c, c / safe)) / (2.0 * LN2))


def _hellinger(r: NDArray[np.float64], c: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(0.5 * (np.sqrt(r) - np.sqrt(c)) ** 2)


JENSEN_SHANNON = Divergence(1.0 / (8.0 * LN2), _jensen_shannon)  # the square of the distance, base 2
HELLINGER = Divergence(1.0 / 8.0, _hellinger)  # the square of the distance


def null_moments(
    reference_counts: ArrayLike, current_counts: ArrayLike, divergence: Divergence, *, reference_bins: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and variance of a divergence without drift.

    Parameters
    ----------
    reference_counts, current_counts : array of int, shape (..., k)
        Counts on the same cells.
    divergence : Divergence
    reference_bins : bool
        Whether the cells are quantile bins of the reference, so that its counts are given and the current ones follow
        Polya's urn. Else the total of every cell is given, and it is split at random.

    Returns
    -------
    tuple of arrays of float64, shape (...)
        NaN where a sample is empty, 0 for a single cell.

    Notes
    -----
    Cells that are well filled contribute what they do in the limit, where the divergence is a multiple of chi-squared;
    the others the exact moments of their term. Covariances that involve one of the latter are left out. Against
    simulation the mean is within 5 % (tested). O(k), and some 60 terms for each distinct cell that is rare (2,000 where
    the reference has under a dozen values in a quantile bin).

    Examples
    --------
    >>> mean, variance = null_moments([[500, 500]], [[50, 50]], population_stability(1e-4))
    >>> mean.round(4), variance.round(6)
    (array([0.011]), array([0.000242]))
    """
    reference = np.asarray(reference_counts, dtype=np.float64)
    current = np.asarray(current_counts, dtype=np.float64)
    n, m = (side.sum(axis=-1, keepdims=True) for side in (reference, current))
    given = reference if reference_bins else reference + current
    share = given / np.maximum(n if reference_bins else n + m, 1.0)
    rare = (given > 0.0) & (np.minimum(n, m) > 0.0) & (share * np.minimum(n, m) < RARE_COUNT)
    spread = np.where(rare | (given == 0.0), 0.0, 1.0 - share)
    share = np.where(rare, 0.0, share)

    limit = divergence.curvature * reciprocal_sum(n[..., 0], m[..., 0])
    mean = limit * spread.sum(axis=-1)
    crossed = share.sum(axis=-1) ** 2 - (share * share).sum(axis=-1)
    variance = 2.0 * limit**2 * ((spread * spread).sum(axis=-1) + crossed)
    if rare.any():
        means, variances = np.zeros(given.shape), np.zeros(given.shape)
        cells = np.stack([given[rare], *(np.broadcast_to(side, given.shape)[rare] for side in (n, m))])
        distinct, where = np.unique(cells, axis=1, return_inverse=True)
        moments = _urn_moments if reference_bins else _split_moments
        first, second = moments(distinct, divergence)
        means[rare], variances[rare] = first[where.reshape(-1)], second[where.reshape(-1)]
        mean, variance = mean + means.sum(axis=-1), variance + variances.sum(axis=-1)
    return np.asarray(mean), np.asarray(variance)


def _split_moments(
    cells: NDArray[np.float64], divergence: Divergence
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and variance of the terms of cells `(total, n, m)` over the hypergeometric ways to split the total."""
    in_reference, in_current, probability = split_distribution(cells)
    return _moments(probability, divergence.term(in_reference, in_current))


def split_distribution(
    cells: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return both shares and the probability of each way to split the totals of rare cells `(total, n, m)`, `(cells, ways)`."""
    level, n, m = (x[:, None] for x in cells)
    small, large = np.minimum(n, m), np.maximum(n, m)
    lowest = np.maximum(0.0, level - large)
    x = lowest + np.arange(min(TAIL, np.max(np.minimum(level, small) - lowest, initial=0.0)) + 1.0)
    ratio = np.maximum((level - x) * (small - x), 0.0) / ((x + 1.0) * (large - level + x + 1.0))
    start = np.exp(log_table_probability(lowest, small - lowest, level - lowest, large - level + lowest))
    in_small, in_large = np.minimum(x, small) / small, np.maximum(level - x, 0.0) / large
    swapped = n > m
    sides = np.where(swapped, in_large, in_small), np.where(swapped, in_small, in_large)
    return *sides, _probabilities(start, ratio)


def _urn_moments(cells: NDArray[np.float64], divergence: Divergence) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and variance of the terms of quantile bins `(reference count, n, m)`.

    The share of the distribution in a bin that holds a of n values is Beta(a, n + 1 - a), so the current count is
    beta-binomial. Where the reference is what is small, so many draws that their own noise is next to nothing do for m.
    """
    count, n, m = (x[:, None] for x in cells)
    rest, draws = n + 1.0 - count, np.minimum(m, MANY_DRAWS)
    last = np.where(count < RARE_COUNT, draws, np.minimum(draws, TAIL)).max(initial=0.0)
    x = np.arange(last + 1.0)
    ratio = (x + count) * np.maximum(draws - x, 0.0) / ((x + 1.0) * np.maximum(draws - x - 1.0 + rest, 1.0))
    start = np.exp(_log_gamma_ratio(rest, draws) - _log_gamma_ratio(n + 1.0, draws))
    term = divergence.term(np.broadcast_to(count / n, ratio.shape), np.minimum(x / draws, 1.0))
    return _moments(_probabilities(start, ratio), term)


def _log_gamma_ratio(x: NDArray[np.float64], k: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log Gamma(x + k) - log Gamma(x)."""
    from scipy.special import gammaln

    return np.asarray(gammaln(x + k) - gammaln(x))


def _probabilities(start: NDArray[np.float64], ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a distribution by its first probability and the ratios of successive ones."""
    steps = np.concatenate([np.broadcast_to(start, (ratio.shape[0], 1)), ratio[:, :-1]], axis=1)
    return np.cumprod(steps, axis=1)


def _moments(
    probability: NDArray[np.float64], term: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and variance of a term."""
    mean = (probability * term).sum(axis=1)
    return mean, np.maximum((probability * term**2).sum(axis=1) - mean**2, 0.0)
