"""What the energy distance is without drift, from the spread of the reference (layer 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from driftwatch.arrays.namespace import device_of, statistic_dtype, to_host
from driftwatch.kernels.noise import noise_corrected, reciprocal_sum
from driftwatch.kernels.noise_floor import LEVEL, NoiseFloor

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from driftwatch._typing import Namespace
    from driftwatch.kernels._prepare import Ordered

__all__ = ["SquaredBridge", "energy_noise", "squared_bridge"]

MIN_SKEWNESS = 1e-3  # below it a gamma variable is a normal one
ROOT_NODES = 64  # of the mean of a root: six digits


class SquaredBridge(NamedTuple):
    """Mean, squared coefficient of variation and skewness of `Q = int B(F(x))^2 dx`, B a Brownian bridge.

    Shape `(d,)` each; the mean in the feature's unit. Without drift int (F - G)^2 dx is about `(1 / n + 1 / m) Q`, and
    its mean is exactly that.
    """

    mean: NDArray[np.float64]
    variation: NDArray[np.float64]
    skewness: NDArray[np.float64]


def squared_bridge(sample: Ordered, *, xp: Namespace) -> SquaredBridge:
    """Return the moments of the squared Brownian bridge over each feature's distribution.

    Parameters
    ----------
    sample : Ordered
        Sorted values, shape `(d, n)`.

    Notes
    -----
    Q is a sum of squared normal variables, weighted by the eigenvalues of K(s, t) = F(s) (1 - F(t)), s < t; so its
    cumulants are the traces of K, 2 K^2 and 8 K^3. K being a product, they are sums of running sums over the gaps
    between neighbouring values: O(d n), once for a reference. The mean is unbiased, half of Gini's mean difference. Not
    finite where values are not.
    """
    values, n_valid = sample
    device = device_of(values)
    dtype = statistic_dtype(xp, device)
    d, longest = values.shape
    if longest < 2:
        return SquaredBridge(np.zeros(d), np.zeros(d), np.zeros(d))
    n = np.broadcast_to(np.asarray(to_host(n_valid), dtype=np.float64), (d,))
    size = xp.asarray(np.ascontiguousarray(np.maximum(n, 1.0)), dtype=dtype, device=device)[:, None]
    rank = xp.arange(1, longest, dtype=dtype, device=device)[None, :]
    below = xp.clip(rank / size, 0.0, 1.0)
    above = 1.0 - below

    zero = xp.zeros((), dtype=dtype, device=device)
    widths = xp.where(rank < size, xp.astype(values[:, 1:] - values[:, :-1], dtype, copy=False), zero)
    spread = xp.sum(widths, axis=-1)[:, None]
    gap = widths / xp.where(spread > 0.0, spread, xp.ones_like(spread))  # powers of what is left cannot overflow

    low, middle, high = gap * below * below, gap * below * above, gap * above * above
    before = xp.cumulative_sum(low, axis=-1) - low
    behind = xp.sum(high, axis=-1)[:, None] - xp.cumulative_sum(high, axis=-1)
    first = xp.sum(middle, axis=-1)
    second = xp.sum(high * (2.0 * before + low), axis=-1)
    third = xp.sum(middle * (6.0 * before * behind + 3.0 * (low * behind + before * high) + low * high), axis=-1)

    first, second, third, spread = (to_host(x).astype(np.float64) for x in (first, second, third, spread[:, 0]))
    spreads = first > 0.0
    one = np.where(spreads, first, 1.0)
    variation = np.where(spreads, 2.0 * second / one**2, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        skewness = np.where(spreads, 8.0 * third / (2.0 * second) ** 1.5, 0.0)
        return SquaredBridge(first * spread * n / np.maximum(n - 1.0, 1.0), variation, skewness)


def energy_noise(statistic: ArrayLike, n: ArrayLike, m: ArrayLike, bridge: SquaredBridge) -> NoiseFloor:
    """Return the noise floor of the energy distance in the root of the feature's unit, shape `(d,)`.

    Parameters
    ----------
    statistic : array, shape (d,)
    n, m : array of int, shape (d,)
        Sample sizes. NaN where one is 0.
    bridge : SquaredBridge
        Of the reference.

    Notes
    -----
    E^2 = 2 int (F - G)^2 dx, whose mean is exact for the true F. Mean and quantile of E are those of the root of a gamma
    variable, moved to have the first three cumulants of the limit of E^2: within 1 % of the quantile for the uniform law,
    Smirnov's (tested).
    """
    square = 2.0 * reciprocal_sum(n, m) * bridge.mean
    deviation = square * np.sqrt(bridge.variation)
    skewness = np.maximum(bridge.skewness, MIN_SKEWNESS)
    levels, weights = np.polynomial.legendre.leggauss(ROOT_NODES)
    # at the ends of the unit interval quantiles run away: the nodes crowd there as 1 - cos does
    angle = 0.25 * np.pi * (levels + 1.0)
    mass = np.sin(angle) ** 2
    weight = 0.25 * np.pi * weights * np.sin(2.0 * angle)
    roots = np.sqrt(np.maximum(square[:, None] + deviation[:, None] * _standard_quantile(mass, skewness), 0.0))
    quantile = np.sqrt(np.maximum(square + deviation * _standard_quantile(np.asarray([LEVEL]), skewness)[:, 0], 0.0))
    return NoiseFloor(roots @ weight, quantile, noise_corrected(statistic, square))


def _standard_quantile(level: NDArray[np.float64], skewness: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return quantiles `(d, k)` of gamma variables of this skewness, brought to mean 0 and variance 1."""
    from scipy.special import gammaincinv

    shape = (4.0 / skewness**2)[:, None]
    return np.asarray((gammaincinv(shape, level[None, :]) - shape) / np.sqrt(shape))
