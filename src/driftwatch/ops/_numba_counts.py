"""Passes over unsorted rows: values below edges, missing values (layer 2, Numba).

A table stored column by column gives contiguous rows `(d, n)`. One stored row by row gives strided rows, and there a pass goes
over the samples, `(n, d)`, for all features at once. Both are comparisons without branches, which fill vector registers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.ops._jit import jit

if TYPE_CHECKING:
    NDArray = np.ndarray[Any, Any]

__all__ = ["below_edges", "below_edges_by_sample", "missing", "missing_by_sample"]

BLOCK = 4096  # values: they stay in the first-level cache while they are compared with every edge


@jit()
def below_edges(x: NDArray, edges: NDArray, below: NDArray) -> None:
    """Write how many values of each row are below each of its edges, shape like `edges`; NaN is not.

    Parameters
    ----------
    x : array, shape (d, n)
    edges : array, shape (d, k)
    below : array of int64, shape (d, k)
        Zeros.
    """
    for row in range(x.shape[0]):
        values = x[row]
        for first in range(0, values.size, BLOCK):
            block = values[first : first + BLOCK]
            for b in range(edges.shape[1]):
                edge = edges[row, b]
                count = np.int32(0)  # as wide as a float32, so that a register holds as many counts as values
                for i in range(block.size):
                    count = np.int32(count + np.int32(block[i] < edge))
                below[row, b] += count


@jit()
def below_edges_by_sample(samples: NDArray, edges: NDArray, below: NDArray) -> None:
    """`below_edges` for samples `(n, d)`; edges and result are `(k, d)`, the result in int32."""
    n = samples.shape[0]
    whole = n - n % 4
    for i in range(0, whole, 4):  # four samples at a time: a count is loaded and stored once for them
        x0, x1, x2, x3 = samples[i], samples[i + 1], samples[i + 2], samples[i + 3]
        for b in range(edges.shape[0]):
            edge, count = edges[b], below[b]
            for j in range(count.size):
                e = edge[j]
                count[j] += np.int32(x0[j] < e) + np.int32(x1[j] < e) + np.int32(x2[j] < e) + np.int32(x3[j] < e)
    for i in range(whole, n):
        x = samples[i]
        for b in range(edges.shape[0]):
            edge, count = edges[b], below[b]
            for j in range(count.size):
                count[j] += np.int32(x[j] < edge[j])


@jit()
def missing(x: NDArray, count: NDArray) -> None:
    """Write how many values of each row `(d, n)` are NaN, shape `(d,)`."""
    for row in range(x.shape[0]):
        values = x[row]
        found = 0
        for i in range(values.size):
            found += values[i] != values[i]
        count[row] = found


@jit()
def missing_by_sample(samples: NDArray, count: NDArray) -> None:
    """`missing` for samples `(n, d)`; adds to `count`, int32."""
    for i in range(samples.shape[0]):
        x = samples[i]
        for j in range(count.size):
            count[j] += np.int32(x[j] != x[j])
