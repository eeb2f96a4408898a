"""Association of a 2 x k table: Cramer's V, an effect size, and Fisher's exact test of two levels (layer 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from driftwatch.arrays.namespace import device_of, index_dtype, is_traced, statistic_dtype, to_host
from driftwatch.errors import ConfigError
from driftwatch.kernels._levels import pair_of_counts
from driftwatch.kernels.bins import DistanceResult, on_quantile_bins
from driftwatch.kernels.contingency import fisher_exact_2x2
from driftwatch.kernels.homogeneity import chi2_2samp

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace
    from driftwatch.kernels._prepare import NanPolicy

__all__ = ["FisherResult", "cramers_v", "cramers_v_from_counts", "fisher_exact"]


class FisherResult(NamedTuple):
    """`statistic`, the odds ratio of the sample, and the two-sided `pvalue`."""

    statistic: Array
    pvalue: Array


def cramers_v_from_counts(
    reference_counts: Array, current_counts: Array, /, *, bias_correction: bool = True, xp: Namespace | None = None
) -> Array:
    """Return Cramer's V between level and side of rows of counts `(..., k)`: an effect size in [0, 1], no test.

    Parameters
    ----------
    reference_counts, current_counts : array of counts, shape (..., k)
        Over the union of the levels of both sides, as for `chi2_2samp`.
    bias_correction : bool
        Bergsma's correction, without which V of two samples of one distribution is about sqrt((k - 1) / (n + m)); False
        gives sqrt(chi^2 / (n + m)), as `scipy.stats.contingency.association`.

    Returns
    -------
    array, shape (...)
        0 with a single level. NaN where a side is empty.

    Raises
    ------
    InputError
        If the shapes differ.

    Notes
    -----
    Not free of the ratio of the sizes: for the same shares V is largest at n = m, and with n = 10 m about 0.6 of that.

    References
    ----------
    Bergsma, W. (2013), "A bias-correction for Cramer's V and Tschuprow's T", Journal of the Korean Statistical Society 42.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch.kernels import cramers_v_from_counts
    >>> cramers_v_from_counts(np.asarray([[30, 70], [50, 50]]), np.asarray([[50, 50], [50, 50]])).round(3)
    array([0.192, 0.   ])
    """
    reference_counts, current_counts, xp = pair_of_counts(reference_counts, current_counts, xp=xp)
    result = chi2_2samp(reference_counts, current_counts, xp=xp)
    dtype, device = result.statistic.dtype, device_of(result.statistic)
    total = xp.sum(xp.astype(reference_counts, dtype) + xp.astype(current_counts, dtype), axis=-1)
    one = xp.ones((), dtype=dtype, device=device)
    phi2 = result.statistic / xp.maximum(total, one)
    if not bias_correction:
        return xp.sqrt(xp.clip(phi2, None, 1.0))
    rest = xp.clip(total - 1.0, 1.0, None)
    phi2 = xp.clip(phi2 - result.dof / rest, 0.0, None)
    # Both corrected numbers of levels, less one; of two rows and k columns the rows are never more.
    rows, columns = 1.0 - 1.0 / rest, result.dof - result.dof * result.dof / rest
    fewer = xp.minimum(rows, columns)
    possible = fewer > 0.0
    return xp.where(
        possible | xp.isnan(phi2), xp.sqrt(xp.clip(phi2 / xp.where(possible, fewer, one), None, 1.0)), 0.0 * one
    )


def cramers_v(
    reference: Array,
    current: Array,
    /,
    *,
    axis: int = 0,
    n_bins: int = 10,
    bias_correction: bool = True,
    nan_policy: NanPolicy = "omit",
    xp: Namespace | None = None,
) -> DistanceResult:
    """Return Cramer's V between bin and side of every feature, on the reference's equal-mass bins.

    Arguments as in `psi`; the definition as in `cramers_v_from_counts`.
    """
    return DistanceResult(
        *on_quantile_bins(
            cramers_v_from_counts,
            reference,
            current,
            axis=axis,
            n_bins=n_bins,
            nan_policy=nan_policy,
            xp=xp,
            bias_correction=bias_correction,
        )
    )


def fisher_exact(reference_counts: Array, current_counts: Array, /, *, xp: Namespace | None = None) -> FisherResult:
    """Return Fisher's exact test, two-sided, of rows of counts in which two levels occur.

    Parameters
    ----------
    reference_counts, current_counts : array of counts, shape (..., k)
        Over the union of the levels of both sides. Levels that occur on neither side are left out.

    Returns
    -------
    FisherResult
        Shape `(...)` each, as `scipy.stats.fisher_exact` of [[r1, r2], [c1, c2]], in the order of the levels: the odds
        ratio r1 c2 / (r2 c1) and the p-value. With a single level NaN and 1. NaN where a side is empty or more than two
        levels occur.

    Raises
    ------
    ConfigError
        Under `jax.jit`: how many terms the sum has depends on the counts.
    InputError
        If the shapes differ.

    References
    ----------
    Fisher, R. A. (1935), "The logic of inductive inference".

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch.kernels import fisher_exact
    >>> result = fisher_exact(np.asarray([[3, 1]]), np.asarray([[1, 3]]))
    >>> float(result.statistic[0]), round(float(result.pvalue[0]), 4)
    (9.0, 0.4857)
    """
    reference_counts, current_counts, xp = pair_of_counts(reference_counts, current_counts, xp=xp)
    if is_traced(current_counts) or is_traced(reference_counts):
        raise ConfigError("`fisher_exact` cannot run under `jax.jit`. Use `chi2_2samp` there, or call it outside.")
    device = device_of(current_counts)
    dtype = statistic_dtype(xp, device)
    r, c = xp.astype(reference_counts, dtype), xp.astype(current_counts, dtype)
    occurs = xp.astype(r + c > 0.0, index_dtype(xp, device))
    first = xp.argmax(occurs, axis=-1, keepdims=True)
    columns = [xp.take_along_axis(x, first, axis=-1)[..., 0] for x in (r, c)]
    columns += [xp.sum(x, axis=-1) for x in (r, c)]
    # From here on one number for each feature, in float64.
    r1, c1, n, m = (to_host(x).astype(np.float64) for x in columns)
    n_levels = to_host(xp.sum(occurs, axis=-1))
    r2, c2 = n - r1, m - c1

    undefined = (n_levels > 2) | (n == 0.0) | (m == 0.0)
    pvalue = np.where(undefined, np.nan, fisher_exact_2x2(r1, r2, c1, c2))
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = (r1 * c2) / (r2 * c1)
    odds = np.where(undefined | (n_levels < 2), np.nan, odds)
    return FisherResult(*(xp.asarray(x, dtype=dtype, device=device) for x in (odds, pvalue)))
