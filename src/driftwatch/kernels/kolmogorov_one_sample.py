"""The finite-n distribution of the one-sample Kolmogorov-Smirnov statistic, two-sided (layer 2, host, float64)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from driftwatch.kernels.log_probability import log_factorial_remainder

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ks_1samp_sf"]

# The borders between the methods are those of Simard and L'Ecuyer (2011) as scipy.stats.kstwo.sf draws them.
MATRIX_MAX_N = 140
MATRIX_MAX_EXPONENT = 4.0  # n x^2; above, both one-sided events together have less than 1e-6 of the probability
MATRIX_MAX_SPREAD = 1.4  # n x^1.5; below, the expansion is too coarse for a small n
MATRIX_MAX_N_SPREAD = 500  # scipy: 100,000. From here on the expansion is within 1.2e-7; powers overflow above 700
TWICE_ONE_SIDED_MIN_EXPONENT = 2.2
ZERO_MIN_EXPONENT = 370.0  # 2 exp(-740) is not a float64

SMIRNOV_NODES = 160  # at most 1e-9 of relative error where n is larger, and no error where it is smaller (tested)
SMIRNOV_BLOCK = 4096  # values at a time: 5 MB for each temporary
PELZ_GOOD_TERMS = 8  # ceil(16 z / pi) at z^2 = 2.2, the largest z in use


def ks_1samp_sf(x: NDArray[np.float64], n: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return P(D_n >= x), equal to `scipy.stats.kstwo.sf(x, n)`.

    Parameters
    ----------
    x : array of floats, shape (d,)
    n : array of whole numbers, shape (d,)
        At least 1.

    Notes
    -----
    Within 2e-7 relative of scipy, and 1e-9 but where n is 500 to 5,000 and p above 0.9 (`MATRIX_MAX_N_SPREAD`). Ten
    microseconds a value, up to a hundred for n <= 140, where scipy takes up to 0.6 s: the one-sided tail is a smooth
    sum over n terms, and 160 of them are enough. Beyond n = 1e6 scipy's tail loses digits (4e-3 at n = 5e6 and p =
    1e-195, against the sum of all terms in extended precision), and this does not.

    References
    ----------
    Simard, R. and L'Ecuyer, P. (2011), "Computing the two-sided Kolmogorov-Smirnov distribution", Journal of
    Statistical Software 39.
    """
    exponent = n * x * x
    certain = 2.0 * n * x <= 1.0  # D_n is never below 1 / (2 n)
    impossible = (x >= 1.0) | ((exponent >= ZERO_MIN_EXPONENT) & (n > MATRIX_MAX_N))
    matrix = np.where(
        n <= MATRIX_MAX_N,
        (exponent <= MATRIX_MAX_EXPONENT) & (x < 0.5),
        (n <= MATRIX_MAX_N_SPREAD) & (n * x**1.5 <= MATRIX_MAX_SPREAD),
    )
    expansion = (n > MATRIX_MAX_N) & (exponent < TWICE_ONE_SIDED_MIN_EXPONENT)

    # The first condition that holds.
    branch = np.select([certain, impossible, matrix, expansion], [0, 1, 2, 3], default=4)
    sf = np.where(branch == 0, 1.0, 0.0)
    for number, compute in ((2, _matrix_sf), (3, _pelz_good_sf), (4, _twice_smirnov_sf)):
        here = branch == number
        if here.any():
            sf[here] = compute(x[here], n[here])
    return np.clip(sf, 0.0, 1.0)


def _twice_smirnov_sf(x: NDArray[np.float64], n: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return twice the one-sided survival function.

    Smirnov's sum is over whole j of x / (x + j / n) times the binomial probability of j in n at x + j / n. As a
    function of real j it is smooth and vanishes with all its derivatives at both ends, so every (n / 160)-th term is
    enough: the trapezoidal rule converges faster than any power of the step.

    References
    ----------
    Birnbaum, Z. W. and Tingey, F. H. (1951), "One-sided confidence contours for probability distribution functions",
    equation 3.0.
    """
    sf = np.empty(x.shape)
    for start in range(0, x.size, SMIRNOV_BLOCK):
        block = slice(start, start + SMIRNOV_BLOCK)
        d, size = x[block, None], n[block, None]
        last = size * (1.0 - d)
        # Whole steps of 1 below 160 terms: then it is the sum itself.
        step = np.maximum(last / SMIRNOV_NODES, 1.0)
        j = step * np.arange(SMIRNOV_NODES + 1)
        inside = j < size * (1.0 - 1e-15)
        j = np.where(inside, j, 0.0)
        log_term = log_factorial_remainder(size) - log_factorial_remainder(j) - log_factorial_remainder(size - j)
        with np.errstate(divide="ignore", invalid="ignore"):
            log_term += np.where(j > 0.0, j * np.log1p(size * d / j), 0.0)
            log_term += (size - j) * np.log1p(np.maximum(-size * d / (size - j), -1.0))
        log_term = np.where(inside & (j <= last), log_term, -np.inf)
        sf[block] = np.sum(np.exp(log_term) * d / (d + j / size), axis=-1) * step[:, 0]
    return 2.0 * sf


def _matrix_sf(x: NDArray[np.float64], n: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 - P(D_n < x) by the power of Durbin's matrix, for small n.

    References
    ----------
    Marsaglia, G., Tsang, W. W. and Wang, J. (2003), "Evaluating Kolmogorov's distribution", Journal of Statistical
    Software 8.
    """
    sf = np.empty(x.shape)
    k = np.ceil(n * x)
    # One stack of matrices for each pair of n and size: the features of one table usually share n.
    for size, half in np.unique(np.stack([n, k]), axis=1).T.astype(int).tolist():
        group = (n == size) & (k == half)
        h = half - size * x[group]
        order = 2 * half - 1
        inverse_factorial = np.cumprod(1.0 / np.arange(1, order + 1))
        powers = np.arange(1, order + 1)
        edge = (1.0 - h[:, None] ** powers) * inverse_factorial
        corner = 1.0 - 2.0 * h**order + np.maximum(2.0 * h - 1.0, 0.0) ** order
        edge[:, -1] = corner * inverse_factorial[-1]

        # H[i, j] = 1 / (i - j + 1)! on and under the first superdiagonal, but for the first column and the last row.
        steps = np.arange(order)[:, None] - np.arange(order) + 1
        lookup = np.concatenate([[1.0], inverse_factorial])
        matrix = np.where(steps >= 0, lookup[np.maximum(steps, 0)], 0.0)
        stack = np.repeat(matrix[None], h.size, axis=0)
        stack[:, :, 0] = edge
        stack[:, -1, :] = edge[:, ::-1]
        power = np.linalg.matrix_power(stack, size)[:, half - 1, half - 1]
        sf[group] = 1.0 - power * math.prod(i / size for i in range(1, size + 1))
    return sf


def _pelz_good_sf(x: NDArray[np.float64], n: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 - P(D_n <= x) by the first four terms of its expansion in 1 / sqrt(n).

    References
    ----------
    Pelz, W. and Good, I. J. (1976), "Approximating the lower tail-areas of the Kolmogorov-Smirnov one-sample
    statistic", Journal of the Royal Statistical Society B 38: the four displayed sums, here K0 to K3.
    """
    z = np.sqrt(n) * x
    z2, z4, z6, z8 = z**2, z**4, z**6, z**8
    pi2 = math.pi**2
    k0, k1, k2, k3 = (np.zeros(x.shape) for _ in range(4))
    for i in range(1, PELZ_GOOD_TERMS + 1):
        u = pi2 * (i - 0.5) ** 2
        weight = np.exp(-u / (2.0 * z2))
        k0 += weight
        k1 += weight * (u - z2)
        k2 += weight * (6.0 * z6 + 2.0 * z4 + (2.0 * z4 - 5.0 * z2) * u + (1.0 - 2.0 * z2) * u**2)
        k3 += weight * (
            -30.0 * z6
            - 90.0 * z8
            + (135.0 * z4 - 96.0 * z6) * u
            + (212.0 * z4 - 60.0 * z2) * u**2
            + (5.0 - 30.0 * z2) * u**3
        )
    k2 /= 72.0 * z**7
    k3 /= 6480.0 * z**10
    for i in range(1, PELZ_GOOD_TERMS + 1):
        v = pi2 * i**2
        weight = np.exp(-v / (2.0 * z2))
        k2 -= weight * v / (36.0 * z**3)
        k3 += weight * v * (3.0 * z2 - v) / (216.0 * z6)
    root = np.sqrt(n)
    return 1.0 - math.sqrt(2.0 * math.pi) * (k0 / z + k1 / (6.0 * z4 * root) + k2 / n + k3 / (n * root))
