"""What a report says beside its statistics: signals, and flags of verdicts on thin ice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from driftwatch import Monitor

if TYPE_CHECKING:
    from driftwatch.report.model import FeatureReport


def compared(reference: np.ndarray, current: np.ndarray) -> FeatureReport:
    return Monitor({"x": reference}).check({"x": current}).features["x"]


def test_values_outside_the_reference_range_are_a_signal_with_their_share() -> None:
    rng = np.random.default_rng(0)
    current = rng.uniform(size=5000)
    current[:60] = 7.0
    current[60:75] = -3.0
    feature = compared(rng.uniform(size=5000), current)
    assert feature.signals == ("outside_range",)
    assert feature.signal_values["outside_range"] == pytest.approx(0.015, abs=0.0005)
    assert not feature.drift_detected  # informational: 1.5 % of the rows are no material change


def test_a_stuck_sensor_is_a_signal_with_its_share() -> None:
    rng = np.random.default_rng(1)
    current = rng.normal(size=2000)
    current[500:900] = 0.25
    feature = compared(rng.normal(size=2000), current)
    assert feature.signals == ("stuck_value",)
    assert feature.signal_values["stuck_value"] == pytest.approx(0.2)


def test_a_value_that_was_frequent_before_is_no_signal() -> None:
    rng = np.random.default_rng(2)
    sides = [np.where(rng.random(2000) < 0.6, 0.0, rng.normal(size=2000)) for _ in range(2)]
    assert compared(*sides).signals == ()


def test_unseen_levels_are_a_signal_with_their_share() -> None:
    report = Monitor({"x": ["a", "b"] * 200}).check({"x": ["a", "b"] * 180 + ["new"] * 40})
    assert report.features["x"].signal_values == {"unseen_levels": 0.1}


def test_dependent_rows_are_suspected_on_either_side() -> None:
    rng = np.random.default_rng(3)
    walk = np.zeros(3000)
    for i in range(1, 3000):
        walk[i] = 0.6 * walk[i - 1] + rng.normal()
    plain = rng.normal(size=3000) * walk.std()
    assert "autocorrelated_rows" in compared(plain, walk).flags
    assert "autocorrelated_rows" in compared(walk, plain).flags
    assert "autocorrelated_rows" not in compared(plain, rng.permutation(walk)).flags


def test_few_rows_and_dropped_rows_are_flagged() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=200)
    assert "few_samples" in compared(x, x[:29]).flags
    assert "few_samples" not in compared(x, x[:30]).flags
    holes = np.where(np.arange(200) < 20, np.nan, x)
    assert "dropped_rows" in compared(x, holes).flags
    assert "dropped_rows" not in compared(x, np.where(np.arange(200) < 19, np.nan, x)).flags


def test_many_equal_values_are_flagged() -> None:
    rng = np.random.default_rng(5)
    mostly_zero = np.where(rng.random(1000) < 0.6, 0.0, rng.normal(size=1000))
    assert "many_ties" in compared(mostly_zero, mostly_zero).flags
    assert "many_ties" not in compared(rng.normal(size=1000), rng.normal(size=1000)).flags


def block(name: str, rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    if name == "normal":
        return rng.normal(size=(n, d))
    if name == "zeros":
        return np.asarray(np.where(rng.random((n, d)) < 0.9, 0.0, rng.lognormal(size=(n, d))))
    return rng.integers(0, 5, size=(n, d)).astype(float)


@pytest.mark.parametrize("name", ["normal", "zeros", "integers"])
@pytest.mark.parametrize(("n", "m"), [(1000, 200), (60, 60)])
def test_no_drift_raises_neither_alarms_nor_signals(name: str, n: int, m: int) -> None:
    # 40 reports of 50 features: 2,000 features at 0.1 % for each of two signals make 4 of them expected at most, and the
    # autocorrelation flag one in ten thousand; 40 reports at 5 % make 2 alarms.
    rng = np.random.default_rng(6)
    alarms, signals, dependent = 0, 0, 0
    for _ in range(40):
        report = Monitor(block(name, rng, n, 50)).check(block(name, rng, m, 50))
        alarms += report.drift_detected
        features = report.features.values()
        signals += sum(len(feature.signals) for feature in features)
        dependent += sum("autocorrelated_rows" in feature.flags for feature in features)
    assert alarms <= 6  # 99.6 % of binomial(40, 0.05)
    assert signals <= 10
    assert dependent <= 2
