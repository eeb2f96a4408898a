"""Current data that exist as counts on a grid only, as a sample that detectors read (layer 3)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.arrays.namespace import to_host
from driftwatch.arrays.schema import FeatureKind
from driftwatch.errors import ConfigError, InputError
from driftwatch.kernels.ecdf import EcdfDistances
from driftwatch.profile.grid import next_value, totals
from driftwatch.profile.profile import DEFAULT_BINS
from driftwatch.profile.sample import Sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch.profile.grid import Grid, Tally

__all__ = ["TalliedSample"]

HostArray = np.ndarray[Any, Any]


class TalliedSample(Sample):
    """Numeric features as counts on a grid; everything on the host, where `d * n_cells` integers are small.

    Counts in deciles are exact. The distances between the distribution functions are those at the points of the grid:
    never above the exact ones, and below them by at most `ks_error_bound`. There is no Wasserstein distance.

    Parameters
    ----------
    names : sequence of str
        The d features.
    grid : Grid
    tally : Tally
        Counts on this grid.

    Raises
    ------
    InputError
        If the tally was not counted on this grid.
    """

    kind = FeatureKind.NUMERIC

    def __init__(self, names: Sequence[str], grid: Grid, tally: Tally) -> None:
        self.names = tuple(names)
        self.edges, self.deciles = to_host(grid.edges), to_host(grid.deciles)
        reference, current = totals(grid.reference)[0], totals(tally)[0]
        if reference.shape != current.shape:
            raise InputError(
                f"the tally counts {current.shape[1] - 1} cells of {current.shape[0]} features, the grid has "
                f"{reference.shape[1] - 1} of {reference.shape[0]}. Pass a tally that was started on this grid."
            )
        self.missing_reference, self.missing_current = reference[:, -1], current[:, -1]
        self._below_reference, self._below_current = (_cumulative(side[:, :-1]) for side in (reference, current))
        self.n_reference, self.n_current = self._below_reference[:, -1], self._below_current[:, -1]

    def counts(self, n_bins: int) -> tuple[HostArray, HostArray]:
        if n_bins != DEFAULT_BINS:
            raise ConfigError(f"a grid holds the counts of {DEFAULT_BINS} quantile bins, got n_bins={n_bins!r}.")
        at = self._decile_positions
        below = (np.take_along_axis(side, at, axis=-1) for side in (self._below_reference, self._below_current))
        reference, current = (np.diff(side, axis=-1) for side in below)
        return reference, current

    @cached_property
    def _decile_positions(self) -> HostArray:
        """How many cells lie below each decile, shape `(d, 11)`: none below the first, all below the last."""
        d, n_cells = self.edges.shape[0], self.edges.shape[1] + 1
        inner = [np.searchsorted(edges, deciles) + 1 for edges, deciles in zip(self.edges, self.deciles, strict=True)]
        at = np.where(self.deciles == -np.inf, 0, np.where(self.deciles == np.inf, n_cells, np.stack(inner)))
        return np.concatenate([np.zeros((d, 1), np.int64), at, np.full((d, 1), n_cells)], axis=-1)

    @cached_property
    def _gap(self) -> HostArray:
        """F - G at both ends of every cell, F being the reference; NaN where a side is empty."""
        sides = ((self._below_reference, self.n_reference), (self._below_current, self.n_current))
        f, g = (below / np.where(n == 0, np.nan, n)[:, None] for below, n in sides)
        gap: HostArray = f - g
        return gap

    @cached_property
    def distances(self) -> EcdfDistances:
        """One-sided distances at the points of the grid, shape `(d,)` each; W1 is NaN."""
        above, below = self._gap.max(axis=-1), (-self._gap).max(axis=-1)
        return EcdfDistances(above, below, np.full(above.shape, np.nan))

    @cached_property
    def ks_error_bound(self) -> HostArray:
        """By how much the exact KS statistic can be above the one at the points of the grid, shape `(d,)`.

        Inside a cell F - G is at most its value at the left end plus the reference's share of the cell, and at most the
        one at the right end plus the current share; a cell of a single value has no inside.
        """
        f = np.diff(self._below_reference, axis=-1) / np.maximum(self.n_reference, 1)[:, None]
        g = np.diff(self._below_current, axis=-1) / np.maximum(self.n_current, 1)[:, None]
        left, right = self._gap[:, :-1], self._gap[:, 1:]
        inside = np.maximum(np.minimum(left + f, right + g), np.minimum(g - left, f - right))
        inside = np.where(self._single_valued, 0.0, inside)
        statistic = np.maximum(self.distances.above, self.distances.below)
        bound: HostArray = np.maximum(inside.max(axis=-1) - statistic, 0.0)
        return bound

    @cached_property
    def _single_valued(self) -> HostArray:
        """Which cells can hold one value only, or none: `[v, v+)` of neighbouring numbers, and `[v, v)`."""
        inner = self.edges[:, 1:] <= next_value(self.edges[:, :-1], xp=np)
        open_ended = np.zeros((self.edges.shape[0], 1), dtype=np.bool_)
        return np.concatenate([open_ended, inner, open_ended], axis=-1)


def _cumulative(counts: HostArray) -> HostArray:
    below = np.cumsum(counts, axis=-1)
    return np.concatenate([np.zeros((counts.shape[0], 1), below.dtype), below], axis=-1)
