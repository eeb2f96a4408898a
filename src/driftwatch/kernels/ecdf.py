"""Statistics that read the ordering of two samples: Kolmogorov-Smirnov and Wasserstein (layer 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from driftwatch.arrays.namespace import device_of, is_traced, to_host
from driftwatch.kernels._prepare import NanPolicy, Ordered, feature_by_feature, order
from driftwatch.kernels.kolmogorov import kolmogorov_sf, ks_pvalue
from driftwatch.ops import mean_std, merge_ks_w1

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch._typing import Array, Namespace
    from driftwatch.kernels.kolmogorov import KSMethod

__all__ = [
    "EcdfDistances",
    "KSResult",
    "WassersteinResult",
    "ecdf_distances",
    "ends",
    "ks_2samp",
    "moments",
    "normalize",
    "quantiles",
    "wasserstein_distance",
]


class KSResult(NamedTuple):
    """`statistic` D in [0, 1] and `pvalue`, each of shape `(n_features,)`."""

    statistic: Array
    pvalue: Array


class WassersteinResult(NamedTuple):
    """`statistic` W1 in the unit of the feature and `normalized` W1 / std(reference), of shape `(n_features,)`."""

    statistic: Array
    normalized: Array


class EcdfDistances(NamedTuple):
    """One pass over two ordered samples: `sup(F - G)`, `sup(G - F)` and `int |F - G| dx`, F being the reference."""

    above: Array
    below: Array
    w1: Array


def ecdf_distances(reference: Ordered, current: Ordered, *, xp: Namespace) -> EcdfDistances:
    """Return the distances between the ECDFs of two ordered batches, each of shape `(d,)`."""
    return EcdfDistances(
        *merge_ks_w1(reference.values, current.values, reference.n_valid, current.n_valid, xp=xp),
    )


def ks_2samp(
    reference: Array,
    current: Array,
    /,
    *,
    axis: int = 0,
    method: KSMethod = "auto",
    nan_policy: NanPolicy = "omit",
    xp: Namespace | None = None,
) -> KSResult:
    """Return the two-sample Kolmogorov-Smirnov statistic and p-value of every feature.

    Parameters
    ----------
    reference : array, shape (n_reference, ...)
    current : array, shape (n_current, ...)
    axis : int
        The axis of the samples.
    method : {"auto", "exact", "asymp", "limit"}
        "auto" is exact where both samples have at most 10,000 values, as in scipy, else asymptotic. "asymp" is the
        one-sample distribution of D at `round(n m / (n + m))`, as in scipy. "limit" is the Kolmogorov limit, and
        what is computed under `jax.jit` whatever the method. All are conservative in the presence of ties.
    nan_policy : {"omit", "propagate", "raise"}
        Missing values are left out feature by feature, make the feature NaN, or raise.

    Returns
    -------
    KSResult
        `statistic` and `pvalue`, shape `(...)`, in the namespace and on the device of `current`.

    Raises
    ------
    InputError
        If the shapes do not agree, a sample is empty, or NaN is met under `nan_policy="raise"`.

    Notes
    -----
    Ties are handled: D is the supremum over all x of |F(x) - G(x)|. O((n + m) log(n + m)) per feature.

    References
    ----------
    Hodges, J. L. (1958), "The significance probability of the Smirnov two-sample test", Arkiv for Matematik 3.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch.kernels import ks_2samp
    >>> rng = np.random.default_rng(2)
    >>> result = ks_2samp(rng.normal(size=(500, 2)), rng.normal([0, 1], size=(400, 2)))
    >>> result.pvalue < 0.01
    array([False,  True])
    """

    def statistics(ref: Ordered, cur: Ordered, /, *, xp: Namespace) -> tuple[Array, Array]:
        distances = ecdf_distances(ref, cur, xp=xp)
        statistic = xp.maximum(distances.above, distances.below)
        return statistic, _pvalue(statistic, ref.n_valid, cur.n_valid, method, xp=xp)

    return KSResult(
        *feature_by_feature(statistics, reference, current, as_rows=order, axis=axis, nan_policy=nan_policy, xp=xp),
    )


def _pvalue(statistic: Array, n: int | Array, m: int | Array, method: KSMethod, *, xp: Namespace) -> Array:
    if is_traced(statistic):
        return kolmogorov_sf(statistic * _root_of_effective_size(n, m, like=statistic, xp=xp), xp=xp)
    # The (d,)-sized statistics go to the host, where float64 and the exact distributions are; samples never do.
    pvalue = ks_pvalue(to_host(statistic), to_host(n), to_host(m), method=method).pvalue
    return xp.asarray(pvalue, dtype=statistic.dtype, device=device_of(statistic))


def _root_of_effective_size(n: int | Array, m: int | Array, *, like: Array, xp: Namespace) -> Array:
    """Return `sqrt(n m / (n + m))` without a product that 32-bit integers cannot hold."""
    device = device_of(like)
    n_float, m_float = (
        xp.full((), float(count), dtype=like.dtype, device=device)
        if isinstance(count, int)
        else xp.astype(count, like.dtype)
        for count in (n, m)
    )
    return xp.sqrt(n_float / (n_float + m_float) * m_float)


def wasserstein_distance(
    reference: Array,
    current: Array,
    /,
    *,
    axis: int = 0,
    nan_policy: NanPolicy = "omit",
    xp: Namespace | None = None,
) -> WassersteinResult:
    """Return the 1-Wasserstein distance of every feature, in its unit and relative to the reference's spread.

    Parameters
    ----------
    reference : array, shape (n_reference, ...)
    current : array, shape (n_current, ...)
    axis, nan_policy
        As in `ks_2samp`.

    Returns
    -------
    WassersteinResult
        `statistic` W1 = int |F - G| dx, equal to `scipy.stats.wasserstein_distance`, and `normalized` = W1 / std of
        the reference (population formula), NaN where the reference is constant.

    References
    ----------
    Vallender, S. S. (1974), "Calculation of the Wasserstein distance between probability distributions on the line".
    """

    def statistics(ref: Ordered, cur: Ordered, /, *, xp: Namespace) -> tuple[Array, Array]:
        w1 = ecdf_distances(ref, cur, xp=xp).w1
        return w1, normalize(w1, moments(ref, xp=xp)[1], xp=xp)

    return WassersteinResult(
        *feature_by_feature(statistics, reference, current, as_rows=order, axis=axis, nan_policy=nan_policy, xp=xp),
    )


def normalize(w1: Array, std: Array, *, xp: Namespace) -> Array:
    """Return `w1 / std`, NaN where the standard deviation is zero."""
    nan = xp.asarray(xp.nan, dtype=w1.dtype, device=device_of(w1))
    constant = std == 0.0
    return xp.where(constant, nan, w1 / xp.where(constant, nan, std))


def ends(sample: Ordered, *, xp: Namespace) -> tuple[Array, Array]:
    """Return the smallest and the largest value of ordered rows, shape `(d,)`; `+inf` where a row is empty."""
    values, n_valid = sample
    if isinstance(n_valid, int):
        return values[:, 0], values[:, max(n_valid, 1) - 1]
    last = xp.clip(n_valid, 1, None)[:, None] - 1
    return values[:, 0], xp.take_along_axis(values, last, axis=-1)[:, 0]


def quantiles(sample: Ordered, numerators: Sequence[int], denominator: int, *, xp: Namespace) -> Array:
    """Return the linear quantiles `numerators / denominator` of ordered rows, shape `(d, len(numerators))`.

    Equal to `numpy.quantile(..., method="linear")` but for the position `(n - 1) i / denominator`, which is exact
    here: where it is whole the quantile is a data point, and one unit in the last place would move that point to the
    neighbouring bin.
    """
    values, n_valid = sample
    device = device_of(values)
    i = np.asarray(numerators)
    if isinstance(n_valid, int):
        top = max(n_valid, 1) - 1
        below, rest = top * i // denominator, top * i % denominator
        indices = [xp.asarray(k, device=device) for k in (below, np.minimum(below + 1, top))]
        low, high = (xp.take(values, k, axis=-1) for k in indices)
        share = xp.asarray(rest / denominator, dtype=values.dtype, device=device)[None, :]
    else:
        last = xp.clip(n_valid, 1, None)[:, None] - 1
        position = last * xp.asarray(i, dtype=last.dtype, device=device)[None, :]
        index = position // denominator
        low = xp.take_along_axis(values, index, axis=-1)
        high = xp.take_along_axis(values, xp.minimum(index + 1, last), axis=-1)
        share = xp.astype(position % denominator, values.dtype) / denominator

    # Interpolation from the nearer side as in numpy, so that quantiles between data points agree to the last bit; half
    # of the gap twice, because the whole of it may overflow.
    apart = (low != high) & xp.isfinite(low) & xp.isfinite(high)
    zero = xp.zeros((), dtype=values.dtype, device=device)
    half = 0.5 * xp.where(apart, high, zero) - 0.5 * xp.where(apart, low, zero)
    step = half * (2.0 * xp.minimum(share, 1.0 - share))
    return xp.where(share < 0.5, low + step, xp.where(apart, high, low) - step)


def moments(sample: Ordered, *, xp: Namespace) -> tuple[Array, Array]:
    """Return mean and population standard deviation of ordered rows, shape `(d,)`; NaN where infinite or empty.

    A row of equal values has standard deviation exactly zero, and no other row has.
    """
    return mean_std(*sample, *ends(sample, xp=xp), xp=xp)
