"""How well a model did, or is expected to do, as plain data of a report (layer 4)."""

from __future__ import annotations

import operator
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Self

from driftwatch.report.model import Status, _assign, _finite, _flag

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Interval", "MetricReport", "PerformanceReport"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its confidence interval; the ends are None where there is none."""

    value: float
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        _assign(self, value=float(self.value), low=_finite(self.low), high=_finite(self.high))


@dataclass(frozen=True, slots=True)
class MetricReport:
    """One metric on both sides.

    `drop` is how much worse current data are: positive is worse, whichever way the metric runs, and a share of the
    reference's value where it is `relative` (losses have a unit). A metric has dropped when the difference is
    `significant` (one-sided p-value, corrected with all others of the report) and `material` (`drop` of at least
    `min_drop`). `reason` says why there is no verdict, or why a side has no value.
    """

    name: str
    status: Status
    reason: str | None
    higher_is_better: bool
    relative: bool
    reference: Interval | None
    current: Interval | None
    drop: float | None
    min_drop: float
    pvalue: float | None = None
    pvalue_adjusted: float | None = None
    pvalue_method: str | None = None
    significant: bool | None = None
    material: bool | None = None

    def __post_init__(self) -> None:
        numbers = ("drop", "pvalue", "pvalue_adjusted")
        _assign(
            self,
            status=Status(self.status),
            min_drop=float(self.min_drop),
            significant=_flag(self.significant),
            material=_flag(self.material),
            **{name: _finite(getattr(self, name)) for name in numbers},
        )

    @property
    def drop_detected(self) -> bool:
        """Whether the metric is worse, beyond noise and by enough to matter."""
        return self.status is Status.OK and bool(self.material) and self.significant is not False

    def settled(self, pvalue_adjusted: float | None, alpha: float | None) -> Self:
        """Return the metric with its verdict: the p-value after correction, and the level that it must reach."""
        if self.status is not Status.OK:
            return self
        significant = None if alpha is None or pvalue_adjusted is None else pvalue_adjusted <= alpha
        material = self.drop is not None and self.drop >= self.min_drop
        return replace(self, pvalue_adjusted=pvalue_adjusted, significant=significant, material=material)


@dataclass(frozen=True, slots=True)
class PerformanceReport:
    """What a prediction was worth, on the rows that have a label by now, or by estimate where none has one.

    Parameters
    ----------
    prediction, target, weight : str
        Columns; no `weight` where every row counts the same.
    task : str
        "scores", "labels" or "regression".
    positive, threshold : str and float, optional
        The class that scores are about, and the score from which a row is predicted to be in it.
    n_reference, n_current : int
        Rows.
    n_labelled_reference, n_labelled : int
        Rows of each side that have a label and a prediction: the ones that the metrics are about.
    estimated : bool
        Whether the metrics of the current side are estimates, made without any label.
    level : float
        Confidence level of the intervals.
    reason : str, optional
        Why there are no measured metrics of current data.
    assumption : str, optional
        What an estimate rests on.
    flags : tuple of str
        What a reader should know.
    metrics : mapping of str to MetricReport
    """

    prediction: str
    target: str
    task: str
    n_reference: int
    n_labelled_reference: int
    n_current: int
    n_labelled: int
    metrics: Mapping[str, MetricReport]
    estimated: bool = False
    level: float = 0.95
    weight: str | None = None
    positive: str | None = None
    threshold: float | None = None
    reason: str | None = None
    assumption: str | None = None
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        counts = [item.name for item in fields(self) if item.name.startswith("n_")]
        _assign(
            self,
            task=str(self.task),
            flags=tuple(self.flags),
            **{name: operator.index(getattr(self, name)) for name in counts},
        )

    @property
    def dropped(self) -> list[str]:
        """Names of the metrics that dropped."""
        return [metric.name for metric in self.metrics.values() if metric.drop_detected]

    @property
    def drop_detected(self) -> bool:
        """Whether any metric dropped; never by estimate alone."""
        return bool(self.dropped)

    @property
    def has_verdict(self) -> bool:
        """Whether any metric was judged."""
        return any(metric.status is Status.OK for metric in self.metrics.values()) and not self.estimated
