"""The kind of a feature that the user did not name, from what its reference column looks like (layer 1)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.arrays.schema import FeatureKind, Storage

if TYPE_CHECKING:
    from driftwatch.arrays.column import Column, Levels

__all__ = ["infer_kind"]

MIN_IDENTIFIER_ROWS = 50  # fewer distinct, ordered values than this happen by chance
IDENTIFIER_SHARE = 0.99  # share of distinct values from which a column names its rows
TEXT_SHARE = 0.5  # share of distinct values from which strings of several words are free text
TEXT_WORDS = 3.0  # mean number of words that makes a string a sentence
SAMPLE_SIZE = 200  # values looked at to recognise dates and sentences


def infer_kind(column: Column) -> tuple[FeatureKind, Levels | None]:
    """Return the kind of a reference column, and its levels where they had to be counted to tell.

    Numbers and durations are numeric, unless they are integers that name the rows (nearly all distinct and in order).
    A column of vectors is an embedding.
    Strings are categorical, unless they are ISO dates, sentences, or nearly all distinct.
    """
    storage = column.storage
    if storage in {Storage.NUMBER, Storage.DURATION, Storage.EMPTY}:
        return (FeatureKind.IDENTIFIER if _counts_rows(column) else FeatureKind.NUMERIC), None
    if storage is Storage.BOOLEAN:
        return FeatureKind.BOOLEAN, None
    if storage is Storage.TIME:
        return FeatureKind.TIME, None
    if storage is Storage.VECTOR:
        return FeatureKind.EMBEDDING, None
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
