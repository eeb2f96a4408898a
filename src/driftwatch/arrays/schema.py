"""What a feature is: its kind, given by the user or inferred from the reference (layer 1)."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.errors import UnknownNameError

if TYPE_CHECKING:
    from driftwatch.arrays.column import Column, Levels

__all__ = ["UNTESTED", "FeatureKind", "Storage", "infer_kind"]

MIN_IDENTIFIER_ROWS = 50  # fewer distinct, ordered values than this happen by chance
IDENTIFIER_SHARE = 0.99  # share of distinct values from which a column names its rows
TEXT_SHARE = 0.5  # share of distinct values from which strings of several words are free text
TEXT_WORDS = 3.0  # mean number of words that makes a string a sentence
SAMPLE_SIZE = 200  # values looked at to recognise dates and sentences


class FeatureKind(StrEnum):
    """How a feature is compared. The last four are reported, not tested."""

    NUMERIC = "numeric"
    BOOLEAN = "boolean"
    CATEGORICAL = "categorical"
    TIME = "time"
    TEXT = "text"
    IDENTIFIER = "identifier"
    UNSUPPORTED = "unsupported"

    @classmethod
    def parse(cls, value: str) -> FeatureKind:
        """Return the kind of that name.

        Raises
        ------
        UnknownNameError
            If there is none, or if it is "unsupported", which nobody can ask for.
        """
        known = [kind.value for kind in cls if kind is not cls.UNSUPPORTED]
        if value not in known:
            raise UnknownNameError.from_names("feature kind", [str(value)], known)
        return cls(value)


class Storage(StrEnum):
    """What a column physically holds, whatever library it came from."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    STRING = "string"
    TIME = "time"
    DURATION = "duration"
    NESTED = "nested"
    MIXED = "mixed"
    EMPTY = "empty"


UNTESTED: dict[FeatureKind, str] = {
    FeatureKind.TIME: "timestamps move on by definition; give a kind to test it all the same",
    FeatureKind.TEXT: "free text has no distribution of values to compare; give a kind to test it all the same",
    FeatureKind.IDENTIFIER: "identifiers are new in every row by definition; give a kind to test it all the same",
    FeatureKind.UNSUPPORTED: "values of this type are not compared",
}


def infer_kind(column: Column) -> tuple[FeatureKind, Levels | None]:
    """Return the kind of a reference column, and its levels where they had to be counted to tell.

    Numbers and durations are numeric, unless they are integers that name the rows (nearly all distinct and in order).
    Strings are categorical, unless they are ISO dates, sentences, or nearly all distinct.
    """
    storage = column.storage
    if storage in {Storage.NUMBER, Storage.DURATION, Storage.EMPTY}:
        return (FeatureKind.IDENTIFIER if _counts_rows(column) else FeatureKind.NUMERIC), None
    if storage is Storage.BOOLEAN:
        return FeatureKind.BOOLEAN, None
    if storage is Storage.TIME:
        return FeatureKind.TIME, None
    if storage is not Storage.STRING:
        return FeatureKind.UNSUPPORTED, None

    sample = column.sample(SAMPLE_SIZE)
    if sample and all(_is_iso_date(value) for value in sample):
        return FeatureKind.TIME, None
    levels = column.levels()
    n_valid = sum(levels.counts.values())
    distinct = len(levels.counts) / max(n_valid, 1)
    words = sum(len(str(value).split()) for value in sample) / max(len(sample), 1)
    if n_valid >= MIN_IDENTIFIER_ROWS and distinct >= TEXT_SHARE and words >= TEXT_WORDS:
        return FeatureKind.TEXT, levels
    if n_valid >= MIN_IDENTIFIER_ROWS and distinct >= IDENTIFIER_SHARE:
        return FeatureKind.IDENTIFIER, levels
    return FeatureKind.CATEGORICAL, levels


def _counts_rows(column: Column) -> bool:
    if not column.integral:
        return False
    values = column.floats()
    values = values[~np.isnan(values)]
    if len(values) < MIN_IDENTIFIER_ROWS:
        return False
    steps = np.diff(values)
    in_order = bool((steps >= 0).all() or (steps <= 0).all())
    return in_order and float(np.count_nonzero(steps)) >= IDENTIFIER_SHARE * len(steps)


def _is_iso_date(value: Any) -> bool:
    # The dash keeps eight-digit codes, which fromisoformat reads as dates too, out.
    if not isinstance(value, str) or len(value) < 10 or value[4] != "-":
        return False
    try:
        dt.datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
