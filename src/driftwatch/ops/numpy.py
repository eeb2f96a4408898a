"""Primitives for NumPy arrays where the generic definition leaves time on the table (layer 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from driftwatch._typing import Namespace
    from driftwatch.ops.generic import Side

__all__ = ["bincount", "rank", "sort_last"]

NDArray = np.ndarray[Any, Any]


def sort_last(x: NDArray, /, *, xp: Namespace) -> NDArray:  # noqa: ARG001 - the contract of the primitive
    """Return `x` sorted along the last axis, contiguous: sorting a strided axis in place is several times slower."""
    out = np.array(x, order="C", copy=True)
    out.sort(axis=-1)
    return out


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
