"""From a window to evidence: each feature by its counts, or a report with the reason why it is not compared (layer 4)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from driftwatch.arrays.schema import FeatureKind
from driftwatch.detectors.frozen_lines import FrozenLinesDetector
from driftwatch.monitor.comparison import blank, sample_kind
from driftwatch.monitor.evidence import gather
from driftwatch.profile.projections import ProjectedSample
from driftwatch.profile.sample import categorical_samples
from driftwatch.profile.windowed import WindowSample
from driftwatch.report.model import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftwatch.monitor.evidence import Evidence
    from driftwatch.monitor.plan import Plan
    from driftwatch.profile.counted import WindowCounts
    from driftwatch.profile.profile import Profile
    from driftwatch.report.model import FeatureReport

__all__ = ["compare_window"]

NO_LINES = "the reference has no complete rows to compare with"
HOLDS = {
    FeatureKind.NUMERIC: WindowSample.holds,
    FeatureKind.CATEGORICAL: frozenset({"counts"}),
}
PARTLY_ABSENT = "absent_rows"


def compare_window(
    profile: Profile, plan: Plan, counts: WindowCounts, names: list[str]
) -> tuple[list[Evidence], dict[str, FeatureReport]]:
    """Return the evidence for the features that can be compared, and the reports of the others."""
    settled: dict[str, FeatureReport] = {}
    for name in names:
        report = _without_comparison(profile, plan, counts, name)
        if report is not None:
            settled[name] = report
    comparable = {name for name in names if name not in settled}
    parts = (_numeric, _categorical, _embeddings)
    evidence = [item for part in parts for item in part(profile, plan, counts, comparable)]
    for item in evidence:
        item.flags.extend(profile.features[item.name].flags)
        if counts.rows.get(item.name, 0) < counts.n_rows:
            item.flags.append(PARTLY_ABSENT)
    return evidence, settled


def _numeric(profile: Profile, plan: Plan, counts: WindowCounts, names: set[str]) -> Iterator[Evidence]:
    for block, tally in zip(profile.summary.blocks, counts.blocks, strict=True):
        positions = [i for i, name in enumerate(block.names) if name in names]
        if positions:
            yield from gather(WindowSample(block.select(positions), tally.at(positions)), plan)


def _categorical(profile: Profile, plan: Plan, counts: WindowCounts, names: set[str]) -> Iterator[Evidence]:
    chosen = [name for name in profile.summary.codebooks if name in names]
    reference = {name: profile.summary.levels[name].levels() for name in chosen}
    current = {name: counts.levels[name].levels() for name in chosen}
    for sample in categorical_samples(chosen, reference, current):
        sample.error_bounds = {}
        for item in gather(sample, plan):
            if profile.summary.levels[item.name].pooled or counts.levels[item.name].pooled:
                item.flags.append("pooled_levels")
            yield item


def _embeddings(profile: Profile, plan: Plan, counts: WindowCounts, names: set[str]) -> Iterator[Evidence]:
    # what the plan compares rows with cannot see a window; this is what can
    plan = replace(plan, detectors=(*plan.detectors, FrozenLinesDetector()))
    for name, lines in profile.summary.projections.items():
        if name in names:
            yield from gather(ProjectedSample(lines, counts.projected[name]), plan)


def _without_comparison(profile: Profile, plan: Plan, counts: WindowCounts, name: str) -> FeatureReport | None:
    feature = profile.features[name]
    status, reason = Status.SKIPPED, feature.untested_reason
    signals: tuple[str, ...] = ()
    if feature.problem is not None:
        status, reason = Status.ERROR, f"reference: {feature.problem}"
    elif reason is None and name in counts.problems:
        status, reason = Status.ERROR, f"current: {counts.problems[name]}"
        signals = ("type_changed",) if "type changed" in counts.problems[name] else ()
    elif reason is None and sample_kind(feature) is FeatureKind.EMBEDDING:
        reason = None if name in profile.summary.projections else NO_LINES
    elif reason is None:
        reason = _not_decidable(plan, name, _holds(profile, sample_kind(feature)), sample_kind(feature))
    if reason is None:
        return None
    return blank(
        profile,
        feature,
        status,
        reason,
        n_rows=counts.rows.get(name, 0),
        n_missing=counts.missing.get(name, 0),
        signals=signals,
    )


def _holds(profile: Profile, kind: FeatureKind) -> frozenset[str]:
    """Return what a window has of features of a kind."""
    return HOLDS[FeatureKind.CATEGORICAL] if profile.settings.n_points == 0 else HOLDS[kind]


def _not_decidable(plan: Plan, name: str, holds: frozenset[str], kind: FeatureKind) -> str | None:
    """Return why no detector of the plan can decide on counts; None if one can."""
    chosen = plan.detectors_for(kind)
    able = [detector for detector in chosen if detector.needs in holds]
    measures = {measure for detector in able for measure in detector.measures}
    if (
        not chosen
        or any(kind in detector.effect_kinds for detector in able)
        or measures & set(plan.thresholds_of(name))
    ):
        return None
    return f"the detectors {sorted(d.name for d in chosen)} need more than the counts that a window holds"
