"""Two-sample Cramer-von Mises test (layer 2)."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, get_args

import numpy as np

from driftwatch.arrays.namespace import device_of, is_traced, to_host
from driftwatch.errors import UnknownNameError
from driftwatch.kernels._prepare import NanPolicy, Ordered, feature_by_feature, order
from driftwatch.kernels.cramer_von_mises_exact import cramervonmises_sf
from driftwatch.kernels.rank_sums import RankSums, rank_sums, sizes_or_nan
from driftwatch.kernels.smirnov_integral import TailRule, smirnov_rule, smirnov_sf

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace

__all__ = [
    "CramerVonMisesMethod",
    "CramerVonMisesResult",
    "Ties",
    "cramervonmises_2samp",
    "cramervonmises_from_sums",
    "cramervonmises_limit_sf",
    "cramervonmises_moments",
]

CramerVonMisesMethod: TypeAlias = Literal["auto", "exact", "asymptotic"]
Ties: TypeAlias = Literal["midrank", "mean"]

AUTO_EXACT_MAX = 20  # the larger sample; scipy.stats.cramervonmises_2samp switches here
LIMIT_MIN = 0.003  # from here down the survival function is 1 to the last bit, and exp(-x (51 pi)^2 / 2) is 2e-17


class CramerVonMisesResult(NamedTuple):
    """`statistic` T and `pvalue`, each of shape `(n_features,)`."""

    statistic: Array
    pvalue: Array


def cramervonmises_2samp(
    reference: Array,
    current: Array,
    /,
    *,
    axis: int = 0,
    method: CramerVonMisesMethod = "auto",
    ties: Ties = "midrank",
    nan_policy: NanPolicy = "omit",
    xp: Namespace | None = None,
) -> CramerVonMisesResult:
    """Return the two-sample Cramer-von Mises statistic and p-value of every feature.

    Parameters
    ----------
    reference : array, shape (n_reference, ...)
    current : array, shape (n_current, ...)
    axis : int
        The axis of the samples.
    method : {"auto", "exact", "asymptotic"}
        "exact" is the distribution without ties; "asymptotic" the limit at the statistic brought to the limit's mean
        and variance, and what is computed under `jax.jit` whatever the method. "auto" is exact where both samples have
        at most 20 values.
    ties : {"midrank", "mean"}
        "midrank" puts mid-ranks into the formula for distinct values, as scipy does. With unequal sizes and many ties that
        rejects without drift: for two samples of the same constant, 500 and 400 values, p is 2e-9. "mean" takes the
        difference of the distribution functions at a tie as its mean over the ways to break it: the same without ties,
        never larger than the statistic's mean over those ways, and conservative.
    nan_policy : {"omit", "propagate", "raise"}
        As in `ks_2samp`.

    Returns
    -------
    CramerVonMisesResult
        Shape `(...)` each, with `ties="midrank"` as `scipy.stats.cramervonmises_2samp`.

    Raises
    ------
    InputError
        As `ks_2samp`.
    UnknownNameError
        If `method` or `ties` is not one of those.

    Notes
    -----
    scipy stops the series of the limit at terms of 1e-7; here it is summed to the last digits.

    References
    ----------
    Anderson, T. W. (1962), "On the distribution of the two-sample Cramer-von Mises criterion", Annals of Mathematical
    Statistics 33.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch.kernels import cramervonmises_2samp
    >>> rng = np.random.default_rng(2)
    >>> result = cramervonmises_2samp(rng.normal(size=(500, 2)), rng.normal([0, 1], size=(400, 2)))
    >>> result.pvalue < 0.01
    array([False,  True])
    """
    if method not in get_args(CramerVonMisesMethod):
        raise UnknownNameError.from_names("method", [method], get_args(CramerVonMisesMethod))
    if ties not in get_args(Ties):
        raise UnknownNameError.from_names("way in `ties`", [ties], get_args(Ties))

    def statistics(ref: Ordered, cur: Ordered, /, *, xp: Namespace) -> tuple[Array, Array]:
        return cramervonmises_from_sums(rank_sums(ref, cur, xp=xp), method=method, ties=ties, xp=xp)

    return CramerVonMisesResult(
        *feature_by_feature(statistics, reference, current, as_rows=order, axis=axis, nan_policy=nan_policy, xp=xp),
    )


def cramervonmises_from_sums(
    sums: RankSums, *, method: CramerVonMisesMethod, ties: Ties, xp: Namespace
) -> CramerVonMisesResult:
    """Return the test of each row from its sums; NaN where a side is empty."""
    of_sums = _midrank if ties == "midrank" else _mean
    statistic = of_sums(sums, xp=xp)
    pvalue = _asymptotic(sums, statistic, xp=xp)
    if method != "asymptotic" and not is_traced(pvalue):
        host = RankSums(*(to_host(x).astype(np.float64) for x in sums))
        small = np.maximum(host.n, host.m) <= AUTO_EXACT_MAX
        rows = np.flatnonzero((host.n * host.m > 0.0) & (small | (method == "exact")))
        if rows.size:
            exact = to_host(pvalue).astype(np.float64)
            chosen = RankSums(*(x[rows] for x in host))
            exact[rows] = cramervonmises_sf(of_sums(chosen, xp=np), chosen.n, chosen.m)
            pvalue = xp.asarray(exact, dtype=pvalue.dtype, device=device_of(pvalue))
    return CramerVonMisesResult(statistic, pvalue)


def _midrank(sums: RankSums, *, xp: Namespace) -> Array:
    # Anderson's equation 9 on mid-ranks, with the sum over the reference turned into one over the current values by
    # parts, and its two large terms subtracted on paper: what is left has no cancellation.
    n, m = sizes_or_nan(sums, xp=xp)
    gaps = sums.squared_gaps / n / m / m / 4.0
    ties = sums.bbb * (n / m / m + 1.0 / n) + (sums.aaa - 3.0 * sums.abb) / m
    return (gaps + (ties - n / m - m / n + 2.0) / 12.0) / (n + m)


def _mean(sums: RankSums, *, xp: Namespace) -> Array:
    # n m / (n + m)^2 times the squared differences at mid-ranks, summed over both samples; 1 / (4 (n + m)) is what
    # mid-ranks take from distinct values. The sum over the reference comes from the one over the current values by parts.
    n, m = sizes_or_nan(sums, xp=xp)
    of_current = sums.squared_gaps / n / n / m / m / 4.0
    ties = (sums.bbb / m / m - 3.0 * sums.abb / n / m) - (sums.aaa * m / n / n / n - 3.0 * sums.aab / n / n)
    of_reference = n / m * (of_current + ties / 12.0)
    both = xp.clip(of_current + of_reference, 0.0, None)
    return n / (n + m) * (m / (n + m)) * both + 0.25 / (n + m)


def _asymptotic(sums: RankSums, statistic: Array, *, xp: Namespace) -> Array:
    """Return the limit's survival function at the statistic with the limit's mean of 1/6 and variance of 1/45."""
    n, m = sizes_or_nan(sums, xp=xp)
    one = xp.ones((), dtype=n.dtype, device=device_of(n))
    mean, variance = cramervonmises_moments(n, m)
    varies = variance > 0.0  # not for one value on each side
    like_limit = 1.0 / 6.0 + (statistic - mean) / xp.sqrt(xp.where(varies, 45.0 * variance, one))
    return xp.where(varies | xp.isnan(statistic), cramervonmises_limit_sf(like_limit, xp=xp), one)


def cramervonmises_moments(n: Array, m: Array) -> tuple[Array, Array]:
    """Return mean and variance of T without drift and ties at sizes n and m (Anderson 1962), shape `(d,)` each."""
    total = n + m
    variance = (1.0 + 1.0 / total) * (1.0 - (3.0 * (n / m + m / n) + 2.0) / (4.0 * total)) / 45.0
    return (1.0 + 1.0 / total) / 6.0, variance


def cramervonmises_limit_sf(x: Array, /, *, xp: Namespace) -> Array:
    """Return the survival function of the limiting distribution, on any array library and under `jax.jit`.

    Parameters
    ----------
    x : array of floats, shape (d,)
        The statistic. 1 at 0.003 and below, NaN at NaN.

    Notes
    -----
    Smirnov's integral, an alternating sum over intervals, by quadrature: relative error 1e-12 from 0.2 to
    50 and 1e-7 at 100, where it is 1e-216; absolute error 1e-14 below. O(d) with 463 exponentials each.

    References
    ----------
    Anderson, T. W. and Darling, D. A. (1952), "Asymptotic theory of certain goodness of fit criteria based on stochastic
    processes", Annals of Mathematical Statistics 23, section 4.

    Examples
    --------
    >>> import numpy as np
    >>> cramervonmises_limit_sf(np.asarray([0.34730, 0.46136, 0.74346]), xp=np).round(5)
    array([0.1 , 0.05, 0.01])
    """
    return smirnov_sf(x, _limit_rule(), xp=xp)


@cache
def _limit_rule() -> TailRule:
    """Return the rule for weights 1 / (k pi)^2: 2 / pi sqrt(1 / |t sin t|) exp(-x t^2 / 2) over [(2k - 1) pi, 2k pi]."""
    return smirnov_rule(
        math.pi, lambda t: 0.5 * t**2, lambda t: np.asarray(2.0 / math.pi / np.sqrt(t)), least=LIMIT_MIN
    )
