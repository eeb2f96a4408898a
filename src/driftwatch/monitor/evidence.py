"""What the detectors found for one feature, in plain Python values, before any decision (layer 4)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from driftwatch.errors import DriftwatchError
from driftwatch.monitor.contract import checked
from driftwatch.monitor.describing import describe
from driftwatch.monitor.intervals import intervals_of
from driftwatch.monitor.numbers import floats
from driftwatch.monitor.signals import row_flags
from driftwatch.report.model import SKIPPED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from driftwatch._typing import JSONScalar
    from driftwatch.arrays.schema import FeatureKind
    from driftwatch.detectors.base import BaseDetector, Score
    from driftwatch.monitor.plan import Plan
    from driftwatch.profile.sample import Sample
    from driftwatch.report.model import Bins, SideSummary
    from driftwatch.report.performance import Interval
    from driftwatch.report.pictures import Histogram, Projection

__all__ = ["Evidence", "Finding", "gather"]


@dataclass(slots=True)
class Finding:
    """One statistic of one feature."""

    statistic: float | None
    is_test: bool
    pvalue: float | None
    effect: float | None
    measures: dict[str, float | None]
    details: dict[str, JSONScalar]
    reason: str | None
    noise: tuple[float | None, float | None, float | None] = (None, None, None)  # as the fields of `NoiseFloor`
    excess: dict[str, float | None] = field(default_factory=dict)  # by measure, where thresholds act on it
    pvalue_adjusted: float | None = None


@dataclass(slots=True)
class Evidence:
    """Everything found for one feature."""

    name: str
    kind: FeatureKind
    n_reference: int
    n_current: int
    missing_reference: int
    missing_current: int
    findings: dict[str, Finding] = field(default_factory=dict)
    missing: Finding | None = None
    signals: list[str] = field(default_factory=list)
    signal_values: dict[str, float] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    direction: str = "changed"
    reference: SideSummary | None = None
    current: SideSummary | None = None
    bins: Bins | None = None
    histogram: Histogram | None = None
    projection: Projection | None = None
    failure: str | None = None
    intervals: Mapping[str, Interval] = field(default_factory=dict)


def gather(sample: Sample, plan: Plan) -> Iterator[Evidence]:
    """Run every detector on a sample once, and yield the evidence feature by feature."""
    tables: dict[str, list[Finding]] = {}
    flags: list[Sequence[tuple[str, ...]]] = []
    failures: list[str] = []
    for detector in plan.detectors_for(sample.kind):
        if detector.needs not in sample.holds:
            tables[detector.name] = [_skipped(detector) for _ in sample.names]
            continue
        try:
            score = checked(detector.score(sample), detector, len(sample.names))
            tables[detector.name] = _findings(detector.name, score, excess=plan.excess)
            _add_error_bounds(tables[detector.name], sample.error_bounds, detector.name)
            flags.extend([] if score.flags is None else [score.flags])
        except Exception as error:  # noqa: BLE001 - a faulty detector costs its own statistic, not the report
            failures.append(_failure(detector, error))
    missing = _findings(plan.missing.name, plan.missing.score(sample), excess=plan.excess)
    described = describe(sample)
    intervals = [{}] * len(sample.names) if plan.confidence is None else intervals_of(sample, plan.confidence)

    for i, (name, extra) in enumerate(zip(sample.names, described, strict=True)):
        evidence = Evidence(
            name,
            sample.kind,
            int(sample.n_reference[i]),
            int(sample.n_current[i]),
            int(sample.missing_reference[i]),
            int(sample.missing_current[i]),
            findings={test: table[i] for test, table in tables.items()},
            missing=missing[i] if sample.tests_missing and missing[i].pvalue is not None else None,
            failure="; ".join(failures) or None,
            intervals=intervals[i],
            **extra,
        )
        for own in flags:
            evidence.flags.extend(own[i])
        evidence.flags.extend(
            row_flags(evidence.n_reference, evidence.n_current, evidence.missing_reference, evidence.missing_current)
        )
        yield evidence


def _skipped(detector: BaseDetector[Any]) -> Finding:
    what = {"ordering": "the order of all values", "distances": "counts at more points than the deciles"}
    needed = what.get(detector.needs, "whole rows")
    return Finding(None, False, None, None, {}, {}, f"{SKIPPED}it needs {needed}, and a window holds counts")


def _add_error_bounds(findings: Sequence[Finding], bounds: Mapping[str, NDArray[np.float64]] | None, name: str) -> None:
    if bounds is not None:
        own = floats(bounds[name]) if name in bounds else [0.0] * len(findings)
        for finding, bound in zip(findings, own, strict=True):
            finding.details["error_bound"] = bound


def _failure(detector: BaseDetector[Any], error: Exception) -> str:
    text = str(error) if isinstance(error, DriftwatchError) else f"{type(error).__name__}: {error}"
    return f"detector {detector.name!r} failed: {text}"


def _findings(name: str, score: Score, *, excess: bool) -> list[Finding]:
    """Turn the arrays of a score into one `Finding` per feature."""
    statistic = floats(score.statistic)
    d = len(statistic)
    pvalue = [None] * d if score.pvalue is None else floats(score.pvalue)
    effect = [None] * d if score.effect is None else floats(score.effect)
    measures = {key: floats(values) for key, values in (score.measures or {name: score.statistic}).items()}
    reasons: Sequence[str | None] = [None] * d if score.reasons is None else score.reasons
    noise = score.noise
    floors = [([None] * d)] * 3 if noise is None else [floats(values) for values in noise]
    beyond: Mapping[str, Any] = score.excess or ({} if noise is None else {name: noise.excess})
    remaining = {key: floats(values) for key, values in beyond.items()} if excess else {}
    return [
        Finding(
            statistic[i],
            score.pvalue is not None,
            pvalue[i],
            effect[i],
            {key: values[i] for key, values in measures.items()},
            {key: _json(values[i]) for key, values in score.details.items()},
            reasons[i] or ("not defined for these values" if statistic[i] is None else None),
            (floors[0][i], floors[1][i], floors[2][i]),
            {key: values[i] for key, values in remaining.items()},
        )
        for i in range(d)
    ]


def _json(value: JSONScalar) -> JSONScalar:
    return None if isinstance(value, float) and not math.isfinite(value) else value
