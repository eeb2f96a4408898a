"""Polya urns: where a reference's order statistics cut, and the exact chance of each cell for the next row (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from driftwatch.sequential.tie_keys import with_keys

if TYPE_CHECKING:
    from driftwatch.sequential.tie_keys import HostArray

__all__ = ["cells_of", "count_cells", "cut", "log_chance"]

MAX_CELLS = 64  # finer cells gain nothing (simulated for 16 to 128)
MIN_GAPS = 4  # a cell of fewer gaps knows its own probability too badly


def cut(values: HostArray, keys: HostArray) -> tuple[HostArray, HostArray]:
    """Return the edges of the cells as pairs, shape `(d, n_cells - 1)`, and how many gaps each holds, `(n_cells,)`.

    n rows leave n + 1 gaps, and the next row is equally likely to fall into each: whatever the distribution, as long as
    rows are exchangeable. A row that has fallen into a gap makes two of it.

    Parameters
    ----------
    values : array, shape (d, n)
        Reference; missing values as `+inf`.
    keys : array, shape (d, n)
        Tie keys.
    """
    gaps = values.shape[-1] + 1
    n_cells = min(MAX_CELLS, max(gaps // MIN_GAPS, 2))
    ranks = (np.arange(1, n_cells) * gaps * 2 + n_cells) // (2 * n_cells)
    edges = np.sort(with_keys(values, keys), axis=-1)[:, ranks - 1]
    return edges, np.diff(ranks, prepend=0, append=gaps)


def cells_of(edges: HostArray, values: HostArray, keys: HostArray) -> HostArray:
    """Return the cell of every row, integers of shape `(d, b)`."""
    pairs = with_keys(values, keys)
    cells = np.empty(values.shape, dtype=np.int64)
    for i, own in enumerate(edges):  # a search is faster than a comparison with every edge, which needs no loop
        cells[i] = own.searchsorted(pairs[i])
    return cells


def count_cells(cells: HostArray, n_cells: int) -> HostArray:
    """Return how many rows fell into each cell, integers of shape `(d, n_cells)`."""
    d = len(cells)
    flat = cells + np.arange(0, d * n_cells, n_cells)[:, None]
    return np.bincount(flat.reshape(-1), minlength=d * n_cells).reshape(d, n_cells)


def log_chance(counts: HostArray, ordered: HostArray) -> HostArray:
    """Return the logarithm of the chance that rows without drift fall into just these cells, shape `(d,)`.

    The i-th row of a cell finds it i gaps larger, so that the order in which rows come does not matter.

    Parameters
    ----------
    counts : array of integers, shape (d, n_cells)
        Gaps of each cell before the first of the rows; the same total for every feature.
    ordered : array of integers, shape (d, b)
        The cells of the rows, in ascending order.
    """
    d, b = ordered.shape
    position = np.arange(b)
    begins = np.zeros((d, b), dtype=np.int64)
    np.multiply(ordered[:, 1:] != ordered[:, :-1], position[1:], out=begins[:, 1:])
    earlier = position - np.maximum.accumulate(begins, axis=-1)
    flat = ordered + np.arange(0, counts.size, counts.shape[-1])[:, None]
    gaps = counts.reshape(-1)[flat] + earlier
    chance: HostArray = np.log(gaps).sum(axis=-1) - np.log(counts[0].sum() + position).sum()
    return chance
