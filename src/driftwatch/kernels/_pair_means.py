"""Means of a kernel over pairs of rows under many relabelings at once, tile by tile (layer 2)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, Protocol

from driftwatch.arrays.namespace import device_of, statistic_dtype
from driftwatch.errors import ConfigError
from driftwatch.ops import matmul

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace
    from driftwatch.kernels._row_pairs import RowPair

__all__ = ["MEMORY_BUDGET", "PairKernel", "PairMeans", "affinity", "negative_squared_distances", "pair_means"]

MEMORY_BUDGET = 256 * 2**20  # bytes of working memory beside the samples and the labels
MAX_TILE = 2048  # rows: larger tiles make the products no faster and fall out of the processor's caches
MIN_TILE = 16
TILES_HELD = 5  # on the diagonal: distances, the kernel of them, the mask and two temporaries


class PairKernel(Protocol):
    """A symmetric function of two rows, elementwise from minus their squared distances (a fresh array)."""

    def __call__(self, negative: Array, /) -> Array: ...


class PairMeans(NamedTuple):
    """Means of a kernel over pairs of distinct rows, one for each column of labels.

    `reference` and `current` within the sides, `across` between them, shape `(1 + B,)` each, and `affinity` of shape
    `(n + m, n_scored)`: how much closer a row is on average to the other rows of current than to those of reference.
    """

    reference: Array
    current: Array
    across: Array
    affinity: Array


def pair_means(
    pair: RowPair,
    kernel: PairKernel,
    labels: Array,
    *,
    memory_budget: int = MEMORY_BUDGET,
    n_scored: int = 0,
    xp: Namespace,
) -> PairMeans:
    """Return the means of `kernel` under every column of `labels`.

    With the kernel matrix K, its diagonal left out, and a column a of labels all sums follow from `a'K a`, `a'K 1` and
    `1'K 1`. K is made once, in tiles of its upper half, and each tile meets all columns in one matrix product.

    Parameters
    ----------
    pair : RowPair
    kernel : PairKernel
    labels : array of 0 and 1, shape (n + m, 1 + B)
    memory_budget : int
        Bytes that the tiles may take.
    n_scored : int
        Columns for which the affinity of every row is wanted.
    """
    x, n, m = pair
    tile = tile_rows(memory_budget, labels.shape[1], int(xp.finfo(x.dtype).bits) // 8)
    wide = statistic_dtype(xp, device_of(x))
    spans = [slice(start, min(start + tile, n + m)) for start in range(0, n + m, tile)]
    rows, marks = [x[span, :] for span in spans], [labels[span, :] for span in spans]
    row_sums = [xp.zeros((a.shape[0],), dtype=wide, device=device_of(x)) for a in rows]
    scored = [xp.zeros((a.shape[0], n_scored), dtype=wide, device=device_of(x)) for a in rows]
    form = xp.zeros((labels.shape[1],), dtype=wide, device=device_of(x))

    for i, (left, left_marks) in enumerate(zip(rows, marks, strict=True)):
        for j in range(i, len(rows)):
            block = kernel(negative_squared_distances(left, rows[j], xp=xp))
            if i == j:
                block = block * (1.0 - xp.eye(block.shape[0], dtype=x.dtype, device=device_of(x)))
            product = matmul(block, marks[j], xp=xp)
            row_sums[i] = row_sums[i] + xp.sum(block, axis=1, dtype=wide)
            scored[i] = scored[i] + xp.astype(product[:, :n_scored], wide)
            if i != j:
                row_sums[j] = row_sums[j] + xp.sum(block, axis=0, dtype=wide)
                if n_scored:
                    back = matmul(xp.permute_dims(block, (1, 0)), left_marks[:, :n_scored], xp=xp)
                    scored[j] = scored[j] + xp.astype(back, wide)
            product = product * left_marks
            form = form + (1.0 if i == j else 2.0) * xp.sum(product, axis=0, dtype=wide)

    degree = xp.concat(row_sums)
    crossing = sum(
        matmul(xp.astype(part, x.dtype)[None, :], mark, xp=xp)[0, :] for part, mark in zip(row_sums, marks, strict=True)
    )
    crossing = xp.astype(crossing, wide)
    total = xp.sum(degree)
    return PairMeans(
        (total - 2.0 * crossing + form) / (n * (n - 1.0)),
        form / (m * (m - 1.0)),
        (crossing - form) / (float(n) * m),
        affinity(xp.concat(scored), degree, xp.astype(labels[:, :n_scored], wide), n, m),
    )


def affinity(to_current: Array, degree: Array, is_current: Array, n: int, m: int) -> Array:
    """Return by how much the mean kernel of every row to the other rows of current exceeds that to those of reference.

    Parameters
    ----------
    to_current : array, shape (n + m, k)
        Sums of the kernel over the other rows of current, for k labelings.
    degree : array, shape (n + m,)
        Sums over all other rows.
    is_current : array of 0 and 1, shape (n + m, k)
    """
    to_reference = degree[:, None] - to_current
    return to_current / (m - is_current) - to_reference / (n - 1.0 + is_current)


def negative_squared_distances(a: Array, b: Array, *, xp: Namespace) -> Array:
    """Return minus the squared distances of rows `(i, d)` and `(j, d)`, at most 0, shape `(i, j)`.

    By inner products: `a` and `b` have to be centred for their digits to be there.
    """
    negative = matmul(2.0 * a, xp.permute_dims(b, (1, 0)), xp=xp)
    # In place where the library does that: the tiles are what takes the memory.
    negative -= xp.sum(a * a, axis=-1)[:, None]
    negative -= xp.sum(b * b, axis=-1)[None, :]
    return xp.clip(negative, None, 0.0)


def tile_rows(memory_budget: int, n_columns: int, itemsize: int) -> int:
    """Return the rows of a square tile, such that `TILES_HELD` of them and two products fit into the budget."""
    if memory_budget < 1:
        raise ConfigError(f"`memory_budget` must be a number of bytes of at least 1, got {memory_budget!r}.")
    numbers = memory_budget / itemsize
    rows = (math.sqrt(n_columns**2 + TILES_HELD * numbers) - n_columns) / TILES_HELD
    return max(MIN_TILE, min(MAX_TILE, int(rows)))
