"""What moved, where and how much it matters, as plain data of a report (layer 4). `driftwatch.explain` computes it."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - the codec reads the annotations
from dataclasses import dataclass, field

from driftwatch.report.attribution import (  # noqa: TC001 - as above
    ContributionDrift,
    DriftDirection,
    ImportanceRanking,
    ScoreShift,
    Separation,
)

__all__ = [
    "Cell",
    "Condition",
    "Decomposition",
    "Explanation",
    "FeatureExplanation",
    "Flow",
    "LocalDrift",
    "Segment",
    "Segments",
    "Term",
]


@dataclass(frozen=True, slots=True)
class Term:
    """What one cell adds to a statistic.

    A cell is a bin `[low, high)` of a numeric feature, None where it has no end; a level of a category, by its `label`;
    or, in a decomposition by quantile, the part of the mass between the shares `low` and `high`.

    `reference` and `current` are the shares of both sides in the cell, and in a decomposition by quantile the mean value
    of that part of the mass, in the unit of the feature. `signed` is the term with its direction: positive where values
    became larger; None where the statistic has none.
    """

    term: float
    low: float | None = None
    high: float | None = None
    label: str | None = None
    reference: float | None = None
    current: float | None = None
    signed: float | None = None


@dataclass(frozen=True, slots=True)
class Decomposition:
    """A statistic as a sum: `value` is the sum of the terms, and what the report says.

    `by` is "bin", "level" or "quantile". `error_bound` is by how much the statistic of the rows can be above `value`,
    where only counts are known; None where it is exact.
    """

    statistic: str
    by: str
    value: float
    terms: tuple[Term, ...]
    error_bound: float | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """Values in `[low, high)`, None where it has no end; or of a level, by its label."""

    low: float | None = None
    high: float | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """A share of all values that moved from one cell to another.

    For numeric features the flows are a cheapest way to turn the reference into the current data in which what is in a bin
    on both sides stays there. Between levels, which have no order, only what each lost or gained is known: a flow has
    then one of both, and the other is None.
    """

    share: float
    source: Cell | None
    target: Cell | None


@dataclass(frozen=True, slots=True)
class FeatureExplanation:
    """Which part of one feature moved.

    `moved` is the smallest share of the values that must change their cell for the reference to become the current data:
    the total variation distance on the cells of the flows. `reason` says why something is missing.
    """

    decompositions: tuple[Decomposition, ...] = ()
    flows: tuple[Flow, ...] = ()
    moved: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """Rows by one feature: values in `[low, high)`, None where it has no end; or of a level; or that are missing."""

    feature: str
    low: float | None = None
    high: float | None = None
    label: str | None = None
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """A slice of the data whose share changed: rows that meet all its conditions.

    `lift` is the current share over that of the reference, None where the reference has no such row. `pvalue` is that of
    the change of the share on rows that took no part in the search, corrected for the segments that were tested.
    `remaining` is how much of the drift of the single features is left outside the segment, in [0, 1]; None where there
    is none to begin with.
    """

    conditions: tuple[Condition, ...]
    n_reference: int
    n_current: int
    share_reference: float
    share_current: float
    pvalue: float
    lift: float | None = None
    remaining: float | None = None


@dataclass(frozen=True, slots=True)
class LocalDrift:
    """A slice inside which one feature drifted more than outside of it.

    `inside` and `outside` are the total variation distances of the feature on the bins of the reference, without their
    noise, among the rows that meet all conditions and among the others. `pvalue` is that of a difference between how the
    feature changed inside and outside, on rows that took no part in the search and corrected for all that were tested.
    """

    feature: str
    conditions: tuple[Condition, ...]
    n_reference: int
    n_current: int
    inside: float
    outside: float
    pvalue: float


@dataclass(frozen=True, slots=True)
class Segments:
    """Where the drift sits.

    `segments` are slices whose share changed, the largest change first; `local` are slices inside which a feature
    drifted. `n_searched` counts the slices that were looked at, `n_reference` and `n_current` the rows.
    """

    segments: tuple[Segment, ...]
    local: tuple[LocalDrift, ...]
    n_searched: int
    n_reference: int
    n_current: int
    alpha: float
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a report says beyond its verdict: which part of each feature moved, where the drift sits, what it matters.

    A part that was not asked for is None. A part that was, and could not be given, is None too, and `reasons` says why,
    by its name.
    """

    features: Mapping[str, FeatureExplanation] = field(default_factory=dict)
    segments: Segments | None = None
    ranking: ImportanceRanking | None = None
    score_shift: ScoreShift | None = None
    contribution_drift: ContributionDrift | None = None
    separation: Separation | None = None
    directions: Mapping[str, DriftDirection] | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)
