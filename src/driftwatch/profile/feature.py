"""What one column of a reference is, and what it takes to read it (layer 3)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftwatch.arrays.column import Levels
from driftwatch.arrays.inference import infer_kind
from driftwatch.arrays.schema import UNTESTED, FeatureKind, Storage
from driftwatch.arrays.table import ArrayTable
from driftwatch.errors import DriftwatchError

if TYPE_CHECKING:
    from driftwatch.arrays.column import Column
    from driftwatch.arrays.table import Table

__all__ = ["ReferenceFeature", "in_words", "label_of", "levels_of", "number_flags", "read_feature"]

_NUMBERS = frozenset({Storage.NUMBER, Storage.BOOLEAN, Storage.EMPTY})
_DURATIONS = frozenset({Storage.DURATION, Storage.EMPTY})


@dataclass(frozen=True, slots=True)
class ReferenceFeature:
    """What one reference column is.

    `given` says that the user gave its kind, `problem` why it cannot be compared (None if it can).
    """

    name: str
    kind: FeatureKind
    storage: Storage
    dtype: str
    given: bool = False
    problem: str | None = None
    flags: tuple[str, ...] = ()

    @property
    def untested_reason(self) -> str | None:
        """Why a feature of this kind is reported and not tested; None if it is tested."""
        if self.kind is FeatureKind.UNSUPPORTED:
            what = "values of several types" if self.storage is Storage.MIXED else "nested or binary values"
            return f"{what} ({self.dtype}) are not compared; convert the column, or give its kind"
        return UNTESTED.get(self.kind)

    def type_change(self, storage: Storage, dtype: str) -> str | None:
        """Return why current values of this storage cannot be compared with the reference; None if they can be."""
        if self._accepts(storage):
            return None
        return (
            f"the type changed: reference holds {self.storage} ({self.dtype}), current holds {storage} ({dtype}); "
            "convert one side"
        )

    def _accepts(self, storage: Storage) -> bool:
        if self.kind is FeatureKind.NUMERIC:
            if self.storage is Storage.EMPTY:
                return storage in _NUMBERS | _DURATIONS
            return storage in (_DURATIONS if self.storage is Storage.DURATION else _NUMBERS)
        if self.kind is FeatureKind.EMBEDDING:
            return storage is Storage.VECTOR
        if self.given or Storage.EMPTY in {self.storage, storage}:
            return storage not in {Storage.NESTED, Storage.VECTOR}
        return storage is self.storage


def read_feature(table: Table, name: str, given: FeatureKind | None) -> tuple[ReferenceFeature, Levels | None]:
    """Return what a reference column is, and its levels where they were counted."""
    storage, dtype = table.storage_of(name), table.dtype_of(name)
    kind, counted = given or FeatureKind.NUMERIC, None
    flags: tuple[str, ...] = ()
    if isinstance(table, ArrayTable) and kind is FeatureKind.NUMERIC:
        return ReferenceFeature(name, kind, storage, dtype, given is not None, flags=number_flags(table, name)), None
    column = table.column(name)
    try:
        if given is None:
            kind, counted = infer_kind(column)
        if kind is FeatureKind.NUMERIC:
            column.require_numbers()
            flags = number_flags(table, name)
        elif kind is FeatureKind.EMBEDDING:
            table.rows(name)
        elif kind not in UNTESTED:
            counted = levels_of(column, kind) if counted is None else counted
    except Exception as error:  # noqa: BLE001 - one unreadable column must not cost the report
        return ReferenceFeature(name, kind, storage, dtype, given is not None, in_words(error)), None
    return ReferenceFeature(name, kind, storage, dtype, given is not None, flags=flags), counted


def number_flags(table: Table, name: str) -> tuple[str, ...]:
    """Return the flags of a numeric column."""
    return ("rounded_integers",) if table.is_rounded(name) else ()


_TRUTH = {"0": "False", "1": "True"}


def label_of(label: str, kind: FeatureKind) -> str:
    """Return the label of a level: of a boolean feature 0 and 1 are False and True, which formats do not keep apart."""
    return _TRUTH.get(label, label) if kind is FeatureKind.BOOLEAN else label


def levels_of(column: Column, kind: FeatureKind) -> Levels:
    """Return the levels of a column of this kind."""
    levels = column.levels()
    if kind is not FeatureKind.BOOLEAN:
        return levels
    counts: Counter[str] = Counter()
    for label, count in levels.counts.items():
        counts[label_of(label, kind)] += count
    return Levels(dict(counts), levels.n_missing)


def in_words(error: Exception) -> str:
    """Return the reason that a report gives for a column that raised."""
    return str(error) if isinstance(error, DriftwatchError) else f"could not be read: {type(error).__name__}: {error}"
