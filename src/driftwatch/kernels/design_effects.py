"""Rows that hang together: by how much p-values are then too small, and p-values without it (layer 2, host, float64).

Autocorrelated rows are worth fewer independent ones. A Kolmogorov-Smirnov distance between two such samples is, in the
limit of short memory, larger by the square root of one number, the design effect; a chi-squared statistic by the number.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["corrected", "design_effects", "squared_quantiles"]

MEAN_CUBE = 31.0 * math.pi**6 / 20160.0  # of the square of a Kolmogorov variable, its sixth moment
SMALLEST = 1e-300  # below it the inverse of the distribution is infinite


def squared_quantiles(pvalues: ArrayLike) -> NDArray[np.float64]:
    """Return squared Kolmogorov quantiles of p-values: as many rows as there are, over those that they are worth.

    Examples
    --------
    >>> squared_quantiles([1.0, 0.5, 1e-10]).round(3)
    array([ 0.   ,  0.685, 11.859])
    """
    from scipy.special import kolmogi

    quantiles = kolmogi(np.clip(np.asarray(pvalues, dtype=np.float64), SMALLEST, 1.0))
    return np.asarray(quantiles * quantiles)


def corrected(pvalues: ArrayLike, effects: ArrayLike) -> NDArray[np.float64]:
    """Return p-values as if the rows were fewer by the factor `effects`; unchanged at 1.

    Examples
    --------
    >>> corrected([0.01, 0.01], [1.0, 4.0]).round(3)
    array([0.01 , 0.522])
    """
    from scipy.special import kolmogi, kolmogorov

    pvalues, effects = np.broadcast_arrays(np.asarray(pvalues, np.float64), np.asarray(effects, np.float64))
    quantiles = kolmogi(np.maximum(pvalues, SMALLEST))
    return np.where(effects == 1.0, pvalues, kolmogorov(quantiles / np.sqrt(effects)))


def design_effects(squares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the design effect of each of k tests, at least 1, shrunk towards their common mean.

    Parameters
    ----------
    squares : array, shape (b, k)
        `squared_quantiles` of the p-values of k tests on b windows without drift, NaN where there was none.

    Returns
    -------
    array of float64, shape (k,)
        1 where fewer than two windows have a p-value.

    Notes
    -----
    Each estimate is a cubic mean over the windows, relative to that of independent rows. Dependence makes the tail of a
    distance longer than its middle, and alarms happen in the tail: for an autocorrelation of .6 the plain mean gives
    1.95 and the cubic one 2.27, where p-values of .1 to .01 need 2.21 to 2.42.

    An estimate from few windows is drawn towards the mean of all tests by the share of its squared error in their
    spread (James and Stein), so that a hundred features are not taken for the noise of the largest one.

    References
    ----------
    Efron, B. and Morris, C. (1975), "Data analysis using Stein's estimator and its generalizations", JASA 70.
    """
    n = np.count_nonzero(~np.isnan(squares), axis=0)
    seen = n > 1
    effects = np.ones(squares.shape[1])
    if not seen.any():
        return effects
    cubes = squares[:, seen] ** 3
    means = np.nanmean(cubes, axis=0)
    estimates = (means / MEAN_CUBE) ** (1.0 / 3.0)
    # of each estimate, the relative error by linearisation; its own estimate is too rough to tell tests apart
    relative = np.nanstd(cubes, axis=0, ddof=1) / np.maximum(means, SMALLEST) / (3.0 * np.sqrt(n[seen]))
    errors = float(np.median(relative)) * estimates
    pooled = float(np.mean(estimates))
    weight = np.ones_like(estimates)
    if estimates.size > 1:  # the spread of a single one is not known
        between = max(0.0, float(np.var(estimates, ddof=1) - np.mean(errors**2)))
        weight = between / np.maximum(between + errors**2, SMALLEST)
    effects[seen] = np.maximum(1.0, pooled + weight * (estimates - pooled))
    return effects
