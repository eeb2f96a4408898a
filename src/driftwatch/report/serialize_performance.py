"""The performance of a report as plain data for strict JSON, and back (layer 4)."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from driftwatch.report.model import Status
from driftwatch.report.performance import Interval, MetricReport, PerformanceReport

if TYPE_CHECKING:
    from driftwatch.report._fields import Fields

__all__ = ["interval_from_dict", "interval_to_dict", "performance_from_dict", "performance_to_dict"]


def performance_to_dict(performance: PerformanceReport) -> dict[str, Any]:
    """Return the performance as plain dicts, lists and scalars, in a fixed key order."""
    return {
        "prediction": performance.prediction,
        "target": performance.target,
        "weight": performance.weight,
        "task": performance.task,
        "positive": performance.positive,
        "threshold": performance.threshold,
        "n_reference": performance.n_reference,
        "n_labelled_reference": performance.n_labelled_reference,
        "n_current": performance.n_current,
        "n_labelled": performance.n_labelled,
        "estimated": performance.estimated,
        "assumption": performance.assumption,
        "level": performance.level,
        "drop_detected": performance.drop_detected,
        "reason": performance.reason,
        "flags": list(performance.flags),
        "metrics": {metric.name: _metric_to_dict(metric) for metric in performance.metrics.values()},
    }


def performance_from_dict(data: Fields) -> PerformanceReport:
    """Return the performance that `performance_to_dict` described; what can be derived is derived."""
    metrics = data.get("metrics", dict)
    return PerformanceReport(
        prediction=data.get("prediction", str),
        target=data.get("target", str),
        weight=data.maybe("weight", str),
        task=data.get("task", str),
        positive=data.maybe("positive", str),
        threshold=data.maybe_number("threshold"),
        n_reference=data.count("n_reference"),
        n_labelled_reference=data.count("n_labelled_reference"),
        n_current=data.count("n_current"),
        n_labelled=data.count("n_labelled"),
        estimated=data.get("estimated", bool),
        assumption=data.maybe("assumption", str),
        level=data.number("level"),
        reason=data.maybe("reason", str),
        flags=data.array("flags", str),
        metrics={
            str(name): _metric_from_dict(str(name), data.child("metrics", str(name), value))
            for name, value in metrics.items()
        },
    )


def _metric_to_dict(metric: MetricReport) -> dict[str, Any]:
    return {
        "status": metric.status.value,
        "reason": metric.reason,
        "higher_is_better": metric.higher_is_better,
        "reference": interval_to_dict(metric.reference),
        "current": interval_to_dict(metric.current),
        "drop": metric.drop,
        "relative": metric.relative,
        "min_drop": metric.min_drop,
        "pvalue": metric.pvalue,
        "pvalue_adjusted": metric.pvalue_adjusted,
        "pvalue_method": metric.pvalue_method,
        "significant": metric.significant,
        "material": metric.material,
        "drop_detected": metric.drop_detected,
    }


def _metric_from_dict(name: str, data: Fields) -> MetricReport:
    status = data.get("status", str)
    if status not in set(Status):
        raise data.wrong("status", f"one of {', '.join(Status)}", status)
    return MetricReport(
        name=name,
        status=Status(status),
        reason=data.maybe("reason", str),
        higher_is_better=data.get("higher_is_better", bool),
        relative=data.get("relative", bool),
        reference=interval_from_dict(data, "reference"),
        current=interval_from_dict(data, "current"),
        drop=data.maybe_number("drop"),
        min_drop=data.number("min_drop"),
        pvalue=data.maybe_number("pvalue"),
        pvalue_adjusted=data.maybe_number("pvalue_adjusted"),
        pvalue_method=data.maybe("pvalue_method", str),
        significant=data.maybe("significant", bool),
        material=data.maybe("material", bool),
    )


def interval_to_dict(interval: Interval | None) -> dict[str, Any] | None:
    """Return an interval as plain data, None for none."""
    return None if interval is None else {item.name: getattr(interval, item.name) for item in fields(interval)}


def interval_from_dict(data: Fields, key: str) -> Interval | None:
    """Return the interval under a key, None for null."""
    values = data.maybe(key, dict)
    if values is None:
        return None
    side = data.child(key, None, values)
    return Interval(side.number("value"), side.maybe_number("low"), side.maybe_number("high"))
