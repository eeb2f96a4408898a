"""Rows with many dimensions as counts: their ranks, projected on frozen lines, on frozen points (layer 3).

A coordinate becomes its rank among frozen quantiles of the reference, a whole number; so are the weights of the lines. Their
products are whole numbers that a float holds exactly, so that a batch gives the same counts however it is cut, in whatever
library and on whatever device its matrix product runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from driftwatch.arrays.namespace import device_of, namespace_of, statistic_dtype, to_host
from driftwatch.arrays.schema import FeatureKind
from driftwatch.errors import ConfigError, InputError
from driftwatch.kernels._row_pairs import complete_rows
from driftwatch.ops import matmul, rank, sort_last
from driftwatch.profile.block import NumericBlock
from driftwatch.profile.cells import CellTally, merge_cells, no_values, tally_values
from driftwatch.profile.frozen import FrozenBlock, freeze
from driftwatch.profile.moments import RowMoments, merge_moments, no_moments, tally_moments
from driftwatch.profile.sample import Sample
from driftwatch.profile.windowed import WindowSample

if TYPE_CHECKING:
    from typing import NoReturn

    from driftwatch._typing import Array
    from driftwatch.arrays.table import Table
    from driftwatch.profile.embedding import EmbeddingBlock

__all__ = ["ProjectedSample", "ProjectedTally", "Projections", "fit_projections", "merge_projected", "n_lines"]

N_LINES = 64
MAX_AXES = 512  # a drift of one coordinate shows on its axis: of longer rows only this many axes are counted
N_LEVELS = 127  # quantiles of each coordinate
N_POINTS = 128  # of each line
WEIGHT_SCALE = 32.0  # a line's weights are whole numbers of this standard deviation
SEED = 0x11E5
ROWS_AT_ONCE = 4_000_000  # values of the ranks of a batch that are held at a time

HostArray = np.ndarray[Any, Any]


class ProjectedTally(NamedTuple):
    """Counts on every line, sums over the rows, and rows with a missing or infinite value, which are in neither."""

    cells: CellTally
    moments: RowMoments
    n_missing: int


@dataclass(frozen=True, eq=False)
class Projections:
    """Frozen lines of one embedding or joint feature.

    Parameters
    ----------
    name : str
    columns : tuple of str
        The numeric features that a joint feature is made of; empty for an embedding.
    levels : array of float64, shape (d, k)
        Quantiles of every coordinate, ascending.
    block : FrozenBlock
        The reference on every line: first the random ones, then the axes.
    moments : RowMoments
        Sums over the reference's rows; empty in a profile that was written without them.
    n_missing : int
        Reference rows with a missing or infinite value.
    """

    name: str
    columns: tuple[str, ...]
    levels: HostArray
    block: FrozenBlock
    moments: RowMoments
    n_missing: int

    @property
    def n_dimensions(self) -> int:
        """Length of a row."""
        return int(self.levels.shape[0])

    @property
    def _summed(self) -> int | None:
        return self.n_dimensions if self.moments.sums.size else None

    def with_reference(self, tally: ProjectedTally) -> Projections:
        """Return the lines with other counts as those of the reference."""
        block = self.block.with_reference(tally.cells)
        return Projections(self.name, self.columns, self.levels, block, tally.moments, tally.n_missing)

    def rows_of(self, table: Table) -> Array:
        """Return what is counted of a table, shape `(n, d)`."""
        if not self.columns:
            return table.rows(self.name)
        values = table.block(list(self.columns))
        return namespace_of(values).permute_dims(values, (1, 0))

    def nothing(self) -> ProjectedTally:
        """Return the counts of no rows."""
        return ProjectedTally(no_values(self.block.points), no_moments(self._summed), 0)

    def tally(self, rows: Array) -> ProjectedTally:
        """Return the counts of rows `(n, d)`.

        Raises
        ------
        InputError
            If the rows are not of the reference's length.
        """
        d = int(rows.shape[1])
        if d != self.n_dimensions:
            raise InputError(
                f"its rows have {d} dimensions, those of the reference {self.n_dimensions}; embed both sides with one model"
            )
        xp = namespace_of(rows)
        if statistic_dtype(xp, device_of(rows)) != xp.float64:  # a float32 does not hold the products
            rows, xp = to_host(rows), np
        complete, n_missing = complete_rows(rows, xp=xp)
        counted = self.nothing()
        step = max(1, ROWS_AT_ONCE // d)
        for start in range(0, int(complete.shape[0]), step):
            ranks = _ranks(self.levels, complete[start : start + step, :])
            cells = tally_values(self.block.points, _on_lines(ranks))
            moments = no_moments(None) if self._summed is None else tally_moments(ranks)
            counted = merge_projected(counted, ProjectedTally(cells, moments, 0))
        return counted._replace(n_missing=n_missing)


class ProjectedSample(Sample):
    """One embedding or joint feature as counts on frozen lines.

    Parameters
    ----------
    reference : Projections
    current : ProjectedTally

    Attributes
    ----------
    lines : WindowSample
        The distances on every line.
    moments : tuple of RowMoments
        Sums over the rows of reference and of current; both empty where the reference has none.
    """

    kind = FeatureKind.EMBEDDING
    holds = frozenset({"projections"})

    def __init__(self, reference: Projections, current: ProjectedTally) -> None:
        self.names = (reference.name,)
        self.lines = WindowSample(reference.block, current.cells)
        self.moments = (reference.moments, current.moments)
        self.n_reference, self.n_current = self.lines.n_reference[:1], self.lines.n_current[:1]
        self.missing_reference, self.missing_current = _count(reference.n_missing), _count(current.n_missing)
        self.tests_missing = not reference.columns  # each feature of a joint one is tested for that by itself
        self.error_bounds = {}

    def counts(self, n_bins: int) -> NoReturn:  # noqa: ARG002 - the contract of a sample
        """Raise `ConfigError`."""
        raise ConfigError("an embedding has no bins. Use a detector that needs projections.")


def fit_projections(block: EmbeddingBlock) -> Projections | None:
    """Return frozen lines through the kept rows of a reference; None if there are none."""
    rows = block.kept.rows
    xp = namespace_of(rows)
    if rows.shape[0] == 0:
        return None
    ordered = to_host(sort_last(xp.permute_dims(rows, (1, 0)), xp=xp)[0]).astype(np.float64)
    places = np.linspace(0, ordered.shape[1] - 1, N_LEVELS).round().astype(np.int64)
    levels = np.ascontiguousarray(ordered[:, places])
    ranks = _ranks(levels, rows)
    on_lines = to_host(_on_lines(ranks))
    names = [str(i) for i in range(n_lines(levels.shape[0]))]
    frozen = freeze(NumericBlock.fit(names, on_lines), N_POINTS)
    return Projections(block.name, block.columns, levels, frozen, tally_moments(ranks), block.kept.n_missing)


def merge_projected(a: ProjectedTally, b: ProjectedTally) -> ProjectedTally:
    """Return the counts of the rows of both."""
    return ProjectedTally(merge_cells(a.cells, b.cells), merge_moments(a.moments, b.moments), a.n_missing + b.n_missing)


def n_lines(d: int) -> int:
    """Return how many lines there are for rows of length d."""
    return N_LINES + min(d, MAX_AXES)


def _ranks(levels: HostArray, rows: Array) -> Array:
    """Return the ranks of complete rows `(n, d)`, whole numbers from -127 to 127 of shape `(d, n)`."""
    xp, device = namespace_of(rows), device_of(rows)
    wide = statistic_dtype(xp, device)
    columns = xp.astype(xp.permute_dims(rows, (1, 0)), wide)
    frozen = xp.asarray(levels, dtype=wide, device=device)
    twice = rank(frozen, columns, side="left", xp=xp) + rank(frozen, columns, side="right", xp=xp)
    return xp.astype(twice, wide) - float(N_LEVELS)


def _on_lines(ranks: Array) -> Array:
    """Return ranks `(d, n)` on every line, whole numbers of shape `(n_lines, n)`."""
    xp, device = namespace_of(ranks), device_of(ranks)
    weights = xp.asarray(_weights(int(ranks.shape[0])), dtype=ranks.dtype, device=device)
    return xp.concat([matmul(weights, ranks, xp=xp), ranks[:MAX_AXES, :]], axis=0)


def _weights(d: int) -> HostArray:
    """Return the weights of the random lines, whole numbers of shape `(N_LINES, d)`: always the same for one length."""
    return np.rint(np.random.default_rng(SEED).normal(0.0, WEIGHT_SCALE, size=(N_LINES, d)))


def _count(n: int) -> HostArray:
    return np.asarray([n], dtype=np.int64)
