"""The samples of one report (layer 4)."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from driftwatch.errors import ConfigError
from driftwatch.metrics.catalog import SPECS
from driftwatch.metrics.model import Family, Part, Sample

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch.report.model import DriftReport, FeatureReport, TestResult

__all__ = ["DEFAULT_TOP", "RESULTS", "check_top", "families_of", "report_families", "report_parts"]

DEFAULT_TOP = 200  # features with series of their own: some 2,000 series, which is much for one target already
RESULTS = ("drift", "no_drift", "no_verdict", "error")

Samples = defaultdict[str, list[Sample]]


def report_families(
    report: DriftReport, model: str, *, top: int | None = DEFAULT_TOP, pvalues: bool = False
) -> list[Family]:
    """Return the families of one report.

    Parameters
    ----------
    report : DriftReport
    model : str
        The label.
    top : int, optional
        Features with series of their own, in the order of the report: the drifted first, each by falling effect. None
        for all.
    pvalues : bool
        Whether p-values are exported too.

    Examples
    --------
    >>> from driftwatch import Monitor
    >>> report = Monitor({"x": [float(i) for i in range(50)]}).check({"x": [i + 40.0 for i in range(50)]})
    >>> {family.spec.name: family.samples[0].value for family in report_families(report, "m")}["driftwatch_drifted_features"]
    1
    """
    check_top(top)
    return families_of([report_parts(report, model, top=top, pvalues=pvalues)])


def check_top(top: object) -> None:
    """Refuse what is no number of features."""
    if top is not None and (isinstance(top, bool) or not isinstance(top, int) or top < 0):
        raise ConfigError(f"`top` must be a number of features, 0 or more, or None for all of them, got {top!r}.")


def families_of(parts: list[Mapping[str, Part]]) -> list[Family]:
    """Return the families that have samples, in the order of the catalog; `parts` are by name without the prefix."""
    found = [
        Family(spec, tuple(part[name] for part in parts if name in part and part[name].samples))
        for name, spec in SPECS.items()
    ]
    return [family for family in found if family.parts]


def report_parts(report: DriftReport, model: str, *, top: int | None, pvalues: bool) -> dict[str, Part]:
    """Return the samples of one report by the name of their family without the prefix."""
    ranked = report.ranked()
    exported = ranked if top is None else ranked[:top]
    judged = sum(feature.has_verdict for feature in ranked)
    samples: Samples = defaultdict(list)
    if report.verdict != "no_verdict":
        _add(samples, "dataset_drifted", report.drift_detected, model)
    _add(samples, "drifted_features", report.n_drifted, model)
    _add(samples, "drifted_features_ratio", report.n_drifted / judged if judged else None, model)
    for status, n in sorted(Counter(feature.status.value for feature in ranked).items()):
        _add(samples, "features", n, model, status)
    _add(samples, "features_omitted", len(ranked) - len(exported), model)
    _add(samples, "min_effect", report.min_effect, model)
    _add(samples, "reference_info", 1, model, report.reference_hash)
    for feature in exported:
        _add_feature(samples, feature, model, report=report, pvalues=pvalues)
    _add_performance(samples, report, model)
    return {name: Part(tuple(found)) for name, found in samples.items()}


def _add(samples: Samples, name: str, value: float | None, *labels: str) -> None:
    if value is not None and math.isfinite(value):
        samples[name].append(Sample(labels, int(value) if isinstance(value, bool) else value))


def _add_feature(samples: Samples, feature: FeatureReport, model: str, *, report: DriftReport, pvalues: bool) -> None:
    name = feature.name
    if feature.has_verdict:
        _add(samples, "feature_drifted", feature.drift_detected, model, name)
    _add(samples, "feature_effect", feature.effect, model, name)
    for method, result in feature.tests.items():
        score, threshold = _score(method, result, report)
        _add(samples, "feature_drift_score", score, model, name, method)
        _add(samples, "feature_drift_threshold", threshold, model, name, method)
        if pvalues:
            _add(samples, "feature_drift_pvalue", result.pvalue_adjusted, model, name, method)
    for side, missing, present in (
        ("reference", feature.missing_reference, feature.n_reference),
        ("current", feature.missing_current, feature.n_current),
    ):
        n_rows = missing + present
        _add(samples, "missing_ratio", missing / n_rows if n_rows else None, model, name, side)


def _score(method: str, result: TestResult, report: DriftReport) -> tuple[float | None, float | None]:
    """Return the value that the threshold acts on, and the threshold.

    With `excess` that is the statistic without its own noise, where that is known. Of missing values it is Cohen's h, as
    chi-squared grows with the rows; the report has no excess of h, so there is then nothing to compare a threshold with.
    """
    if method == "missing":
        h = result.details.get("cohens_h")
        return (h if isinstance(h, float) else None), (None if report.excess else result.threshold)
    return (result.excess if report.excess and result.excess is not None else result.statistic), result.threshold


def _add_performance(samples: Samples, report: DriftReport, model: str) -> None:
    if report.performance is None:
        return
    for name, metric in report.performance.metrics.items():
        for side, interval in (("reference", metric.reference), ("current", metric.current)):
            _add(samples, "performance", None if interval is None else interval.value, model, name, side)
        if metric.status == "ok":
            _add(samples, "performance_dropped", metric.drop_detected, model, name)
