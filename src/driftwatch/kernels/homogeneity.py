"""Tests that two rows of counts are of one distribution: chi-squared (layer 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from driftwatch.arrays.namespace import device_of, statistic_dtype
from driftwatch.kernels._levels import pair_of_counts
from driftwatch.ops import gammaincc

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace

__all__ = ["Chi2Result", "chi2_2samp"]


class Chi2Result(NamedTuple):
    """`statistic`, `pvalue`, `dof` (levels that occur, minus one) and the smallest expected count."""

    statistic: Array
    pvalue: Array
    dof: Array
    min_expected: Array


def chi2_2samp(reference_counts: Array, current_counts: Array, /, *, xp: Namespace | None = None) -> Chi2Result:
    """Return the chi-squared test of homogeneity of rows of counts.

    Parameters
    ----------
    reference_counts, current_counts : array of counts, shape (..., k)
        One row of k levels per feature, over the union of the levels of both sides. Padding with zeros is free: a
        level that occurs on neither side counts neither in the statistic nor in the degrees of freedom.

    Returns
    -------
    Chi2Result
        Shape `(...)` each. With a single level the statistic is 0, the p-value 1. NaN where a side is empty.

    Raises
    ------
    InputError
        If the shapes differ.

    Notes
    -----
    Two samples with k - 1 degrees of freedom and no Yates correction, equal to `scipy.stats.chi2_contingency(...,
    correction=False)`; not a goodness-of-fit test against the reference's shares, which rejects far too often because
    the reference is a sample itself. Where the smallest expected count is under 5 the p-value is unreliable.

    Under `jax.jit` the p-value is that of JAX's own incomplete gamma function: without x64 its relative error grows with
    the degrees of freedom, to 0.4 % at some thousands. Otherwise it is computed in float64.

    References
    ----------
    Pearson, K. (1911), "On the probability that two independent distributions of frequency are really samples from
    the same population", Biometrika 8.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch.kernels import chi2_2samp
    >>> result = chi2_2samp(np.asarray([[30, 70]]), np.asarray([[50, 50]]))
    >>> round(float(result.statistic[0]), 4), round(float(result.pvalue[0]), 4)
    (8.3333, 0.0039)
    """
    reference_counts, current_counts, xp = pair_of_counts(reference_counts, current_counts, xp=xp)
    device = device_of(current_counts)
    dtype = statistic_dtype(xp, device)
    r, c = xp.astype(reference_counts, dtype), xp.astype(current_counts, dtype)
    n, m = xp.sum(r, axis=-1, keepdims=True), xp.sum(c, axis=-1, keepdims=True)
    nan = xp.full((), xp.nan, dtype=dtype, device=device)
    one = xp.ones((), dtype=dtype, device=device)
    n_safe, m_safe = xp.where(n == 0.0, nan, n), xp.where(m == 0.0, nan, m)
    level = r + c
    absent = level == 0.0
    share_gap = r / n_safe - c / m_safe
    terms = share_gap * share_gap / xp.where(absent, one, level)
    statistic = xp.sum(terms, axis=-1) * (n_safe * m_safe)[..., 0]

    n_levels = xp.sum(xp.astype(~absent, dtype), axis=-1)
    dof = xp.clip(n_levels - 1.0, 0.0, None)
    smaller = xp.minimum(n_safe, m_safe) / (n_safe + m_safe)
    infinity = xp.full((), xp.inf, dtype=dtype, device=device)
    min_expected = xp.min(xp.where(absent, infinity, level), axis=-1) * smaller[..., 0]
    return Chi2Result(statistic, _chi2_sf(statistic, dof, xp=xp), dof, min_expected)


def _chi2_sf(statistic: Array, dof: Array, *, xp: Namespace) -> Array:
    one = xp.ones((), dtype=statistic.dtype, device=device_of(statistic))
    pvalue = gammaincc(xp.clip(dof, 1.0, None) / 2.0, statistic / 2.0, xp=xp)
    # NaN stays NaN, also where there is a single level and nothing to test.
    return xp.where((dof > 0.0) | xp.isnan(statistic), pvalue, one)
