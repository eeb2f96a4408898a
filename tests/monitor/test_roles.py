"""Predictions, targets, weights and timestamps: what is compared, what comes late, and what is a drop."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import numpy as np
import pytest

from driftwatch import Monitor
from driftwatch.arrays.schema import Role
from driftwatch.errors import ConfigError, UnknownNameError
from driftwatch.kernels.multiplicity import adjust
from driftwatch.performance import compare
from driftwatch.report import FORMATS, json_schema, render
from driftwatch.report.model import DriftReport, Verdict

N = 800
ROLES = {"score": "prediction", "y": "target", "w": "weight", "day": "timestamp"}


def batch(flipped: float = 0.0, shift: float = 0.0, seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng([seed, int(100 * flipped), int(100 * shift)])
    x = rng.normal(shift, 1.0, N)
    score = 1.0 / (1.0 + np.exp(-1.5 * x))
    y = rng.uniform(size=N) < np.where(rng.uniform(size=N) < flipped, 1.0 - score, score)
    return {"x": x, "score": score, "y": y.astype(float), "w": rng.uniform(1, 2, N), "day": np.arange(N) + seed * N}


REFERENCE = batch(seed=1)


def monitor(**settings: Any) -> Monitor:
    return Monitor(REFERENCE, **({"roles": ROLES} | settings))


def without(data: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: values for name, values in data.items() if name not in names}


def same_in_every_form(report: DriftReport) -> DriftReport:
    """Return the report after it was written, validated, read and rendered."""
    jsonschema.validate(report.to_dict(), json_schema())
    assert DriftReport.from_json(report.to_json()) == report
    for name in FORMATS:
        assert render(report, name)
    assert report.summary()
    assert report._repr_html_()
    return report


def test_weights_and_timestamps_are_not_compared() -> None:
    report = same_in_every_form(monitor().check(batch(seed=2)))
    assert {name: feature.role for name, feature in report.features.items()} == {
        "x": "feature",
        "score": "prediction",
        "y": "target",
    }
    assert (report.only_in_reference, report.only_in_current) == ((), ())


def test_without_drift_there_is_none() -> None:
    report = monitor().check(batch(seed=2))
    assert report.verdict is Verdict.NO_DRIFT
    assert report.performance is not None
    assert (report.performance.weight, report.performance.task) == ("w", "scores")


def test_concept_drift_alone_is_found_by_the_performance() -> None:
    report = same_in_every_form(monitor().check(batch(0.25, seed=2)))
    assert report.drifted_features == []
    assert report.performance is not None
    assert report.performance.dropped == ["roc_auc", "accuracy", "f1", "log_loss", "brier"]
    assert (report.verdict, report.drift_detected, report.n_drifted) == (Verdict.DRIFT, True, 0)
    assert "performance dropped: roc_auc" in report.summary()


def test_performance_is_what_compare_says_but_for_the_family() -> None:
    current = batch(0.1, seed=2)
    report = monitor().check(current)
    alone = compare(REFERENCE, current, prediction="score", target="y", weight="w")
    assert report.performance is not None
    for name, metric in report.performance.metrics.items():
        assert (metric.reference, metric.current) == (alone.metrics[name].reference, alone.metrics[name].current)
        assert metric.pvalue == alone.metrics[name].pvalue


def test_there_is_one_family_of_pvalues() -> None:
    report = monitor(correction="holm").check(batch(0.1, seed=2))
    assert report.performance is not None
    members = [test for feature in report.features.values() for test in feature.tests.values() if test.is_test]
    metrics = list(report.performance.metrics.values())
    raw = [*(test.pvalue for test in members), *(metric.pvalue for metric in metrics)]
    corrected = [*(test.pvalue_adjusted for test in members), *(metric.pvalue_adjusted for metric in metrics)]
    assert len(raw) == 3 + 5
    assert corrected == pytest.approx(adjust(np.asarray(raw, dtype=float), "holm").tolist())


def test_prediction_and_target_drift_like_features() -> None:
    report = monitor().check(batch(shift=1.0, seed=2))
    assert set(report.drifted_features) == {"x", "score", "y"}


@pytest.mark.parametrize("late", ["no column", "all missing", "a few"])
def test_labels_that_are_late_are_no_drift(late: str) -> None:
    current = batch(seed=2)
    if late == "no column":
        current = without(current, "y")
    else:
        current["y"][9 if late == "a few" else 0 :] = np.nan
    report = same_in_every_form(monitor().check(current))
    assert report.verdict is Verdict.NO_DRIFT
    target = report.features["y"]
    assert (target.status, target.drift_detected, target.signals) == ("insufficient", False, ())
    assert str(target.reason).startswith("not labelled yet: ")
    assert report.only_in_reference == ()
    assert report.performance is not None
    assert report.performance.estimated
    assert report.performance.n_labelled == (9 if late == "a few" else 0)
    assert "Estimated performance" in report.summary()


def test_labels_that_came_in_part_are_judged_on_those() -> None:
    current = batch(0.3, seed=2)
    current["y"][300:] = np.nan
    report = same_in_every_form(monitor().check(current))
    assert "missing" not in report.features["y"].tests
    assert report.features["y"].flags[0] == "partly_labelled"
    assert "dropped_rows" not in report.features["y"].flags
    assert report.performance is not None
    assert (report.performance.n_labelled, report.performance.n_current) == (300, N)
    assert report.performance.drop_detected


def test_missing_predictions_are_drift_all_the_same() -> None:
    current = batch(seed=2)
    current["score"][::2] = np.nan
    report = monitor().check(current)
    assert report.features["score"].signals == ("missing_share",)


def test_only_the_target_in_common_with_late_labels_is_no_verdict() -> None:
    report = Monitor({"p": REFERENCE["score"], "y": REFERENCE["y"]}, roles={"p": "prediction", "y": "target"}).check(
        {"p": np.full(5, 0.5), "y": [None] * 5}
    )
    assert report.verdict is Verdict.NO_VERDICT
    assert report.performance is not None
    assert "an estimate needs 10 scores" in str(report.performance.reason)


def test_labels_are_not_estimated() -> None:
    roles = {"p": "prediction", "y": "target"}
    labels = np.where(np.arange(N) % 2 == 0, "a", "b")
    report = same_in_every_form(Monitor({"p": labels, "y": labels}, roles=roles).check({"p": labels}))
    assert report.performance is not None
    assert (report.performance.estimated, report.performance.metrics) == (False, {})
    assert report.performance.reason == "not labelled yet"


def test_no_prediction_in_current_data_is_said() -> None:
    report = same_in_every_form(monitor().check(without(batch(seed=2), "score")))
    assert report.performance is not None
    assert report.performance.reason == "current data have no column 'score'"
    assert report.only_in_reference == ("score",)


def test_a_column_that_cannot_be_read_costs_the_performance_only() -> None:
    current = {**batch(shift=1.0, seed=2), "score": [[1]] * N}
    report = same_in_every_form(monitor().check(current))
    assert report.performance is not None
    assert str(report.performance.reason).startswith("current: ")
    assert report.features["x"].drift_detected
    broken = Monitor({**REFERENCE, "y": [[1]] * N}, roles=ROLES).check(batch(seed=2))
    assert broken.performance is not None
    assert str(broken.performance.reason).startswith("reference: ")


def test_weights_that_are_missing_are_said() -> None:
    report = monitor().check(without(batch(seed=2), "w"))
    assert report.performance is not None
    assert "column of weights 'w' is not there" in str(report.performance.reason)


def test_roles_of_per_feature_are_the_same() -> None:
    per_feature: dict[str, Any] = {name: {"role": role} for name, role in ROLES.items()}
    current = batch(0.1, seed=2)
    found = Monitor(REFERENCE, per_feature=per_feature).check(current)
    assert found.features == monitor().check(current).features
    assert found.performance == monitor().check(current).performance
    assert monitor(roles={name: Role(role) for name, role in ROLES.items()}).check(current).features == found.features


def test_columns_with_a_role_need_not_be_among_the_features() -> None:
    assert monitor(features=["x"]).feature_names == ["x", "score", "y"]
    report = monitor(features=["x"]).check(batch(seed=2))
    assert report.performance is not None


def test_ignored_prediction_is_not_compared_and_has_a_performance() -> None:
    report = monitor(per_feature={"score": {"ignore": True}}).check(batch(0.3, seed=2))
    assert list(report.features) == ["x", "y"]
    assert report.performance is not None
    assert report.performance.drop_detected


def test_without_both_there_is_no_performance() -> None:
    for roles in (None, {"score": "prediction"}, {"y": "target"}):
        assert monitor(roles=roles).check(batch(seed=2)).performance is None


def test_performance_of_the_first_prediction() -> None:
    data = {"first": REFERENCE["score"], "second": 1.0 - REFERENCE["score"], "y": REFERENCE["y"]}
    report = Monitor(data, roles={"second": "prediction", "first": "prediction", "y": "target"}).check(data)
    assert report.performance is not None
    assert report.performance.prediction == "first"


def test_options_of_the_performance_reach_it() -> None:
    current = batch(0.3, seed=2)
    options = {
        "task": "scores",
        "positive": True,
        "threshold": 0.7,
        "min_drop": {"f1": 0.9},
        "metrics": ["f1", "brier"],
    }
    found = monitor(performance=options).check(current).performance
    assert found is not None
    assert (found.positive, found.threshold, list(found.metrics)) == ("1", 0.7, ["f1", "brier"])
    assert (found.metrics["f1"].material, found.metrics["brier"].material) == (False, True)


def test_settings_of_the_monitor_hold_for_the_performance() -> None:
    current = batch(0.3, seed=2)
    found = monitor(min_samples=N + 1).check(current).performance
    assert found is not None
    assert {metric.status for metric in found.metrics.values()} == {"insufficient"}
    without_alpha = monitor(alpha=None).check(current).performance
    assert without_alpha is not None
    assert {metric.significant for metric in without_alpha.metrics.values()} == {None}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "role": ({"roles": {"y": "label"}}, "unknown role: 'label'"),
    "role of a feature": ({"per_feature": {"y": {"role": "targt"}}}, r"did you mean 'target'"),
    "column": ({"roles": {"yy": "target"}}, "unknown feature: 'yy'"),
    "two targets": ({"roles": {"x": "target", "y": "target"}}, "`roles` must name one target at most, got 'x', 'y'"),
    "two weights": ({"roles": {"x": "weight", "w": "weight"}}, "one weight at most"),
    "roles text": ({"roles": "y"}, "`roles` must be a mapping, got 'y'"),
    "options without roles": ({"roles": None, "performance": {}}, "`performance` needs a prediction and a target"),
    "options text": ({"performance": "scores"}, "`performance` must be a mapping of options"),
    "option": ({"performance": {"treshold": 0.5}}, r"did you mean 'threshold'"),
}


@pytest.mark.parametrize(("settings", "message"), REFUSED.values(), ids=list(REFUSED))
def test_wrong_setting_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises((ConfigError, UnknownNameError), match=message):
        monitor(**settings)


def test_a_report_without_roles_says_nothing_of_them() -> None:
    report = Monitor(without(REFERENCE, "day")).check(without(batch(seed=2), "day"))
    data = json.loads(report.to_json())
    assert "performance" not in data
    assert all("role" not in feature for feature in data["features"].values())
    for name in ("table", "markdown"):
        text = render(report, name)
        assert not any(title in text for title in ("Features", "Predictions", "Concept", "erformance"))


def test_joint_features_leave_predictions_and_targets_out() -> None:
    report = monitor(joint=True, roles={**ROLES, "w": "feature"}).check(without(batch(seed=2), "y"))
    assert report.features["joint"].status == "ok"


def test_performance_needs_no_rows_to_be_kept() -> None:
    current = batch(0.3, seed=2)
    assert monitor(keep_rows=False).check(current).performance == monitor().check(current).performance


@pytest.mark.parametrize("against", ["reference", "previous"])
def test_windows_over_time_have_a_performance_against_their_reference(against: str) -> None:
    first, second = batch(seed=2), batch(0.35, seed=3)
    stream = {name: np.concatenate([first[name], second[name], second[name]]) for name in first}
    history = monitor(features=["x"]).over_time(stream, window=N, against=against, keep_reports=True)
    dropped = [window.report is not None and window.report.performance_dropped for window in history.windows]
    # against the window before it, the third is as bad as the second
    assert dropped == ([False, True, True] if against == "reference" else [False, True, False])


def test_calibration_leaves_late_labels_alone() -> None:
    rng = np.random.default_rng(5)
    late = {**REFERENCE, "y": np.where(np.arange(N) < 700, REFERENCE["y"], np.nan), "x": rng.normal(size=N)}
    found = Monitor(late, roles=ROLES).calibrate(window=100, checks_per_day=1, false_alarms_per_month=3)
    assert set(found.features) == {"x", "score", "y"}
