"""The report's own answers: verdict, ranking, and numbers that JSON could not hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import report_samples as samples
from driftwatch.errors import InputError
from driftwatch.report.model import Bins, SideSummary, Status, TestResult, Verdict


def test_verdict_is_drift_when_one_feature_drifted() -> None:
    report = samples.report([samples.feature("a"), samples.drifted("b")])
    assert report.verdict is Verdict.DRIFT
    assert report.drift_detected


def test_verdict_is_no_drift_when_a_feature_was_tested_and_none_drifted() -> None:
    report = samples.report([samples.feature("a"), samples.without_verdict("b", Status.ERROR, "broken")])
    assert report.verdict is Verdict.NO_DRIFT
    assert not report.drift_detected


@pytest.mark.parametrize("status", [Status.SKIPPED, Status.INSUFFICIENT, Status.ERROR])
def test_there_is_no_verdict_when_no_feature_could_be_tested(status: Status) -> None:
    assert samples.report([samples.without_verdict("a", status, "why")]).verdict is Verdict.NO_VERDICT


def test_there_is_no_verdict_without_features() -> None:
    assert samples.report([]).verdict is Verdict.NO_VERDICT


def test_a_feature_that_drifted_without_being_testable_makes_the_verdict_drift() -> None:
    gone = samples.drifted("gone", status=Status.INSUFFICIENT, reason="all values are missing", effect=None)
    assert samples.report([gone]).verdict is Verdict.DRIFT


def test_features_are_counted() -> None:
    report = samples.realistic()
    assert (report.n_features, report.n_drifted) == (13, 5)


def test_drifted_features_are_ranked_by_weight_times_effect() -> None:
    light = samples.drifted("light", effect=0.9, weight=0.1)
    heavy = samples.drifted("heavy", effect=0.3, weight=2.0)
    middle = samples.drifted("middle", effect=0.4)
    unknown = samples.drifted("unknown", effect=None)
    report = samples.report([unknown, light, middle, heavy, samples.feature("fine", effect=0.99)])
    assert report.drifted_features == ["heavy", "middle", "light", "unknown"]


def test_ranked_puts_drift_first_and_features_without_verdict_last() -> None:
    report = samples.report(
        [
            samples.without_verdict("none", Status.SKIPPED, "why"),
            samples.feature("low", effect=0.01),
            samples.feature("high", effect=0.04),
            samples.drifted("moved"),
        ]
    )
    assert [feature.name for feature in report.ranked()] == ["moved", "high", "low", "none"]


def test_equal_ranks_keep_the_order_of_the_reference() -> None:
    report = samples.report([samples.drifted(name) for name in "cab"])
    assert report.drifted_features == ["c", "a", "b"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), np.float32("nan")])
def test_a_statistic_that_is_not_finite_becomes_none_with_a_reason(value: float) -> None:
    result = TestResult(statistic=value)
    assert (result.statistic, result.reason) == (None, "not finite")


def test_a_given_reason_is_kept_when_a_number_is_not_finite() -> None:
    assert TestResult(statistic=float("nan"), reason="constant reference").reason == "constant reference"


def test_details_that_are_not_finite_become_none_with_a_reason() -> None:
    details: dict[str, Any] = {"normalized": float("inf"), "dof": np.int64(3)}
    result = TestResult(statistic=1.0, details=details)
    assert result == TestResult(statistic=1.0, reason="not finite", details={"normalized": None, "dof": 3})


def test_an_effect_that_is_not_finite_becomes_none_with_a_reason() -> None:
    feature = samples.feature(effect=float("nan"))
    assert (feature.effect, feature.reason) == (None, "not finite")


def test_numpy_scalars_become_python_scalars() -> None:
    feature = samples.feature(
        drift_detected=np.bool_(True), significant=np.bool_(False), n_reference=np.int64(5), effect=np.float32(0.5)
    )
    kinds = [
        type(value) for value in (feature.drift_detected, feature.significant, feature.n_reference, feature.effect)
    ]
    assert kinds == [bool, bool, int, float]


def test_side_summaries_drop_what_is_not_finite() -> None:
    assert SideSummary(mean=float("inf"), median=1.0) == SideSummary(median=1.0)


def test_an_edge_at_infinity_becomes_none() -> None:
    assert Bins(reference=(1, 2), current=(3, 4), edges=(float("inf"),)).edges == (None,)


def test_a_pvalue_for_a_distance_is_refused() -> None:
    with pytest.raises(InputError, match="is_test=True"):
        TestResult(statistic=1.0, pvalue=0.5)


def test_details_that_hide_a_field_are_refused() -> None:
    with pytest.raises(InputError, match="threshold"):
        TestResult(statistic=1.0, details={"threshold": 0.2})


@pytest.mark.parametrize(("name", "value"), [("min_effect", float("nan")), ("alpha", float("inf"))])
def test_settings_that_are_not_finite_are_refused(name: str, value: float) -> None:
    with pytest.raises(InputError, match=name):
        samples.report([], **{name: value})
