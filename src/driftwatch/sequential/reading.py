"""Batches as numbers to be ranked: one row of floats per feature, whatever the table came in (layer 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import array_api_compat
import numpy as np

from driftwatch.arrays.namespace import namespace_of, to_host
from driftwatch.arrays.schema import FeatureKind
from driftwatch.arrays.table import ArrayTable, read_table
from driftwatch.errors import InputError, NoCommonFeaturesError
from driftwatch.profile.block import blocks_of
from driftwatch.profile.feature import in_words, label_of

if TYPE_CHECKING:
    from driftwatch._typing import Array
    from driftwatch.arrays.table import Table
    from driftwatch.profile.feature import ReferenceFeature
    from driftwatch.sequential.tie_keys import HostArray

__all__ = ["Batch", "Reader", "read_rows"]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of a batch: `values` of shape `(p, n_rows)` for the features at positions `present`, missing as `+inf`."""

    n_rows: int
    present: HostArray
    values: HostArray
    problems: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reader:
    """How the values of every feature are put in order.

    Parameters
    ----------
    features : mapping of str to ReferenceFeature
        The features that are tested, in order.
    labels : mapping of str to sequence of str
        Known levels of the features that are not numeric, in ascending order.

    Notes
    -----
    Levels are ordered by their labels, and one that is not known lies between two that are. The order must not depend
    on which levels the reference happens to hold: putting unseen ones last would rank them by a property that no row of
    the reference can have, and rare levels would then raise false alarms.
    """

    features: Mapping[str, ReferenceFeature]
    labels: Mapping[str, Sequence[str]]

    @classmethod
    def fit(cls, table: Table, features: Mapping[str, ReferenceFeature]) -> Reader:
        """Return a reader that knows all levels of a reference."""
        labels = {}
        for name, feature in features.items():
            if feature.kind is not FeatureKind.NUMERIC:
                found = table.column(name).codes()[1]
                labels[name] = sorted({label_of(label, feature.kind) for label in found})
        return cls(features, labels)

    def read(self, table: Table) -> Batch:
        """Read what a table has of the features; those that it lacks or that cannot be read are left out.

        Raises
        ------
        NoCommonFeaturesError
            If it has none.
        """
        names = set(table.names)
        common = [name for name in self.features if name in names]
        if not common:
            raise NoCommonFeaturesError.from_names(self.features, table.names)
        problems = self._type_changes(table, common) if table.n_rows else {}
        values: dict[str, HostArray] = {}
        numeric = [name for name in common if name not in self.labels and name not in problems]
        for chosen, block in blocks_of(table, numeric, problems) if numeric and table.n_rows else ():
            values |= zip(chosen, _numbers(block), strict=True)
        for name in common:
            if name in self.labels and name not in problems and table.n_rows:
                try:
                    values[name] = self._places(table, name)
                except Exception as error:  # noqa: BLE001 - one unreadable column must not stop the stream
                    problems[name] = in_words(error)

        present = [i for i, name in enumerate(self.features) if name in values]
        rows = [row for name, row in ((name, values.get(name)) for name in self.features) if row is not None]
        block = np.stack(rows) if rows else np.empty((0, table.n_rows))
        return Batch(table.n_rows, np.asarray(present, dtype=np.int64), block, problems)

    def _type_changes(self, table: Table, common: Sequence[str]) -> dict[str, str]:
        if isinstance(table, ArrayTable):  # one dtype for all: not asked a thousand times
            storage, dtype = table.storage_of(common[0]), table.dtype_of(common[0])
            changes = {name: self.features[name].type_change(storage, dtype) for name in common}
        else:
            changes = {
                name: self.features[name].type_change(table.storage_of(name), table.dtype_of(name)) for name in common
            }
        return {name: change for name, change in changes.items() if change is not None}

    def _places(self, table: Table, name: str) -> HostArray:
        """Return the place of each row's level: odd numbers for known levels, the even ones between for others."""
        codes, labels = table.column(name).codes()
        kind, known = self.features[name].kind, np.asarray(self.labels[name], dtype=np.dtypes.StringDType())
        found = np.asarray([label_of(label, kind) for label in labels], dtype=np.dtypes.StringDType())
        left, right = known.searchsorted(found), known.searchsorted(found, side="right")
        return np.append((left + right).astype(np.float64), np.inf)[codes]

    def with_levels_of(self, edges: HostArray) -> tuple[Reader, HostArray]:
        """Return a reader that knows no levels but those of the edges, and the edges with the places of these.

        Only comparisons with edges matter, so that the state stays small, however many levels there are.
        """
        edges, labels = edges.copy(), dict(self.labels)
        for i, name in enumerate(self.features):
            if name in labels:
                places, new = np.unique(edges[i].real, return_inverse=True)
                known = places[np.isfinite(places)]
                labels[name] = tuple(self.labels[name][int(place) // 2] for place in known)
                edges[i].real = np.append(2.0 * np.arange(len(known)) + 1.0, np.inf)[new]
        return Reader(self.features, labels), edges


def _numbers(block: Array) -> HostArray:
    """Return a block of values on the host as float64, missing ones as `+inf`."""
    # The whole batch crosses, d x b numbers: a search on the device would send as many positions back.
    values = to_host(block).astype(np.float64)
    np.copyto(values, np.inf, where=np.isnan(values))
    return values


def read_rows(data: Any, n_columns: int) -> Table:
    """Return a batch as a table: also none at all, one row as a 1-D array, or one row as a mapping of single values.

    Raises
    ------
    InputError
        If a 1-D array is no row of `n_columns` values.
    """
    if array_api_compat.is_array_api_obj(data) and data.ndim == 1 and n_columns > 1 and _is_plain(data):
        if data.shape[0] != n_columns:
            raise InputError(
                f"`batch` must be one row of {n_columns} values or a 2-D array, got shape {tuple(data.shape)}. "
                "Reshape it to (n_samples, n_features)."
            )
        data = namespace_of(data).reshape(data, (1, n_columns))
    elif isinstance(data, Mapping) and data and all(_is_single(value) for value in data.values()):
        data = {name: [value] for name, value in data.items()}
    return read_table(data, role="batch", min_rows=0)


def _is_plain(data: Any) -> bool:
    return not (isinstance(data, np.ndarray) and data.dtype.names)  # a structured array is rows with names


def _is_single(value: object) -> bool:
    return value is None or isinstance(value, str | bytes) or np.isscalar(value)
