"""Tests that two rows of counts are of one distribution: chi-squared and G (layer 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from driftwatch.arrays.namespace import device_of, statistic_dtype
from driftwatch.kernels._levels import log_ratio, pair_of_counts
from driftwatch.kernels.bins import on_quantile_bins
from driftwatch.ops import gammaincc

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch._typing import Array, Namespace
    from driftwatch.kernels._prepare import NanPolicy

__all__ = ["HomogeneityResult", "chi2_2samp", "g_test", "g_test_from_counts"]


class HomogeneityResult(NamedTuple):
    """`statistic`, `pvalue`, `dof` (levels that occur, minus one) and the smallest expected count."""

    statistic: Array
    pvalue: Array
    dof: Array
    min_expected: Array


def chi2_2samp(reference_counts: Array, current_counts: Array, /, *, xp: Namespace | None = None) -> HomogeneityResult:
    """Return the chi-squared test of homogeneity of rows of counts.

    Parameters
    ----------
    reference_counts, current_counts : array of counts, shape (..., k)
        One row of k levels per feature, over the union of the levels of both sides. Padding with zeros is free: a
        level that occurs on neither side counts neither in the statistic nor in the degrees of freedom.

    Returns
    -------
    HomogeneityResult
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
    return _tested(_chi2, reference_counts, current_counts, xp=xp)


def g_test_from_counts(
    reference_counts: Array, current_counts: Array, /, *, xp: Namespace | None = None
) -> HomogeneityResult:
    """Return the G-test, the likelihood-ratio test of homogeneity, of rows of counts `(..., k)`.

    G = 2 sum observed ln(observed / expected) over both rows, with k - 1 degrees of freedom over the levels that occur
    and no Yates correction: equal to `scipy.stats.chi2_contingency(..., correction=False, lambda_="log-likelihood")`.
    Arguments, result and limits as in `chi2_2samp`.

    Raises
    ------
    InputError
        If the shapes differ.

    References
    ----------
    Wilks, S. S. (1935), "The likelihood test of independence in contingency tables", Annals of Mathematical Statistics 6.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch.kernels import g_test_from_counts
    >>> result = g_test_from_counts(np.asarray([[30, 70]]), np.asarray([[50, 50]]))
    >>> round(float(result.statistic[0]), 4), round(float(result.pvalue[0]), 4)
    (8.4024, 0.0037)
    """
    return _tested(_g, reference_counts, current_counts, xp=xp)


def g_test(
    reference: Array,
    current: Array,
    /,
    *,
    axis: int = 0,
    n_bins: int = 10,
    nan_policy: NanPolicy = "omit",
    xp: Namespace | None = None,
) -> HomogeneityResult:
    """Return the G-test of every feature on the reference's equal-mass bins.

    Arguments as in `psi`; the definition as in `g_test_from_counts`.
    """
    return HomogeneityResult(
        *on_quantile_bins(
            g_test_from_counts, reference, current, axis=axis, n_bins=n_bins, nan_policy=nan_policy, xp=xp
        )
    )


def _tested(
    statistic: Callable[..., Array], reference_counts: Array, current_counts: Array, *, xp: Namespace | None
) -> HomogeneityResult:
    """Return a statistic of 2 x k tables with its chi-squared p-value."""
    reference_counts, current_counts, xp = pair_of_counts(reference_counts, current_counts, xp=xp)
    device = device_of(current_counts)
    dtype = statistic_dtype(xp, device)
    r, c = xp.astype(reference_counts, dtype), xp.astype(current_counts, dtype)
    n, m = xp.sum(r, axis=-1, keepdims=True), xp.sum(c, axis=-1, keepdims=True)
    nan = xp.full((), xp.nan, dtype=dtype, device=device)
    n, m = xp.where(n == 0.0, nan, n), xp.where(m == 0.0, nan, m)
    empty = xp.isnan(n + m)[..., 0]
    found = xp.where(empty, nan, statistic(r, c, n, m, xp=xp))

    level = r + c
    absent = level == 0.0
    dof = xp.clip(xp.sum(xp.astype(~absent, dtype), axis=-1) - 1.0, 0.0, None)
    dof = xp.where(empty, nan, dof)
    infinity = xp.full((), xp.inf, dtype=dtype, device=device)
    smaller = xp.minimum(n, m) / (n + m)
    min_expected = xp.min(xp.where(absent, infinity, level), axis=-1) * smaller[..., 0]
    return HomogeneityResult(found, _chi2_sf(found, dof, xp=xp), dof, min_expected)


def _chi2(r: Array, c: Array, n: Array, m: Array, *, xp: Namespace) -> Array:
    one = xp.ones((), dtype=r.dtype, device=device_of(r))
    level = r + c
    share_gap = r / n - c / m
    terms = share_gap * share_gap / xp.where(level == 0.0, one, level)
    return xp.sum(terms, axis=-1) * (n * m)[..., 0]


def _g(r: Array, c: Array, n: Array, m: Array, *, xp: Namespace) -> Array:
    zero = xp.zeros((), dtype=r.dtype, device=device_of(r))
    one = xp.ones((), dtype=r.dtype, device=device_of(r))
    excess = r * m - c * n  # of whole numbers, so that equal shares are exactly equal
    total = xp.zeros_like(n[..., 0])
    for observed, size, difference in ((r, n, excess), (c, m, -excess)):
        absent = observed == 0.0
        seen, expected = (xp.where(absent, one, x) for x in (observed * (n + m), (r + c) * size))
        terms = observed * log_ratio(seen, expected, xp.where(absent, zero, difference), xp=xp)
        total = total + xp.sum(terms, axis=-1)
    return 2.0 * xp.clip(total, 0.0, None)


def _chi2_sf(statistic: Array, dof: Array, *, xp: Namespace) -> Array:
    one = xp.ones((), dtype=statistic.dtype, device=device_of(statistic))
    pvalue = gammaincc(xp.clip(dof, 1.0, None) / 2.0, statistic / 2.0, xp=xp)
    # NaN stays NaN, also where there is a single level and nothing to test.
    return xp.where((dof > 0.0) | xp.isnan(statistic), pvalue, one)
