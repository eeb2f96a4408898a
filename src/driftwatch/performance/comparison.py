"""Performance of current data against the reference's: measured once at fit, compared at every check (layer 4)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.arrays.table import read_table
from driftwatch.errors import ConfigError, UnknownNameError
from driftwatch.kernels.multiplicity import adjust
from driftwatch.performance._catalog import METRICS, Classes, metrics_for
from driftwatch.performance.drop import DropTest, assess_drop
from driftwatch.performance.measured import LEVEL
from driftwatch.performance.rows import Rows, Task, read_rows, read_task
from driftwatch.report.model import Status
from driftwatch.report.performance import Interval, MetricReport, PerformanceReport

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftwatch.arrays.table import Table
    from driftwatch.performance._catalog import Metric
    from driftwatch.performance.measured import Measured
    from driftwatch.performance.rows import TaskSpec

__all__ = ["PerformanceOptions", "ReferencePerformance", "compare", "interval_of", "settle"]

OPTIONS = ("task", "positive", "threshold", "min_drop", "metrics")


@dataclass(frozen=True)
class PerformanceOptions:
    """What the user said about performance; build it with `PerformanceOptions.build`."""

    task: Task | None = None
    positive: object = None
    threshold: float | None = None
    min_drop: float | Mapping[str, float] | None = None
    metrics: tuple[str, ...] | None = None

    @classmethod
    def build(cls, given: Mapping[str, Any] | None) -> PerformanceOptions:
        """Check every option and return them.

        Raises
        ------
        ConfigError
            If a value is out of range or of the wrong type.
        UnknownNameError
            If an option, a task or a metric does not exist.
        """
        if given is not None and not hasattr(given, "items"):
            raise ConfigError(f"`performance` must be a mapping of options ({', '.join(OPTIONS)}), got {given!r}.")
        given = {name: value for name, value in (given or {}).items() if value is not None}
        _check_known("option in `performance`", given, OPTIONS)
        threshold, chosen = given.get("threshold"), given.get("metrics")
        min_drop: Any = given.get("min_drop")
        if threshold is not None and not _is_number(threshold):
            raise ConfigError(f"`threshold` must be a finite number, got {threshold!r}.")
        names = [metric.name for metric in METRICS]
        each: dict[str, Any] = dict(min_drop.items()) if hasattr(min_drop, "items") else {}
        _check_known("metric in `min_drop`", each, names)
        for value in each.values() if each else [min_drop]:
            if value is not None and not (_is_number(value) and value >= 0.0):
                raise ConfigError(f"`min_drop` must be a number of at least 0, or a mapping of metrics, got {value!r}.")
        if isinstance(chosen, str) or (chosen is not None and not chosen):
            raise ConfigError(f"`metrics` must be a sequence of names, got {chosen!r}.")
        _check_known("metric", chosen or [], names)
        return cls(
            Task.parse(str(given["task"])) if "task" in given else None,
            given.get("positive"),
            None if threshold is None else float(threshold),
            min_drop,
            None if chosen is None else tuple(chosen),
        )

    def min_drop_of(self, metric: Metric) -> float:
        """Return the smallest material drop of a metric."""
        given = self.min_drop
        if given is None or (not isinstance(given, int | float) and metric.name not in given):
            return metric.min_drop
        return float(given if isinstance(given, int | float) else given[metric.name])


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _check_known(what: str, given: Any, known: Sequence[str]) -> None:
    unknown = [str(name) for name in given if name not in known]
    if unknown:
        raise UnknownNameError.from_names(what, unknown, known)


@dataclass(frozen=True)
class ReferencePerformance:
    """What the predictions were worth on the reference, and its judged rows. Build it with `fit`."""

    spec: TaskSpec
    options: PerformanceOptions
    min_samples: int
    rows: Rows
    class_counts: Mapping[str, int]
    measured: Mapping[str, Measured]

    @classmethod
    def fit(
        cls,
        table: Table,
        *,
        prediction: str,
        target: str,
        weight: str | None = None,
        options: PerformanceOptions | None = None,
        min_samples: int = 10,
    ) -> ReferencePerformance:
        """Measure the reference.

        Raises
        ------
        InputError
            If the columns do not fit the task.
        ConfigError
            If an option does not fit the columns.
        """
        options = options or PerformanceOptions()
        spec = read_task(
            table,
            prediction=prediction,
            target=target,
            weight=weight,
            task=options.task,
            positive=options.positive,
            threshold=options.threshold,
        )
        if options.metrics is not None:
            known = [metric.name for metric in metrics_for(spec)]
            _check_known(f"metric of the task {str(spec.task)!r}", options.metrics, known)
        return cls.measure(table, spec, options=options, min_samples=min_samples)

    @classmethod
    def measure(
        cls, table: Table, spec: TaskSpec, *, options: PerformanceOptions, min_samples: int
    ) -> ReferencePerformance:
        """Measure a reference whose columns are read as `spec` says.

        Raises
        ------
        InputError
            If the columns cannot be read.
        """
        rows = read_rows(table, spec)
        measured = {name: found._replace(parts=None) for name, found in _measure(rows, options).items()}
        return cls(spec, options, min_samples, rows, rows.class_counts, measured)

    @property
    def n_labelled(self) -> int:
        """Rows of the reference that have a label and a prediction."""
        return self.rows.n

    def check(self, table: Table) -> PerformanceReport:
        """Return the performance of current data with the p-value of a drop, and no verdict yet.

        Raises
        ------
        InputError
            If the columns cannot be read.
        """
        return self.compare(read_rows(table, self.spec))

    def compare(self, rows: Rows) -> PerformanceReport:
        """Return the performance of judged rows, as `check` does."""
        measured = _measure(rows, self.options)
        counts = rows.class_counts
        metrics = {}
        for metric in _chosen(self.spec, self.options):
            too_few = self._too_few(metric, rows.n, counts)
            before, after = self.measured[metric.name], measured[metric.name]
            test = DropTest(math.nan, None, None)
            if rows.n and self.n_labelled:
                both = partial(_measure_one, metric, self.rows, rows)
                test = assess_drop(before, after, both, higher_is_better=metric.higher_is_better)
            metrics[metric.name] = _report(
                metric, (before, after), test, min_drop=self.options.min_drop_of(metric), too_few=too_few
            )
        flags = ("unknown_labels",) if rows.unknown else ()
        return PerformanceReport(
            prediction=self.spec.prediction,
            target=self.spec.target,
            weight=self.spec.weight,
            task=self.spec.task,
            positive=self.spec.positive,
            threshold=self.spec.threshold,
            n_reference=self.rows.n_rows,
            n_labelled_reference=self.n_labelled,
            n_current=rows.n_rows,
            n_labelled=rows.n,
            level=LEVEL,
            reason=self._short("current", rows.n) or self._short("reference", self.n_labelled),
            flags=flags,
            metrics=metrics,
        )

    def _too_few(self, metric: Metric, n: int, counts: Mapping[str, int]) -> str | None:
        """Return why there are too few rows for a verdict on a metric, or None."""
        for side, total, found in (("reference", self.n_labelled, self.class_counts), ("current", n, counts)):
            short = self._short(side, total)
            if short is not None:
                return short
            needed: Sequence[str | None] = ()
            if metric.classes is Classes.ALL:
                needed = list(self.class_counts)
            elif metric.classes is Classes.POSITIVE:
                needed = [self.spec.positive]
            for label in needed:
                count = found.get(str(label), 0)
                if count < self.min_samples:
                    return f"{count} of class {label!r} in {side}, at least {self.min_samples} are needed"
        return None

    def _short(self, side: str, n: int) -> str | None:
        if n >= self.min_samples:
            return None
        what = "no labelled rows" if n == 0 else f"{n} labelled row{'s' if n > 1 else ''}"
        return f"{what} in {side}, at least {self.min_samples} are needed"


def _chosen(spec: TaskSpec, options: PerformanceOptions) -> list[Metric]:
    return [metric for metric in metrics_for(spec) if options.metrics is None or metric.name in options.metrics]


def _measure(rows: Rows, options: PerformanceOptions) -> dict[str, Measured]:
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is left out, with a reason
        return {metric.name: metric.measure(rows) for metric in _chosen(rows.spec, options)}


def _measure_one(metric: Metric, reference: Rows, current: Rows) -> Measured:
    with np.errstate(over="ignore", invalid="ignore"):
        return metric.measure(reference + current)


def interval_of(measured: Measured) -> Interval | None:
    """Return the value with its interval as a report holds it, None where it is not defined."""
    return Interval(measured.value, measured.low, measured.high) if math.isfinite(measured.value) else None


def _report(
    metric: Metric, sides: tuple[Measured, Measured], test: DropTest, *, min_drop: float, too_few: str | None
) -> MetricReport:
    reference, current = sides
    drop = test.drop
    if metric.relative and math.isfinite(drop):
        # any loss where there was none counts as twice the reference's
        drop = drop / reference.value if reference.value > 0.0 else float(drop > 0.0)
    undefined = reference.reason or current.reason
    if undefined is None and not (math.isfinite(reference.value) and math.isfinite(current.value)):
        undefined = "not finite"
    status = Status.OK
    if too_few is not None:
        status = Status.INSUFFICIENT
    elif undefined is not None or test.pvalue is None:
        status = Status.ERROR
    return MetricReport(
        name=metric.name,
        status=status,
        reason=too_few or undefined or (None if test.pvalue is not None else "the error of the metric is not defined"),
        higher_is_better=metric.higher_is_better,
        relative=metric.relative,
        reference=interval_of(reference),
        current=interval_of(current),
        drop=drop,
        min_drop=min_drop,
        pvalue=test.pvalue if status is Status.OK else None,
        pvalue_method=test.method if status is Status.OK else None,
    )


def settle(report: PerformanceReport, adjusted: Mapping[str, float | None], alpha: float | None) -> PerformanceReport:
    """Return the performance with the verdict on each metric.

    Parameters
    ----------
    report : PerformanceReport
        As `ReferencePerformance.check` returns it.
    adjusted : mapping of str to float or None
        Corrected p-value by metric.
    alpha : float, optional
        The level that they must reach; None drops the significant leg.
    """
    if report.estimated:
        return report
    metrics = {name: metric.settled(adjusted.get(name), alpha) for name, metric in report.metrics.items()}
    return replace(report, metrics=metrics)


def compare(
    reference: Any,
    current: Any,
    *,
    prediction: str,
    target: str,
    weight: str | None = None,
    task: Task | str | None = None,
    positive: object = None,
    threshold: float | None = None,
    min_drop: float | Mapping[str, float] | None = None,
    metrics: Sequence[str] | None = None,
    alpha: float | None = 0.05,
    correction: str = "fdr_bh",
    min_samples: int = 10,
) -> PerformanceReport:
    """Return how well the predictions of current data do against those of the reference, on the rows with labels.

    Parameters
    ----------
    reference, current : anything that `Monitor` reads
        Tables with the columns below. The reference should be data that the model was not trained on: on its training
        data a model does better than it ever will again.
    prediction, target : str
        Columns. Rows in which either is missing are left out: labels may come late.
    weight : str, optional
        Column of row weights; rows without a weight above 0 are left out.
    task : {"scores", "labels", "regression"}, optional
        What the prediction is. By default: numbers for a target with two values are scores; other values that the
        target has too are labels; everything else is a regression.
    positive : optional
        The class that scores are about, or that F1 counts; by default the greater of two numbers, True, or the last
        label in order.
    threshold : float, optional
        Scores of at least this predict the positive class, by default 0.5 where scores lie in [0, 1].
    min_drop : float or mapping of metric to float, optional
        The smallest material drop: 0.02 for metrics in [0, 1] of which more is better, and for losses 0.05 as a share
        of the reference's loss.
    metrics : sequence of str, optional
        Those to compare; by default all of the task.
    alpha : float or None
        Level after correction; None drops the significant leg.
    correction : {"fdr_bh", "fdr_by", "bonferroni", "holm", "none"}
        Over the metrics compared.
    min_samples : int
        Fewer labelled rows on a side, or in a class that a metric needs, give no verdict.

    Raises
    ------
    InputError, InputTypeError
        If the data cannot be read or do not fit the task.
    ConfigError, UnknownNameError
        If a setting is out of range or names something that does not exist.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch import performance
    >>> rng = np.random.default_rng(0)
    >>> def batch(n, flipped):
    ...     p = rng.uniform(size=n)
    ...     y = rng.uniform(size=n) < np.where(rng.uniform(size=n) < flipped, 1 - p, p)
    ...     return {"p": p, "y": y}
    >>> report = performance.compare(batch(4000, 0.0), batch(1000, 0.2), prediction="p", target="y")
    >>> report.dropped
    ['roc_auc', 'accuracy', 'f1', 'log_loss', 'brier']
    """
    options = PerformanceOptions.build(
        {"task": task, "positive": positive, "threshold": threshold, "min_drop": min_drop, "metrics": metrics}
    )
    before, after = read_table(reference, role="reference"), read_table(current, role="current")
    for table in (before, after):
        _check_known("column", [name for name in (prediction, target, weight) if name is not None], table.names)
    fitted = ReferencePerformance.fit(
        before, prediction=prediction, target=target, weight=weight, options=options, min_samples=min_samples
    )
    report = fitted.check(after)
    tested = [metric for metric in report.metrics.values() if metric.pvalue is not None]
    adjusted = adjust(np.asarray([metric.pvalue for metric in tested], dtype=np.float64), correction)
    return settle(report, {metric.name: float(p) for metric, p in zip(tested, adjusted, strict=True)}, alpha)
