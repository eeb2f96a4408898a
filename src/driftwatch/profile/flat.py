"""The numeric counts of a window as two vectors, for collectives that know vectors only (layer 3)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from driftwatch.errors import InputError
from driftwatch.ops.cells import carried
from driftwatch.profile.cells import MAX_HIGH, CellTally
from driftwatch.profile.moments import RowMoments
from driftwatch.profile.projections import ProjectedTally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftwatch.profile.counted import WindowCounts

__all__ = ["FlatCounts", "flatten", "unflatten"]

HostArray = np.ndarray[Any, Any]
ENDS = ("low", "high")


class FlatCounts(NamedTuple):
    """Numeric counts of a window. Those of several windows are the sum of `counts` and the maximum of `ends`.

    Attributes
    ----------
    counts : array of int64, shape (n,)
        Counts and limbs of sums.
    ends : array of float64, shape (m,)
        Smallest values, negated, and largest ones; and the largest limb.
    """

    counts: HostArray
    ends: HostArray


def flatten(window: WindowCounts) -> FlatCounts:
    """Return what was counted of numeric features, embeddings and joint features as vectors."""
    tallies = list(_tallies(window))
    integers = [array.ravel() for tally in tallies for array in tally[:6]]
    lost = np.asarray([window.projected[name].n_missing for name in sorted(window.projected)], np.int64)
    ends = [end for tally in tallies for end in (-tally.low, tally.high)]
    limbs = [np.abs(high).max(initial=0) for tally in tallies for high in (tally.sum_high, tally.square_high)]
    largest = np.asarray([max(limbs, default=0)], np.float64)
    sums = [array for name in sorted(window.projected) for array in window.projected[name].moments]
    return FlatCounts(np.concatenate([*integers, lost, *sums]), np.concatenate([*ends, largest]))


def unflatten(flat: FlatCounts, like: WindowCounts, n_windows: int) -> WindowCounts:
    """Return the counts of `like` with its numeric ones replaced by those of vectors combined from so many windows.

    Raises
    ------
    InputError
        If a sum may have left what it is kept in.
    """
    if float(flat.ends[-1]) * n_windows > MAX_HIGH:
        raise InputError(
            f"sums of {n_windows} windows must stay within 92 bits, and these may exceed them. Add them up more often."
        )
    counts, ends = _Cut(flat.counts), _Cut(flat.ends)
    made = []
    for tally in _tallies(like):
        cells, missing, *limbs = (counts.next(array) for array in tally[:6])
        low, high = 0.0 - ends.next(tally.low), ends.next(tally.high)  # not -low, which would turn 0 into -0
        made.append(CellTally(cells, missing, *carried(*limbs[:2]), *carried(*limbs[2:]), low, high))
    n_blocks, names = len(like.blocks), sorted(like.projected)
    lost = counts.next(np.zeros(len(names)))
    lines = {
        name: ProjectedTally(cells, RowMoments(*map(counts.next, like.projected[name].moments)), int(n))
        for name, cells, n in zip(names, made[n_blocks:], lost.tolist(), strict=True)
    }
    return replace(like, blocks=tuple(made[:n_blocks]), projected={name: lines[name] for name in like.projected})


def _tallies(window: WindowCounts) -> Iterator[CellTally]:
    yield from window.blocks
    for name in sorted(window.projected):
        yield window.projected[name].cells


class _Cut:
    """A vector that is cut from its start into arrays."""

    def __init__(self, vector: HostArray) -> None:
        self._rest = vector

    def next(self, like: HostArray) -> HostArray:
        """Return the next values in the shape of an array."""
        part, self._rest = np.split(self._rest, [like.size])
        return part.reshape(like.shape)
