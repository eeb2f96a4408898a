"""Ways to deal the rows of two samples to both sides again: single rows, blocks, or groups (layer 2, host)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations, islice, product
from typing import TYPE_CHECKING

import numpy as np

from driftwatch.errors import ConfigError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

__all__ = ["Units", "units_of_blocks", "units_of_groups", "units_of_rows"]


@dataclass(frozen=True)
class Units:
    """What moves together when labels are permuted.

    Parameters
    ----------
    index : array of int64, shape (n + m,)
        The unit of each row, the reference's rows first. Single units are numbered from 0, reference ones first, then
        the pairs.
    n_reference : int
        Single units of the reference.
    n_single : int
        Single units of both sides.
    n_pairs : int
        Units with rows on both sides: a permutation leaves them as they are or exchanges their sides.
    side : array of bool, shape (n + m,)
        Whether a row is one of the reference.
    """

    index: NDArray[np.int64]
    n_reference: int
    n_single: int
    n_pairs: int
    side: NDArray[np.bool_]

    @property
    def n_labelings(self) -> int:
        """In how many ways the units can be dealt, the one seen included."""
        return math.comb(self.n_single, self.n_reference) << self.n_pairs

    def labelings(self, n_permutations: int, seed: int, width: int) -> Iterator[NDArray[np.uint8]]:
        """Yield permuted labels, 1 for the reference, in chunks of shape `(n + m, at most width)`.

        All different labelings where there are no more than `n_permutations`, else that many at random. The width of
        the chunks does not change them.
        """
        if self.n_labelings <= n_permutations:
            every = self._every()
            while chunk := list(islice(every, width)):
                yield self._rows_of(*(np.stack(parts) for parts in zip(*chunk, strict=True)))
            return
        singles, pairs = np.random.default_rng(seed).spawn(2)
        first = np.zeros(self.n_single, dtype=np.uint8)
        first[: self.n_reference] = 1
        for start in range(0, n_permutations, width):
            count = min(width, n_permutations - start)
            dealt = singles.permuted(np.tile(first, (count, 1)), axis=1)
            yield self._rows_of(dealt, pairs.integers(0, 2, size=(count, self.n_pairs), dtype=np.uint8))

    def _every(self) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
        for chosen in combinations(range(self.n_single), self.n_reference):
            dealt = np.zeros(self.n_single, dtype=np.uint8)
            dealt[list(chosen)] = 1
            for exchanged in product((0, 1), repeat=self.n_pairs):
                yield dealt, np.asarray(exchanged, dtype=np.uint8)

    def _rows_of(self, dealt: NDArray[np.uint8], exchanged: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the labels of rows `(n + m, b)` of units `(b, n_single)` and pairs `(b, n_pairs)`."""
        single = self.index < self.n_single
        labels = np.empty((len(self.index), len(dealt)), dtype=np.uint8)
        labels[single] = np.ascontiguousarray(dealt.T)[self.index[single]]
        pairs = np.ascontiguousarray(exchanged.T)[self.index[~single] - self.n_single]
        labels[~single] = pairs ^ self.side[~single, None]
        return labels


def units_of_rows(n: int, m: int) -> Units:
    """Return every row as a unit of its own."""
    return Units(np.arange(n + m), n, n + m, 0, np.arange(n + m) < n)


def units_of_blocks(n: int, m: int, length: int) -> Units:
    """Return contiguous blocks of `length` rows of each side as units; the last one of a side may be shorter.

    Raises
    ------
    ConfigError
        If `length` is no positive integer.
    """
    if isinstance(length, bool) or int(length) != length or length < 1:
        raise ConfigError(f"`block_length` must be a positive integer or 'auto', got {length!r}.")
    n_reference = -(-n // length)
    index = np.concatenate([np.arange(n) // length, n_reference + np.arange(m) // length])
    return Units(index, n_reference, n_reference + -(-m // length), 0, np.arange(n + m) < n)


def units_of_groups(reference: ArrayLike, current: ArrayLike) -> Units:
    """Return the rows with one label as a unit; a label on both sides is a pair whose sides may be exchanged.

    Parameters
    ----------
    reference, current : array, shape (n,) and (m,)
        The group of each row.

    Raises
    ------
    InputError
        If they are not one label for each row.
    """
    sides = [np.asarray(side) for side in (reference, current)]
    if any(side.ndim != 1 for side in sides):
        raise InputError(f"`groups` must be one label for each row, got shapes {[side.shape for side in sides]}.")
    if sides[0].dtype.kind != sides[1].dtype.kind:  # numpy would turn 1 and "1" into one label
        raise InputError(
            f"`groups` must hold labels of one type on both sides, got {sides[0].dtype} and {sides[1].dtype}."
        )
    labels, index = np.unique(np.concatenate(sides), return_inverse=True)
    index = index.reshape(-1)
    side = np.arange(index.size) < sides[0].size
    seen = np.zeros((2, labels.size), dtype=np.bool_)
    seen[0, index[side]], seen[1, index[~side]] = True, True
    # reference ones first, then current ones, then those on both sides
    rank = np.argsort(np.argsort(np.where(seen.all(axis=0), 2, np.where(seen[0], 0, 1)), kind="stable"))
    n_pairs = int(seen.all(axis=0).sum())
    n_reference = int(seen[0].sum()) - n_pairs
    return Units(rank[index], n_reference, labels.size - n_pairs, n_pairs, side)
