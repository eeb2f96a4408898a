"""What each rule finds in a report, how bad it is, and when it cannot tell."""

from __future__ import annotations

from typing import Any

import pytest

from alerting_samples import closed_window, feature_of, report_of
from driftwatch.alerting.rules import (
    UNKNOWN,
    BaseRule,
    CheckFailed,
    DatasetDrift,
    FeatureDrift,
    NoData,
    NoVerdict,
    Observation,
    PerformanceDrop,
    SchemaChange,
)
from driftwatch.report.model import Status
from driftwatch.report.performance import Interval, MetricReport, PerformanceReport

FAILED = closed_window(None, summary="the check failed: ValueError: a\x1b[31mb")
THIN: dict[str, Any] = {"status": Status.INSUFFICIENT, "reason": "3 values", "drifted": False, "effect": None}


def metric(name: str, *, dropped: bool, status: Status = Status.OK) -> MetricReport:
    return MetricReport(
        name,
        status,
        None,
        higher_is_better=True,
        relative=False,
        reference=Interval(0.9),
        current=Interval(0.7 if dropped else 0.9),
        drop=0.2 if dropped else 0.0,
        min_drop=0.05,
        pvalue=0.001,
        significant=dropped,
        material=dropped,
    )


def performance(*metrics: MetricReport) -> PerformanceReport:
    return PerformanceReport(
        task="scores",
        prediction="p",
        target="y",
        n_reference=900,
        n_current=90,
        n_labelled_reference=900,
        n_labelled=90,
        metrics={metric.name: metric for metric in metrics},
    )


@pytest.mark.parametrize(
    ("n_drifted", "n_calm", "fires"),
    [
        (1, 0, False),
        (1, 9, False),
        (2, 4, True),
        (2, 5, False),
        (3, 7, True),
        (29, 71, False),
        (30, 70, True),
        (0, 3, False),
    ],
)
def test_dataset_drift_takes_a_share_and_a_number(n_drifted: int, n_calm: int, fires: bool) -> None:
    features = [feature_of(f"d{i}") for i in range(n_drifted)]
    features += [feature_of(f"c{i}", drifted=False, effect=0.01) for i in range(n_calm)]
    seen = DatasetDrift().observe(closed_window(report_of(*features)))
    assert (bool(seen.findings), seen.known) == (fires, True)


def test_dataset_drift_counts_only_what_was_judged() -> None:
    features = [feature_of("a"), feature_of("b"), *(feature_of(f"t{i}", **THIN) for i in range(98))]
    (found,) = DatasetDrift().observe(closed_window(report_of(*features))).findings
    assert found.summary == "2 of 2 features drifted: a, b"


def test_many_names_are_cut_and_strange_ones_are_made_harmless() -> None:
    names = ["x\n\x1b[31m" + "y" * 300, *(f"f{i}" for i in range(30))]
    (found,) = DatasetDrift().observe(closed_window(report_of(*map(feature_of, names)))).findings
    assert found.summary.endswith("and 21 more")
    assert found.summary.isprintable()
    assert len(found.summary) < 1_000


@pytest.mark.parametrize(
    ("weight", "effect", "severity"),
    [
        (1, 0.09, "info"),
        (1, 0.1, "warning"),
        (1, 0.29, "warning"),
        (1, 0.3, "critical"),
        (4, 0.1, "critical"),
        (0.1, 0.9, "info"),
    ],
)
def test_severity_is_weight_times_effect(weight: float, effect: float, severity: str) -> None:
    features = [feature_of(name, effect=effect, weight=weight) for name in ("a", "b")]
    closed = closed_window(report_of(*features))
    assert {found.severity for found in FeatureDrift().observe(closed).findings} == {severity}
    assert {found.severity for found in DatasetDrift().observe(closed).findings} == {severity}
    assert {found.severity for found in FeatureDrift(severity="info").observe(closed).findings} == {"info"}


def test_severity_cuts_can_be_set() -> None:
    closed = closed_window(report_of(feature_of("a", effect=0.5)))
    assert FeatureDrift(critical=0.6).observe(closed).findings[0].severity == "warning"
    assert FeatureDrift(warning=0.55, critical=0.6).observe(closed).findings[0].severity == "info"


def test_each_feature_that_drifted_is_a_finding_the_worst_first() -> None:
    report = report_of(
        feature_of("small", effect=0.1),
        feature_of("large", effect=0.6, direction="up", signals=("outside_range",), missing_current=25, n_current=75),
        feature_of("calm", drifted=False),
        feature_of("score", effect=0.2, role="prediction"),
        feature_of("thin", **THIN),
    )
    seen = FeatureDrift().observe(closed_window(report))
    assert [found.labels for found in seen.findings] == [
        {"feature": "large"},
        {"feature": "score", "role": "prediction"},
        {"feature": "small"},
    ]
    assert seen.findings[0].summary == "large drifted: up, effect 0.6, outside range, 25% missing"
    assert seen.findings[0].description == "100 rows against 1,000 of the reference"
    assert set(seen.unsure) == {"thin"}


def test_no_value_of_the_data_is_in_the_words() -> None:
    from driftwatch.report.model import Bins

    bins = Bins(reference=(9, 1), current=(1, 9), labels=("secret@example.com", "other"))
    closed = closed_window(report_of(feature_of("mail", kind="categorical", bins=bins)))
    (found,) = FeatureDrift().observe(closed).findings
    assert "secret" not in found.summary + found.description


def test_performance_that_dropped_is_critical() -> None:
    report = report_of(performance=performance(metric("roc_auc", dropped=True), metric("brier", dropped=False)))
    (found,) = PerformanceDrop().observe(closed_window(report)).findings
    assert (found.severity, found.summary) == ("critical", "performance dropped: roc_auc 0.9 to 0.7")


def test_performance_is_not_known_without_labels() -> None:
    silent = performance(metric("roc_auc", dropped=False, status=Status.INSUFFICIENT))
    for report in (report_of(), report_of(performance=silent)):
        assert PerformanceDrop().observe(closed_window(report)) == UNKNOWN
    fine = report_of(performance=performance(metric("roc_auc", dropped=False)))
    assert PerformanceDrop().observe(closed_window(fine)) == Observation()


def test_columns_that_are_gone_or_changed_are_one_finding() -> None:
    broken = feature_of(
        "age", drifted=False, status=Status.ERROR, reason="current: type changed", signals=("type_changed",)
    )
    ours = feature_of("old", drifted=False, status=Status.ERROR, reason="reference: all missing")
    report = report_of(broken, ours, feature_of("fine", drifted=False), only_in_reference=("zip",))
    (found,) = SchemaChange().observe(closed_window(report)).findings
    assert (found.severity, found.summary) == ("critical", "columns missing: zip; not comparable: age")
    assert found.description == "age: current: type changed"
    assert SchemaChange().observe(closed_window(report_of(ours))) == Observation()


def test_a_check_that_failed_is_found_and_printed_harmlessly() -> None:
    (found,) = CheckFailed().observe(FAILED).findings
    assert found.summary == r"the check failed: ValueError: a\x1b[31mb"
    assert CheckFailed().observe(closed_window(report_of(feature_of("a")))) == Observation()


@pytest.mark.parametrize("rule", [DatasetDrift(), FeatureDrift(), PerformanceDrop(), SchemaChange(), NoVerdict()])
def test_a_check_that_failed_tells_nothing_else(rule: BaseRule) -> None:
    assert not rule.observe(FAILED).known


def test_no_verdict_is_found_where_it_is_asked_for() -> None:
    thin = closed_window(report_of(feature_of("a", **THIN)))
    (found,) = NoVerdict().observe(thin).findings
    assert (found.severity, found.summary) == ("info", "no verdict on 100 rows")
    assert not DatasetDrift().observe(thin).known
    assert NoVerdict().observe(closed_window(report_of(feature_of("a")))) == Observation()


def test_any_window_is_data() -> None:
    assert NoData().observe(FAILED) == Observation()


@pytest.mark.parametrize(
    ("verdict", "fires", "known"), [("drift", True, True), ("no_drift", False, True), ("no_verdict", False, False)]
)
def test_a_scorer_without_reports_has_its_verdict(verdict: str, fires: bool, known: bool) -> None:
    seen = DatasetDrift().observe(closed_window(None, verdict=verdict, summary="more than ever"))
    assert ([found.summary for found in seen.findings], seen.known) == (["more than ever"] if fires else [], known)
