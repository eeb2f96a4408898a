"""Detectors that users bring: how they join the report, and that a faulty one costs its own statistic alone."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
import pytest

from driftwatch import BaseDetector, FeatureKind, KSDetector, Monitor
from driftwatch.detectors import Score
from driftwatch.detectors.base import BOTH_KINDS
from driftwatch.profile.sample import CategoricalSample, NumericSample, Sample
from driftwatch.report.model import DriftReport

RNG = np.random.default_rng(0)
REFERENCE = {"x": RNG.normal(size=80), "y": RNG.normal(size=80)}
CURRENT = {"x": RNG.normal(1.5, 1.0, size=80), "y": RNG.normal(size=80)}


class MeanShiftDetector(BaseDetector[NumericSample]):
    name: ClassVar[str] = "mean_shift"
    kinds: ClassVar[frozenset[FeatureKind]] = frozenset({FeatureKind.NUMERIC})
    needs: ClassVar[Literal["ordering"]] = "ordering"

    def score(self, sample: NumericSample) -> Score:
        shift = (sample.moments[0] - sample.reference.mean) / sample.reference.std
        return Score(np.abs(shift), details={"signed": shift.tolist()}, flags=[("own_flag",)] * len(sample.names))


class NewLevelsDetector(BaseDetector[CategoricalSample]):
    name: ClassVar[str] = "new_levels"
    kinds: ClassVar[frozenset[FeatureKind]] = frozenset({FeatureKind.CATEGORICAL})
    needs: ClassVar[Literal["counts"]] = "counts"

    @property
    def measures(self) -> tuple[str, ...]:
        return ("new_levels", "new_share")

    def score(self, sample: CategoricalSample) -> Score:
        reference, current = sample.counts(0)
        new = (reference == 0) & (current > 0)
        share = (current * new).sum(axis=-1) / current.sum(axis=-1)
        return Score(new.sum(axis=-1), measures={"new_levels": new.sum(axis=-1), "new_share": share})


def test_statistic_of_a_user_is_in_the_report() -> None:
    found = Monitor(REFERENCE, detectors=[KSDetector(), MeanShiftDetector()]).check(CURRENT).features["x"]
    wanted = (CURRENT["x"].mean() - REFERENCE["x"].mean()) / REFERENCE["x"].std()
    np.testing.assert_allclose(found.tests["mean_shift"].statistic or 0.0, wanted)
    np.testing.assert_allclose(found.tests["mean_shift"].details["signed"], wanted)  # type: ignore[arg-type]
    assert found.flags == ("own_flag",)


def test_threshold_of_a_user_decides() -> None:
    settings: dict[str, Any] = {"detectors": [KSDetector(), MeanShiftDetector()]}
    assert Monitor(REFERENCE, thresholds={"mean_shift": 0.5}, **settings).check(CURRENT).drifted_features == ["x"]
    assert not Monitor(REFERENCE, thresholds={"mean_shift": 9.0}, **settings).check(CURRENT).drift_detected


@pytest.mark.parametrize(
    ("measure", "cut", "drift"),
    [("new_levels", 1, True), ("new_levels", 2, False), ("new_share", 0.4, True), ("new_share", 0.6, False)],
)
def test_detector_may_offer_several_measures(measure: str, cut: float, drift: bool) -> None:
    monitor = Monitor({"c": ["a", "b"] * 20}, detectors=[NewLevelsDetector()], thresholds={measure: cut})
    assert monitor.check({"c": ["a", "c"] * 20}).drift_detected is drift


def test_feature_that_no_detector_compares_is_skipped_with_the_reason() -> None:
    data = {**REFERENCE, "c": ["a", "b"] * 40}
    found = Monitor(data, detectors=[KSDetector()]).check(data).features["c"]
    assert (found.status, found.reason) == ("skipped", "no detector compares categorical features")


class FaultyDetector(BaseDetector[Sample]):
    """Returns or raises what the test says."""

    name: ClassVar[str] = "faulty"
    kinds: ClassVar[frozenset[FeatureKind]] = BOTH_KINDS
    needs: ClassVar[Literal["counts"]] = "counts"

    def __init__(self, result: Any) -> None:
        self.result = result

    def score(self, sample: Sample) -> Score:  # noqa: ARG002 - it returns what it is told to
        if isinstance(self.result, Exception):
            raise self.result
        score: Score = self.result
        return score


TWO = np.array([0.5, 0.5])
FAULTS: dict[str, tuple[Any, str]] = {
    "raises": (ZeroDivisionError("by zero"), "detector 'faulty' failed: ZeroDivisionError: by zero"),
    "no score": (None, "`score` must return a `Score`, got NoneType"),
    "array": (TWO, "`score` must return a `Score`, got ndarray"),
    "one number": (Score(np.float64(0.5)), r"`statistic` must have one entry per feature, shape (2,), got ()"),
    "too many": (Score(np.zeros(3)), "`statistic` must have one entry per feature, shape (2,), got (3,)"),
    "two dimensions": (Score(np.zeros((2, 2))), "shape (2,), got (2, 2)"),
    "pvalue too short": (Score(TWO, pvalue=np.zeros(1)), "`pvalue` must have one entry per feature"),
    "pvalue too large": (Score(TWO, pvalue=np.array([0.5, 1.5])), "`pvalue` must lie in [0, 1]"),
    "pvalue negative": (Score(TWO, pvalue=np.array([0.5, -0.1])), "`pvalue` must lie in [0, 1]"),
    "effect too short": (Score(TWO, effect=np.zeros(1)), "`effect` must have one entry per feature"),
    "measure too short": (Score(TWO, measures={"faulty": np.zeros(1)}), "`measures['faulty']` must have one entry"),
    "measure not declared": (Score(TWO, measures={"other": TWO}), "missing: ['faulty']"),
    "detail too short": (Score(TWO, details={"a": [1]}), "`details['a']` must have one entry per feature"),
    "detail with a taken name": (Score(TWO, details={"pvalue": [1, 2]}), "`details` has the names of fields"),
    "detail that is no scalar": (
        Score(TWO, details={"a": [[1], [2]]}),  # type: ignore[list-item]
        "`details['a']` must hold plain numbers",
    ),
    "reasons too short": (Score(TWO, reasons=[None]), "`reasons` must have one entry per feature"),
    "flags too short": (Score(TWO, flags=[()]), "`flags` must have one entry per feature"),
    "no numbers": (Score(np.array(["a", "b"])), "could not convert string to float"),
}


@pytest.mark.parametrize(("result", "reason"), FAULTS.values(), ids=list(FAULTS))
def test_faulty_detector_costs_its_own_statistic_alone(result: Any, reason: str) -> None:
    report = Monitor(REFERENCE, detectors=[KSDetector(), FaultyDetector(result)]).check(CURRENT)
    without = Monitor(REFERENCE, detectors=[KSDetector()]).check(CURRENT)
    assert report.drifted_features == without.drifted_features == ["x"]
    for name, found in report.features.items():
        assert reason in str(found.reason)
        assert (found.status, found.tests) == ("ok", without.features[name].tests)
    assert DriftReport.from_json(report.to_json()) == report


def test_feature_with_nothing_but_a_faulty_detector_is_an_error() -> None:
    detectors = [FaultyDetector(ValueError("no"))]
    report = Monitor(REFERENCE, detectors=detectors, thresholds={"faulty": 1.0}).check(CURRENT)
    assert {found.status for found in report.features.values()} == {"error"}
    assert {found.reason for found in report.features.values()} == {"detector 'faulty' failed: ValueError: no"}


@pytest.mark.parametrize(
    "values", [[0.5, 0.25], np.array([0.5, 0.25], "f4"), np.array([True, False])], ids=["list", "f4", "bool"]
)
def test_statistics_may_be_any_numbers(values: Any) -> None:
    report = Monitor(REFERENCE, detectors=[KSDetector(), FaultyDetector(Score(values))]).check(CURRENT)
    found = [report.features[name].tests["faulty"].statistic for name in ("x", "y")]
    assert found == [float(value) for value in values]


def test_statistic_that_is_not_defined_is_null_with_a_reason() -> None:
    score = Score(np.array([np.nan, np.inf]), reasons=["my reason", None])
    report = Monitor(REFERENCE, detectors=[KSDetector(), FaultyDetector(score)]).check(CURRENT)
    results = [report.features[name].tests["faulty"] for name in ("x", "y")]
    assert [result.statistic for result in results] == [None, None]
    assert [result.reason for result in results] == ["my reason", "not defined for these values"]


def test_pvalue_of_a_user_joins_the_family() -> None:
    score = Score(TWO, pvalue=np.array([0.04, 0.04]))
    report = Monitor(REFERENCE, detectors=[FaultyDetector(score)], thresholds={"faulty": 0.1}, correction="bonferroni")
    found = report.check(CURRENT).features["x"].tests["faulty"]
    assert (found.is_test, found.pvalue, found.pvalue_adjusted) == (True, 0.04, 0.08)
