"""The tail of a sum of chi-squared variables with weights, on the host (layer 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["weighted_chi_squared_tail"]


def weighted_chi_squared_tail(statistic: float, weights: NDArray[Any]) -> float:
    """Return the probability that `sum(weights * chi2_1)` exceeds a value.

    Parameters
    ----------
    statistic : float
    weights : array, shape (k,)
        Not negative, such as the eigenvalues of a covariance.

    Returns
    -------
    float
        NaN where no weight is positive.

    References
    ----------
    Hall (1983), Chi squared approximations to the distribution of a sum of independent random variables; Buckley & Eagleson
    (1988), An approximation to the distribution of quadratic forms in normal random variables: a chi-squared variable,
    moved and scaled, with the same first three cumulants.

    Examples
    --------
    >>> round(weighted_chi_squared_tail(3.841, np.array([1.0])), 4)
    0.05
    """
    from scipy.special import chdtrc

    positive = weights[weights > 0.0]
    if not positive.size or not np.isfinite(statistic):
        return float("nan")
    largest = positive.max()
    first, second, third = ((positive / largest) ** power for power in (1, 2, 3))
    mean, variance = first.sum(), 2.0 * second.sum()
    freedom = second.sum() ** 3 / third.sum() ** 2
    standard = (statistic / largest - mean) / np.sqrt(variance)
    return float(chdtrc(freedom, max(standard * np.sqrt(2.0 * freedom) + freedom, 0.0)))
