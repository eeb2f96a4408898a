"""Which part of each feature of a check moved: from a monitor and the current data to explanations by name (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.detectors.psi import PSIDetector
from driftwatch.explain.decomposition import explain_levels, explain_numbers, explain_window
from driftwatch.profile.block import blocks_of
from driftwatch.profile.feature import in_words, levels_of
from driftwatch.profile.sample import NumericSample, categorical_samples
from driftwatch.profile.windowed import WindowSample
from driftwatch.report.explanation import FeatureExplanation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from driftwatch.arrays.table import Table
    from driftwatch.monitor.monitor import Monitor
    from driftwatch.profile.counted import WindowCounts
    from driftwatch.profile.profile import Profile
    from driftwatch.profile.sample import CategoricalSample

__all__ = ["explain_counts", "explain_rows"]

NOT_A_LINE = "only numbers and categories have parts that add up"


def explain_rows(monitor: Monitor, table: Table, names: Sequence[str]) -> dict[str, FeatureExplanation]:
    """Return the explanation of features of a table of current rows; the reference needs its ordered values."""
    profile, psi = monitor.profile, _psi_of(monitor)
    problems: dict[str, str] = {}
    found: dict[str, FeatureExplanation] = {}
    for block in profile.blocks:
        position = {name: i for i, name in enumerate(block.names) if name in names}
        for chosen, values in blocks_of(table, list(position), problems, block_size=monitor.plan.block_size):
            sample = NumericSample(block.select([position[name] for name in chosen]), values, n_rows=profile.n_rows)
            found |= zip(sample.names, explain_numbers(sample, psi), strict=True)

    levels = {}
    for name in names:
        if name in profile.levels:
            try:
                levels[name] = levels_of(table.column(name), profile.features[name].kind)
            except Exception as error:  # noqa: BLE001 - one unreadable column must not cost the others
                problems[name] = in_words(error)
    found |= _of_levels(categorical_samples(list(levels), profile.levels, levels), psi)
    return _in_order(names, found, problems)


def explain_counts(monitor: Monitor, counts: WindowCounts, names: Sequence[str]) -> dict[str, FeatureExplanation]:
    """Return the explanation of features that a window has counted."""
    profile, psi = monitor.profile, _psi_of(monitor)
    found: dict[str, FeatureExplanation] = {}
    for block, tally in zip(profile.summary.blocks, counts.blocks, strict=True):
        positions = [i for i, name in enumerate(block.names) if name in names]
        if positions:
            sample = WindowSample(block.select(positions), tally.at(positions))
            found |= zip(sample.names, explain_window(sample, psi), strict=True)
    found |= _of_levels(_counted_levels(profile, counts, names), psi)
    return _in_order(names, found, dict(counts.problems))


def _counted_levels(profile: Profile, counts: WindowCounts, names: Sequence[str]) -> Iterable[CategoricalSample]:
    chosen = [name for name in profile.summary.codebooks if name in names]
    reference = {name: profile.summary.levels[name].levels() for name in chosen}
    return categorical_samples(chosen, reference, {name: counts.levels[name].levels() for name in chosen})


def _of_levels(samples: Iterable[CategoricalSample], psi: PSIDetector) -> dict[str, FeatureExplanation]:
    found: dict[str, FeatureExplanation] = {}
    for sample in samples:
        found |= zip(sample.names, explain_levels(sample, psi), strict=True)
    return found


def _psi_of(monitor: Monitor) -> PSIDetector:
    """Return the PSI of the report, so that the terms sum to what it says."""
    own = (detector for detector in monitor.plan.detectors if isinstance(detector, PSIDetector))
    return next(own, PSIDetector())


def _in_order(
    names: Sequence[str], found: dict[str, FeatureExplanation], problems: dict[str, str]
) -> dict[str, FeatureExplanation]:
    without = {name: FeatureExplanation(reason=problems.get(name, NOT_A_LINE)) for name in names if name not in found}
    return {name: (found | without)[name] for name in names}
