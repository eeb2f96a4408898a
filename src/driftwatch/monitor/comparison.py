"""From current data to evidence: each feature by its kind, or a report with the reason why it is not compared (layer 4)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from driftwatch.arrays.schema import FeatureKind
from driftwatch.arrays.table import ColumnTable
from driftwatch.monitor.embedding import embedding_sample, joint_problem
from driftwatch.monitor.evidence import gather
from driftwatch.profile.block import blocks_of
from driftwatch.profile.feature import in_words, levels_of, number_flags
from driftwatch.profile.sample import NumericSample, categorical_samples
from driftwatch.report.model import FeatureReport, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from driftwatch._typing import Progress
    from driftwatch.arrays.column import Levels
    from driftwatch.arrays.table import Table
    from driftwatch.monitor.evidence import Evidence
    from driftwatch.monitor.plan import Plan
    from driftwatch.profile.feature import ReferenceFeature
    from driftwatch.profile.profile import Profile

__all__ = ["blank", "compare", "sample_kind"]


def compare(
    profile: Profile, plan: Plan, table: Table, names: Sequence[str], progress: Progress | None = None
) -> tuple[list[Evidence], dict[str, FeatureReport]]:
    """Return the evidence for the features that can be compared, and the reports of the others.

    `progress` is called with the number of features just finished.
    """

    def done(n: int) -> None:
        if progress is not None and n:
            progress(n)

    settled: dict[str, FeatureReport] = {}
    for name in names:
        verdict = _without_comparison(profile, profile.features[name], table)
        if verdict is not None:
            settled[name] = verdict
    done(len(settled))
    comparison = _Comparison(profile, plan, table, [name for name in names if name not in settled])
    evidence: list[Evidence] = []
    for found in itertools.chain(comparison.numeric(), comparison.categorical(), comparison.embeddings()):
        evidence.extend(found)
        done(len(found))
    for name, problem in comparison.problems.items():
        settled[name] = _blank_of(profile, profile.features[name], table, Status.ERROR, f"current: {problem}")
    done(len(comparison.problems))
    return evidence, settled


@dataclass(frozen=True)
class _Comparison:
    """One table against a profile. Each method yields the evidence of features that were read and compared together.

    `problems` holds why the others could not be: one unreadable column must not cost the report.
    """

    profile: Profile
    plan: Plan
    table: Table
    names: Sequence[str]
    problems: dict[str, str] = field(default_factory=dict)

    def numeric(self) -> Iterator[list[Evidence]]:
        comparable = set(self.names)
        for block in self.profile.blocks:
            position = {name: i for i, name in enumerate(block.names) if name in comparable}
            read = blocks_of(self.table, list(position), self.problems, block_size=self.plan.block_size)
            for names, values in read:
                selected = block.select([position[name] for name in names])
                sample = NumericSample(selected, values, n_rows=self.profile.n_rows)
                with np.errstate(over="ignore", invalid="ignore"):  # what is not finite has a reason in the report
                    found = list(gather(sample, self.plan))
                for item in found:
                    item.flags.extend((*self.profile.features[item.name].flags, *number_flags(self.table, item.name)))
                yield found

    def categorical(self) -> Iterator[list[Evidence]]:
        levels: dict[str, Levels] = {}
        for name in self.names:
            if name in self.profile.levels:
                try:
                    levels[name] = levels_of(self.table.column(name), self.profile.features[name].kind)
                except Exception as error:  # noqa: BLE001 - see the class
                    self.problems[name] = in_words(error)
        for sample in categorical_samples(list(levels), self.profile.levels, levels):
            yield list(gather(sample, self.plan))

    def embeddings(self) -> Iterator[list[Evidence]]:
        # each feature has a p-value of its values, and one of its missing share where anything is missing
        tested = [f for f in self.profile.features.values() if f.problem is None and f.untested_reason is None]
        level = None if self.plan.alpha is None else self.plan.alpha / (2.0 * max(len(tested), 1))
        for name in self.names:
            if name not in self.profile.embeddings:
                continue
            try:
                block = self.profile.embeddings[name]
                sample = embedding_sample(block, self.table, self.profile.max_embedding_rows, finest_level=level)
            except Exception as error:  # noqa: BLE001 - see the class
                self.problems[name] = in_words(error)
            else:
                yield list(gather(sample, self.plan))


def sample_kind(feature: ReferenceFeature) -> FeatureKind:
    """Return the kind of sample that a feature is compared in."""
    if feature.kind in {FeatureKind.EMBEDDING, FeatureKind.JOINT}:
        return FeatureKind.EMBEDDING
    return FeatureKind.NUMERIC if feature.kind is FeatureKind.NUMERIC else FeatureKind.CATEGORICAL


def _without_comparison(profile: Profile, feature: ReferenceFeature, table: Table) -> FeatureReport | None:
    """Return the report of a feature that cannot or must not be compared; None if it can be."""
    if feature.problem is not None:
        return _blank_of(profile, feature, table, Status.ERROR, f"reference: {feature.problem}")
    if feature.untested_reason is not None:
        return _blank_of(profile, feature, table, Status.SKIPPED, feature.untested_reason)
    if feature.kind is FeatureKind.JOINT:
        reason = joint_problem(profile, profile.embeddings[feature.name].columns, table)
        return None if reason is None else _blank_of(profile, feature, table, Status.ERROR, reason)
    reason = feature.type_change(table.storage_of(feature.name), table.dtype_of(feature.name))
    if reason is None:
        return None
    return _blank_of(profile, feature, table, Status.ERROR, reason, signals=("type_changed",))


def _blank_of(
    profile: Profile,
    feature: ReferenceFeature,
    table: Table,
    status: Status,
    reason: str,
    *,
    signals: tuple[str, ...] = (),
) -> FeatureReport:
    is_column = isinstance(table, ColumnTable) and feature.kind is not FeatureKind.JOINT
    n_missing = table.column(feature.name).n_missing() if is_column else 0
    return blank(profile, feature, status, reason, n_rows=table.n_rows, n_missing=n_missing, signals=signals)


def blank(
    profile: Profile,
    feature: ReferenceFeature,
    status: Status,
    reason: str,
    *,
    n_rows: int,
    n_missing: int,
    signals: tuple[str, ...] = (),
) -> FeatureReport:
    """Return the report of a feature without statistics; `n_rows` and `n_missing` are those of the current data."""
    missing_reference = profile.missing.get(feature.name, 0)
    return FeatureReport(
        name=feature.name,
        kind=str(feature.kind),
        status=status,
        reason=reason,
        drift_detected=False,
        significant=False,
        material=False,
        effect=None,
        signals=signals,
        flags=feature.flags,
        n_reference=profile.n_rows - missing_reference,
        n_current=n_rows - n_missing,
        missing_reference=missing_reference,
        missing_current=n_missing,
        tests={},
    )
