"""Tails of quadratic statistics in the limit: weighted sums of squared normal variables, by Smirnov's integral (layer 2)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from driftwatch.arrays.namespace import device_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from driftwatch._typing import Array, Namespace

__all__ = ["TailRule", "smirnov_rule", "smirnov_sf"]

# Intervals of the integral: for the statistics here the first one left out is below 2e-17. The first is the whole answer
# for large statistics, and its nodes crowd at its lower end as fast as they need to.
N_INTERVALS = 25
TANH_SINH_STEP, TANH_SINH_MAX = 0.1, 3.9
CHEBYSHEV_NODES = 16


class TailRule(NamedTuple):
    """The survival function at x as the sum of `weights exp(-x rates)`; 1 to the last bit from `least` down."""

    rates: NDArray[np.float64]
    weights: NDArray[np.float64]
    least: float


def smirnov_sf(x: Array, rule: TailRule, *, xp: Namespace) -> Array:
    """Return the survival function at `x`, floats of shape `(d,)`, on any array library and under `jax.jit`."""
    device = device_of(x)
    rates, weights = (xp.asarray(side, dtype=x.dtype, device=device)[None, :] for side in (rule.rates, rule.weights))
    terms = xp.exp(-xp.clip(x, rule.least, None)[:, None] * rates) * weights
    one = xp.ones((), dtype=x.dtype, device=device)
    return xp.where(x <= rule.least, one, xp.clip(xp.sum(terms, axis=-1), 0.0, 1.0))


def smirnov_rule(
    start: float,
    rate: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    smooth: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    *,
    least: float,
) -> TailRule:
    """Return the quadrature of an alternating sum of integrals over `[start, start + pi] + 2 pi k`, k = 0, 1, ...

    The integrand is `smooth(t) / sqrt(sin(distance of t from an end)) exp(-x rate(t))`: the poles of the
    characteristic function, the squares of normal variables each with a weight of its own, are the ends.

    References
    ----------
    Smirnov, N. V. (1937), "On the distribution of the omega squared criterion"; Slepian, D. (1958), "Fluctuations of
    random noise power", Bell System Technical Journal 37.
    """
    # tanh-sinh on the first interval: both ends are singular, and for large x only the lower end counts.
    u = np.arange(-TANH_SINH_MAX, TANH_SINH_MAX + TANH_SINH_STEP / 2, TANH_SINH_STEP)
    stretched = 0.5 * math.pi * np.sinh(u)
    from_low = math.pi / (1.0 + np.exp(-2.0 * stretched))  # distances from both ends, either without cancellation
    from_high = math.pi / (1.0 + np.exp(2.0 * stretched))
    t = start + from_low
    width = 0.5 * math.pi * 0.5 * math.pi * np.cosh(u) / np.cosh(stretched) ** 2 * TANH_SINH_STEP
    nodes, weights = [t], [width * smooth(t) / np.sqrt(np.sin(np.minimum(from_low, from_high)))]

    # Chebyshev's weight is the singularity of both ends of the others.
    angle = (np.arange(CHEBYSHEV_NODES) + 0.5) * math.pi / CHEBYSHEV_NODES
    offset = 0.5 * math.pi * np.cos(angle)
    for k in range(1, N_INTERVALS):
        t = start + (2.0 * k + 0.5) * math.pi + offset
        without_ends = 0.5 * math.pi * np.sin(angle) / np.sqrt(np.abs(np.cos(offset)))
        nodes.append(t)
        weights.append((-1.0) ** k * math.pi / CHEBYSHEV_NODES * without_ends * smooth(t))
    return TailRule(rate(np.concatenate(nodes)), np.concatenate(weights), least)
