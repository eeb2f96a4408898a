"""Mann-Whitney U test of two samples, and the probability of superiority (layer 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, get_args

import numpy as np

from driftwatch.arrays.namespace import device_of, is_traced, to_host
from driftwatch.errors import UnknownNameError
from driftwatch.kernels._prepare import NanPolicy, Ordered, feature_by_feature, order
from driftwatch.kernels.mann_whitney_exact import mannwhitney_sf
from driftwatch.kernels.rank_sums import RankSums, rank_sums, sizes_or_nan
from driftwatch.ops import gammaincc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from driftwatch._typing import Array, Namespace

__all__ = ["MannWhitneyMethod", "MannWhitneyResult", "mannwhitney_from_sums", "mannwhitneyu", "superiority_variance"]

MannWhitneyMethod: TypeAlias = Literal["auto", "exact", "asymptotic"]

AUTO_EXACT_MAX = 8  # the smaller sample, without ties; scipy.stats.mannwhitneyu switches here


class MannWhitneyResult(NamedTuple):
    """`statistic` U of the reference, two-sided `pvalue`, and `superiority` P(current > reference) + P(equal) / 2."""

    statistic: Array
    pvalue: Array
    superiority: Array


def mannwhitneyu(
    reference: Array,
    current: Array,
    /,
    *,
    axis: int = 0,
    method: MannWhitneyMethod = "auto",
    nan_policy: NanPolicy = "omit",
    xp: Namespace | None = None,
) -> MannWhitneyResult:
    """Return the Mann-Whitney U test of every feature, two-sided, of whether one sample tends to be larger.

    Parameters
    ----------
    reference : array, shape (n_reference, ...)
    current : array, shape (n_current, ...)
    axis : int
        The axis of the samples.
    method : {"auto", "exact", "asymptotic"}
        "asymptotic" is the normal approximation with corrections for ties and continuity, and what is computed under
        `jax.jit` whatever the method. "exact" is the distribution without ties. "auto" is exact where a sample has at
        most 8 values and none repeats.
    nan_policy : {"omit", "propagate", "raise"}
        As in `ks_2samp`.

    Returns
    -------
    MannWhitneyResult
        Shape `(...)` each: `statistic` and `pvalue` as `scipy.stats.mannwhitneyu(reference, current)`.
        `2 superiority - 1` is the rank-biserial correlation.

    Raises
    ------
    InputError
        As `ks_2samp`.
    UnknownNameError
        If `method` is not one of the three.

    References
    ----------
    Mann, H. B. and Whitney, D. R. (1947), "On a test of whether one of two random variables is stochastically larger
    than the other", Annals of Mathematical Statistics 18.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch.kernels import mannwhitneyu
    >>> result = mannwhitneyu(np.asarray([1.1, 2.2, 3.3]), np.asarray([2.0, 4.0, 5.0, 6.0]))
    >>> float(result.statistic), round(float(result.pvalue), 4), round(float(result.superiority), 4)
    (2.0, 0.2286, 0.8333)
    """
    if method not in get_args(MannWhitneyMethod):
        raise UnknownNameError.from_names("method", [method], get_args(MannWhitneyMethod))

    def statistics(ref: Ordered, cur: Ordered, /, *, xp: Namespace) -> tuple[Array, ...]:
        return mannwhitney_from_sums(rank_sums(ref, cur, xp=xp), method=method, xp=xp)

    return MannWhitneyResult(
        *feature_by_feature(statistics, reference, current, as_rows=order, axis=axis, nan_policy=nan_policy, xp=xp),
    )


def mannwhitney_from_sums(sums: RankSums, *, method: MannWhitneyMethod, xp: Namespace) -> MannWhitneyResult:
    """Return the test of each row from its sums; NaN where a side is empty."""
    n, m = sizes_or_nan(sums, xp=xp)
    pairs = n * m
    statistic = 0.5 * (pairs - sums.lead)
    pvalue = _asymptotic(sums, pairs, xp=xp)
    if method != "asymptotic" and not is_traced(pvalue):
        host = RankSums(*(to_host(x).astype(np.float64) for x in sums))
        exact = to_host(pvalue).astype(np.float64)
        rows = np.flatnonzero((host.n * host.m > 0.0) & ((method == "exact") | _auto_is_exact(host)))
        if rows.size:
            larger = np.floor(0.5 * (host.n * host.m + np.abs(host.lead)))[rows]
            exact[rows] = np.minimum(2.0 * mannwhitney_sf(larger, host.n[rows], host.m[rows]), 1.0)
            pvalue = xp.asarray(exact, dtype=pvalue.dtype, device=device_of(pvalue))
    return MannWhitneyResult(statistic, pvalue, 0.5 + 0.5 * (sums.lead / pairs))


def _auto_is_exact(host: RankSums) -> NDArray[np.bool_]:
    n_ties = host.aaa + 3.0 * (host.aab + host.abb) + host.bbb - (host.n + host.m)
    small = np.minimum(host.n, host.m) <= AUTO_EXACT_MAX
    return np.asarray(small & (n_ties == 0.0))


def _asymptotic(sums: RankSums, pairs: Array, *, xp: Namespace) -> Array:
    """Return P(|Z| >= z) of U with half a unit taken off for continuity, 1 where every value is the same."""
    one = xp.ones((), dtype=pairs.dtype, device=device_of(pairs))
    variance = superiority_variance(sums, xp=xp)
    excess = (0.5 * xp.abs(sums.lead) - 0.5) / pairs
    tests = (excess > 0.0) & (variance > 0.0)
    z2 = xp.where(tests, excess * excess / xp.where(tests, variance, one), 0.0 * pairs)
    return gammaincc(xp.full_like(z2, 0.5), z2 / 2.0, xp=xp)


def superiority_variance(sums: RankSums, *, xp: Namespace) -> Array:
    """Return the variance of the probability of superiority without drift, given the ties; NaN where a side is empty."""
    n, m = sizes_or_nan(sums, xp=xp)
    total = n + m
    ties = sums.aaa + 3.0 * (sums.aab + sums.abb) + sums.bbb - total
    variance = (total + 1.0 - ties / total / xp.clip(total - 1.0, 1.0, None)) / (12.0 * n * m)
    return xp.clip(variance, 0.0, None)
