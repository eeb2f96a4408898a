"""The numeric counts of a window as two vectors, for collectives that know vectors only (layer 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from driftwatch.errors import InputError
from driftwatch.ops.cells import carried
from driftwatch.profile.cells import MAX_HIGH, CellTally

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FlatCounts", "flatten", "unflatten"]

HostArray = np.ndarray[Any, Any]
ENDS = ("low", "high")


class FlatCounts(NamedTuple):
    """Counts of numeric features, of which the vectors of several windows are the sum and the maximum.

    Attributes
    ----------
    counts : array of int64, shape (n,)
        Counts and limbs of sums: these add.
    ends : array of float64, shape (m,)
        Largest values, smallest ones negated, and the largest limb: of these the maximum is taken.
    """

    counts: HostArray
    ends: HostArray


def flatten(blocks: Sequence[CellTally]) -> FlatCounts:
    """Return the tallies as vectors."""
    counts = [array.ravel() for block in blocks for name, array in block._asdict().items() if name not in ENDS]
    ends = [end for block in blocks for end in (-block.low, block.high)]
    limbs = [np.abs(high).max(initial=0) for block in blocks for high in (block.sum_high, block.square_high)]
    largest = np.asarray([max(limbs, default=0)], np.float64)
    return FlatCounts(np.concatenate([np.zeros(0, np.int64), *counts]), np.concatenate([*ends, largest]))


def unflatten(flat: FlatCounts, like: Sequence[CellTally], n_windows: int) -> tuple[CellTally, ...]:
    """Return the tallies of vectors that were combined from `n_windows` windows with blocks of the shapes of `like`.

    Raises
    ------
    InputError
        If a sum may have left what it is kept in.
    """
    if float(flat.ends[-1]) * n_windows > MAX_HIGH:
        raise InputError(
            f"sums of {n_windows} windows must stay within 92 bits, and these may exceed them. Add them up more often."
        )
    counts, ends = iter(_cut(flat.counts, like, ends=False)), iter(_cut(flat.ends, like, ends=True))
    blocks = []
    for _ in like:
        cells, missing, sum_high, sum_low, square_high, square_low = (next(counts) for _ in range(6))
        low, high = 0.0 - next(ends), next(ends)  # and not its negative, which would turn 0 into -0
        sums, squares = carried(sum_high, sum_low), carried(square_high, square_low)
        blocks.append(CellTally(cells, missing, *sums, *squares, low, high))
    return tuple(blocks)


def _cut(vector: HostArray, like: Sequence[CellTally], *, ends: bool) -> list[HostArray]:
    """Return the vector as arrays in the shapes of the tallies."""
    shapes = [array.shape for block in like for name, array in block._asdict().items() if (name in ENDS) is ends]
    stops = np.cumsum([int(np.prod(shape)) for shape in shapes])
    parts = np.split(vector, stops)[: len(shapes)]
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
