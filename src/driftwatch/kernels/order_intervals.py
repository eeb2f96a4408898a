"""Confidence intervals of distances and shifts between two ordered samples (layer 2, host, float64)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from driftwatch.kernels._prepare import Ordered
from driftwatch.kernels.count_intervals import EffectInterval, around
from driftwatch.kernels.noise import expected_ks_squared, noise_corrected, reciprocal_sum
from driftwatch.kernels.noise_wasserstein import bridge_moments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["OrderIntervals", "mean_shift_interval", "order_intervals", "quantile_shift_interval"]

QUANTILE_DEVIATIONS = 9.0  # of the rank of a quantile: beyond, the weights are below 1e-18


class OrderIntervals(NamedTuple):
    """Those of D and of W1 over the reference's standard deviation."""

    ks: EffectInterval
    wasserstein_normalized: EffectInterval


def order_intervals(
    reference: Sequence[NDArray[np.float64]], current: Sequence[NDArray[np.float64]], *, confidence: float
) -> OrderIntervals:
    """Return the confidence intervals of D and of W1 / sigma of each feature.

    Parameters
    ----------
    reference, current : sequence of d arrays
        Sorted values of each feature, without missing ones.
    confidence : float
        In (0, 1).

    Notes
    -----
    Both estimates are corrected for their noise, `sqrt(max(0, s^2 - E0[s^2]))`. The standard error of D is that of F - G at the
    point where it is largest, which is right in the limit where there is one such point; that of W1 follows from its
    influence function, int sign(F - G)(t) 1(x <= t) dt, with that of the standard deviation. O((n + m) log(n + m)) a feature.

    References
    ----------
    Raghavachari, M. (1973), "Limiting distributions of Kolmogorov-Smirnov type statistics under the alternative", Annals of
    Statistics 1.
    """
    ks, wasserstein = np.full((3, len(reference)), np.nan), np.full((3, len(reference)), np.nan)
    for i, (x, y) in enumerate(zip(reference, current, strict=True)):
        if x.size and y.size:
            ks[:, i], wasserstein[:, i] = _ks(x, y), _wasserstein(x, y)
    return OrderIntervals(
        around(ks[0], ks[1], ks[2], confidence, most=1.0),
        around(wasserstein[0], wasserstein[1], wasserstein[2], confidence),
    )


def _ks(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return D with and without its noise corrected, and its standard error."""
    _, f, g = _distributions(x, y)
    at = int(np.argmax(np.abs(f - g)))
    error = math.sqrt(f[at] * (1.0 - f[at]) / x.size + g[at] * (1.0 - g[at]) / y.size)
    statistic = float(abs(f[at] - g[at]))
    return float(noise_corrected(statistic, expected_ks_squared(x.size, y.size))), statistic, error


def _wasserstein(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return W1 / sigma with and without its noise corrected, and its standard error; NaN for a constant reference and infinite values."""
    mean, sigma = x.mean(), x.std()
    if not (math.isfinite(sigma) and sigma > 0.0 and math.isfinite(y[0]) and math.isfinite(y[-1])):
        return math.nan, math.nan, math.nan
    values, f, g = _distributions(x, y)
    width = np.diff(values, append=values[-1])
    distance = float((np.abs(f - g) * width).sum())
    # from each value on: the integral of the sign up to the last one
    reach = np.cumsum((np.sign(f - g) * width)[::-1])[::-1]
    of_x, of_y = (reach[np.searchsorted(values, side)] for side in (x, y))
    influence = of_x / sigma - distance * (x - mean) ** 2 / (2.0 * sigma**3)
    error = math.sqrt(influence.var() / x.size + of_y.var() / sigma**2 / y.size)
    second = float(bridge_moments(Ordered(x[None, :], x.size), xp=np).second[0])
    square = float(reciprocal_sum(x.size, y.size)) * second
    return float(noise_corrected(distance, square)) / float(sigma), distance / float(sigma), error


def _distributions(
    x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the distinct values of both samples and their distribution functions at each."""
    values = np.unique(np.concatenate([x, y]))
    f, g = (np.searchsorted(side, values, side="right") / side.size for side in (x, y))
    return values, f, g


def mean_shift_interval(
    reference: Sequence[NDArray[np.float64]], current: Sequence[NDArray[np.float64]], *, confidence: float
) -> EffectInterval:
    """Return Welch's confidence interval of the mean of current less that of the reference, in the feature's unit.

    References
    ----------
    Welch, B. L. (1947), "The generalization of Student's problem when several different population variances are
    involved", Biometrika 34.
    """
    from scipy.special import stdtrit

    found = np.full((3, len(reference)), np.nan)
    for i, (x, y) in enumerate(zip(reference, current, strict=True)):
        if min(x.size, y.size) > 1:
            parts = x.var(ddof=1) / x.size, y.var(ddof=1) / y.size
            total = sum(parts)
            spread = parts[0] ** 2 / (x.size - 1) + parts[1] ** 2 / (y.size - 1)
            dof = total**2 / spread if spread > 0.0 else 1.0
            found[:, i] = y.mean() - x.mean(), math.sqrt(total), dof
    estimate, error, dof = found
    half = stdtrit(dof, 0.5 + confidence / 2.0) * error
    return EffectInterval(estimate, estimate - half, estimate + half)


def quantile_shift_interval(
    reference: Sequence[NDArray[np.float64]],
    current: Sequence[NDArray[np.float64]],
    *,
    confidence: float,
    quantile: float = 0.5,
) -> EffectInterval:
    """Return the confidence interval of a quantile of current less that of the reference, in the feature's unit.

    Notes
    -----
    The estimates are those of Harrell and Davis, the standard errors those of Maritz and Jarrett: both sums over the
    values with the weights that the bootstrap gives them in the limit of many draws. Where values repeat at the
    quantile the interval is too short.

    References
    ----------
    Maritz, J. S. and Jarrett, R. G. (1978), "A note on estimating the variance of the sample median", Journal of the
    American Statistical Association 73; Harrell, F. E. and Davis, C. E. (1982), "A new distribution-free quantile
    estimator", Biometrika 69.
    """
    from scipy.special import ndtri

    weights: dict[int, tuple[slice, NDArray[np.float64]]] = {}
    found = np.full((2, len(reference)), np.nan)
    for i, (x, y) in enumerate(zip(reference, current, strict=True)):
        if x.size and y.size:
            (low, before), (high, after) = (_quantile(side, quantile, weights) for side in (x, y))
            found[:, i] = high - low, math.sqrt(before + after)
    estimate, error = found
    half = ndtri(0.5 + confidence / 2.0) * error
    return EffectInterval(estimate, estimate - half, estimate + half)


def _quantile(
    values: NDArray[np.float64], quantile: float, weights: dict[int, tuple[slice, NDArray[np.float64]]]
) -> tuple[float, float]:
    """Return a quantile and its variance."""
    n = values.size
    if n not in weights:
        weights[n] = _weights(n, quantile)
    where, weight = weights[n]
    centre = values[n // 2]  # without it, what is far from 0 loses its digits
    near = values[where] - centre
    mean = float(weight @ near)
    return centre + mean, max(float(weight @ near**2) - mean**2, 0.0)


def _weights(n: int, quantile: float) -> tuple[slice, NDArray[np.float64]]:
    """Return the ranks that count for a quantile of n values, and the weight of each."""
    from scipy.special import betainc

    rank, spread = n * quantile, QUANTILE_DEVIATIONS * math.sqrt(n * quantile * (1.0 - quantile)) + 2.0
    start, stop = max(0, math.floor(rank - spread)), min(n, math.ceil(rank + spread))
    below = betainc((n + 1) * quantile, (n + 1) * (1.0 - quantile), np.arange(start, stop + 1) / n)
    weight = np.diff(below)
    return slice(start, stop), weight / weight.sum()
