"""How far every dimension by itself moved, under many relabelings of the rows at once (layer 2).

Distances of whole rows drown what happens in few dimensions of many, and what happens at values that few rows have. The
distribution functions of both sides, dimension by dimension, do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from driftwatch.arrays.namespace import device_of, statistic_dtype
from driftwatch.kernels._pair_means import MEMORY_BUDGET, affinity
from driftwatch.ops import matmul, sort_last

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace
    from driftwatch.kernels._row_pairs import RowPair

__all__ = ["Dimensions", "compare_dimensions"]

N_LEVELS = 16  # finer ones find no more on real embeddings and images, and cost as much as they are many
DIMENSIONS_PER_LARGEST = 100  # one alone finds less of drift that is in many dimensions


class Dimensions(NamedTuple):
    """Two statistics for each of the 1 + B columns of labels, and the affinity that belongs to the first.

    `anderson_darling`, about 1 without drift, is the mean over dimensions and levels of `(F - G)² / (H (1 - H))`, times
    `n m / (n + m)`. `largest` is the mean of D² over the hundredth of the dimensions, at least one, where it is
    largest: in [0, 1]. `affinity` is what `PairMeans` has, of shape `(n + m, n_scored)`.
    """

    anderson_darling: Array
    largest: Array
    affinity: Array


def compare_dimensions(
    pair: RowPair, labels: Array, *, memory_budget: int = MEMORY_BUDGET, n_scored: int = 0, xp: Namespace
) -> Dimensions:
    """Return how the distribution functions F and G of both sides differ, dimension by dimension.

    They are compared at the quantiles k / 16 of both sides together, H being the distribution function of these. How many
    rows of current are below each of them is one product of the labels with a matrix of zeros and ones.

    Parameters
    ----------
    pair : RowPair
    labels : array of 0 and 1, shape (n + m, 1 + B)
    memory_budget : int
        Bytes that a block of dimensions may take.
    n_scored : int
        Columns for which the affinity of every row is wanted.

    Notes
    -----
    O((n + m) d (log(n + m) + 16 B)). The first is MMD² by the kernel that sums, over dimensions and levels, whether two
    rows are on the same side, less what chance gives. The counts are whole numbers, and equal ones tie.
    """
    x, n, m = pair
    size, d = x.shape
    wide = statistic_dtype(xp, device_of(x))
    columns = xp.permute_dims(x, (1, 0))
    levels = _levels(columns, xp=xp)
    n_levels, n_columns = levels.shape[1], labels.shape[1]
    width = _width(memory_budget, n_levels, size, n_columns, int(xp.finfo(x.dtype).bits) // 8)

    moved = xp.zeros((n_columns,), dtype=wide, device=device_of(x))
    to_current = xp.zeros((size, n_scored), dtype=wide, device=device_of(x))
    own = xp.zeros((size,), dtype=wide, device=device_of(x))
    squares = []
    for start in range(0, d, width):
        span = slice(start, min(start + width, d))
        below = columns[span, None, :] <= levels[span, :, None]
        below = xp.reshape(xp.astype(below, x.dtype), (below.shape[0] * n_levels, size))
        h = xp.mean(below, axis=1)[:, None]
        weight = _weight(h, xp=xp)
        gap = matmul(below, labels, xp=xp) - h * float(m)
        moved = moved + xp.sum(weight * gap * gap, axis=0, dtype=wide)
        squares.append(xp.max(xp.reshape(gap * gap, (-1, n_levels, n_columns)), axis=1))
        if n_scored:
            rows = xp.permute_dims(below, (1, 0))
            pull = weight * gap[:, :n_scored]
            to_current = to_current + xp.astype(matmul(rows, pull, xp=xp), wide) - xp.sum(h * pull, axis=0, dtype=wide)
            selves = matmul(rows, weight * (1.0 - 2.0 * h), xp=xp)[:, 0]
            own = own + xp.astype(selves, wide) + xp.sum(weight * h * h, dtype=wide)

    per_pair = 1.0 / (n_levels * d)
    return Dimensions(
        moved * (per_pair * size / (float(n) * m)),
        _mean_of_largest(xp.concat(squares, axis=0), xp=xp) * (1.0 / n + 1.0 / m) ** 2,
        affinity(*_without_itself(to_current, own, labels[:, :n_scored], per_pair, xp=xp), n, m),
    )


def _levels(columns: Array, *, xp: Namespace) -> Array:
    """Return the values `(d, k)` of the pooled rows at which both sides are compared."""
    size = columns.shape[1]
    ordered = sort_last(columns, xp=xp)[0]
    places = sorted({max(0, size * k // N_LEVELS - 1) for k in range(1, N_LEVELS)})
    return xp.stack([ordered[:, place] for place in places], axis=1)


def _weight(h: Array, *, xp: Namespace) -> Array:
    """Return `1 / (h (1 - h))`, 0 where all rows are at or below the level."""
    variance = h * (1.0 - h)
    nothing = variance <= 0.0
    return xp.where(nothing, xp.zeros_like(h), 1.0 / xp.where(nothing, xp.ones_like(h), variance))


def _mean_of_largest(squares: Array, *, xp: Namespace) -> Array:
    """Return the mean over the most different dimensions of `(d, 1 + B)`."""
    d = squares.shape[0]
    kept = max(1, d // DIMENSIONS_PER_LARGEST)
    largest = xp.sort(xp.permute_dims(squares, (1, 0)), axis=-1)[:, d - kept :]
    return xp.mean(xp.astype(largest, statistic_dtype(xp, device_of(squares))), axis=-1)


def _without_itself(
    to_current: Array, own: Array, labels: Array, per_pair: float, *, xp: Namespace
) -> tuple[Array, Array, Array]:
    """Return the sums of the kernel over the other rows of current, over all other rows, and the labels."""
    is_current = xp.astype(labels, own.dtype)
    # All rows together are at chance: over the others that leaves minus the row itself.
    return (to_current - is_current * own[:, None]) * per_pair, -own * per_pair, is_current


def _width(memory_budget: int, n_levels: int, size: int, n_columns: int, itemsize: int) -> int:
    """Return how many dimensions, with a mark of every row and three numbers of every column, fit into the budget."""
    return max(1, int(memory_budget / (n_levels * itemsize * (2.0 * size + 3.0 * n_columns))))
