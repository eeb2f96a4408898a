"""Logarithms of binomial and 2 x 2 table probabilities without cancellation (layer 2, host, float64).

Differences of `gammaln` lose about `n * 1e-16` of relative accuracy at n observations. Loader's saddle-point form keeps
what is left of Stirling's formula apart from the deviances, and loses nothing at any n.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["deviance", "log_binomial_pmf", "log_factorial_remainder", "log_table_probability"]

# B_2k / (2k (2k - 1)) for k = 6..1, Abramowitz and Stegun 6.1.40.
STIRLING_COEFFICIENTS = (-691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12)
STIRLING_MIN = 15.0  # the series of six terms is exact to 1e-17 from here on (tested)
HALF_LOG_2PI = 0.9189385332046727


def log_factorial_remainder(x: ArrayLike) -> NDArray[np.float64]:
    """Return `log(x!) - x log(x) + x` for real x >= 0, accurate to 1e-14; it is 0 at 0.

    References
    ----------
    Loader, C. (2000), "Fast and accurate computation of binomial probabilities" (his `stirlerr`, with the square root
    added so that 0 needs no branch).
    """
    x = np.asarray(x, dtype=np.float64)
    large = np.maximum(x, STIRLING_MIN)
    inverse = 1.0 / large
    square = inverse * inverse
    series = np.full_like(large, STIRLING_COEFFICIENTS[0])
    for coefficient in STIRLING_COEFFICIENTS[1:]:
        series *= square
        series += coefficient
    remainder = np.asarray(series * inverse + 0.5 * np.log(large) + HALF_LOG_2PI)
    small = x < STIRLING_MIN
    if small.any():
        from scipy.special import gammaln, xlogy

        y = x[small]
        remainder[small] = gammaln(y + 1.0) - xlogy(y, y) + y
    return remainder


def deviance(x: ArrayLike, expected: ArrayLike) -> NDArray[np.float64]:
    """Return `x log(x / expected) + expected - x`, which is 0 or more; `expected` where x is 0, 0 where both are."""
    x, expected = np.asarray(x, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    difference = x - expected
    with np.errstate(divide="ignore", invalid="ignore"):
        # log1p of the relative difference: log(x / expected) would lose the digits that matter when they are close.
        value = x * np.log1p(difference / expected) - difference
    return np.where(x > 0.0, value, expected)


def log_binomial_pmf(x: ArrayLike, n: ArrayLike, p: ArrayLike) -> NDArray[np.float64]:
    """Return the log of the binomial probability of x successes in n trials, -inf outside 0..n; 0 < p < 1."""
    x, n, p = np.broadcast_arrays(*(np.asarray(a, dtype=np.float64) for a in (x, n, p)))
    possible = (x >= 0.0) & (x <= n)
    x = np.where(possible, x, 0.0)
    log_pmf = log_factorial_remainder(n) - log_factorial_remainder(x) - log_factorial_remainder(n - x)
    log_pmf -= deviance(x, n * p) + deviance(n - x, n * (1.0 - p))
    return np.where(possible, log_pmf, -np.inf)


def log_table_probability(a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike) -> NDArray[np.float64]:
    """Return the log of the hypergeometric probability of the 2 x 2 table [[a, b], [c, d]] given its margins.

    -inf where a cell is negative; 0 where the margins leave one table only.
    """
    cells = np.broadcast_arrays(*(np.asarray(x, dtype=np.float64) for x in (a, b, c, d)))
    a, b, c, d = cells
    rows, columns = (a + b, c + d), (a + c, b + d)
    total = rows[0] + rows[1]
    possible = (a >= 0.0) & (b >= 0.0) & (c >= 0.0) & (d >= 0.0)

    log_probability = -log_factorial_remainder(total)
    for margin in (*rows, *columns):
        log_probability += log_factorial_remainder(np.maximum(margin, 0.0))
    for k, cell in enumerate(cells):
        observed = np.where(possible, cell, 0.0)
        expected = rows[k // 2] * columns[k % 2] / np.maximum(total, 1.0)
        log_probability -= log_factorial_remainder(observed) + deviance(observed, np.maximum(expected, 0.0))
    return np.where(possible, log_probability, -np.inf)
