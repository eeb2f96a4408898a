"""The series of one report: what is in them, and what is left out."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from driftwatch.errors import ConfigError
from driftwatch.metrics import report_families
from driftwatch.report.model import Status, TestResult
from driftwatch.report.performance import Interval
from metrics_samples import report_with_everything
from report_samples import drifted, feature, realistic, report, without_verdict

if TYPE_CHECKING:
    from driftwatch.report.model import DriftReport


def values(of: DriftReport, name: str, **options: object) -> dict[tuple[str, ...], float]:
    """Return the samples of a family by their labels without the model's."""
    for family in report_families(of, "m", **options):  # type: ignore[arg-type]
        if family.spec.name == f"driftwatch_{name}":
            assert {sample.labels[0] for sample in family.samples} == {"m"}
            return {sample.labels[1:]: sample.value for sample in family.samples}
    return {}


def test_the_totals_are_those_of_the_report() -> None:
    whole = realistic()
    assert values(whole, "dataset_drifted") == {(): 1}
    assert values(whole, "drifted_features") == {(): whole.n_drifted}
    judged = sum(item.has_verdict for item in whole.features.values())
    assert values(whole, "drifted_features_ratio") == {(): pytest.approx(whole.n_drifted / judged)}
    assert sum(values(whole, "features").values()) == whole.n_features
    assert values(whole, "features")["insufficient",] == 1
    assert values(whole, "reference_info") == {(whole.reference_hash,): 1}


def test_each_statistic_of_a_feature_is_a_score() -> None:
    whole = realistic()
    assert values(whole, "feature_drift_score")["price", "ks"] == 0.4123
    assert values(whole, "feature_effect")["price",] == 0.411
    assert values(whole, "feature_drifted")["price",] == 1
    assert values(whole, "feature_drifted")["distance",] == 0


def test_a_feature_without_a_verdict_is_not_reported_as_fine() -> None:
    whole = report([without_verdict("gate", Status.SKIPPED, "text"), feature("x")])
    assert values(whole, "feature_drifted") == {("x",): 0}


def test_a_report_without_a_verdict_is_not_reported_as_fine() -> None:
    whole = report([without_verdict("gate", Status.INSUFFICIENT, "4 values")])
    assert values(whole, "dataset_drifted") == {}
    assert values(whole, "drifted_features_ratio") == {}
    assert values(whole, "features") == {("insufficient",): 1}


def test_what_has_no_value_is_left_out() -> None:
    tests = {"ks": TestResult(statistic=math.nan), "psi": TestResult(statistic=math.inf), "mine": TestResult(0.5)}
    whole = report([feature("x", tests=tests, effect=math.nan, n_reference=0, missing_reference=0)])
    assert values(whole, "feature_drift_score") == {("x", "mine"): 0.5}
    assert values(whole, "feature_effect") == {}
    assert values(whole, "missing_ratio") == {("x", "current"): 0.0}


def test_the_share_of_missing_values_counts_rows() -> None:
    whole = report([feature("x", n_reference=90, missing_reference=10, n_current=30, missing_current=10)])
    assert values(whole, "missing_ratio") == {("x", "reference"): 0.1, ("x", "current"): 0.25}


def test_only_the_first_features_have_series_and_the_others_are_counted() -> None:
    whole = report([feature(f"fine{i}", effect=i / 100) for i in range(20)] + [drifted("gone", effect=0.001)])
    assert set(values(whole, "feature_drifted", top=3)) == {("gone",), ("fine19",), ("fine18",)}
    assert values(whole, "features_omitted", top=3) == {(): 18}
    assert values(whole, "drifted_features", top=0) == {(): 1}
    assert values(whole, "feature_drifted", top=0) == {}
    assert len(values(whole, "feature_drifted", top=None)) == 21
    many = report([feature(f"f{i}") for i in range(300)])
    assert len(values(many, "feature_effect")) == 200


@pytest.mark.parametrize("top", [-1, 1.5, True, "10"])
def test_a_wrong_number_of_features_is_refused(top: object) -> None:
    with pytest.raises(ConfigError, match="`top` must be a number of features"):
        report_families(report(), "m", top=top)  # type: ignore[arg-type]


def test_a_score_is_what_its_threshold_acts_on() -> None:
    psi = TestResult(statistic=0.3, threshold=0.2, expected=0.1, excess=0.25)
    missing = TestResult(812.0, True, 0.0, 0.0, threshold=0.1, details={"cohens_h": 0.3}, excess=800.0)
    plain = report([feature("x", tests={"psi": psi, "missing": missing})])
    assert values(plain, "feature_drift_score") == {("x", "psi"): 0.3, ("x", "missing"): 0.3}
    assert values(plain, "feature_drift_threshold") == {("x", "psi"): 0.2, ("x", "missing"): 0.1}
    corrected = replace(plain, excess=True)
    assert values(corrected, "feature_drift_score") == {("x", "psi"): 0.25, ("x", "missing"): 0.3}
    assert values(corrected, "feature_drift_threshold") == {("x", "psi"): 0.2}


def test_pvalues_come_where_they_are_asked_for() -> None:
    whole = report([feature("x")])
    assert values(whole, "feature_drift_pvalue") == {}
    assert values(whole, "feature_drift_pvalue", pvalues=True) == {("x", "ks"): 0.62}


def test_the_performance_is_reported_on_both_sides() -> None:
    whole = report_with_everything()
    assert whole.performance is not None
    known = whole.performance.metrics["accuracy"]
    unknown = replace(known, name="f1", status=Status.SKIPPED, reference=Interval(math.nan), current=None)
    whole = replace(whole, performance=replace(whole.performance, metrics={"accuracy": known, "f1": unknown}))
    assert values(whole, "performance") == {("accuracy", "reference"): 0.9, ("accuracy", "current"): 0.7}
    assert values(whole, "performance_dropped") == {("accuracy",): 1}
    assert values(whole, "dataset_drifted") == {(): 1}
