"""Calibration: its promises on fresh windows, what it sets, what it says where it rests on little."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import stats

from driftwatch import Monitor
from driftwatch.arrays.table import read_table
from driftwatch.detectors import (
    ChiSquaredDetector,
    KSDetector,
    MultivariateEnergyDetector,
    PSIDetector,
    TotalVariationDetector,
)
from driftwatch.errors import ConfigError, InputError
from driftwatch.kernels.proportions import clopper_pearson
from driftwatch.monitor.calibration import DAYS_PER_MONTH
from driftwatch.monitor.injection import Block, Rotation, VectorShift
from driftwatch.monitor.left_out import folds
from driftwatch.report.calibration import Calibration
from driftwatch.simulate import correlation_rotation, level_shift, mean_shift

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DETECTORS: list[Any] = [KSDetector(method="asymp"), ChiSquaredDetector(), TotalVariationDetector()]
WINDOW = 100
N_WINDOWS = 120
N_FRESH = 200
TARGET = 0.1
ASKED: dict[str, Any] = {"window": WINDOW, "checks_per_day": 1, "false_alarms_per_month": TARGET * DAYS_PER_MONTH}


def dependent(rng: np.random.Generator, n: int, phi: float) -> np.ndarray[Any, Any]:
    """Return an AR(1) series of variance 1."""
    out = rng.normal(size=n)
    step = np.sqrt(1.0 - phi**2)
    for i in range(1, n):
        out[i] = phi * out[i - 1] + step * out[i]
    return out


def rows(rng: np.random.Generator, n: int, phi: float) -> dict[str, Any]:
    return {
        "x": dependent(rng, n, phi),
        "c": rng.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1]),
    }


def part(data: Mapping[str, Any], i: int) -> dict[str, Any]:
    return {name: values[i * WINDOW : (i + 1) * WINDOW] for name, values in data.items()}


@cache
def scene(phi: float) -> tuple[Monitor, Calibration, list[dict[str, Any]], float]:
    """Return a calibrated monitor, its calibration, fresh windows, and the share of alarms on them before."""
    rng = np.random.default_rng(5)
    monitor = Monitor(rows(rng, N_WINDOWS * WINDOW, phi), detectors=DETECTORS)
    fresh = rows(rng, N_FRESH * WINDOW, phi)
    windows = [part(fresh, i) for i in range(N_FRESH)]
    before = float(np.mean([monitor.check(window).drift_detected for window in windows]))
    return monitor, monitor.calibrate(**ASKED, n_windows=N_WINDOWS), windows, before


@pytest.mark.parametrize("phi", [0.0, 0.6])
def test_rate_of_fresh_windows_is_the_target(phi: float) -> None:
    monitor, _, windows, _ = scene(phi)
    after = np.mean([monitor.check(window).drift_detected for window in windows])
    # three standard errors: of the share of 200 windows, and of a design effect that is known to 10 % (120 windows)
    error = np.hypot(np.sqrt(TARGET * (1.0 - TARGET) / N_FRESH), 0.1 * TARGET * np.log(3.0 / TARGET))
    assert after == pytest.approx(TARGET, abs=3.0 * error)


def test_rate_before_is_measured_as_it_is_on_fresh_windows() -> None:
    _, result, _, before = scene(0.6)
    assert before > 0.15  # what autocorrelation does to p-values that take rows as independent
    error = np.sqrt(before * (1.0 - before) * (1.0 / N_FRESH + 1.0 / result.before.n_windows))
    assert result.before.rate == pytest.approx(before, abs=3.0 * error)
    assert (result.before.low, result.before.high) == tuple(
        clopper_pearson(result.before.n_alarms, result.before.n_windows)
    )


@pytest.mark.parametrize("phi", [0.0, 0.6])
def test_rate_on_windows_left_out_is_the_target(phi: float) -> None:
    _, result, _, _ = scene(phi)
    assert result.after.rate == pytest.approx(TARGET, abs=3.0 * np.sqrt(TARGET * (1.0 - TARGET) / N_WINDOWS))


def power_at(strength: float, name: str, shift: Any, phi: float) -> float:
    """Return how often fresh windows show a drift of one feature."""
    monitor, _, windows, _ = scene(phi)
    drift = shift(strength, features=[name])
    reference = rows(np.random.default_rng(5), N_WINDOWS * WINDOW, phi)  # that of the monitor
    seen = [
        monitor.check(drift.apply(window, seed=i, reference=reference)).features[name].drift_detected
        for i, window in enumerate(windows)
    ]
    return float(np.mean(seen))


@pytest.mark.parametrize("phi", [0.0, 0.6])
def test_reported_shift_is_seen_with_the_stated_power(phi: float) -> None:
    found = scene(phi)[1].features["x"]
    assert (found.shift, found.unit) == ("mean_shift", "sigma")
    assert found.smallest is not None
    # the strength is a quantile of 120 windows (standard error of its power .037), the share one of 200 (.028)
    assert power_at(found.smallest, "x", mean_shift, phi) == pytest.approx(0.8, abs=0.1)


def test_reported_share_of_rows_is_the_first_that_is_seen_with_the_stated_power() -> None:
    found = scene(0.0)[1].features["c"]
    assert (found.shift, found.unit) == ("level_shift", "share of rows")
    assert found.smallest is not None
    assert found.smallest * WINDOW == pytest.approx(round(found.smallest * WINDOW))
    # one row in 100 is a third of a standard deviation of the level's count, and a tenth in power
    assert power_at(found.smallest, "c", level_shift, 0.0) > 0.7
    assert power_at(found.smallest - 1.0 / WINDOW, "c", level_shift, 0.0) < 0.9


def test_rows_that_hang_together_are_worth_fewer() -> None:
    _, result, _, _ = scene(0.6)
    x, c = result.features["x"].n_effective, result.features["c"].n_effective
    assert x is not None
    assert c is not None
    # for a mean the design effect of AR(1) is (1 + phi) / (1 - phi) = 4; for distributions it is smaller
    assert WINDOW / 4.5 < x < WINDOW / 1.8
    assert c > 0.7 * WINDOW
    assert any("rows hang together in 1 of 2 features" in warning for warning in result.warnings)
    assert not scene(0.0)[1].warnings


def test_monitor_says_that_it_is_calibrated_and_by_what() -> None:
    monitor, result, windows, _ = scene(0.6)
    report = monitor.check(windows[0])
    assert monitor.calibration is result
    assert report.calibrated
    assert report.alpha == result.alpha == pytest.approx(TARGET)
    assert "calibrated" in report.summary()
    ks = report.features["x"].tests["ks"]
    effect = result.features["x"].design_effects["ks"]
    assert ks.details["design_effect"] == effect
    raw = ks.details["pvalue_uncalibrated"]
    assert isinstance(raw, float)
    assert ks.pvalue is not None
    assert raw < ks.pvalue
    again = type(report).from_json(report.to_json())
    assert again == report


def small(**options: Any) -> Monitor:
    rng = np.random.default_rng(0)
    data = {"x": rng.normal(size=1_200), "c": rng.choice(["a", "b"], 1_200)}
    return Monitor(data, **{"detectors": DETECTORS, **options})


QUICK: dict[str, Any] = {"window": 60, "checks_per_day": 1, "false_alarms_per_month": 3.0, "n_windows": 10}


def test_same_seed_gives_the_same_calibration_and_another_seed_another() -> None:
    assert small().calibrate(**QUICK) == small().calibrate(**QUICK)
    first, other = small().calibrate(**QUICK), small().calibrate(**QUICK, seed=1)
    assert first.features["c"] != other.features["c"]
    assert first.features["x"] == other.features["x"]  # a continuous feature moves without any chance


def test_calibrating_again_starts_from_the_settings_as_they_were() -> None:
    monitor = small()
    first = monitor.calibrate(**QUICK)
    second = monitor.calibrate(**QUICK)
    assert first == second
    assert second.alpha_before == 0.05


@pytest.mark.parametrize(
    ("options", "changes"),
    [
        ({"window": 120}, "smallest"),
        ({"checks_per_day": 10}, "alpha"),
        ({"false_alarms_per_month": 1.0}, "alpha"),
        ({"power": 0.5}, "smallest"),
        ({"n_windows": 20}, "after"),
    ],
)
def test_every_setting_changes_the_result(options: dict[str, Any], changes: str) -> None:
    first, other = small().calibrate(**QUICK), small().calibrate(**{**QUICK, **options})
    if changes == "smallest":
        assert first.features["x"].smallest is not None
        assert other.features["x"].smallest is not None
        assert other.features["x"].smallest < first.features["x"].smallest
    else:
        assert getattr(first, changes) != getattr(other, changes)
    if "checks_per_day" in options or "false_alarms_per_month" in options:
        assert other.alpha == other.target_rate
        assert other.features["x"].smallest > first.features["x"].smallest  # type: ignore[operator]


def test_level_is_shared_out_among_the_tests_where_none_is_corrected() -> None:
    result = small(correction="none").calibrate(**QUICK)
    assert result.alpha == pytest.approx(1.0 - (1.0 - result.target_rate) ** 0.5)


def test_rule_without_a_level_has_its_cuts_scaled() -> None:
    monitor = small(alpha=None, thresholds={"psi": 0.1}, detectors=[PSIDetector()])
    result = monitor.calibrate(**{**QUICK, "n_windows": 20})
    assert result.alpha is None
    assert result.before.rate > 0.5  # a PSI of 0.1 is noise in 60 rows
    assert result.factor > 1.5
    assert result.after.rate <= 0.3
    assert monitor.plan.thresholds["psi"] == pytest.approx(0.1 * result.factor)
    rng = np.random.default_rng(1)
    fresh = [{"x": rng.normal(size=60), "c": rng.choice(["a", "b"], 60)} for _ in range(100)]
    assert np.mean([monitor.check(window).drift_detected for window in fresh]) <= 0.25


def test_cut_beyond_what_windows_show_is_extrapolated() -> None:
    monitor = small(alpha=None, thresholds={"psi": 0.1}, detectors=[PSIDetector()])
    near = monitor.calibrate(**QUICK)
    far = monitor.calibrate(**{**QUICK, "false_alarms_per_month": 0.001})
    assert far.factor > 1.3 * near.factor
    assert any("is less than 10 windows can show" in warning for warning in far.warnings)


def test_reference_that_changes_on_the_way_lowers_the_level() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=3_000)
    x[::300] = 0.0
    for start in (0, 900, 1_800):  # a few windows unlike all others
        x[start : start + 60] = 5.0 + 0.01 * rng.normal(size=60)
    monitor = Monitor({"x": x, "y": rng.normal(size=3_000), "z": rng.normal(size=3_000)}, detectors=DETECTORS)
    result = monitor.calibrate(**{**QUICK, "false_alarms_per_month": 0.05, "n_windows": 50})
    assert result.alpha is not None
    assert result.after.low <= result.target_rate
    if result.after.rate > 0:
        assert any("the reference changes on the way" in warning for warning in result.warnings)


def test_whole_numbers_stay_whole_and_features_that_cannot_drift_say_why() -> None:
    rng = np.random.default_rng(0)
    data = {
        "k": rng.integers(0, 4, 1_000),
        "constant": np.ones(1_000),
        "one": np.array(["a"] * 1_000),
        "when": np.array(["2024-01-01"] * 1_000),
        "gone": np.full(1_000, np.nan),
        "yes": rng.random(1_000) < 0.5,
    }
    result = Monitor(data, detectors=DETECTORS).calibrate(**QUICK)
    reasons = {name: found.reason for name, found in result.features.items()}
    assert reasons == {
        "k": None,
        "constant": "constant in the reference",
        "one": "one level only in the reference",
        "when": "timestamps move on by definition; give a kind to test it all the same",
        "gone": reasons["gone"],
        "yes": None,
    }
    assert reasons["gone"]
    # moved by a hair, every whole number would lie between the others, and any drift would be seen
    assert result.features["k"].smallest is not None
    assert 0.3 < result.features["k"].smallest < 1.5
    assert result.features["yes"].shift == "level_shift"


# one view of the rows, so a tenth of the time of the default detector
ROWS: dict[str, Any] = {"detectors": [*DETECTORS, MultivariateEnergyDetector(99, 99)], "max_embedding_rows": 120}
ROW_WINDOW = 40
N_ROW_WINDOWS = 80
ROW_TARGET = 0.04  # p-values of 99 permutations go down to 0.01
ROW_ASKED: dict[str, Any] = {
    "window": ROW_WINDOW,
    "n_windows": N_ROW_WINDOWS,
    "checks_per_day": 1,
    "false_alarms_per_month": ROW_TARGET * DAYS_PER_MONTH,
}
TURN = np.array([[3.0, 1.0, 0.0], [0.0, 1.0, 0.5], [0.0, 0.0, 0.5]])


def vectors(rng: np.random.Generator, n: int) -> dict[str, Any]:
    return {"e": rng.normal(size=(n, 3)) @ TURN + 20.0}


def pairs(rng: np.random.Generator, n: int) -> dict[str, Any]:
    x, noise = rng.normal(size=(2, n))
    return {"x": x, "y": np.exp(0.8 * x + 0.6 * noise)}


@cache
def rows_scene(kind: str, seed: int = 7) -> tuple[Monitor, Calibration, dict[str, Any], list[dict[str, Any]]]:
    """Return a calibrated monitor of an embedding or of a joint feature, its calibration and reference, and fresh blocks."""
    rng = np.random.default_rng(seed)
    draw = {"e": vectors, "joint": pairs}[kind]
    reference = draw(rng, N_ROW_WINDOWS * ROW_WINDOW)
    monitor = Monitor(reference, **ROWS, joint=kind == "joint")
    return monitor, monitor.calibrate(**ROW_ASKED), reference, [draw(rng, ROW_WINDOW) for _ in range(N_ROW_WINDOWS)]


def share_seen(kind: str, edit: Callable[[Any], Any], seed: int = 7) -> float:
    """Return how often fresh blocks show a drift, each against one of the ten references of the calibration.

    The rows that are kept of a reference are few, and have a power of their own: it is the same one on both sides here.
    """
    monitor, _, reference, blocks = rows_scene(kind, seed)
    judges = [fold.monitor for fold in folds(monitor, read_table(reference), window=ROW_WINDOW)]
    seen = [judges[i % len(judges)].check(edit(block)).features[kind].drift_detected for i, block in enumerate(blocks)]
    return float(np.mean(seen))


def test_reported_shift_of_an_embedding_is_seen_with_the_stated_power() -> None:
    _, result, reference, _ = rows_scene("e")
    found = result.features["e"]
    assert (found.shift, found.unit) == ("mean_shift", "sigma")
    assert found.smallest is not None
    # an independent way to the first direction
    x = reference["e"] - reference["e"].mean(axis=0)
    _, spectrum, axes = np.linalg.svd(x, full_matrices=False)
    step = found.smallest * spectrum[0] / np.sqrt(len(x)) * axes[0]
    step *= np.sign(step[np.argmax(np.abs(step))])
    # the strength is a quantile of 80 windows (standard error of its power .045), the share one of 80 (.045)
    assert share_seen("e", lambda block: {"e": block["e"] + step}) == pytest.approx(0.8, abs=0.1)
    assert share_seen("e", dict) <= ROW_TARGET + 3.0 * np.sqrt(ROW_TARGET / N_ROW_WINDOWS)


def test_reported_turn_of_a_joint_feature_is_seen_with_the_stated_power() -> None:
    result = rows_scene("joint")[1]
    found = result.features["joint"]
    assert (found.shift, found.unit) == ("correlation_rotation", "right angles")
    assert found.smallest is not None
    turn = correlation_rotation(-found.smallest, features=["x", "y"])  # away: the two are positively correlated
    assert share_seen("joint", lambda block: turn.apply(block, seed=0)) == pytest.approx(0.8, abs=0.1)
    assert share_seen("joint", dict) <= ROW_TARGET + 3.0 * np.sqrt(ROW_TARGET / N_ROW_WINDOWS)


def test_turn_is_shown_within_80_columns() -> None:
    result = rows_scene("joint")[1]
    line = next(line for line in result.summary().splitlines() if line.startswith("  joint"))
    assert len(line) <= 80
    assert "rotation" in line
    assert "x 90 deg" in line
    assert Calibration.from_json(result.to_json()) == result


def test_vectors_of_whole_numbers_stay_whole_and_keep_their_library() -> None:
    rows = np.random.default_rng(0).integers(-50, 50, size=(400, 2)).astype(np.int8)
    block = Block(read_table({"e": rows, "x": np.zeros(400)}))
    shift = VectorShift(np.array([10.0, 0.0]))
    moved = shift.into(block, "e", 0.25, np.random.default_rng(1).random(400))["e"]
    assert set(np.unique(moved[:, 0] - rows[:, 0])) == {2.0, 3.0}
    assert (moved - rows)[:, 0].mean() == pytest.approx(2.5, abs=0.1)
    assert (moved[:, 1] == rows[:, 1]).all()
    table = block.edited({"e": moved})
    assert table.names == ["e", "x"]
    np.testing.assert_array_equal(table.rows("e"), moved)
    single = VectorShift(np.array([1.0, 0.0])).into(
        Block(read_table({"e": rows.astype(np.float32)})), "e", 0.25, np.zeros(400)
    )
    assert single["e"].dtype == np.float32


def test_a_turn_keeps_the_values_of_every_column_and_leaves_gaps_where_they_are() -> None:
    data = pairs(np.random.default_rng(0), 300)
    data["y"][::7] = np.nan
    block = Block(read_table(data))
    edited = Rotation((("x", "y", -1.0),)).into(block, "joint", 1.0, np.random.default_rng(1).random(300))
    assert set(edited) == {"y"}
    np.testing.assert_array_equal(np.isnan(edited["y"]), np.isnan(data["y"]))
    np.testing.assert_array_equal(np.sort(edited["y"]), np.sort(data["y"]))
    found = [stats.spearmanr(data["x"], side, nan_policy="omit").statistic for side in (data["y"], edited["y"])]
    assert found[0] > 0.4
    assert found[1] < -0.4


def test_constant_vectors_have_a_reason() -> None:
    rng = np.random.default_rng(0)
    data = {"x": rng.normal(size=400), "e": np.ones((400, 3))}
    result = Monitor(data, **ROWS).calibrate(**{**QUICK, "n_windows": 5})
    assert (result.features["e"].smallest, result.features["e"].reason) == (None, "constant in the reference")


def test_embeddings_and_joint_features_take_part() -> None:
    rng = np.random.default_rng(0)
    data = {"x": rng.normal(size=400), "y": rng.normal(size=400), "text": rng.normal(size=(400, 3))}
    monitor = Monitor(data, detectors=[*DETECTORS, MultivariateEnergyDetector()], joint=True)
    result = monitor.calibrate(**{**QUICK, "n_windows": 5})
    assert list(result.features) == ["x", "y", "text", "joint"]
    assert result.features["x"].smallest is not None
    assert result.features["text"].design_effects
    assert result.features["joint"].design_effects
    assert result.features["text"].smallest is not None
    history = monitor.over_time(data, window=100, against="previous")
    assert {row["feature"] for row in history.rows()} == set(result.features)


def test_missing_and_infinite_values_do_not_spoil_the_scale_of_a_drift() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=1_200)
    gaps = x.copy()
    gaps[::10] = np.nan
    gaps[5] = np.inf
    clean, found = (
        Monitor({"x": values}, detectors=DETECTORS).calibrate(**QUICK).features["x"] for values in (x, gaps)
    )
    assert clean.smallest is not None
    assert found.smallest is not None
    assert found.smallest == pytest.approx(clean.smallest, rel=0.3)


def test_drift_that_is_never_seen_has_a_reason() -> None:
    result = small(alpha=1e-300, min_effect=1.0).calibrate(**{**QUICK, "n_windows": 5})
    assert result.features["x"].smallest is None
    assert result.features["x"].reason == "less than 80% of windows show a drift of 10, the largest that was tried"


def test_interval_of_the_smallest_drift_holds_it() -> None:
    found = scene(0.0)[1].features["x"]
    assert found.low is not None
    assert found.smallest is not None
    assert found.high is not None
    assert found.low < found.smallest < found.high < 2.0 * found.low


def test_calibration_is_plain_data_and_another_monitor_can_use_it() -> None:
    monitor, result, windows, _ = scene(0.6)
    stored = Calibration.from_dict(json.loads(json.dumps(result.to_dict())))
    assert stored == result
    other = Monitor(rows(np.random.default_rng(5), N_WINDOWS * WINDOW, 0.6), detectors=DETECTORS)
    other.use(stored)
    assert other.plan.design_effects == monitor.plan.design_effects
    assert other.plan.alpha == monitor.plan.alpha
    here, there = (m.check(windows[3]).features["x"].tests["ks"] for m in (monitor, other))
    assert here.pvalue == pytest.approx(there.pvalue)
    assert here.details["design_effect"] == there.details["design_effect"]
    assert [row["feature"] for row in result.rows()] == ["x", "c"]
    assert result.alarms_per_month(result.target_rate) == pytest.approx(result.false_alarms_per_month)


def test_calibration_of_other_features_or_of_another_rule_is_refused() -> None:
    result = small().calibrate(**{**QUICK, "n_windows": 5})
    with pytest.raises(ConfigError, match="is of other features"):
        Monitor({"x": np.arange(100.0) % 7}).use(result)
    with pytest.raises(ConfigError, match="`alpha`"):
        small(alpha=None).use(result)


@pytest.mark.parametrize("data", [{}, [], {"calibration_version": 9}, {"calibration_version": 1}])
def test_what_is_no_calibration_is_refused(data: Any) -> None:
    with pytest.raises(InputError, match="calibration"):
        Calibration.from_dict(data)


def test_text_that_is_no_calibration_is_refused() -> None:
    with pytest.raises(InputError, match="does not parse"):
        Calibration.from_json("{")


def test_summary_fits_into_80_columns() -> None:
    result = scene(0.6)[1]
    lines = result.summary().splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == "Calibrated for windows of 100 rows, 1 a day, and 3.04 false alarms a month: 10 %"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": 0}, "`window` must be a positive integer"),
        ({"checks_per_day": 0}, "`checks_per_day` must be a finite number above 0"),
        ({"false_alarms_per_month": -1}, "`false_alarms_per_month` must be a finite number above 0"),
        ({"false_alarms_per_month": 31}, "must be fewer than the 30.4375 checks of a month"),
        ({"power": 1.0}, "`power` must be a number between 0 and 1"),
        ({"n_windows": 0}, "`n_windows` must be a positive integer"),
    ],
)
def test_wrong_settings_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        small().calibrate(**{**QUICK, **options})


def test_reference_without_rows_or_with_too_few_is_refused() -> None:
    with pytest.raises(InputError, match="keep_rows=True"):
        small(keep_rows=False).calibrate(**QUICK)
    with pytest.raises(InputError, match="at least 5 windows is needed"):
        small().calibrate(**{**QUICK, "window": 300})


def test_progress_is_called_for_each_window() -> None:
    seen: list[int] = []
    small().calibrate(**{**QUICK, "n_windows": 5}, progress=seen.append)
    assert sum(seen) == 5
