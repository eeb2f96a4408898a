"""What rank statistics need of two orderings: a few sums over the current values, whatever repeats (layer 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from driftwatch.arrays.namespace import device_of, index_dtype, statistic_dtype
from driftwatch.ops import bincount, rank

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace
    from driftwatch.kernels._prepare import Ordered

__all__ = ["RankSums", "cross_ranks", "is_value", "positions", "rank_sums", "runs", "sizes", "sizes_or_nan"]


class RankSums(NamedTuple):
    """Sums from which Mann-Whitney and Cramer-von Mises follow, shape `(d,)` each, in the dtype of statistics.

    A group is a set of equal values, with a of them in the reference and b in the current sample.

    Attributes
    ----------
    n, m : array
        Sample sizes.
    lead : array
        How many more reference values lie below than above a current value, summed over the current values.
    squared_gaps : array
        Sum over the current values of `(m (left_x + right_x) - n (left_y + right_y))^2`, left and right being the
        numbers of values of a sample that are below a value, and not above it: `4 n^2 m^2 (F - G)^2` at mid-ranks.
    aaa, aab, abb, bbb : array
        Sums over groups of the third powers and products: n, 0, 0, m where no value repeats.
    """

    n: Array
    m: Array
    lead: Array
    squared_gaps: Array
    aaa: Array
    aab: Array
    abb: Array
    bbb: Array


def rank_sums(reference: Ordered, current: Ordered, *, xp: Namespace) -> RankSums:
    """Return the sums for two ordered batches. Zeros where a side is empty. O((n + m) log n) by row."""
    device = device_of(current.values)
    dtype = statistic_dtype(xp, device)
    zero = xp.zeros((), dtype=dtype, device=device)
    n, m = sizes(reference, xp=xp), sizes(current, xp=xp)

    def total(x: Array, counts: Array) -> Array:
        return xp.sum(xp.where(counts, x, zero), axis=-1)

    _, own_reference = runs(reference, xp=xp)
    own_reference = xp.astype(own_reference, dtype)
    aaa = total(own_reference * own_reference, is_value(reference, xp=xp))

    below, upto = (xp.astype(x, dtype) for x in cross_ranks(reference, current, xp=xp))
    own_below, b = (xp.astype(x, dtype) for x in runs(current, xp=xp))
    a = upto - below
    gap = m[:, None] * (below + upto) - n[:, None] * (2.0 * own_below + b)
    counts = is_value(current, xp=xp)
    return RankSums(
        n,
        m,
        lead=total(below + upto - n[:, None], counts),
        squared_gaps=total(gap * gap, counts),
        aaa=aaa,
        aab=total(a * a, counts),
        abb=total(a * b, counts),
        bbb=total(b * b, counts),
    )


def sizes(sample: Ordered, *, xp: Namespace) -> Array:
    """Return the number of values of each row, shape `(d,)`, in the dtype of statistics."""
    values, n_valid = sample
    device = device_of(values)
    dtype = statistic_dtype(xp, device)
    if isinstance(n_valid, int):
        return xp.full((values.shape[0],), float(n_valid), dtype=dtype, device=device)
    return xp.astype(n_valid, dtype)


def sizes_or_nan(sums: RankSums, *, xp: Namespace) -> tuple[Array, Array]:
    """Return both sample sizes, NaN where either side is empty."""
    nan = xp.full((), xp.nan, dtype=sums.n.dtype, device=device_of(sums.n))
    empty = (sums.n == 0.0) | (sums.m == 0.0)
    return xp.where(empty, nan, sums.n), xp.where(empty, nan, sums.m)


def cross_ranks(reference: Ordered, current: Ordered, *, xp: Namespace) -> tuple[Array, Array]:
    """Return how many reference values lie below each current value, and how many do not exceed it, shape `(d, m)`."""
    below = rank(reference.values, current.values, side="left", xp=xp)
    upto = rank(reference.values, current.values, side="right", xp=xp)
    if isinstance(reference.n_valid, int):
        full = reference.n_valid == reference.values.shape[-1]
        return below, upto if full else xp.clip(upto, None, reference.n_valid)
    return below, xp.minimum(upto, xp.astype(reference.n_valid, upto.dtype)[:, None])  # a true +inf counts no padding


def runs(sample: Ordered, *, xp: Namespace) -> tuple[Array, Array]:
    """Return, for each value of ordered rows, where the run of its equals begins and how long it is, shape `(d, n)`."""
    values = sample.values
    device = device_of(values)
    d, n = values.shape
    dtype = index_dtype(xp, device)
    first = xp.ones((d, 1), dtype=xp.bool, device=device)
    begins = xp.concat([first, values[:, 1:] != values[:, :-1]], axis=-1)
    # A true +inf is no equal of the padding behind it.
    begins = begins | (positions(sample, xp=xp) == _last(sample, xp=xp))
    run = xp.cumulative_sum(xp.astype(begins, dtype), axis=-1, dtype=dtype) - 1
    lengths = xp.astype(bincount(run, n, xp=xp), dtype)
    starts = xp.cumulative_sum(lengths, axis=-1, dtype=dtype) - lengths
    return xp.take_along_axis(starts, run, axis=-1), xp.take_along_axis(lengths, run, axis=-1)


def positions(sample: Ordered, *, xp: Namespace) -> Array:
    """Return 0, 1, ..., n - 1 as a row."""
    values = sample.values
    return xp.arange(values.shape[-1], dtype=index_dtype(xp, device_of(values)), device=device_of(values))[None, :]


def _last(sample: Ordered, *, xp: Namespace) -> int | Array:
    n_valid = sample.n_valid
    return (
        n_valid if isinstance(n_valid, int) else xp.astype(n_valid, index_dtype(xp, device_of(sample.values)))[:, None]
    )


def is_value(sample: Ordered, *, xp: Namespace) -> Array:
    """Return which entries of ordered rows are values and no padding, shape `(d, n)` or `(1, n)`."""
    return positions(sample, xp=xp) < _last(sample, xp=xp)
