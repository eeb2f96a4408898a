"""Primitives for NumPy arrays where the generic definition leaves time on the table (layer 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.ops import generic
from driftwatch.ops._threads import over_blocks

if TYPE_CHECKING:
    from driftwatch._typing import Namespace
    from driftwatch.ops.generic import Side

__all__ = ["bincount", "counts_from_edges", "merge_ks_w1", "rank", "sort_float16_bits", "sort_last"]

NDArray = np.ndarray[Any, Any]
NARROW_BYTES = 2  # NumPy's stable sort of integers of at most 16 bits is a radix sort: linear, 4 to 40 times faster
BLOCK_VALUES = 1 << 16  # merged at a time: half a megabyte for each temporary array


def sort_last(x: NDArray, /, *, xp: Namespace) -> tuple[NDArray, NDArray]:  # noqa: ARG001 - the contract
    """Sort a contiguous copy in place: a strided axis takes several times as long. NumPy puts NaN last by itself."""
    out = np.empty(x.shape, dtype=x.dtype)
    n_missing = np.zeros(x.shape[0], dtype=np.int64)

    def work(start: int, stop: int) -> None:
        out[start:stop] = x[start:stop]
        _sort_in_place(out[start:stop])
        for row in range(start, stop):
            if out.dtype.kind == "f" and np.isnan(out[row, -1]):
                first = int(np.searchsorted(out[row], np.nan))
                n_missing[row] = x.shape[1] - first
                out[row, first:] = np.inf

    over_blocks(work, x.shape[0], x.size)
    return out, n_missing


def _sort_in_place(rows: NDArray) -> None:
    if rows.dtype == np.float16:
        rows[np.isnan(rows)] = np.nan  # one with the sign bit set would come first
        sort_float16_bits(rows.view(np.int16))
    else:
        rows.sort(axis=-1, kind="stable" if rows.dtype.itemsize <= NARROW_BYTES else None)  # without the GIL


def sort_float16_bits(bits: NDArray) -> None:
    """Sort rows of 16-bit floats in place; they are given as int16, with no NaN of a negative sign among them."""
    # Turning all but the sign bit of negative numbers orders the integers as the floats; doing it again undoes it.
    turned = np.int16(0x7FFF)
    np.bitwise_xor(bits, turned, out=bits, where=bits < 0)
    bits.sort(axis=-1, kind="stable")
    np.bitwise_xor(bits, turned, out=bits, where=bits < 0)


def rank(sorted_values: NDArray, queries: NDArray, /, *, side: Side = "left", xp: Namespace) -> NDArray:  # noqa: ARG001
    """Return batched `searchsorted`; NumPy has it for one row only."""
    out = np.empty(queries.shape, dtype=np.int64)
    for row in range(out.shape[0]):
        out[row] = np.searchsorted(sorted_values[row], queries[row], side=side)
    return out


def counts_from_edges(x: NDArray, n_valid: int | NDArray, edges: NDArray, /, *, xp: Namespace) -> NDArray:
    """Make rows contiguous first: the definition reads them once for every edge."""
    counts: NDArray = generic.counts_from_edges(np.ascontiguousarray(x), n_valid, edges, xp=xp)
    return counts


def merge_ks_w1(
    reference: NDArray,
    current: NDArray,
    n_reference: int | NDArray,
    n_current: int | NDArray,
    /,
    *,
    xp: Namespace,  # noqa: ARG001 - the contract of the primitive
) -> tuple[NDArray, NDArray, NDArray]:
    """Merge both sides by a stable sort, which takes linear time on two sorted runs; ranks take twice as long."""
    d = reference.shape[0]
    n, m = (np.broadcast_to(np.asarray(count, dtype=np.int64), (d,)) for count in (n_reference, n_current))
    out = np.empty((3, d))
    step = max(1, BLOCK_VALUES // (reference.shape[1] + current.shape[1]))

    def work(start: int, stop: int) -> None:
        for first in range(start, stop, step):
            rows = slice(first, min(first + step, stop))
            out[:, rows] = _merged(reference[rows], current[rows], n[rows, None], m[rows, None])

    over_blocks(work, d, reference.size + current.size)
    return out[0], out[1], out[2]


def _merged(reference: NDArray, current: NDArray, n: NDArray, m: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Return the distances of a few rows; the counts are columns."""
    widths = reference.shape[1], current.shape[1]
    steps = np.concatenate(
        [np.where(np.arange(widths[0]) < n, m, 0), np.where(np.arange(widths[1]) < m, -n, 0)], axis=1
    )
    values = np.concatenate([reference, current], axis=1)
    order = np.argsort(values, axis=1, kind="stable")
    values = np.take_along_axis(values, order, axis=1)
    balance = np.cumsum(np.take_along_axis(steps, order, axis=1), axis=1)  # n m (F - G) up to each value

    apart = values[:, :-1] != values[:, 1:]
    settled = np.where(apart, balance[:, :-1], 0)  # among equal values only the last one counts; behind all, F = G
    gap = np.zeros(apart.shape)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        np.subtract(values[:, 1:], values[:, :-1], out=gap, where=settled != 0, dtype=np.float64)
        nm = np.where((n == 0) | (m == 0), np.nan, n * m)
        above = np.max(settled, axis=1, initial=0) / nm[:, 0]
        below = np.max(-settled, axis=1, initial=0) / nm[:, 0]
        return above, below, np.sum(np.abs(settled) / nm * gap, axis=1)


def bincount(index: NDArray, length: int, /, *, xp: Namespace) -> NDArray:  # noqa: ARG001 - the contract of the primitive
    """Return the counts of every row at once: row i counts in its own stretch of one long table."""
    d = index.shape[0]
    offset = np.arange(d, dtype=np.int64)[:, None] * length
    return np.bincount((index + offset).reshape(-1), minlength=d * length).reshape(d, length)
