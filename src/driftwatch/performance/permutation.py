"""The permutation p-value of a difference of means, without permutations: by saddlepoint (layer 4, host, float64)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["permutation_pvalue"]

MAX_ITERATIONS = 60  # Newton's steps; ten are usual
CONVERGED = 1e-9  # of the expected number of rows and of their sum, relative to the number of rows
NEAR_ZERO = 1e-2  # of the signed root: closer to the middle the formula is 0 / 0, and the normal one is exact enough
SEPARATED = 1e-6  # share of the log-likelihood that is left where the sides hardly overlap


def permutation_pvalue(value: NDArray[np.float64], is_current: NDArray[np.bool_], /) -> float:
    """Return the probability that a random choice of as many rows as current has has a sum at least as large.

    Parameters
    ----------
    value : array, shape (n,)
        Of the rows of both sides together.
    is_current : array of bool, shape (n,)
        Which of them are current.

    Notes
    -----
    What B random permutations estimate to within `1 / (B + 1)` is computed to a relative error of a few percent however
    small it is: the p-values of a report are corrected together, and a floor of 0.001 would be above what a hundred
    features leave. The values are taken as they are, so heavy tails, skewness and unequal sizes do no harm.

    The tilted distribution is a logistic regression of the side on the value: O(n) for each of about ten steps.

    References
    ----------
    Skovgaard, I. M. (1987), "Saddlepoint expansions for conditional distributions", Journal of Applied Probability 24;
    Davison, A. C. and Hinkley, D. V. (1988), "Saddlepoint approximations in resampling methods", Biometrika 75; Booth,
    J. G. and Butler, R. W. (1990), "Randomization distributions and saddlepoint approximations in generalized linear
    models", Biometrika 77.

    Examples
    --------
    >>> import numpy as np
    >>> value = np.array([0.1, 0.5, 0.9, 1.4, 2.0, 1.1, 2.2, 2.5, 3.1, 3.3])
    >>> round(permutation_pvalue(value, np.arange(10) >= 5), 4)  # 4 of the 252 choices have a sum as large
    0.0139
    """
    from scipy.special import expit, ndtr

    n, m = value.size, int(np.count_nonzero(is_current))
    spread = float(value.std())
    if m in {0, n} or not spread > 0.0:
        return 1.0
    a = (value - value.mean()) / spread
    target = np.asarray([m, a[is_current].sum()])
    base = math.log(m / (n - m))
    null = m * math.log(m / n) + (n - m) * math.log(1.0 - m / n)

    beta = np.asarray([base, 0.0])
    likelihood = null
    hessian = np.eye(2)
    for _ in range(MAX_ITERATIONS):
        p = expit(beta[0] + beta[1] * a)
        v = p * (1.0 - p)
        va = v * a
        hessian = np.asarray([[v.sum(), va.sum()], [va.sum(), (va * a).sum()]])
        gradient = target - [p.sum(), (p * a).sum()]
        if np.abs(gradient).max() <= CONVERGED * n or likelihood > SEPARATED * null:
            break
        determinant = hessian[0, 0] * hessian[1, 1] - hessian[0, 1] ** 2
        if not determinant > 0.0:
            break
        step = np.linalg.solve(hessian, gradient)
        likelihood, beta = _improved(a, target, beta, step, likelihood)

    root = math.copysign(math.sqrt(max(0.0, 2.0 * (likelihood - null))), target[1])
    if likelihood > SEPARATED * null:  # no overlap: the largest or the smallest sum of all
        return math.exp(null) if root > 0.0 else 1.0
    if abs(root) < NEAR_ZERO:
        return float(ndtr(-target[1] / math.sqrt(m * (n - m) / max(n - 1.0, 1.0))))
    determinant = hessian[0, 0] * hessian[1, 1] - hessian[0, 1] ** 2
    slope = beta[1] * math.sqrt(max(determinant, 0.0) / (m * (1.0 - m / n)))
    if not slope / root > 0.0:
        return math.exp(-(root**2) / 2.0) if root > 0.0 else 1.0
    return float(ndtr(-(root + math.log(slope / root) / root)))


def _improved(
    a: NDArray[np.float64],
    target: NDArray[np.float64],
    beta: NDArray[np.float64],
    step: NDArray[np.float64],
    likelihood: float,
) -> tuple[float, NDArray[np.float64]]:
    """Return the log-likelihood and the coefficients after the longest of ever shorter steps that does not lower it."""
    for _ in range(MAX_ITERATIONS):
        tried = beta + step
        value = float(tried @ target - np.logaddexp(0.0, tried[0] + tried[1] * a).sum())
        if value >= likelihood:
            return value, tried
        step = step / 2.0
    return likelihood, beta
