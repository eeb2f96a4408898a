"""Two-sample Kuiper test: the sum of both one-sided Kolmogorov-Smirnov distances (layer 2)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from driftwatch.kernels._prepare import NanPolicy, Ordered, feature_by_feature, order
from driftwatch.kernels.ecdf import ecdf_distances
from driftwatch.kernels.rank_sums import sizes

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace

__all__ = ["KuiperResult", "kuiper", "kuiper_pvalue", "kuiper_sf"]

SERIES_TERMS = 4  # absolute error below 1e-15 on both sides of x = 1 (tested)
SERIES_MIN = 0.05  # the survival function is 1 to the last bit from here down


class KuiperResult(NamedTuple):
    """`statistic` V = D+ + D- in [0, 1] and `pvalue`, each of shape `(n_features,)`."""

    statistic: Array
    pvalue: Array


def kuiper(
    reference: Array,
    current: Array,
    /,
    *,
    axis: int = 0,
    nan_policy: NanPolicy = "omit",
    xp: Namespace | None = None,
) -> KuiperResult:
    """Return the two-sample Kuiper statistic and its asymptotic p-value of every feature.

    It sees a change of spread, where D+ and D- are both large, as well as one of location; and it is the same wherever a
    circle, as of hours or angles, is cut open.

    Parameters
    ----------
    reference : array, shape (n_reference, ...)
    current : array, shape (n_current, ...)
    axis, nan_policy
        As in `ks_2samp`.

    Returns
    -------
    KuiperResult
        Shape `(...)` each.

    Raises
    ------
    InputError
        As `ks_2samp`.

    Notes
    -----
    The p-value is the limit's at `(sqrt(N) + 0.155 + 0.24 / sqrt(N)) V` with N = n m / (n + m), Stephens' formula for
    one sample of N values. It is conservative where values repeat.

    References
    ----------
    Kuiper, N. H. (1960), "Tests concerning random points on a circle"; Stephens, M. A. (1970), "Use of the
    Kolmogorov-Smirnov, Cramer-von Mises and related statistics without extensive tables", JRSS B 32.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch.kernels import kuiper
    >>> rng = np.random.default_rng(2)
    >>> result = kuiper(rng.normal(size=(500, 2)), rng.normal(0, [1, 2], size=(400, 2)))
    >>> result.pvalue < 0.01
    array([False,  True])
    """

    def statistics(ref: Ordered, cur: Ordered, /, *, xp: Namespace) -> tuple[Array, Array]:
        distances = ecdf_distances(ref, cur, xp=xp)
        statistic = distances.above + distances.below
        return statistic, kuiper_pvalue(statistic, sizes(ref, xp=xp), sizes(cur, xp=xp), xp=xp)

    return KuiperResult(
        *feature_by_feature(statistics, reference, current, as_rows=order, axis=axis, nan_policy=nan_policy, xp=xp),
    )


def kuiper_pvalue(statistic: Array, n: Array, m: Array, /, *, xp: Namespace) -> Array:
    """Return Stephens' p-values of Kuiper statistics, shape `(d,)`; NaN where the statistic is NaN."""
    root = xp.sqrt(n / xp.clip(n + m, 1.0, None) * m)
    return kuiper_sf((root + 0.155 + 0.24 / xp.clip(root, 0.5, None)) * statistic, xp=xp)


def kuiper_sf(x: Array, /, *, xp: Namespace) -> Array:
    """Return the survival function of the limit of `sqrt(N) V`, on any array library and under `jax.jit`.

    2 sum (4 j^2 x^2 - 1) exp(-2 j^2 x^2) from x = 1 up, and its theta transform below. 1 at 0 and below, NaN at NaN.

    Examples
    --------
    >>> import numpy as np
    >>> kuiper_sf(np.asarray([1.620, 1.747, 2.001]), xp=np).round(3)
    array([0.1 , 0.05, 0.01])
    """
    low = xp.clip(x, SERIES_MIN, 1.0)
    high = xp.clip(x, 1.0, None)
    near = xp.zeros_like(x)
    far = xp.zeros_like(x)
    for j in range(1, SERIES_TERMS + 1):
        near = near + j * j * xp.exp(-(j * j) * math.pi**2 / 2.0 / (low * low))
        far = far + (4.0 * j * j * (high * high) - 1.0) * xp.exp(-2.0 * j * j * (high * high))
    return xp.where(x < 1.0, 1.0 - math.sqrt(2.0 * math.pi) * math.pi**2 / low**3 * near, 2.0 * far)
