"""Power curves: rates that are right, windows that the reference does not contain, a table and a plot."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from scipy import stats

from driftwatch import Monitor
from driftwatch.detectors import KSDetector
from driftwatch.errors import ConfigError, InputError
from driftwatch.kernels.proportions import clopper_pearson
from driftwatch.simulate import PowerCurve, correlation_rotation, mean_shift, power_curve

DATA = np.random.default_rng(0).normal(size=(1_500, 2))
MONITOR = Monitor(DATA, detectors=[KSDetector()])


def test_rate_is_that_of_a_plain_loop_over_fresh_data() -> None:
    curve = power_curve(MONITOR, DATA, mean_shift(features=["f0"]), sizes=[0.35], windows=[60], n_runs=40)
    rng = np.random.default_rng(1)
    fresh = [MONITOR.check(rng.normal([0.35, 0.0], 1.0, size=(60, 2))).drift_detected for _ in range(100)]
    (point,) = curve.points
    # four standard errors of the difference of both
    error = np.sqrt(0.25 / 40 + 0.25 / 100)
    assert point.rate == pytest.approx(np.mean(fresh), abs=4 * error)
    assert 0.2 < point.rate < 0.9


def test_rates_grow_with_strength_and_with_rows_and_are_small_without_drift() -> None:
    curve = power_curve(MONITOR, DATA, mean_shift(), sizes=[0.0, 0.4, 2.0], windows=[40, 200], n_runs=25)
    rates = {(p.strength, p.window): p.rate for p in curve.points}
    assert rates[0.0, 40] <= 0.2
    assert rates[0.0, 40] < rates[0.4, 40] < rates[0.4, 200]
    assert rates[2.0, 40] == rates[2.0, 200] == 1.0


def test_windows_are_left_out_of_the_reference() -> None:
    # every row is a value of its own: a window that the reference holds would look like it, whatever the rest is
    ramp = np.arange(1_000.0)[:, None]
    curve = power_curve(Monitor(ramp), ramp, mean_shift(), sizes=[0.0], windows=[100], n_runs=10)
    assert curve.points[0].rate == 1.0


def test_alarms_of_one_feature_can_be_counted() -> None:
    options: dict[str, Any] = {"sizes": [2.0], "windows": [50], "n_runs": 10}
    shift = mean_shift(features=["f0"])
    assert power_curve(MONITOR, DATA, shift, **options, feature="f0").points[0].rate == 1.0
    assert power_curve(MONITOR, DATA, shift, **options, feature="f1").points[0].rate <= 0.2


def test_interval_is_that_of_disjoint_windows() -> None:
    curve = power_curve(MONITOR, DATA, mean_shift(), sizes=[3.0], windows=[150], n_runs=40)
    (point,) = curve.points
    assert (point.low, point.high) == tuple(clopper_pearson(10, 10))  # 1,500 rows are ten windows
    assert (point.n_runs, point.n_detected) == (40, 40)


@pytest.mark.parametrize(("hits", "n"), [(0, 20), (20, 20), (3, 50)])
@pytest.mark.parametrize("level", [0.95, 0.8])
def test_clopper_pearson_equals_scipy(hits: int, n: int, level: float) -> None:
    oracle = stats.binomtest(hits, n).proportion_ci(level, method="exact")
    np.testing.assert_allclose(clopper_pearson(hits, n, level=level), (oracle.low, oracle.high), rtol=1e-9)


def test_no_trial_says_nothing() -> None:
    assert clopper_pearson(0, 0) == (0.0, 1.0)


def test_seed_decides_which_rows_drift() -> None:
    def table(seed: int) -> dict[str, object]:
        shift = mean_shift(share=0.5, features=["f0"])
        return power_curve(MONITOR, DATA, shift, [0.6, 0.8], [60], n_runs=20, seed=seed).to_dict()

    assert table(0) == table(0)
    assert table(0) != table(1)


def test_curve_is_plain_data() -> None:
    curve = power_curve(MONITOR, DATA, correlation_rotation(), sizes=[0.5], windows=[50], n_runs=5)
    assert PowerCurve.from_dict(json.loads(json.dumps(curve.to_dict()))) == curve
    assert list(curve.rows()[0]) == ["strength", "window", "n_runs", "n_detected", "rate", "low", "high"]
    assert curve.unit == "right angles"


def test_curve_can_be_drawn() -> None:
    pytest.importorskip("matplotlib", reason="drawing needs matplotlib, which users bring")
    curve = power_curve(MONITOR, DATA, mean_shift(), sizes=[0.0, 2.0], windows=[50, 100], n_runs=5)
    ax = curve.plot()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["50 rows", "100 rows"]
    assert curve.plot(ax) is ax


def test_reference_of_too_few_rows_is_refused() -> None:
    with pytest.raises(InputError, match="at least 5 windows is needed, 5,000 rows for a window of 1,000, got 1,500"):
        power_curve(MONITOR, DATA, mean_shift(), sizes=[1.0], windows=[1_000])


@pytest.mark.parametrize("options", [{"n_runs": 0}, {"windows": []}, {"windows": [0]}, {"feature": "f9"}])
def test_wrong_settings_are_refused(options: dict[str, object]) -> None:
    chosen: dict[str, object] = {"sizes": [1.0], "windows": [50], **options}
    with pytest.raises(ConfigError):
        power_curve(MONITOR, DATA, mean_shift(), **chosen)  # type: ignore[arg-type]
