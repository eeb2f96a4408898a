"""Primitives for NumPy arrays where the generic definition leaves time on the table (layer 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from driftwatch._typing import Namespace
    from driftwatch.ops.generic import Side

__all__ = ["bincount", "rank", "sort_float16_bits", "sort_last"]

NDArray = np.ndarray[Any, Any]

NARROW_BYTES = 2  # NumPy's stable sort of integers of at most 16 bits is a radix sort: linear, 4 to 40 times faster


def sort_last(x: NDArray, /, *, xp: Namespace) -> NDArray:  # noqa: ARG001 - the contract of the primitive
    """Return `x` sorted along the last axis, contiguous: sorting a strided axis in place is several times slower."""
    if x.dtype == np.float16:
        return sort_float16_bits(x.view(np.int16)).view(np.float16)
    out = np.array(x, order="C", copy=True)
    out.sort(axis=-1, kind="stable" if x.dtype.itemsize <= NARROW_BYTES else None)
    return out


def sort_float16_bits(bits: NDArray) -> NDArray:
    """Return the bits of 16-bit floats, read as int16, in the order of the floats along the last axis."""
    # Turning all but the sign bit of negative numbers orders the integers as the floats; doing it again undoes it.
    turn = np.int16(0x7FFF)
    keys = np.array(bits, order="C", copy=True)
    np.bitwise_xor(keys, turn, out=keys, where=keys < 0)
    keys.sort(axis=-1, kind="stable")
    np.bitwise_xor(keys, turn, out=keys, where=keys < 0)
    return keys


def rank(sorted_values: NDArray, queries: NDArray, /, *, side: Side = "left", xp: Namespace) -> NDArray:  # noqa: ARG001
    """Return batched `searchsorted`; NumPy has it for one row only."""
    out = np.empty(queries.shape, dtype=np.int64)
    for row in range(out.shape[0]):
        out[row] = np.searchsorted(sorted_values[row], queries[row], side=side)
    return out


def bincount(index: NDArray, length: int, /, *, xp: Namespace) -> NDArray:  # noqa: ARG001 - the contract of the primitive
    """Return the counts of every row at once: row i counts in its own stretch of one long table."""
    d = index.shape[0]
    offset = np.arange(d, dtype=np.int64)[:, None] * length
    return np.bincount((index + offset).reshape(-1), minlength=d * length).reshape(d, length)
