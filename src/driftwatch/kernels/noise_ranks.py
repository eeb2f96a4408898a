"""What the rank tests are without drift: mean and 99 % quantile, from the sizes alone (layer 2, host, float64)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from driftwatch.kernels.anderson_darling import LIMIT_VARIANCE, anderson_darling_variance
from driftwatch.kernels.cramer_von_mises import cramervonmises_moments
from driftwatch.kernels.noise import noise_corrected, reciprocal_sum
from driftwatch.kernels.noise_floor import NoiseFloor

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["anderson_darling_noise", "cramervonmises_noise", "kuiper_noise", "mann_whitney_noise"]

# 99 % quantiles of the limits: they are where the survival functions are 0.01 (tested).
ANDERSON_DARLING_Q99 = 3.8781250
CRAMERVONMISES_Q99 = 0.7434593
KUIPER_Q99 = 2.0009181
NORMAL_Q99 = 2.3263479
KUIPER_MEAN = math.sqrt(math.pi / 2.0)
KUIPER_SECOND_MOMENT = math.pi**2 / 6.0


def anderson_darling_noise(statistic: ArrayLike, n: ArrayLike, m: ArrayLike) -> NoiseFloor:
    """Return the noise floor of the Anderson-Darling A^2 at sizes n and m, shape (...): its mean is 1."""
    n, m = _sizes(n, m)
    scale = np.sqrt(np.asarray(anderson_darling_variance(n, m, xp=np)) / LIMIT_VARIANCE)
    expected = 1.0 + 0.0 * scale
    return NoiseFloor(expected, expected + (ANDERSON_DARLING_Q99 - 1.0) * scale, _beyond(statistic, expected))


def cramervonmises_noise(statistic: ArrayLike, n: ArrayLike, m: ArrayLike) -> NoiseFloor:
    """Return the noise floor of the Cramer-von Mises T at sizes n and m, shape (...).

    Notes
    -----
    The mean is exact without ties; the quantile is the limit's, brought to T's mean and variance.

    References
    ----------
    Anderson, T. W. (1962), "On the distribution of the two-sample Cramer-von Mises criterion", Annals of Mathematical
    Statistics 33.
    """
    n, m = _sizes(n, m)
    expected, variance = cramervonmises_moments(n, m)
    scale = np.sqrt(45.0 * np.maximum(variance, 0.0))
    return NoiseFloor(expected, expected + (CRAMERVONMISES_Q99 - 1.0 / 6.0) * scale, _beyond(statistic, expected))


def kuiper_noise(statistic: ArrayLike, n: ArrayLike, m: ArrayLike) -> NoiseFloor:
    """Return the noise floor of the Kuiper V at sizes n and m, shape (...).

    Notes
    -----
    The limit, the range of a Brownian bridge, with Stephens' correction for the sizes. Where values repeat, V is smaller.

    References
    ----------
    Stephens, M. A. (1970), "Use of the Kolmogorov-Smirnov, Cramer-von Mises and related statistics without extensive
    tables", Journal of the Royal Statistical Society B 32.
    """
    both = reciprocal_sum(n, m)
    root = 1.0 / np.sqrt(both)
    scale = root + 0.155 + 0.24 / root
    excess = noise_corrected(statistic, KUIPER_SECOND_MOMENT * both)
    return NoiseFloor(KUIPER_MEAN / scale, KUIPER_Q99 / scale, excess)


def mann_whitney_noise(statistic: ArrayLike, n: ArrayLike, m: ArrayLike, superiority_variance: ArrayLike) -> NoiseFloor:
    """Return the noise floor of the Mann-Whitney U at sizes n and m, shape (...).

    U is symmetric about its mean of n m / 2, and drift moves it to either side: n m - q99 is the 1 % quantile. The
    excess is what is left of |U - n m / 2|.
    """
    n, m = _sizes(n, m)
    deviation = n * m * np.sqrt(np.asarray(superiority_variance, dtype=np.float64))
    expected = n * m / 2.0
    excess = noise_corrected(np.asarray(statistic, dtype=np.float64) - expected, deviation**2)
    return NoiseFloor(expected, expected + NORMAL_Q99 * deviation, excess)


def _sizes(n: ArrayLike, m: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both sizes, NaN where either is 0."""
    n, m = np.asarray(n, dtype=np.float64), np.asarray(m, dtype=np.float64)
    empty = (n == 0.0) | (m == 0.0)
    return np.where(empty, np.nan, n), np.where(empty, np.nan, m)


def _beyond(statistic: ArrayLike, expected: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.maximum(np.asarray(statistic, dtype=np.float64) - expected, 0.0))
