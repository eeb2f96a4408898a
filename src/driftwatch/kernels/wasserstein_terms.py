"""The 1-Wasserstein distance as a sum over bins of the axis, or over parts of the mass (layer 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from driftwatch.arrays.namespace import device_of, statistic_dtype, to_host
from driftwatch.kernels._prepare import Ordered
from driftwatch.ops import merge_ks_w1

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace

__all__ = ["BinTerms", "QuantileTerms", "wasserstein_by_bin", "wasserstein_by_quantile"]

HostArray = np.ndarray[Any, Any]


class BinTerms(NamedTuple):
    """`terms`, which sum to W1, and `signed`, which sum to the difference of the means, shape `(d, k)` on the host."""

    terms: HostArray
    signed: HostArray


class QuantileTerms(NamedTuple):
    """As `BinTerms`, and the mean value of both sides in each part of the mass, shape `(d, k)` on the host."""

    terms: HostArray
    signed: HostArray
    reference: HostArray
    current: HostArray


def wasserstein_by_bin(reference: Ordered, current: Ordered, edges: Array, *, xp: Namespace) -> BinTerms:
    """Return int |F - G| dx over each bin `[edge, next edge)`, the outer ones open, and int (F - G) dx as `signed`.

    Parameters
    ----------
    reference, current : Ordered
        Sorted values `(d, n)` and `(d, m)`.
    edges : array, shape (d, k - 1)
        Inner edges, ascending. Those at -inf or +inf close bins that are empty and add nothing.

    Notes
    -----
    The integral over [a, b) is the distance of the samples after each value is moved to the nearest one in [a, b]. So it
    takes k distances by the primitive that there is, on the device of the data: O(k (n + m)) per feature, and exact.

    References
    ----------
    Vallender, S. S. (1974), "Calculation of the Wasserstein distance between probability distributions on the line".
    """
    d, device = edges.shape[0], device_of(edges)
    infinity = xp.full((d, 1), xp.inf, dtype=edges.dtype, device=device)
    ends = xp.concat([-infinity, edges, infinity], axis=-1)
    nowhere = xp.zeros((), dtype=edges.dtype, device=device)
    terms, signed = [], []
    for k in range(edges.shape[-1] + 1):
        low, high = ends[:, k : k + 1], ends[:, k + 1 : k + 2]
        low, high = (xp.where(low < high, end, nowhere) for end in (low, high))  # a closed bin may be one of infinities
        before, after = (_moved_into(side, low, high, xp=xp) for side in (reference, current))
        _, _, w1 = merge_ks_w1(before.values, after.values, before.n_valid, after.n_valid, xp=xp)
        terms.append(to_host(w1))
        signed.append(to_host(_mean(after, xp=xp) - _mean(before, xp=xp)))
    return BinTerms(np.stack(terms, axis=-1), np.stack(signed, axis=-1))


def _moved_into(side: Ordered, low: Array, high: Array, *, xp: Namespace) -> Ordered:
    """Return the values moved to the nearest ones in [low, high], measured from an end that is finite."""
    device = device_of(side.values)
    dtype = statistic_dtype(xp, device)  # a difference of two float32 numbers may have more digits than one has
    values, n_valid = xp.astype(side.values, dtype, copy=False), side.n_valid
    low, high = (xp.astype(end, dtype, copy=False) for end in (low, high))
    zero = xp.zeros((), dtype=dtype, device=device)
    origin = xp.where(xp.isfinite(low), low, xp.where(xp.isfinite(high), high, zero))
    # from an origin nearby, so that the means of a narrow bin far from zero keep their digits
    moved = xp.minimum(xp.maximum(values, low), high) - origin
    if isinstance(n_valid, int) and n_valid == values.shape[-1]:
        return Ordered(moved, n_valid)
    return Ordered(xp.where(_counted(side, xp=xp), moved, xp.full_like(zero, xp.inf)), n_valid)


def _counted(side: Ordered, *, xp: Namespace) -> Array:
    values, n_valid = side
    index = xp.arange(values.shape[-1], device=device_of(values))[None, :]
    return index < (n_valid if isinstance(n_valid, int) else xp.astype(n_valid, index.dtype)[:, None])


def _mean(side: Ordered, *, xp: Namespace) -> Array:
    """Return the mean of the values that count, shape `(d,)`; NaN where there is none."""
    device = device_of(side.values)
    dtype = statistic_dtype(xp, device)
    counted = _counted(side, xp=xp)
    n = xp.sum(xp.astype(counted, dtype), axis=-1)
    zero, nan = (xp.full((), value, dtype=dtype, device=device) for value in (0.0, xp.nan))
    total = xp.sum(xp.where(counted, xp.astype(side.values, dtype), zero), axis=-1)
    return total / xp.where(n == 0.0, nan, n)


def wasserstein_by_quantile(reference: Ordered, current: Ordered, n_parts: int = 10, *, xp: Namespace) -> QuantileTerms:
    """Return int |Q_F - Q_G| du over each of `n_parts` equal parts of the mass, and int (Q_G - Q_F) du as `signed`.

    Parameters
    ----------
    reference, current : Ordered
        Sorted values `(d, n)` and `(d, m)`.
    n_parts : int
        10 for deciles: the first term is what the smallest tenth of the values adds.

    Notes
    -----
    Quantile functions are those of the samples, which jump at i / n: the parts are cut exactly, in whole numbers, as long
    as n m n_parts stays below 2^63. O(n + m) per feature. NaN where a side is empty.
    """
    d = reference.values.shape[0]
    n, m = (np.broadcast_to(to_host(side.n_valid), (d,)).tolist() for side in (reference, current))
    found = np.full((4, d, n_parts), np.nan)
    for i in range(d):
        if n[i] and m[i]:
            for part in range(n_parts):
                sizes = n[i], m[i]
                found[:, i, part] = _part(reference.values[i, :], current.values[i, :], sizes, part, n_parts, xp=xp)
    return QuantileTerms(*found)


def _part(
    reference: Array, current: Array, sizes: tuple[int, int], part: int, n_parts: int, *, xp: Namespace
) -> tuple[float, float, float, float]:
    """Return one term, the signed one, and both means, of a part of the mass; lengths are in units of 1 / (n m n_parts)."""
    n, m = sizes
    start, stop = part * n * m, (part + 1) * n * m
    steps = m * n_parts, n * n_parts  # from one jump of a quantile function to the next
    jumps = [np.arange(start // step + 1, -(-stop // step), dtype=np.int64) * step for step in steps]
    left = np.unique(np.concatenate([np.asarray([start], dtype=np.int64), *jumps]))
    weight = np.diff(left, append=stop) / (n * m * n_parts)

    device = device_of(current)
    dtype = statistic_dtype(xp, device)
    before, after = (
        xp.astype(xp.take(values, xp.asarray(left // step, device=device)), dtype)
        for values, step in zip((reference, current), steps, strict=True)
    )
    weights = xp.asarray(weight, dtype=dtype, device=device)
    same = before == after  # at infinity too
    zero = xp.zeros((), dtype=dtype, device=device)
    gap = xp.where(same, zero, after) - xp.where(same, zero, before)
    sums = (xp.abs(gap) * weights, gap * weights, before * weights * n_parts, after * weights * n_parts)
    first, second, third, fourth = (float(xp.sum(values)) for values in sums)
    return first, second, third, fourth
