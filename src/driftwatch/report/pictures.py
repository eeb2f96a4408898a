"""Counts that pictures of a feature are drawn from: plain data of a report, and their JSON (layer 4)."""

from __future__ import annotations

import operator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from driftwatch.report.model import _assign

if TYPE_CHECKING:
    from collections.abc import Iterable

    from driftwatch.report._fields import Fields

__all__ = [
    "Histogram",
    "Projection",
    "histogram_from_dict",
    "histogram_to_dict",
    "projection_from_dict",
    "projection_to_dict",
]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of both sides of a numeric feature in k bins of equal width, and beyond them.

    The bins `[a, b)` go from `low` to `high`, in the unit of the feature; `reference` and `current` hold k + 2 counts:
    values below `low`, in each bin, and from `high` on. No statistic is taken from them.
    """

    low: float
    high: float
    reference: tuple[int, ...]
    current: tuple[int, ...]

    def __post_init__(self) -> None:
        _assign(
            self,
            low=float(self.low),
            high=float(self.high),
            reference=_counts(self.reference),
            current=_counts(self.current),
        )


@dataclass(frozen=True, slots=True)
class Projection:
    """Counts of the rows of both sides of an embedding in squares of a plane.

    Axis x runs along the difference of both means, axis y along the largest spread at right angles to it, both from the
    mean of the reference. `low` and `high` are where the axes begin and end; rows beyond are counted at the border.
    `reference` and `current` are rows of counts, the lowest y first. No statistic is taken from them.
    """

    low: tuple[float, float]
    high: tuple[float, float]
    reference: tuple[tuple[int, ...], ...]
    current: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        _assign(
            self,
            low=tuple(float(end) for end in self.low),
            high=tuple(float(end) for end in self.high),
            reference=tuple(_counts(row) for row in self.reference),
            current=tuple(_counts(row) for row in self.current),
        )


def histogram_to_dict(histogram: Histogram | None) -> dict[str, Any] | None:
    """Return the histogram as plain data."""
    if histogram is None:
        return None
    return {
        "low": histogram.low,
        "high": histogram.high,
        "reference": list(histogram.reference),
        "current": list(histogram.current),
    }


def histogram_from_dict(feature: Fields) -> Histogram | None:
    """Return the histogram of a feature, None where it has none."""
    values = feature.maybe("histogram", dict, optional=True)
    if values is None:
        return None
    own = feature.child("histogram", None, values)
    sides = {side: own.array(side, int) for side in ("reference", "current")}
    return Histogram(own.number("low"), own.number("high"), **sides)


def projection_to_dict(projection: Projection | None) -> dict[str, Any] | None:
    """Return the projection as plain data."""
    if projection is None:
        return None
    data: dict[str, Any] = {item.name: list(getattr(projection, item.name)) for item in fields(projection)}
    return data | {side: [list(row) for row in data[side]] for side in ("reference", "current")}


def projection_from_dict(feature: Fields) -> Projection | None:
    """Return the projection of a feature, None where it has none."""
    values = feature.maybe("projection", dict, optional=True)
    if values is None:
        return None
    own = feature.child("projection", None, values)
    ends = {end: own.array(end, float, int) for end in ("low", "high")}
    rows = {side: own.array(side, list) for side in ("reference", "current")}
    for end, numbers in ends.items():
        if len(numbers) != 2:
            raise own.wrong(end, "an array of two numbers", list(numbers))
    for side, lines in rows.items():
        for line in lines:
            if any(type(count) is not int for count in line):
                raise own.wrong(side, "an array of arrays of integers", line)
    return Projection(**ends, **rows)


def _counts(counts: Iterable[int]) -> tuple[int, ...]:
    return tuple(operator.index(count) for count in counts)
