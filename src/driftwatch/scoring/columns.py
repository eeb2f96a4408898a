"""Rows of messages to columns of the reference's types (layer 4), the same whatever rows come together."""

from __future__ import annotations

from contextlib import suppress
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.arrays.schema import FeatureKind, Storage
from driftwatch.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from driftwatch.profile.feature import ReferenceFeature
    from driftwatch.profile.profile import Profile
    from driftwatch.scoring.scored import Row

__all__ = ["columns_of"]

NDArray = np.ndarray[Any, Any]

# What a value of a storage may be, in Python's types; of others everything is let through, to be judged with the window.
_TYPES: Mapping[Storage, tuple[type, ...]] = {
    Storage.STRING: (str,),
    Storage.BOOLEAN: (bool,),
    Storage.NUMBER: (int, float),
}


def columns_of(rows: Sequence[Row], profile: Profile, *, without: Collection[str] = ()) -> dict[str, Any]:
    """Return the features of the profile as columns; what a row lacks is missing there.

    Those in `without` are left out, so that they are not missing but absent.

    A table infers the type of a column from its values, so one wrong value would cost the feature its window. Here each
    value is held to the type that the reference has.

    Raises
    ------
    InputError
        If a value is of another type than the reference's.
    """
    chosen = [
        feature
        for name, feature in profile.features.items()
        if name not in profile.joint and feature.problem is None and name not in without
    ]
    found = _transposed([feature.name for feature in chosen], rows)
    return {feature.name: _column(feature, values, profile) for feature, values in zip(chosen, found, strict=True)}


def _transposed(names: Sequence[str], rows: Sequence[Row]) -> list[list[Any]]:
    """Return the values of each name."""
    if len(names) > 1 and rows:
        with suppress(KeyError):  # a row that lacks one; whole rows are several times as fast to turn around
            return [list(values) for values in zip(*map(itemgetter(*names), rows), strict=True)]
    return [[row.get(name) for row in rows] for name in names]


def _column(feature: ReferenceFeature, values: list[Any], profile: Profile) -> Any:
    if feature.kind is FeatureKind.NUMERIC and feature.storage in {Storage.NUMBER, Storage.BOOLEAN, Storage.EMPTY}:
        return _numbers(feature.name, values)
    if (lines := profile.summary.projections.get(feature.name)) is not None:
        return _vectors(feature.name, values, lines.n_dimensions)
    allowed = _TYPES.get(feature.storage)
    if allowed is not None:
        for value in values:
            if value is not None and (not isinstance(value, allowed) or _is_stray_bool(value, feature.storage)):
                raise _wrong(feature.name, f"{feature.storage} as in the reference", value)
    return values


def _numbers(name: str, values: list[Any]) -> NDArray:
    if None not in values:
        with suppress(ValueError):  # lists among the values
            found = np.asarray(values)
            if found.ndim == 1 and found.dtype.kind in "biuf":
                return found.astype(np.float64)
    for value in values:
        if value is not None and not isinstance(value, int | float):
            raise _wrong(name, "a number as in the reference", value)
    return np.asarray([np.nan if value is None else float(value) for value in values])


def _vectors(name: str, values: list[Any], length: int) -> NDArray:
    try:
        found = np.asarray([[np.nan] * length if value is None else value for value in values], dtype=np.float64)
    except (TypeError, ValueError):  # not numbers, or not always as many
        found = np.empty(0)
    if found.shape != (len(values), length):
        raise InputError(f"`{name}` must be a list of {length} numbers. Look at what the sender writes.")
    return found


def _is_stray_bool(value: Any, storage: Storage) -> bool:
    return isinstance(value, bool) and storage is Storage.NUMBER


def _wrong(name: str, wanted: str, value: Any) -> InputError:
    return InputError(f"`{name}` must be {wanted}, got {value!r:.50}. Look at what the sender writes.")
