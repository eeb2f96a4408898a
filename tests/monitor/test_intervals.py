"""Confidence intervals in the report, where they were asked for."""

from __future__ import annotations

from typing import Any

import jsonschema
import numpy as np
import pytest

from driftwatch import DriftReport, Monitor, effect_intervals
from driftwatch.errors import ConfigError
from driftwatch.kernels.effect_intervals import EFFECTS
from driftwatch.report import json_schema

RNG = np.random.default_rng(0)
REFERENCE: dict[str, Any] = {"x": RNG.normal(size=500), "c": RNG.choice(["a", "b", "c"], size=500).tolist()}
CURRENT: dict[str, Any] = {
    "x": np.where(RNG.random(400) < 0.1, np.nan, RNG.normal(0.6, 1.0, size=400)),
    "c": RNG.choice(["a", "b", "c"], size=400, p=[0.6, 0.2, 0.2]).tolist(),
}


def test_a_report_has_no_intervals_unless_they_are_asked_for() -> None:
    report = Monitor(REFERENCE).check(CURRENT)
    assert report.confidence is None
    assert all(feature.intervals == {} for feature in report.features.values())
    assert "intervals" not in report.to_dict()["features"]["x"]


def test_the_intervals_are_those_of_the_arrays() -> None:
    report = Monitor(REFERENCE, confidence=0.9).check(CURRENT)
    assert report.confidence == 0.9
    found = report.features["x"].intervals
    wanted = effect_intervals(REFERENCE["x"], CURRENT["x"], confidence=0.9)
    assert list(found) == list(EFFECTS)
    for name, interval in found.items():
        assert [interval.value, interval.low, interval.high] == [float(part[0]) for part in wanted[name]]
    assert set(report.features["c"].intervals) == {"psi", "total_variation"}
    assert report.features["c"].intervals["total_variation"].value == pytest.approx(report.features["c"].effect)


def test_the_confidence_changes_their_length() -> None:
    wide, narrow = (
        Monitor(REFERENCE, confidence=confidence).check(CURRENT).features["x"].intervals["mean_shift"]
        for confidence in (0.99, 0.8)
    )
    assert wide.low is not None
    assert narrow.low is not None
    assert wide.low < narrow.low


def test_reports_with_intervals_fit_the_schema_and_come_back() -> None:
    report = Monitor(REFERENCE, confidence=0.95).check(CURRENT)
    jsonschema.validate(report.to_dict(), json_schema())
    assert DriftReport.from_json(report.to_json()) == report


def test_the_summary_has_the_interval_of_the_effect() -> None:
    report = Monitor(REFERENCE, confidence=0.95).check(CURRENT)
    interval = report.features["x"].intervals["ks"]
    assert interval.low is not None
    assert f"({interval.low:.3g} to" in " ".join(report.summary().split())
    assert " to " not in Monitor(REFERENCE).check(CURRENT).summary()


def test_values_that_are_not_finite_cost_their_interval_only() -> None:
    report = Monitor({"x": np.r_[REFERENCE["x"], np.inf]}, confidence=0.95).check({"x": CURRENT["x"]})
    found = report.features["x"].intervals
    assert "mean_shift" not in found
    assert "ks" in found


@pytest.mark.parametrize("confidence", [0.0, 1.0, -1, "high"])
def test_a_confidence_that_makes_no_sense_is_refused(confidence: Any) -> None:
    with pytest.raises(ConfigError, match="`confidence` must be a number"):
        Monitor(REFERENCE, confidence=confidence)
