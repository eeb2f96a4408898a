"""Confidence intervals of distances between two rows of counts (layer 2, host, float64)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from driftwatch.kernels.noise import noise_corrected, reciprocal_sum, tv_moments
from driftwatch.kernels.noise_divergence import null_moments, population_stability
from driftwatch.kernels.noise_floor import nakagami_quantile

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["EffectInterval", "around", "psi_interval", "total_variation_interval"]


class EffectInterval(NamedTuple):
    """`estimate`, noise-corrected, with the ends `low` and `high` of its confidence interval; shape `(d,)` each."""

    estimate: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def around(
    corrected: NDArray[np.float64],
    raw: NDArray[np.float64],
    error: NDArray[np.float64],
    confidence: float,
    *,
    most: float = np.inf,
) -> EffectInterval:
    """Return the interval of a distance from its value with and without its noise, and its standard error.

    The raw distance is biased upwards: by all of its noise without drift, and by ever less of it the further the samples
    are apart. So the lower end starts from the corrected value and the upper end from the raw one.
    """
    from scipy.special import ndtri

    half = ndtri(0.5 + confidence / 2.0) * error
    return EffectInterval(corrected, np.maximum(corrected - half, 0.0), np.minimum(raw + half, most))


def total_variation_interval(
    reference_counts: ArrayLike, current_counts: ArrayLike, *, confidence: float
) -> EffectInterval:
    """Return the confidence interval of the total variation distance of rows of counts `(d, k)`.

    Notes
    -----
    The estimate is the distance corrected for its noise, `sqrt(max(0, TV^2 - E0[TV^2]))`, the standard error that of
    half the sum of the signed differences of shares. The interval begins at 0 where chance alone would give the
    distance with more than 1 - confidence.
    """
    r, c, n, m = _shares(reference_counts, current_counts)
    sign = np.sign(r - c)
    statistic = 0.5 * np.abs(r - c).sum(axis=-1)
    error = 0.5 * np.sqrt(_variance(r, sign) / n + _variance(c, sign) / m)
    mean, square = tv_moments(reference_counts, current_counts)
    found = around(noise_corrected(statistic, square), statistic, error, confidence, most=1.0)
    usual = statistic <= nakagami_quantile(mean, square, confidence)
    return found._replace(low=np.where(usual, 0.0, found.low))


def psi_interval(
    reference_counts: ArrayLike,
    current_counts: ArrayLike,
    *,
    confidence: float,
    floor: float,
    reference_bins: bool = False,
) -> EffectInterval:
    """Return the confidence interval of the population stability index of rows of counts `(d, k)`.

    Parameters
    ----------
    reference_counts, current_counts : array of int, shape (d, k)
    confidence : float
        In (0, 1).
    floor : float
        Smallest share of a cell, on both sides.
    reference_bins : bool
        Whether the cells are quantile bins of the reference.

    Notes
    -----
    The estimate is the index less its expectation without drift. Its variance is that of the linear term of its
    expansion, which vanishes without drift, and that of the index without drift.
    """
    divergence = population_stability(floor)
    r, c, n, m = _shares(reference_counts, current_counts)
    high, low = np.maximum(c, floor), np.maximum(r, floor)
    statistic = divergence.term(r, c).sum(axis=-1)
    log_ratio = np.log(high / low)
    by_reference, by_current = -log_ratio - high / low + 1.0, log_ratio + 1.0 - low / high
    mean, null = null_moments(reference_counts, current_counts, divergence, reference_bins=reference_bins)
    error = np.sqrt(_variance(r, by_reference) / n + _variance(c, by_current) / m + null)
    return around(np.maximum(statistic - mean, 0.0), statistic, error, confidence)


def _shares(reference_counts: ArrayLike, current_counts: ArrayLike) -> tuple[NDArray[np.float64], ...]:
    """Return the shares `(d, k)` of both sides, and their sizes `(d,)`, NaN where a side is empty."""
    sides = [np.asarray(counts, dtype=np.float64) for counts in (reference_counts, current_counts)]
    sizes = [side.sum(axis=-1) for side in sides]
    sizes = [np.where(np.isnan(reciprocal_sum(size, 1.0)), np.nan, size) for size in sizes]
    return (*(side / size[:, None] for side, size in zip(sides, sizes, strict=True)), *sizes)


def _variance(share: NDArray[np.float64], value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the variance of a value per cell under these shares."""
    mean = (share * value).sum(axis=-1)
    return np.asarray(np.maximum((share * value**2).sum(axis=-1) - mean**2, 0.0))
