"""What the detectors found for one feature, in plain Python values, before any decision (layer 4)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.arrays.namespace import to_host
from driftwatch.errors import DriftwatchError
from driftwatch.monitor.contract import checked
from driftwatch.monitor.intervals import intervals_of
from driftwatch.monitor.signals import OUTSIDE_SHARE, autocorrelated, numeric_signals, row_flags
from driftwatch.profile.block import DEFAULT_BINS
from driftwatch.profile.embedding import EmbeddingSample
from driftwatch.profile.projections import ProjectedSample
from driftwatch.profile.sample import CategoricalSample, NumericSample
from driftwatch.profile.tallied import TalliedSample
from driftwatch.profile.windowed import WindowSample
from driftwatch.report.model import SKIPPED, Bins, SideSummary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from driftwatch._typing import JSONScalar
    from driftwatch.arrays.schema import FeatureKind
    from driftwatch.detectors.base import BaseDetector, Score
    from driftwatch.monitor.plan import Plan
    from driftwatch.profile.sample import Sample
    from driftwatch.report.performance import Interval

__all__ = ["Evidence", "Finding", "gather"]

LEVELS_SHOWN = 10  # a report names the most frequent levels; the others are summed up
OTHER = "(other)"
BALANCED = 0.5  # both one-sided distances within this ratio: the spread changed rather than the location


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
    described = _describe(sample)
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
        own = _floats(bounds[name]) if name in bounds else [0.0] * len(findings)
        for finding, bound in zip(findings, own, strict=True):
            finding.details["error_bound"] = bound


def _failure(detector: BaseDetector[Any], error: Exception) -> str:
    text = str(error) if isinstance(error, DriftwatchError) else f"{type(error).__name__}: {error}"
    return f"detector {detector.name!r} failed: {text}"


def _findings(name: str, score: Score, *, excess: bool) -> list[Finding]:
    """Turn the arrays of a score into one `Finding` per feature."""
    statistic = _floats(score.statistic)
    d = len(statistic)
    pvalue = [None] * d if score.pvalue is None else _floats(score.pvalue)
    effect = [None] * d if score.effect is None else _floats(score.effect)
    measures = {key: _floats(values) for key, values in (score.measures or {name: score.statistic}).items()}
    reasons: Sequence[str | None] = [None] * d if score.reasons is None else score.reasons
    noise = score.noise
    floors = [([None] * d)] * 3 if noise is None else [_floats(values) for values in noise]
    beyond: Mapping[str, Any] = score.excess or ({} if noise is None else {name: noise.excess})
    remaining = {key: _floats(values) for key, values in beyond.items()} if excess else {}
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


def _floats(x: Any) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in np.asarray(to_host(x), dtype=np.float64).tolist()]


def _json(value: JSONScalar) -> JSONScalar:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _describe(sample: Sample) -> Iterator[dict[str, Any]]:
    if isinstance(sample, NumericSample):
        return _describe_numeric(sample)
    if isinstance(sample, EmbeddingSample):
        return iter([{"signals": [], "flags": ["subsampled"] if sample.is_thinned else []}])
    if isinstance(sample, ProjectedSample):
        return iter([{"signals": [], "flags": []}])
    if isinstance(sample, WindowSample):
        return _describe_window(sample)
    return _describe_tallied(sample) if isinstance(sample, TalliedSample) else _describe_levels(sample)


def _describe_numeric(sample: NumericSample) -> Iterator[dict[str, Any]]:
    """Yield summaries, bins, direction and signals of each numeric feature."""
    block = sample.reference
    reference = [_floats(x) for x in (block.mean, block.std, block.low, block.median, block.high)]
    low, high = sample.ends
    current = [_floats(x) for x in (*sample.moments, low, sample.median, high)]
    above, below = _floats(sample.distances.above), _floats(sample.distances.below)
    edges = to_host(block.bins(DEFAULT_BINS)[0]).astype(np.float64)
    expected, actual = (to_host(counts) for counts in sample.counts(DEFAULT_BINS))
    found, dependent = numeric_signals(sample), autocorrelated(sample)
    for i in range(len(sample.names)):
        before, after = (SideSummary(*(side[i] for side in values)) for values in (reference, current))
        signals = _constant_signals(before, after)
        shares = {"outside_range": float(found.outside[i]), "stuck_value": float(found.stuck[i])}
        shares = {} if signals else {name: share for name, share in shares.items() if share > 0.0}
        yield {
            "reference": before,
            "current": after,
            "bins": _bins(edges[i], expected[i], actual[i]),
            "direction": _direction(above[i], below[i], before, after),
            "signals": [*signals, *shares],
            "signal_values": shares,
            "flags": [
                *(["many_ties"] if found.tied[i] else []),
                *(["autocorrelated_rows"] if dependent[i] else []),
            ],
        }


def _bins(edges: np.ndarray[Any, Any], expected: np.ndarray[Any, Any], actual: np.ndarray[Any, Any]) -> Bins:
    """Return the bins of one feature without the empty ones that an edge at -inf or +inf closes."""
    inner = np.isfinite(edges)
    first = int(np.count_nonzero(edges == -np.inf))
    cells = slice(first, first + int(np.count_nonzero(inner)) + 1)
    return Bins(tuple(expected[cells].tolist()), tuple(actual[cells].tolist()), tuple(edges[inner].tolist()))


def _describe_tallied(sample: TalliedSample) -> Iterator[dict[str, Any]]:
    """Yield bins and direction of each feature that exists as counts."""
    edges = sample.cells.deciles.astype(np.float64)
    expected, actual = sample.counts(DEFAULT_BINS)
    above, below = _floats(sample.distances.above), _floats(sample.distances.below)
    for i in range(len(sample.names)):
        bins = _bins(edges[i], expected[i], actual[i])
        yield {"bins": bins, "direction": _direction_of_counts(above[i], below[i], bins), "signals": [], "flags": []}


def _describe_window(sample: WindowSample) -> Iterator[dict[str, Any]]:
    """Yield what counts tell of each feature, with summaries and signals."""
    block = sample.reference
    after = block.with_reference(sample.current)
    sides = [
        [_floats(x) for x in (side.mean, side.std, side.tally.low, side.median, side.tally.high)]
        for side in (block, after)
    ]
    for i, described in enumerate(_describe_tallied(sample)):
        before, current = (SideSummary(*(values[i] for values in side)) for side in sides)
        signals, outside = _constant_signals(before, current), float(sample.outside[i])
        shares = {"outside_range": outside} if outside >= OUTSIDE_SHARE and not signals else {}
        described |= {"reference": before, "current": current}
        yield {**described, "signals": [*signals, *shares], "signal_values": shares}


def _direction_of_counts(above: float | None, below: float | None, bins: Bins) -> str:
    if above is None or below is None:
        return "changed"
    if min(above, below) < BALANCED * max(above, below):
        return "up" if above > below else "down"
    before, after = ((side[0] + side[-1]) / max(sum(side), 1) for side in (bins.reference, bins.current))
    return "wider" if after > before else "narrower"


def _direction(above: float | None, below: float | None, before: SideSummary, after: SideSummary) -> str:
    if above is None or below is None:
        return "changed"
    if min(above, below) >= BALANCED * max(above, below) and before.std is not None and after.std is not None:
        return "wider" if after.std > before.std else "narrower"
    return "up" if above > below else "down"


def _constant_signals(before: SideSummary, after: SideSummary) -> list[str]:
    if before.minimum is None or before.minimum != before.maximum:
        return []
    return ["constant_changed"] if (after.minimum, after.maximum) != (before.minimum, before.maximum) else []


def _describe_levels(sample: Sample) -> Iterator[dict[str, Any]]:
    """Yield the most frequent levels and the signals of each categorical feature."""
    assert isinstance(sample, CategoricalSample)
    reference, current = sample.counts(DEFAULT_BINS)
    for i, labels in enumerate(sample.labels):
        before, after = reference[i, : len(labels)], current[i, : len(labels)]
        order = np.argsort(-(before + after), kind="stable")
        shown, rest = order[:LEVELS_SHOWN], order[LEVELS_SHOWN:]
        names, counts = [labels[k] for k in shown], (before[shown].tolist(), after[shown].tolist())
        if len(rest):
            names.append(OTHER)
            counts[0].append(int(before[rest].sum()))
            counts[1].append(int(after[rest].sum()))
        unseen = after[before == 0].sum() / max(int(after.sum()), 1) if before.sum() > 0 else 0.0
        yield {
            "bins": Bins(tuple(counts[0]), tuple(counts[1]), labels=tuple(names)),
            "signals": ["unseen_levels"] if unseen else [],
            "signal_values": {"unseen_levels": float(unseen)} if unseen else {},
            "flags": [],
        }
