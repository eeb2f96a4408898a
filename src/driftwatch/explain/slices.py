"""Rows of both sides in cells of each feature, and the slices that conditions on them make (layer 4)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from driftwatch.arrays.namespace import to_host
from driftwatch.arrays.schema import FeatureKind
from driftwatch.kernels.share_distances import total_variation_from_counts
from driftwatch.profile.feature import in_words, label_of
from driftwatch.report.explanation import Condition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from driftwatch.arrays.table import Table
    from driftwatch.profile.feature import ReferenceFeature

__all__ = ["Cells", "Rows", "Slice", "encode"]

N_BINS = 8  # of a number: a slice ends at one of seven quantiles of both sides together
MAX_LEVELS = 12  # of a category that a slice can be of
TELLS_APART = 0.9  # total variation from which on a feature is another name for "reference or current"

HostArray = np.ndarray[Any, Any]


class Cells:
    """One feature of both sides as codes: bins or levels, then what has no name, then missing.

    Parameters
    ----------
    name : str
    reference, current : array of integers
        The cell of every row.
    edges : array of float, optional
        Inner edges of a numeric feature.
    labels : sequence of str, optional
        Levels of a categorical one.
    """

    def __init__(
        self,
        name: str,
        reference: NDArray[np.int64],
        current: NDArray[np.int64],
        *,
        edges: NDArray[np.float64] | None = None,
        labels: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.reference, self.current = reference, current
        self.edges, self.labels = edges, labels
        self.n_named = len(labels) if edges is None else len(edges) + 1
        self.missing = self.n_named + (edges is None)  # rare levels have a cell that no slice is made of
        self.n_cells = self.missing + 1

    @cached_property
    def runs(self) -> list[tuple[int, int]]:
        """First and last cell of every slice that one condition makes: runs of bins, single levels, missing."""
        single = [(k, k) for k in range(self.n_named)]
        n = self.n_named
        longer = [] if self.edges is None else [(i, j) for i in range(n) for j in range(i + 1, n) if j - i < n - 1]
        return [*single, *longer, (self.missing, self.missing)]

    @cached_property
    def members(self) -> HostArray:
        """Which cells each run holds, shape `(n_runs, n_cells)`, as floats for matrix products."""
        place = np.arange(self.n_cells)
        return np.asarray([(place >= i) & (place <= j) for i, j in self.runs], dtype=np.float64)

    def condition(self, run: int) -> Condition:
        """Return a run in terms of the feature."""
        first, last = self.runs[run]
        if first == self.missing:
            return Condition(self.name, missing=True)
        if self.edges is None:
            return Condition(self.name, label=self.labels[first])
        ends = [None, *self.edges.tolist(), None]
        return Condition(self.name, ends[first], ends[last + 1])

    def holds(self, run: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which rows of each side a run holds."""
        first, last = self.runs[run]
        reference, current = ((side >= first) & (side <= last) for side in (self.reference, self.current))
        return reference, current


class Rows(NamedTuple):
    """A choice of the rows of each side."""

    reference: NDArray[np.bool_]
    current: NDArray[np.bool_]

    @property
    def sizes(self) -> tuple[int, int]:
        """How many rows of each side there are."""
        return int(np.count_nonzero(self.reference)), int(np.count_nonzero(self.current))

    def and_in(self, other: Rows) -> Rows:
        """Return the rows that are in both."""
        return Rows(self.reference & other.reference, self.current & other.current)

    def without(self, other: Rows) -> Rows:
        """Return the rows that are not in the other."""
        return Rows(self.reference & ~other.reference, self.current & ~other.current)


class Slice(NamedTuple):
    """Rows that meet one or two conditions, each a run of the cells of a feature."""

    parts: tuple[tuple[Cells, int], ...]

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """In terms of the features."""
        return tuple(cells.condition(run) for cells, run in self.parts)

    @property
    def rows(self) -> Rows:
        """Which rows of each side it holds."""
        held = [Rows(*cells.holds(run)) for cells, run in self.parts]
        return held[0] if len(held) == 1 else held[0].and_in(held[1])


def encode(
    features: Mapping[str, ReferenceFeature], names: Sequence[str], reference: Table, current: Table
) -> tuple[list[Cells], dict[str, str]]:
    """Return the features whose cells conditions can be made of, and why others are left out.

    Bins are quantiles of both sides together, so that they know no side and a value that only one side has shows.
    """
    found: list[Cells] = []
    left_out: dict[str, str] = {}
    for name in names:
        try:
            kind = features[name].kind
            cells = (
                _numeric(name, *(_numbers(table, name) for table in (reference, current)))
                if kind is FeatureKind.NUMERIC
                else _levels(name, kind, reference, current)
            )
        except Exception as error:  # noqa: BLE001 - one unreadable column must not cost the others
            left_out[name] = in_words(error)
            continue
        counts = [np.bincount(side, minlength=cells.n_cells) for side in (cells.reference, cells.current)]
        if float(total_variation_from_counts(*counts)) >= TELLS_APART:
            left_out[name] = "it alone tells both sides apart"
        elif np.count_nonzero(counts[0] + counts[1]) > 1:
            found.append(cells)
    return found, left_out


def _numbers(table: Table, name: str) -> NDArray[np.float64]:
    values: NDArray[np.float64] = to_host(table.block([name]))[0].astype(np.float64)
    return values


def _numeric(name: str, reference: NDArray[np.float64], current: NDArray[np.float64]) -> Cells:
    # as many values of each side, so that the larger one does not decide where the bins end
    sides = [np.sort(side[~np.isnan(side)]) for side in (reference, current)]
    size = min(map(len, sides))
    even = [side[np.linspace(0, len(side) - 1, min(size, len(side))).astype(np.int64)] for side in sides if len(side)]
    pooled = np.concatenate(even) if even else np.zeros(0)
    edges = np.zeros(0)
    if len(pooled):
        edges = np.unique(np.quantile(pooled, np.arange(1, N_BINS) / N_BINS, method="higher"))
        edges = edges[np.isfinite(edges) & (edges > pooled.min())]

    def codes(values: NDArray[np.float64]) -> NDArray[np.int64]:
        places = np.searchsorted(edges, values, side="right").astype(np.int64)
        return np.where(np.isnan(values), len(edges) + 1, places)

    return Cells(name, codes(reference), codes(current), edges=edges)


def _levels(name: str, kind: FeatureKind, reference: Table, current: Table) -> Cells:
    sides = []
    counts: dict[str, int] = {}
    for table in (reference, current):
        places, labels = table.column(name).codes()
        labels = [label_of(label, kind) for label in labels]
        sides.append((np.asarray(places, dtype=np.int64), labels))
        for label, count in zip(labels, np.bincount(places[places >= 0], minlength=len(labels)).tolist(), strict=True):
            counts[label] = counts.get(label, 0) + count
    named = sorted(counts, key=lambda label: (-counts[label], label))[:MAX_LEVELS]
    position = {label: place for place, label in enumerate(named)}
    rare, missing = len(named), len(named) + 1
    coded = [
        np.asarray([*(position.get(label, rare) for label in labels), missing], dtype=np.int64)[
            places
        ]  # -1 is the last
        for places, labels in sides
    ]
    return Cells(name, coded[0], coded[1], labels=named)
