"""The definition of each primitive on any array-API namespace (<= 2024.12); names no array library (layer 2).

Arrays are `(d, n)`, samples on the last axis. NaN is a missing value; `sort_last` moves it out of the way. A sorted row
may hold fewer values than `n`: then its tail is padded with `+inf` and `n_valid`, an int or an integer array `(d,)`,
says how many count. A true `+inf` sorts into the same place and is told apart by the count alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import array_api_extra as xpx
import numpy as np

from driftwatch.arrays.namespace import device_of, index_dtype, is_traced, statistic_dtype, to_host
from driftwatch.ops.cells import tally_cells

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace

Side: TypeAlias = Literal["left", "right"]

__all__ = [
    "Side",
    "bincount",
    "count_missing",
    "counts_from_edges",
    "gammaincc",
    "matmul",
    "mean_std",
    "merge_ks_w1",
    "rank",
    "sort_last",
    "tally_cells",
]


def sort_last(x: Array, /, *, xp: Namespace) -> tuple[Array, Array]:
    """Return rows sorted ascending, `+inf` in place of NaN at their end, and the number of those by row.

    Keys only, as an argsort is up to 100 times slower on GPUs. NaN is replaced before the sort: a radix sort orders it
    by its bits, and one with the sign bit set, as 0/0 gives on x86, would come first.
    """
    x, n_missing = without_missing(x, xp=xp)
    return xp.sort(x, axis=-1, stable=False), n_missing


def without_missing(x: Array, *, xp: Namespace) -> tuple[Array, Array]:
    """Return rows with `+inf` in place of NaN, and the number of those by row; `x` itself where there are none."""
    n_missing = count_missing(x, xp=xp)
    if xp.isdtype(x.dtype, "real floating") and (is_traced(x) or to_host(n_missing).any()):
        x = xp.where(xp.isnan(x), xp.asarray(xp.inf, dtype=x.dtype, device=device_of(x)), x)
    return x, n_missing


def count_missing(x: Array, /, *, xp: Namespace) -> Array:
    """Return how many values of each row are NaN, as integers `(d,)`: none of integers."""
    if not xp.isdtype(x.dtype, "real floating"):
        return xp.zeros(x.shape[:1], dtype=index_dtype(xp, device_of(x)), device=device_of(x))
    return xp.count_nonzero(xp.isnan(x), axis=-1)


def rank(sorted_values: Array, queries: Array, /, *, side: Side = "left", xp: Namespace) -> Array:
    """Return, row by row, how many of `sorted_values` lie below each query ("left") or do not exceed it ("right").

    Parameters
    ----------
    sorted_values : array, shape (d, n)
    queries : array, shape (d, q)

    Returns
    -------
    array of integers, shape (d, q)
    """
    return xpx.searchsorted(sorted_values, queries, side=side, xp=xp)


def bincount(index: Array, length: int, /, *, xp: Namespace) -> Array:
    """Return, row by row, how often each of `0, 1, ..., length - 1` occurs.

    Parameters
    ----------
    index : array of integers, shape (d, n)
        Each from 0 to `length - 1`.

    Returns
    -------
    array of integers, shape (d, length)
        In the namespace's default integer type.
    """
    from driftwatch.ops._dispatch import rank  # the library's own, and not the definition above; imports this module

    # No portable array library adds at repeated positions, so the counts are read off the sorted indices.
    dtype = xp.__array_namespace_info__().default_dtypes()["integral"]
    d, n = index.shape
    ordered = xp.sort(xp.astype(index, dtype), axis=-1, stable=False)
    values = xp.broadcast_to(xp.arange(length, dtype=dtype, device=device_of(index))[None, :], (d, length))
    below = xp.astype(rank(ordered, values, side="left", xp=xp), dtype)
    total = xp.full((d, 1), n, dtype=dtype, device=device_of(index))
    return xp.diff(xp.concat([below, total], axis=-1), axis=-1)


def merge_ks_w1(
    reference: Array, current: Array, n_reference: int | Array, n_current: int | Array, /, *, xp: Namespace
) -> tuple[Array, Array, Array]:
    """Return `sup(F - G)`, `sup(G - F)` and `int |F - G| dx` of the ECDFs F (reference) and G (current), row by row.

    Parameters
    ----------
    reference, current : array, shape (d, n) and (d, m)
        Sorted ascending, padded with `+inf`.
    n_reference, n_current : int or array of integers, shape (d,)
        Number of values that count in each row.

    Returns
    -------
    three arrays, shape (d,)
        In float64 where the device has it. NaN where a side has no value.
    """
    above, below = _ks_one_sided(reference, current, n_reference, n_current, xp=xp)
    return above, below, _wasserstein(reference, current, n_reference, n_current, xp=xp)


def _column(count: int | Array) -> int | Array:
    """Return the count so that it broadcasts against (d, n)."""
    return count if isinstance(count, int) else count[:, None]


def _ks_one_sided(
    reference: Array, current: Array, n_reference: int | Array, n_current: int | Array, *, xp: Namespace
) -> tuple[Array, Array]:
    from driftwatch.ops._dispatch import rank  # the library's own, not the definition above; imports this module

    # Both suprema are attained at a current value, or just before one: ranks of the current values are enough.
    device = device_of(current)
    dtype = statistic_dtype(xp, device)
    n, m = _column(n_reference), _column(n_current)
    upto = rank(reference, current, side="right", xp=xp)
    if not isinstance(n, int):
        upto = xp.minimum(upto, xp.astype(n, upto.dtype))  # a true +inf must not count the padding
    elif n < reference.shape[-1]:
        upto = xp.clip(upto, None, n)
    before = rank(reference, current, side="left", xp=xp)
    k = xp.arange(current.shape[-1], dtype=dtype, device=device)[None, :]

    n_float, m_float = _as_float(n, dtype, xp=xp), _as_float(m, dtype, xp=xp)
    gap_below = (k + 1.0) / m_float - xp.astype(upto, dtype) / n_float
    gap_above = xp.astype(before, dtype) / n_float - k / m_float
    padded = k >= m_float
    zero = xp.zeros((), dtype=dtype, device=device)
    below = xp.max(xp.where(padded, zero, gap_below), axis=-1)
    above = xp.max(xp.where(padded, zero, gap_above), axis=-1)
    return _nan_where_empty(above, n, m, xp=xp), _nan_where_empty(below, n, m, xp=xp)


def _as_float(count: int | Array, dtype: object, *, xp: Namespace) -> float | Array:
    """Return a count as a divisor: an empty side divides by one and is set to NaN afterwards."""
    if isinstance(count, int):
        return float(max(count, 1))
    return xp.astype(xp.clip(count, 1, None), dtype)


def _nan_where_empty(x: Array, n: int | Array, m: int | Array, *, xp: Namespace) -> Array:
    nan = xp.full((), xp.nan, dtype=x.dtype, device=device_of(x))
    for count in (n, m):
        if isinstance(count, int):
            if count == 0:
                return xp.broadcast_to(nan, x.shape)
        else:
            x = xp.where(count[:, 0] == 0, nan, x)
    return x


def _wasserstein(
    reference: Array, current: Array, n_reference: int | Array, n_current: int | Array, *, xp: Namespace
) -> Array:
    # W1 = int_0^1 |Q_F(u) - Q_G(u)| du. The quantile functions jump at i/n and k/m, which depend on the counts alone:
    # the segment that ends at (i+1)/n pairs reference value i with current value ceil((i+1) m / n) - 1, and the same
    # the other way round. No merge, no ranks, no cancellation, static shapes.
    device = device_of(current)
    dtype = statistic_dtype(xp, device)
    total = _segments(reference, current, n_reference, n_current, own_ends=True, dtype=dtype, xp=xp)
    total = total + _segments(current, reference, n_current, n_reference, own_ends=False, dtype=dtype, xp=xp)
    return _nan_where_empty(total, _column(n_reference), _column(n_current), xp=xp)


def _segments(
    own: Array, other: Array, n_own: int | Array, n_other: int | Array, *, own_ends: bool, dtype: object, xp: Namespace
) -> Array:
    """Sum |own - other| over the segments of [0, 1] that end at a jump of `own`; ends shared by both count once."""
    device = device_of(own)
    if isinstance(n_own, int) and isinstance(n_other, int):
        # Host integers: the pairing is one index vector for all rows.
        weight, partner = _pairing(np.arange(own.shape[-1]), n_own, n_other, own_ends=own_ends, xp=np)
        weight = xp.asarray(weight, dtype=dtype, device=device)[None, :]
        partner = xp.asarray(np.minimum(partner, other.shape[-1] - 1), device=device)
        paired = xp.take(other, partner, axis=-1)
    else:
        n, m = (_as_column(count, own, xp=xp) for count in (n_own, n_other))
        index = xp.arange(own.shape[-1], dtype=n.dtype, device=device)[None, :]
        weight, partner = _pairing(index, n, m, own_ends=own_ends, xp=xp)
        weight = xp.astype(weight, dtype, copy=False)
        partner = xp.broadcast_to(xp.clip(partner, None, other.shape[-1] - 1), own.shape)
        paired = xp.take_along_axis(other, partner, axis=-1)

    zero = xp.zeros((), dtype=dtype, device=device)
    # Equal values are at distance 0 even at infinity, and padding (+inf with weight 0) adds nothing.
    apart = (own != paired) & (weight > 0)
    own, paired = xp.astype(own, dtype), xp.astype(paired, dtype)
    gap = xp.abs(xp.where(apart, own, zero) - xp.where(apart, paired, zero))
    return xp.sum(gap * weight, axis=-1)


def _as_column(count: int | Array, like: Array, *, xp: Namespace) -> Array:
    """Return the counts as a column of the device's own integers, one for each row of `like`."""
    device = device_of(like)
    dtype = index_dtype(xp, device)
    if isinstance(count, int):
        return xp.full((like.shape[0], 1), count, dtype=dtype, device=device)
    return xp.astype(count, dtype)[:, None]


def _pairing(index: Any, n: Any, m: Any, *, own_ends: bool, xp: Namespace) -> tuple[Any, Any]:
    """Return the segments that end at `(index + 1) / n`: their lengths, and the index of the value that each pairs.

    With `(index + 1) m - 1 = partner n + rest` a segment begins at `index / n` or at `partner / m`, whichever is later:
    its length is `min(m, rest + 1)` in units of `1 / (n m)`.
    """
    n_safe, m_safe = xp.maximum(n, n * 0 + 1), xp.maximum(m, m * 0 + 1)
    partner, rest = _divmod_of_product(index + 1, m_safe, n_safe, xp=xp)
    counted = index < n
    if not own_ends:
        counted = counted & (rest + 1 != n_safe)
    width = xp.where(counted, xp.minimum(m_safe, rest + 1), 0 * rest)
    if xp is np:
        return width / m_safe / n_safe, partner
    dtype = statistic_dtype(xp, device_of(width))
    return xp.astype(width, dtype) / xp.astype(m_safe, dtype) / xp.astype(n_safe, dtype), partner


def _divmod_of_product(a: Any, b: Any, n: Any, *, xp: Namespace) -> tuple[Any, Any]:
    """Return quotient and rest of `(a b - 1) / n` for `a <= n`, where `a b` may be too large for 32-bit integers."""
    if xp is np or xp.iinfo(a.dtype).bits > 32:
        quotient = (a * b - 1) // n
        return quotient, a * b - 1 - quotient * n
    # A float32 quotient is off by a few units in its 24 bits. What it leaves is then below 2^31 in magnitude while n b is
    # below 2^52, and so correct although the products wrap around: integers of arrays do, on every library.
    estimate = xp.astype(a, xp.float32) * (xp.astype(b, xp.float32) / xp.astype(n, xp.float32))
    quotient = xp.astype(estimate, a.dtype)
    rest = a * b - 1 - quotient * n
    correction = rest // n
    return quotient + correction, rest - correction * n


def counts_from_edges(x: Array, n_valid: int | Array, edges: Array, /, *, xp: Namespace) -> Array:
    """Return how many values fall into each bin `[a, b)`, the outer bins being open, for unsorted rows.

    Parameters
    ----------
    x : array, shape (d, n)
        Values in any order; missing ones are NaN.
    n_valid : int or array of integers, shape (d,)
    edges : array, shape (d, n_bins - 1)
        Inner edges, ascending. An edge at `+inf` closes an empty bin above all values, even infinite ones.

    Returns
    -------
    array of integers, shape (d, n_bins)
    """
    below = xp.stack(
        [xp.count_nonzero(x < edges[:, b : b + 1], axis=-1) for b in range(edges.shape[-1])],
        axis=-1,
    )
    return bins_from_cumulative(below, n_valid, edges, xp=xp)


def bins_from_cumulative(below: Array, n_valid: int | Array, edges: Array, *, xp: Namespace) -> Array:
    """Return bin counts from the number of values below each inner edge; see `counts_from_edges`."""
    device = device_of(below)
    rows = below.shape[0]
    if isinstance(n_valid, int):
        total = xp.full((rows, 1), n_valid, dtype=below.dtype, device=device)
    else:
        total = xp.astype(n_valid, below.dtype)[:, None]
    below = xp.where(edges == xp.inf, total, below)
    zero = xp.zeros((rows, 1), dtype=below.dtype, device=device)
    return xp.diff(xp.concat([zero, below, total], axis=-1), axis=-1)


def gammaincc(a: Array, x: Array, /, *, xp: Namespace) -> Array:
    """Return the upper regularized incomplete gamma function Q(a, x) of `(d,)` arrays, in the dtype of `x`.

    In float64 on the host, whatever the device has: single precision is off by up to 0.4 % for a of some thousands.
    """
    from scipy.special import gammaincc as on_host

    return xp.asarray(on_host(to_host(a), to_host(x)), dtype=x.dtype, device=device_of(x))


def matmul(a: Array, b: Array, /, *, xp: Namespace) -> Array:
    """Return the matrix product of `(i, k)` and `(k, j)`, with all digits of the dtype."""
    return xp.matmul(a, b)


def mean_std(x: Array, n_valid: int | Array, low: Array, high: Array, /, *, xp: Namespace) -> tuple[Array, Array]:
    """Return mean and population standard deviation of ordered rows, shape `(d,)`; NaN where infinite or empty.

    A row of equal values has standard deviation exactly zero, which floating-point sums do not give by themselves, and
    no other row has: the squares of values as small as 1e-300 or as large as 1e300 are taken at a scale near one.

    Parameters
    ----------
    x : array, shape (d, n)
        Sorted ascending, padded with `+inf`.
    n_valid : int or array of integers, shape (d,)
    low, high : array, shape (d,)
        Smallest and largest value that counts.
    """
    device = device_of(x)
    dtype = statistic_dtype(xp, device)
    zero = xp.zeros((), dtype=dtype, device=device)
    nan = xp.full((), xp.nan, dtype=dtype, device=device)
    finite = xp.isfinite(low) & xp.isfinite(high)

    position = xp.arange(x.shape[-1], device=device)[None, :]
    used = (position < _column(n_valid)) & finite[:, None]
    n = xp.sum(xp.astype(used, dtype), axis=-1)
    n = xp.where(finite, n, nan)
    low, high = xp.astype(low, dtype), xp.astype(high, dtype)
    scale = power_of_two(xp.where(finite, xp.maximum(xp.abs(low), xp.abs(high)), zero), xp=xp)
    values = xp.where(used, xp.astype(x, dtype, copy=False) * (1.0 / scale)[:, None], zero)
    mean = xp.sum(values, axis=-1) / n
    deviation = xp.where(used, values - mean[:, None], zero)
    std = xp.sqrt(xp.sum(deviation * deviation, axis=-1) / n)
    constant = finite & (low == high)
    return xp.where(constant, low, mean * scale), xp.where(constant, zero, std * scale)


def power_of_two(x: Array, *, xp: Namespace) -> Array:
    """Return a power of two near x >= 0, so that scaling by it rounds nothing; its reciprocal is a normal number too."""
    limits = xp.finfo(x.dtype)
    room = 8.0  # keeps the logarithm's rounding away from either end
    return 2.0 ** xp.floor(xp.log2(xp.clip(x, room * limits.smallest_normal, limits.max / room)))
