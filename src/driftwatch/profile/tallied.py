"""Current data that exist as counts in cells only, as samples that detectors read (layer 3)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from driftwatch.arrays.namespace import to_host
from driftwatch.arrays.schema import FeatureKind
from driftwatch.errors import ConfigError, InputError
from driftwatch.kernels.ecdf import EcdfDistances
from driftwatch.profile.block import DEFAULT_BINS
from driftwatch.profile.grid import next_value, totals
from driftwatch.profile.sample import Sample

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftwatch.profile.grid import Grid, Tally
    from driftwatch.profile.points import Points

__all__ = ["Cells", "TalliedSample", "cells_of_points", "grid_sample"]

HostArray = np.ndarray[Any, Any]


class Cells(NamedTuple):
    """How the line is cut for d features: c cells, ascending.

    Attributes
    ----------
    deciles : array, shape (d, 9)
        Inner edges of the reference's deciles, or infinite.
    decile_positions : array of integers, shape (d, 11)
        How many cells lie below each of them: none below the first, all below the last.
    single_valued : array of bool, shape (d, c)
        Cells that can hold one value only, or none.
    """

    deciles: HostArray
    decile_positions: HostArray
    single_valued: HostArray


class TalliedSample(Sample):
    """Numeric features as counts in cells; everything on the host, where `d * c` integers are small.

    Counts in deciles are exact. The distances between the distribution functions are those at the ends of the cells:
    never above the exact ones, and below them by at most `error_bounds`. There is no Wasserstein distance.

    Parameters
    ----------
    names : sequence of str
        The d features.
    cells : Cells
    reference, current : array of integers, shape (d, c)
        Values in each cell.
    missing_reference, missing_current : array of integers, shape (d,)
    """

    kind = FeatureKind.NUMERIC
    holds = frozenset({"counts", "distances"})

    def __init__(
        self,
        names: Sequence[str],
        cells: Cells,
        reference: HostArray,
        current: HostArray,
        *,
        missing_reference: HostArray,
        missing_current: HostArray,
    ) -> None:
        self.names = tuple(names)
        self.cells = cells
        self.missing_reference, self.missing_current = missing_reference, missing_current
        self._below_reference, self._below_current = _cumulative(reference), _cumulative(current)
        self.n_reference, self.n_current = self._below_reference[:, -1], self._below_current[:, -1]

    def counts(self, n_bins: int) -> tuple[HostArray, HostArray]:
        if n_bins != DEFAULT_BINS:
            raise ConfigError(f"counts are held in {DEFAULT_BINS} quantile bins, got n_bins={n_bins!r}.")
        at = self.cells.decile_positions
        below = (np.take_along_axis(side, at, axis=-1) for side in (self._below_reference, self._below_current))
        reference, current = (np.diff(side, axis=-1) for side in below)
        return reference, current

    @cached_property
    def _shares(self) -> tuple[HostArray, HostArray]:
        """F and G at both ends of every cell, F being the reference; NaN where a side is empty."""
        sides = ((self._below_reference, self.n_reference), (self._below_current, self.n_current))
        f, g = (below / np.where(n == 0, np.nan, n)[:, None] for below, n in sides)
        return f, g

    @cached_property
    def _gap(self) -> HostArray:
        f, g = self._shares
        gap: HostArray = f - g
        return gap

    @cached_property
    def distances(self) -> EcdfDistances:
        """One-sided distances at the ends of the cells, shape `(d,)` each; W1 is NaN."""
        above, below = self._gap.max(axis=-1), (0.0 - self._gap).max(axis=-1)  # not -0.0
        return EcdfDistances(above, below, np.full(above.shape, np.nan))

    @cached_property
    def error_bounds(self) -> Mapping[str, HostArray]:  # type: ignore[override]  # computed once, when it is read
        """By how much each exact statistic can be above the one that is given, by detector, shape `(d,)` each.

        Inside a cell F - G is at most its value at the left end plus the reference's share of the cell, and at most the
        one at the right end plus the current share; a cell of a single value has no inside.
        """
        f, g = (np.diff(shares, axis=-1) for shares in self._shares)
        left, right = self._gap[:, :-1], self._gap[:, 1:]
        above, below = self.distances[:2]
        rise, fall = (
            np.where(self.cells.single_valued, 0.0, inside).max(axis=-1)
            for inside in (np.minimum(left + f, right + g), np.minimum(g - left, f - right))
        )
        ks = np.maximum(rise, fall) - np.maximum(above, below)
        kuiper = np.maximum(rise - above, 0.0) + np.maximum(fall - below, 0.0)
        return {"ks": np.maximum(ks, 0.0), "kuiper": kuiper}


def grid_sample(names: Sequence[str], grid: Grid, tally: Tally) -> TalliedSample:
    """Return the counts of a tally beside those of its grid's reference.

    Raises
    ------
    InputError
        If the tally was not counted on this grid.
    """
    reference, current = totals(grid.reference)[0], totals(tally)[0]
    if reference.shape != current.shape:
        raise InputError(
            f"the tally counts {current.shape[1] - 1} cells of {current.shape[0]} features, the grid has "
            f"{reference.shape[1] - 1} of {reference.shape[0]}. Pass a tally that was started on this grid."
        )
    return TalliedSample(
        names,
        _cells_of(grid),
        reference[:, :-1],
        current[:, :-1],
        missing_reference=reference[:, -1],
        missing_current=current[:, -1],
    )


def cells_of_points(points: Points) -> Cells:
    """Return the cells of frozen points: between them, and each point by itself."""
    d, n_cells = len(points.values), points.n_cells
    found = [np.searchsorted(row, edges) for row, edges in zip(points.values, points.deciles, strict=True)]
    inner = 2 * np.stack(found) + 1 if d else np.zeros((0, points.deciles.shape[1]), np.int64)
    at = np.where(points.deciles == -np.inf, 0, np.where(points.deciles == np.inf, n_cells, inner))
    positions = np.concatenate([np.zeros((d, 1), np.int64), at, np.full((d, 1), n_cells)], axis=-1)
    single = np.zeros((d, n_cells), dtype=np.bool_)
    single[:, 1::2] = True
    return Cells(points.deciles, positions, single)


def _cells_of(grid: Grid) -> Cells:
    """Return the cells `[a, b)` of a grid; `[v, v+)` of neighbouring numbers and `[v, v)` hold one value or none."""
    every, deciles = to_host(grid.edges), to_host(grid.deciles)
    d, n_cells = every.shape[0], every.shape[1] + 1
    inner = np.stack([np.searchsorted(edges, own) + 1 for edges, own in zip(every, deciles, strict=True)])
    at = np.where(deciles == -np.inf, 0, np.where(deciles == np.inf, n_cells, inner))
    positions = np.concatenate([np.zeros((d, 1), np.int64), at, np.full((d, 1), n_cells)], axis=-1)
    single = every[:, 1:] <= next_value(every[:, :-1], xp=np)
    open_ended = np.zeros((d, 1), dtype=np.bool_)
    return Cells(deciles, positions, np.concatenate([open_ended, single, open_ended], axis=-1))


def _cumulative(counts: HostArray) -> HostArray:
    below = np.cumsum(counts, axis=-1)
    return np.concatenate([np.zeros((counts.shape[0], 1), below.dtype), below], axis=-1)
