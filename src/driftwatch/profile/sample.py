"""Current data aligned to a profile: one ordering or one table of counts that every detector reads (layer 3)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.arrays.namespace import namespace_of, to_host
from driftwatch.arrays.schema import FeatureKind
from driftwatch.kernels._prepare import order
from driftwatch.kernels.bins import ordered_bin_counts
from driftwatch.kernels.ecdf import EcdfDistances, ecdf_distances, ends, moments, quantiles
from driftwatch.kernels.energy import squared_ecdf_distance
from driftwatch.kernels.rank_sums import RankSums, rank_sums
from driftwatch.kernels.signals import lag_one, picks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from driftwatch._typing import Array
    from driftwatch.arrays.column import Levels
    from driftwatch.profile.block import NumericBlock

__all__ = ["CategoricalSample", "NumericSample", "Sample", "categorical_samples"]

MAX_TABLE_CELLS = 1_000_000  # 8 MB of int64: features share a table of counts up to this size

HostArray = np.ndarray[Any, Any]


class Sample(ABC):
    """What a detector sees: reference and current data of one block of features, aligned.

    Attributes
    ----------
    kind : FeatureKind
        `NUMERIC`, `CATEGORICAL` (booleans are compared as categories) or `EMBEDDING`.
    names : tuple of str
        The d features of the block.
    n_reference, n_current : numpy array of integers, shape (d,)
        Values that are not missing.
    missing_reference, missing_current : numpy array of integers, shape (d,)
        Missing values.
    holds : frozenset of str
        What detectors can read of it: "counts", "distances", "ordering", "rows", "projections".
    tests_missing : bool
        Whether the missing shares of these features are tested here.
    error_bounds : mapping of str to numpy array, shape (d,), or None
        By how much each exact statistic can be above the one that is given, by detector: 0 where it is not named. None
        for samples of rows, on which all are exact.
    """

    kind: FeatureKind
    names: tuple[str, ...]
    n_reference: HostArray
    n_current: HostArray
    missing_reference: HostArray
    missing_current: HostArray
    holds: frozenset[str] = frozenset({"counts"})
    tests_missing: bool = True
    error_bounds: Mapping[str, HostArray] | None = None

    @abstractmethod
    def counts(self, n_bins: int) -> tuple[Array, Array]:
        """Return reference and current counts `(d, k)`: in `n_bins` equal-mass bins, or by level for categories."""


class NumericSample(Sample):
    """A block of numeric features, the current values sorted once for all detectors.

    Parameters
    ----------
    reference : NumericBlock
        The block of the profile, d features.
    values : array, shape (d, m)
        Current values in any order, NaN where missing. Not kept.
    n_rows : int
        Number of reference rows, missing values included.

    Attributes
    ----------
    ordered : Ordered
        Current values sorted, shape `(d, m)`.
    lag : LagOne
        Lag-1 autocorrelation of the first rows in their order.
    """

    kind = FeatureKind.NUMERIC
    holds = frozenset({"counts", "distances", "ordering"})

    def __init__(self, reference: NumericBlock, values: Array, *, n_rows: int) -> None:
        self.xp = namespace_of(values)
        self.names = reference.names
        self.reference = reference.move_to(values)
        self.ordered = order(values, xp=self.xp)
        self._counts: dict[int, tuple[Array, Array]] = {}
        self.lag = lag_one(values, xp=self.xp)
        d, m = len(self.names), values.shape[-1]
        self.n_reference = reference.n_valid
        self.n_current = np.broadcast_to(to_host(self.ordered.n_valid), (d,))
        self.missing_reference = n_rows - self.n_reference
        self.missing_current = m - self.n_current

    @cached_property
    def distances(self) -> EcdfDistances:
        """One-sided ECDF distances and W1, shape `(d,)` each."""
        return ecdf_distances(self.reference.ordered, self.ordered, xp=self.xp)

    @cached_property
    def rank_sums(self) -> RankSums:
        """What Mann-Whitney and Cramer-von Mises need of the ranks, shape `(d,)` each."""
        return rank_sums(self.reference.ordered, self.ordered, xp=self.xp)

    @cached_property
    def squared_distance(self) -> Array:
        """Int (F - G)^2 dx, shape `(d,)`."""
        return squared_ecdf_distance(self.reference.ordered, self.ordered, xp=self.xp)

    @cached_property
    def moments(self) -> tuple[Array, Array]:
        """Mean and population standard deviation of the current values, shape `(d,)` each."""
        return moments(self.ordered, xp=self.xp)

    @cached_property
    def ends(self) -> tuple[Array, Array]:
        """Smallest and largest current value, shape `(d,)` each."""
        return ends(self.ordered, xp=self.xp)

    @cached_property
    def picks(self) -> HostArray:
        """Current values at evenly spaced ranks, on the host, shape `(d, N_PICKS)`."""
        return picks(self.ordered, xp=self.xp)

    @cached_property
    def median(self) -> Array:
        """Median of the current values, shape `(d,)`."""
        return quantiles(self.ordered, [1], 2, xp=self.xp)[:, 0]

    def counts(self, n_bins: int) -> tuple[Array, Array]:
        if n_bins not in self._counts:
            edges, expected = self.reference.bins(n_bins)
            edges = self.xp.astype(edges, self.ordered.values.dtype, copy=False)
            self._counts[n_bins] = (expected, ordered_bin_counts(self.ordered, edges, xp=self.xp))
        return self._counts[n_bins]


class CategoricalSample(Sample):
    """A block of categorical features: one table of counts over the union of both sides' levels, padded with zeros.

    Parameters
    ----------
    names : sequence of str
    reference, current : mapping of str to Levels
        Level counts of each feature on both sides.
    """

    kind = FeatureKind.CATEGORICAL

    def __init__(self, names: Sequence[str], reference: Mapping[str, Levels], current: Mapping[str, Levels]) -> None:
        self.names = tuple(names)
        self.labels = [_union(reference[name], current[name]) for name in names]
        width = max((len(labels) for labels in self.labels), default=0)
        shape = (len(self.names), max(width, 1))
        self._reference, self._current = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        for row, (name, labels) in enumerate(zip(names, self.labels, strict=True)):
            for out, side in ((self._reference, reference[name]), (self._current, current[name])):
                out[row, : len(labels)] = [side.counts.get(label, 0) for label in labels]
        self.n_reference, self.n_current = self._reference.sum(axis=-1), self._current.sum(axis=-1)
        self.missing_reference = np.asarray([reference[name].n_missing for name in names], dtype=np.int64)
        self.missing_current = np.asarray([current[name].n_missing for name in names], dtype=np.int64)

    def counts(self, n_bins: int) -> tuple[Array, Array]:  # noqa: ARG002 - categories are their own bins
        return self._reference, self._current


def _union(reference: Levels, current: Levels) -> list[str]:
    """Return the levels of both sides, the most frequent first.

    The order must not tell one side from the other: rare levels of equal total are pooled in this order, and pooling
    those that one side happens to have more of makes a difference out of nothing.
    """
    totals = Counter(reference.counts)
    totals.update(current.counts)
    return sorted(totals, key=lambda label: (-totals[label], label))


def categorical_samples(
    names: Sequence[str], reference: Mapping[str, Levels], current: Mapping[str, Levels]
) -> Iterator[CategoricalSample]:
    """Yield samples that hold features with similar numbers of levels, so that padding stays small."""

    def width_of(name: str) -> int:
        return max(len(reference[name].counts), len(current[name].counts), 1)

    group: list[str] = []
    narrowest = 1
    for name in sorted(names, key=width_of):
        width = width_of(name)
        if group and (width > 2 * narrowest or (len(group) + 1) * width > MAX_TABLE_CELLS):
            yield CategoricalSample(group, reference, current)
            group = []
        narrowest = narrowest if group else width
        group.append(name)
    if group:
        yield CategoricalSample(group, reference, current)
