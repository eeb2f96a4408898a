"""The exact distribution of the two-sample Kolmogorov-Smirnov statistic, two-sided (layer 2, host, float64)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from driftwatch.kernels.log_probability import log_binomial_pmf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["ks_2samp_sf"]

SERIES_EXPONENT = 42.0  # exp(-42) = 6e-19: terms beyond change no bit of the sum
GROUP_CELLS = 1 << 15  # cells of the recursion that share one array: 256 KB, which stays in the second-level cache
GROUP_WIDTH_RATIO = 2.0  # and no band narrower than half the group's widest: it would pay for the wide one
BLOCK_STEPS = 512  # steps whose border values are computed at once


def ks_2samp_sf(x: NDArray[np.float64], n: NDArray[np.int64], m: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return P(D >= x) over all orderings of n + m distinct values, equally likely.

    Parameters
    ----------
    x : array of floats, shape (d,)
        A statistic that can occur, up to rounding: whole multiples of 1 / lcm(n, m).
    n, m : array of int, shape (d,)
        At least 1.

    Notes
    -----
    Equal to `scipy.stats.ks_2samp(method="exact").pvalue` to 1e-9 relative. Equal sizes: a series, microseconds. Unequal
    ones: a recursion of n + m steps, each on about `2 D n m / (n + m)` cells of all features at once.
    """
    divisor = np.gcd(n, m)
    height = np.rint(x * (n // divisor * m)).astype(np.int64)  # D in units of 1 / lcm(n, m), as scipy rounds it
    sf = np.ones(x.shape)
    equal = (n == m) & (height > 0)
    sf[equal] = _equal_sizes_sf(height[equal], n[equal])
    unequal = (n != m) & (height > 0)
    # The smaller sample along the first coordinate keeps the probability of a step along it at most a half.
    small, large = np.minimum(n, m)[unequal], np.maximum(n, m)[unequal]
    sf[unequal] = _unequal_sizes_sf(height[unequal], small, large, divisor[unequal])
    return np.clip(sf, 0.0, 1.0)


def _equal_sizes_sf(height: NDArray[np.int64], n: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return 2 sum (-1)^(k-1) C(2n, n - k h) / C(2n, n) over k = 1, 2, ... while k h <= n.

    References
    ----------
    Gnedenko, B. V. and Korolyuk, V. S. (1951), "On the maximum discrepancy between two empirical distributions".
    """
    if height.size == 0:
        return np.empty(0)
    # C(2n, n - a) / C(2n, n) <= exp(-a^2 / (n + 1/2)), so that a few terms are enough unless D is tiny.
    needed = np.minimum(n // height, np.ceil(np.sqrt(SERIES_EXPONENT * (n + 0.5)) / height) + 1.0)
    k = np.arange(1, int(needed.max()) + 1)
    at_centre = log_binomial_pmf(n, 2 * n, 0.5)[:, None]
    sf = np.zeros(height.shape)
    rows = max(1, GROUP_CELLS // k.size)
    for start in range(0, height.size, rows):
        block = slice(start, start + rows)
        reflected = n[block, None] - k * height[block, None]
        ratio = np.exp(log_binomial_pmf(reflected, 2 * n[block, None], 0.5) - at_centre[block])
        sf[block] = 2.0 * (ratio[:, ::2].sum(axis=-1) - ratio[:, 1::2].sum(axis=-1))
    return sf


class _Band(NamedTuple):
    """Inside is where |i period - s slope| <= reach on the anti-diagonal i + j = s; paths end at i = n, j = m."""

    reach: NDArray[np.int64]
    slope: NDArray[np.int64]
    period: NDArray[np.int64]
    n: NDArray[np.int64]
    m: NDArray[np.int64]


# Hodges counts the lattice paths from (0, 0) to (n, m) that leave the band |i m - j n| < h gcd. Differences to the paper:
# the paths that HAVE left are counted, so that all terms are positive and a tiny p-value keeps its digits; counts are
# carried as binomial probabilities, q^j r^i times the count, so that nothing overflows; and an anti-diagonal i + j = s
# is kept in a ring (cell i at i mod width), where every feature's cells stay put although their bands move at
# different speeds, so that features of different sizes go through one loop.
def _unequal_sizes_sf(
    height: NDArray[np.int64], n: NDArray[np.int64], m: NDArray[np.int64], divisor: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the share of lattice paths from (0, 0) to (n, m) that touch the band's border.

    References
    ----------
    Hodges, J. L. (1958), "The significance probability of the Smirnov two-sample test", Arkiv for Matematik 3, page 473.
    """
    band = _Band(height - 1, n // divisor, (n + m) // divisor, n, m)
    width = 2 * band.reach // band.period + 3  # the widest anti-diagonal inside, and the two cells that border it
    sf = np.empty(height.shape)
    for group in _groups(width):
        sf[group] = _recurse(_Band(*(x[group] for x in band)), int(width[group].max()))
    return sf


def _groups(width: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Yield positions of features with bands of similar width that fit into the cache together."""
    order = np.argsort(width, kind="stable")[::-1]
    start = 0
    while start < order.size:
        widest = int(width[order[start]])
        stop = start + 1
        most = max(1, GROUP_CELLS // widest)
        while stop < order.size and stop - start < most and width[order[stop]] * GROUP_WIDTH_RATIO >= widest:
            stop += 1
        yield order[start:stop]
        start = stop


def _recurse(band: _Band, width: int) -> NDArray[np.float64]:
    reach, slope, period, n, m = band
    total = n + m
    r = n / total
    ratio = (n / m)[:, None]
    log_up = np.log1p(-r)
    # Column 0 repeats the last one: the left neighbour of every cell is then one slice.
    ring = np.zeros((n.size, width + 1))
    left, cells = ring[:, :-1], ring[:, 1:]
    first, last, flat = ring[:, 0], ring[:, -1], ring.reshape(-1)
    moved = np.empty((n.size, width))
    row = np.arange(n.size) * (width + 1) + 1
    sf = np.empty(n.shape)

    stops = sorted({*total.tolist(), *range(BLOCK_STEPS, int(total.max()), BLOCK_STEPS)})
    start = 0
    for stop in stops:
        s = np.arange(start + 1, stop + 1)[:, None]
        below = -((reach - s * slope) // period) - 1
        above = (s * slope + reach) // period + 1
        border = np.concatenate([below, above], axis=1)
        index = border % width + np.tile(row, 2)
        mass = np.exp(log_binomial_pmf(border, s, np.tile(r, 2)) - (s - start) * np.tile(log_up, 2))
        for k in range(stop - start):
            np.multiply(left, ratio, out=moved)
            np.add(cells, moved, out=cells)
            flat[index[k]] = mass[k]
            first[:] = last
        ring *= np.exp((stop - start) * log_up)[:, None]
        done = total == stop
        sf[done] = flat[(n % width + row)[done]] / np.exp(log_binomial_pmf(n[done], total[done], r[done]))
        start = stop
    return sf
