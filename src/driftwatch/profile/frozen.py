"""A block of numeric features without its rows: points, counts on them and moments (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.arrays.namespace import device_of, to_host
from driftwatch.kernels._prepare import Ordered
from driftwatch.kernels.noise_wasserstein import BridgeMoments, bridge_moments
from driftwatch.profile.cells import SQUARE_SHIFT, CellTally, count_deciles, no_values, put_deciles, tally_values, wide
from driftwatch.profile.points import DEFAULT_POINTS, Points, fit_points
from driftwatch.profile.tallied import cells_of_points

if TYPE_CHECKING:
    from driftwatch._typing import Array
    from driftwatch.profile.block import NumericBlock
    from driftwatch.profile.tallied import Cells

__all__ = ["FrozenBlock", "freeze"]

HostArray = np.ndarray[Any, Any]
N_QUANTILES = 1024  # what stands for the rows where their spread is wanted


@dataclass(frozen=True, eq=False)
class FrozenBlock:
    """What is left of d numeric features of a reference without their rows, all on the host.

    Parameters
    ----------
    names : tuple of str
    points : Points
    tally : CellTally
        The reference's counts on the points.
    mean, std, median : array of float64, shape (d,)
    bridge : BridgeMoments
        What the noise of the Wasserstein distance rests on.
    counts_only : bool
        Whether the points are the deciles and windows count in them and nothing else.
    """

    names: tuple[str, ...]
    points: Points
    tally: CellTally
    mean: HostArray
    std: HostArray
    median: HostArray
    bridge: BridgeMoments
    counts_only: bool = False

    @cached_property
    def cells(self) -> Cells:
        """How the points cut the line."""
        return cells_of_points(self.points)

    def count(self, values: Array) -> CellTally:
        """Return the tally of values `(d, m)`."""
        if self.counts_only:
            counted = no_values(self.points)
            counts, counted.missing[:] = count_deciles(self.points.deciles, values)
            put_deciles(counted, list(range(len(self.names))), self.cells.decile_positions, counts)
            return counted
        return tally_values(self.points, values)

    def select(self, rows: list[int]) -> FrozenBlock:
        """Return the features at positions `rows` as a block."""
        if rows == list(range(len(self.names))):
            return self
        mean, std, median, *bridge = (array[rows] for array in (self.mean, self.std, self.median, *self.bridge))
        names = tuple(self.names[i] for i in rows)
        return FrozenBlock(
            names,
            self.points.at(rows),
            self.tally.at(rows),
            mean,
            std,
            median,
            BridgeMoments(*bridge),
            self.counts_only,
        )

    @cached_property
    def outside_cells(self) -> HostArray:
        """Cells that lie below the smallest or above the largest value of the reference, shape `(d, n_cells)`."""
        ends = np.repeat(self.points.values, 2, axis=-1)
        lower = np.concatenate([np.full((len(ends), 1), -np.inf), ends], axis=-1)
        upper = np.concatenate([ends, np.full((len(ends), 1), np.inf)], axis=-1)
        single = lower == upper
        low, high = self.tally.low[:, None], self.tally.high[:, None]
        outside: HostArray = np.where(single, (upper < low) | (lower > high), (upper <= low) | (lower >= high))
        return outside

    def with_reference(self, tally: CellTally) -> FrozenBlock:
        """Return the block with other counts on the same points as its reference; moments are those of its sums."""
        if self.counts_only:
            unknown = np.full(len(self.names), np.nan)
            bridge = BridgeMoments(unknown, unknown)
            return FrozenBlock(self.names, self.points, tally, unknown, unknown, unknown, bridge, counts_only=True)
        n = tally.n_valid
        with np.errstate(divide="ignore", invalid="ignore"):
            unit, count = self.points.unit, np.where(n == 0, np.nan, n)
            points = np.where(np.isfinite(self.points.values), self.points.values, 0.0)
            inside = wide(tally.sum_high, tally.sum_low).sum(axis=-1) * unit
            mean = (inside + (tally.cells[:, 1::2] * points).sum(axis=-1)) / count
            coarse = unit * float(1 << SQUARE_SHIFT)
            squares = wide(tally.square_high, tally.square_low) / count * coarse**2
            variance = squares - (mean - self.points.center * unit) ** 2
            constant = tally.low == tally.high
            std = np.where(constant, 0.0, np.sqrt(np.maximum(variance, 0.0)))
        return FrozenBlock(
            self.names, self.points, tally, mean, std, self._median(tally), _bridge_of_cells(self.points, tally)
        )

    def _median(self, tally: CellTally) -> HostArray:
        below = np.cumsum(tally.cells, axis=-1)
        n = tally.n_valid
        cell = np.minimum((2 * below < n[:, None]).sum(axis=-1), self.points.n_cells - 1)
        point = np.take_along_axis(
            self.points.values, np.minimum(cell // 2, self.points.values.shape[1] - 1)[:, None], -1
        )
        median: HostArray = np.where(n > 0, np.clip(point[:, 0], tally.low, tally.high), np.nan)
        return median


def freeze(block: NumericBlock, n_points: int | None = DEFAULT_POINTS) -> FrozenBlock:
    """Return the block without its rows."""
    ordered, xp = block.ordered, block.xp
    points = fit_points(ordered, n_points)
    values, device = ordered.values, device_of(ordered.values)
    if not isinstance(ordered.n_valid, int):  # what is missing stands at infinity behind the others
        place = xp.arange(values.shape[-1], device=device)[None, :]
        nan = xp.full((), xp.nan, dtype=values.dtype, device=device)
        values = xp.where(place < ordered.n_valid[:, None], values, nan)
    mean, std, median = (to_host(x).astype(np.float64) for x in (block.mean, block.std, block.median))
    empty = FrozenBlock(
        block.names, points, no_values(points), mean, std, median, block.bridge, counts_only=n_points == 0
    )
    return replace(empty, tally=empty.count(values))


def _bridge_of_cells(points: Points, tally: CellTally) -> BridgeMoments:
    """Return the moments of evenly spaced quantiles, interpolated between the points."""
    n = tally.n_valid
    below = np.cumsum(tally.cells, axis=-1)[:, 1::2]
    ranks = np.arange(N_QUANTILES) / (N_QUANTILES - 1)
    rows = np.zeros((len(n), N_QUANTILES))
    for i, values in enumerate(points.values):
        finite = np.isfinite(values)
        if n[i] and finite.any():
            at = np.clip(np.asarray([tally.low[i], *values[finite], tally.high[i]]), tally.low[i], tally.high[i])
            rows[i] = np.interp(ranks, np.asarray([0.0, *(below[i][finite] / n[i]), 1.0]), at)
    with np.errstate(over="ignore", invalid="ignore"):
        return bridge_moments(Ordered(rows, N_QUANTILES), xp=np)
