"""A reference larger than memory: points from a sample, counts of every row (layer 3)."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from driftwatch.arrays.schema import FeatureKind, Storage
from driftwatch.arrays.table import read_table
from driftwatch.errors import InputError
from driftwatch.profile.counted import count, merge, nothing
from driftwatch.profile.feature import ReferenceFeature

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from driftwatch.profile.counted import WindowCounts
    from driftwatch.profile.profile import Profile

__all__ = ["fit_batches"]

ABSENT_ROWS = "absent_rows"


def fit_batches(batches: Iterable[Any], sample: Any, fit: Callable[[Any], Profile], *, every_column: bool) -> Profile:
    """Return the profile of all batches, on the points that `fit` finds in a sample, or in the first batch that has rows.

    With `every_column` a column that the sample has not is a feature without a reference, else one that is left out.
    """
    run = iter(batches)
    if sample is None:
        first = next(
            (table for table in (read_table(batch, role="batch", min_rows=0) for batch in run) if table.n_rows), None
        )
        if first is None:
            raise InputError(
                "`batches` must hold at least one row, got none. Check the files or the query behind them."
            )
        sample, run = first, chain([first], run)
    fitted = fit(sample)
    frame = fitted.with_reference(nothing(fitted))  # without the sample, whose memory is free from here on
    del sample, fitted
    counts = nothing(frame)
    for batch in run:
        counts = merge(counts, count(frame, read_table(batch, role="batch", min_rows=0)), frame)
    if not counts.n_rows:
        raise InputError("`batches` must hold at least one row, got none. Check the files or the query behind them.")
    profile = with_problems(frame.with_reference(counts), counts)
    return replace(
        profile,
        features={**profile.features, **(_late(counts) if every_column else {})},
        known=profile.known | counts.unknown,
    )


def with_problems(profile: Profile, counts: WindowCounts) -> Profile:
    """Return the profile with what only the counting showed: columns that cannot be read throughout, or that come and go."""
    features = dict(profile.features)
    for name, feature in profile.features.items():
        if name in counts.problems:
            reason = f"not all batches hold the same: {counts.problems[name]}"
            features[name] = replace(feature, problem=feature.problem or reason)
        elif feature.kind is not FeatureKind.JOINT and counts.rows.get(name, 0) < counts.n_rows:
            features[name] = replace(feature, flags=tuple(dict.fromkeys((*feature.flags, ABSENT_ROWS))))
    return replace(profile, features=features)


def _late(counts: WindowCounts) -> dict[str, ReferenceFeature]:
    reason = "some batches have this column, and the sample that the points were taken from has not"
    return {
        name: ReferenceFeature(name, FeatureKind.UNSUPPORTED, Storage.EMPTY, "unknown", problem=reason)
        for name in sorted(counts.unknown)
    }
