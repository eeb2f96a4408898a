"""One row per metric (layer 4): for which task, which way it runs, which drop is material, and how it is measured."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from driftwatch.performance import metrics
from driftwatch.performance.measured import undefined
from driftwatch.performance.rows import Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch.performance.measured import Measured
    from driftwatch.performance.rows import Rows, TaskSpec

__all__ = ["METRICS", "Metric", "metrics_for"]

# Two points of a share, a twentieth of a loss: about what a retraining is expected to bring, and ten times what one
# changes by chance at 100,000 rows.
MATERIAL_SHARE, MATERIAL_LOSS = 0.02, 0.05


class Classes(StrEnum):
    """Of which classes a metric needs enough rows on both sides: it says nothing about a class that hardly occurs."""

    NONE = "none"
    POSITIVE = "positive"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of the catalog; a `relative` drop is a share of the reference's value, as losses have a unit."""

    name: str
    tasks: tuple[Task, ...]
    measure: Callable[[Rows], Measured]
    higher_is_better: bool
    classes: Classes = Classes.NONE
    binary: bool | None = None

    @property
    def relative(self) -> bool:
        """Whether a drop is measured as a share of the reference's value."""
        return not self.higher_is_better

    @property
    def min_drop(self) -> float:
        """The smallest material drop where the user gives none."""
        return MATERIAL_LOSS if self.relative else MATERIAL_SHARE

    def applies(self, spec: TaskSpec) -> bool:
        """Return whether the metric is one of the task."""
        is_binary = spec.positive is not None
        return spec.task in self.tasks and (self.binary is None or self.binary is is_binary)


def metrics_for(spec: TaskSpec) -> list[Metric]:
    """Return the metrics of a task in the order of a report."""
    return [metric for metric in METRICS if metric.applies(spec)]


def _accuracy(rows: Rows) -> Measured:
    if rows.spec.task is Task.LABELS:
        return metrics.accuracy(rows.target == rows.prediction, weight=rows.weight)
    if rows.spec.threshold is None:
        return undefined(NO_THRESHOLD)
    return metrics.accuracy(np.equal(*rows.positive), weight=rows.weight)


def _f1(rows: Rows) -> Measured:
    if rows.spec.task is Task.SCORES and rows.spec.threshold is None:
        return undefined(NO_THRESHOLD)
    return metrics.f1(*rows.positive, weight=rows.weight)


def _of_probabilities(measure: Callable[..., Measured]) -> Callable[[Rows], Measured]:
    def measured(rows: Rows) -> Measured:
        scores = rows.prediction
        if not rows.spec.probabilities or (scores.size and not 0.0 <= scores.min() <= scores.max() <= 1.0):
            return undefined("scores outside [0, 1] are no probabilities")
        return measure(rows.target, scores, weight=rows.weight)

    return measured


def _of_errors(measure: Callable[..., Measured]) -> Callable[[Rows], Measured]:
    return lambda rows: measure(rows.prediction - rows.target, weight=rows.weight)


NO_THRESHOLD = "scores outside [0, 1] need a threshold to predict a class: pass threshold=..."

METRICS = (
    Metric(
        "roc_auc",
        (Task.SCORES,),
        lambda rows: metrics.roc_auc(rows.target, rows.prediction, weight=rows.weight),
        higher_is_better=True,
        classes=Classes.ALL,
    ),
    Metric("accuracy", (Task.SCORES, Task.LABELS), _accuracy, higher_is_better=True),
    Metric(
        "balanced_accuracy",
        (Task.LABELS,),
        lambda rows: metrics.balanced_accuracy(rows.target, rows.prediction, weight=rows.weight),
        higher_is_better=True,
        classes=Classes.ALL,
    ),
    Metric("f1", (Task.SCORES, Task.LABELS), _f1, higher_is_better=True, classes=Classes.POSITIVE, binary=True),
    Metric(
        "f1_macro",
        (Task.LABELS,),
        lambda rows: metrics.f1_macro(rows.target, rows.prediction, weight=rows.weight),
        higher_is_better=True,
        classes=Classes.ALL,
        binary=False,
    ),
    Metric("log_loss", (Task.SCORES,), _of_probabilities(metrics.log_loss), higher_is_better=False),
    Metric("brier", (Task.SCORES,), _of_probabilities(metrics.brier), higher_is_better=False),
    Metric("mae", (Task.REGRESSION,), _of_errors(metrics.mae), higher_is_better=False),
    Metric("rmse", (Task.REGRESSION,), _of_errors(metrics.rmse), higher_is_better=False),
)
