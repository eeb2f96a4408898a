"""Energy distance of two samples on the line (layer 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from driftwatch.arrays.namespace import device_of, index_dtype, statistic_dtype
from driftwatch.kernels._prepare import NanPolicy, Ordered, feature_by_feature, order
from driftwatch.kernels.ecdf import moments, normalize
from driftwatch.kernels.rank_sums import cross_ranks, positions, sizes

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace

__all__ = ["EnergyResult", "energy_distance", "squared_ecdf_distance"]


class EnergyResult(NamedTuple):
    """`statistic` in the square root of the feature's unit, and `normalized`, free of it, of shape `(n_features,)`."""

    statistic: Array
    normalized: Array


def energy_distance(
    reference: Array,
    current: Array,
    /,
    *,
    axis: int = 0,
    nan_policy: NanPolicy = "omit",
    xp: Namespace | None = None,
) -> EnergyResult:
    """Return the energy distance of every feature, and its form without a unit.

    Parameters
    ----------
    reference : array, shape (n_reference, ...)
    current : array, shape (n_current, ...)
    axis, nan_policy
        As in `ks_2samp`.

    Returns
    -------
    EnergyResult
        `statistic` E = sqrt(2 int (F - G)^2 dx) = sqrt(2 E|X - Y| - E|X - X'| - E|Y - Y'|), equal to
        `scipy.stats.energy_distance`; and `normalized` = sqrt(E^2 / std of the reference), as E^2 has the feature's unit:
        NaN where the reference is constant.

    Raises
    ------
    InputError
        As `ks_2samp`.

    References
    ----------
    Szekely, G. J. and Rizzo, M. L. (2013), "Energy statistics: a class of statistics based on distances", Journal of
    Statistical Planning and Inference 143.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch.kernels import energy_distance
    >>> float(energy_distance(np.asarray([0.0, 8.0]), np.asarray([0.0, 8.0, 8.0, 8.0])).statistic)
    1.0
    """

    def statistics(ref: Ordered, cur: Ordered, /, *, xp: Namespace) -> tuple[Array, Array]:
        squared = 2.0 * squared_ecdf_distance(ref, cur, xp=xp)
        return xp.sqrt(squared), xp.sqrt(normalize(squared, moments(ref, xp=xp)[1], xp=xp))

    return EnergyResult(
        *feature_by_feature(statistics, reference, current, as_rows=order, axis=axis, nan_policy=nan_policy, xp=xp),
    )


def squared_ecdf_distance(reference: Ordered, current: Ordered, *, xp: Namespace) -> Array:
    """Return int (F - G)^2 dx of two ordered batches, shape `(d,)`; NaN where a side is empty.

    The distribution functions are constant from each value to the next one of either side, so each value adds one
    rectangle: a current one only where no reference value equals it. O((n + m) log n), no merge.
    """
    device = device_of(current.values)
    dtype = statistic_dtype(xp, device)
    n, m = sizes(reference, xp=xp)[:, None], sizes(current, xp=xp)[:, None]
    nan = xp.full((), xp.nan, dtype=dtype, device=device)
    below, upto = cross_ranks(reference, current, xp=xp)
    _, upto_current = cross_ranks(current, reference, xp=xp)

    total = _rectangles(reference, current, upto_current, n, m, xp=xp)
    total = total + _rectangles(current, reference, upto, m, n, skipped=below != upto, xp=xp)
    return xp.where((n * m)[:, 0] == 0.0, nan, total)


def _rectangles(
    own: Ordered, other: Ordered, upto: Array, n: Array, m: Array, *, skipped: Array | None = None, xp: Namespace
) -> Array:
    """Return the sum of `(F - G)^2 (next - value)` over the values of `own`, next being that of either side.

    `upto` counts the values of `other` that do not exceed each value of `own`.
    """
    device = device_of(own.values)
    dtype = statistic_dtype(xp, device)
    infinity = xp.full((), xp.inf, dtype=dtype, device=device)
    zero = xp.zeros((), dtype=dtype, device=device)
    values, others = xp.astype(own.values, dtype, copy=False), xp.astype(other.values, dtype, copy=False)

    behind_all = xp.broadcast_to(infinity, (values.shape[0], 1))
    own_next = xp.concat([values[:, 1:], behind_all], axis=-1)
    position = xp.astype(upto, index_dtype(xp, device), copy=False)
    other_next = xp.take_along_axis(others, xp.clip(position, None, others.shape[-1] - 1), axis=-1)
    other_next = xp.where(xp.astype(position, dtype) < m, other_next, infinity)
    following = xp.minimum(own_next, other_next)

    upto_own = xp.astype(positions(own, xp=xp), dtype) + 1.0
    upto_other = xp.astype(position, dtype)
    one = xp.ones((), dtype=dtype, device=device)
    height = upto_own / xp.maximum(n, one) - upto_other / xp.maximum(m, one)
    # Where the functions agree an infinite step adds nothing, and from an infinity to the next there is no step. Whether
    # they agree is asked of products: compilers divide by a product with the reciprocal, so that 1 may not equal 1.
    counts = (upto_own <= n) & (upto_own * m != upto_other * n) & (following != values)
    if skipped is not None:
        counts = counts & ~skipped
    width = xp.where(counts, following, zero) - xp.where(counts, values, zero)
    return xp.sum(height * height * width, axis=-1)
