"""Permutation p-values in the report: the family uses them, and rows that depend on each other hold their level."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from driftwatch import Monitor, assert_no_drift, permutation_test
from driftwatch.detectors import BinnedChiSquaredDetector, KSDetector
from driftwatch.detectors._catalog import detector_by_name
from driftwatch.detectors.base import BaseDetector, Score
from driftwatch.errors import ConfigError, InputError, InputTypeError, UnknownNameError
from driftwatch.simulate import mean_shift, power_curve

RNG = np.random.default_rng(0)


def table(n: int, shift: float = 0.0, rng: np.random.Generator = RNG) -> dict[str, Any]:
    x = rng.normal(shift, 1.0, size=n)
    return {
        "x": x,
        "c": rng.choice(["a", "b", "c"], size=n).tolist(),
        "flag": rng.random(n) < 0.4,
        "gaps": np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n)),
    }


REFERENCE, CURRENT = table(200), table(150, shift=0.3)


def autoregressive(rho: float, n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    noise = rng.normal(size=(n + 100, d))
    x = np.zeros_like(noise)
    for i in range(1, len(x)):
        x[i] = rho * x[i - 1] + noise[i]
    return np.asarray(x[100:])


def test_the_family_uses_permutation_pvalues() -> None:
    report = Monitor(REFERENCE, pvalues="permutation", seed=3).check(CURRENT)
    tests = {(f.name, name): t for f in report.features.values() for name, t in f.tests.items() if t.is_test}
    assert set(tests) == {("x", "ks"), ("c", "chi2"), ("flag", "chi2"), ("gaps", "ks"), ("gaps", "missing")}
    for result in tests.values():
        assert result.details["pvalue_method"] == "permutation"
        assert result.details["n_permutations"] == 999
        assert result.pvalue is not None
        assert (result.pvalue * 1000) == pytest.approx(round(result.pvalue * 1000))
    wanted = permutation_test(REFERENCE["x"], CURRENT["x"], seed=3).pvalue[0]
    assert tests["x", "ks"].pvalue == wanted
    assert report.n_tests == 5


def test_permutation_pvalues_are_close_to_analytic_ones_for_independent_rows() -> None:
    analytic = Monitor(REFERENCE).check(CURRENT)
    permuted = Monitor(REFERENCE, pvalues="permutation", n_permutations=4999).check(CURRENT)
    for name, test in (("x", "ks"), ("c", "chi2"), ("flag", "chi2"), ("gaps", "missing")):
        before, after = (report.features[name].tests[test].pvalue for report in (analytic, permuted))
        # the exact KS p-value is that of all permutations; on a 2 x 2 table the asymptotic one is less by half a step
        assert after == pytest.approx(before, abs=0.1)


def test_dependent_rows_hold_the_level_with_blocks_only() -> None:
    rng = np.random.default_rng(1)
    blind, honest = 0, 0
    for _ in range(25):
        reference, current = (autoregressive(0.7, n, 3, rng) for n in (800, 400))
        blind += Monitor(reference).check(current).drift_detected
        report = Monitor(reference, pvalues="permutation", block_length="auto", n_permutations=199).check(current)
        honest += report.drift_detected
        assert int(str(report.features["f0"].tests["ks"].details["block_length"])) >= 10
        assert all("autocorrelated_rows" not in feature.flags for feature in report.features.values())
    assert blind >= 10
    assert honest <= 4  # binomial(25, 0.05) is above it once in 140 times


def test_rows_of_one_group_move_together() -> None:
    rng = np.random.default_rng(2)
    blind, honest = 0, 0

    def side(first: int) -> dict[str, Any]:
        return {
            "user": np.repeat(np.arange(first, first + 30), 10),
            "x": np.repeat(rng.normal(size=30), 10) + 0.5 * rng.normal(size=300),
        }

    for _ in range(40):
        reference, current = side(0), side(100)
        blind += Monitor(reference, features=["x"]).check(current).drift_detected
        report = Monitor(reference, pvalues="permutation", groups="user", n_permutations=199).check(current)
        honest += report.drift_detected
        assert list(report.features) == ["x"]
    assert blind >= 20
    assert honest <= 6


def test_there_are_as_many_permutations_as_tests_need() -> None:
    rng = np.random.default_rng(3)
    reference, current = rng.normal(size=(60, 60)), rng.normal(size=(60, 60))
    current[:, 0] += 3.0
    report = Monitor(reference, pvalues="permutation").check(current)
    assert report.features["f0"].tests["ks"].details["n_permutations"] == 2 * 60 / 0.05 - 1
    assert report.drifted_features == ["f0"]


def test_few_units_are_flagged() -> None:
    report = Monitor(REFERENCE, pvalues="permutation", block_length=30, n_permutations=99).check(CURRENT)
    assert all("few_units" in feature.flags for feature in report.features.values())
    fine = Monitor(REFERENCE, pvalues="permutation", block_length=10, n_permutations=99).check(CURRENT)
    assert all("few_units" not in feature.flags for feature in fine.features.values())


@pytest.mark.parametrize("setting", [{"seed": 1}, {"n_permutations": 499}, {"block_length": 4}])
def test_every_setting_changes_the_result(setting: dict[str, Any]) -> None:
    plain = Monitor(REFERENCE, pvalues="permutation").check(CURRENT)
    other = Monitor(REFERENCE, pvalues="permutation", **setting).check(CURRENT)
    again = Monitor(REFERENCE, pvalues="permutation", **setting).check(CURRENT)
    assert other.features["x"].tests["ks"].pvalue != plain.features["x"].tests["ks"].pvalue
    assert other.features == again.features


def test_bins_of_a_detector_are_those_of_its_permutations() -> None:
    for n_bins in (4, 10):
        detectors: list[BaseDetector[Any]] = [KSDetector(), BinnedChiSquaredDetector(n_bins=n_bins)]
        found = Monitor({"x": REFERENCE["x"]}, detectors=detectors, pvalues="permutation").check({"x": CURRENT["x"]})
        wanted = permutation_test(REFERENCE["x"], CURRENT["x"], statistic="chi2", n_bins=n_bins).pvalue[0]
        assert found.features["x"].tests["chi2_bins"].pvalue == wanted


@pytest.mark.parametrize(
    ("name", "statistic", "feature"),
    [
        ("kuiper", "kuiper", "x"),
        ("cramervonmises", "cramervonmises", "x"),
        ("anderson_darling", "anderson_darling", "x"),
        ("mannwhitney", "mannwhitney", "x"),
        ("g_test", "g", "x"),
        ("g_test", "g", "flag"),
        ("fisher_exact", "chi2", "flag"),
    ],
)
def test_every_detector_with_a_pvalue_has_a_permutation_form(name: str, statistic: str, feature: str) -> None:
    detectors: list[BaseDetector[Any]] = [detector_by_name(name)]
    if not detectors[0].effect_kinds:
        detectors += [detector_by_name("total_variation"), detector_by_name("ks")]
    monitor = Monitor({feature: REFERENCE[feature]}, detectors=detectors, pvalues="permutation")
    found = monitor.check({feature: CURRENT[feature]}).features[feature].tests[name]
    x, y = (np.asarray(side[feature], dtype=float) for side in (REFERENCE, CURRENT))
    options: dict[str, Any] = {} if feature == "x" else {"n_bins": None}
    assert found.pvalue == permutation_test(x, y, statistic=statistic, **options).pvalue[0]
    assert found.details["pvalue_method"] == "permutation"


def test_a_test_without_a_permutation_form_leaves_the_family() -> None:
    class Own(BaseDetector[Any]):
        name = "own"
        kinds = KSDetector.kinds
        needs = "ordering"

        def score(self, sample: Any) -> Score:
            return Score(np.ones(len(sample.names)), pvalue=np.full(len(sample.names), 1e-9))

    monitor = Monitor({"x": REFERENCE["x"]}, detectors=[KSDetector(), Own()], pvalues="permutation")
    report = monitor.check({"x": CURRENT["x"]})
    result = report.features["x"].tests["own"]
    assert (result.pvalue, result.pvalue_adjusted) == (None, None)
    assert "no permutation form" in str(result.reason)
    assert report.n_tests == 1


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"pvalues": "bootstrap"}, UnknownNameError, "bootstrap"),
        ({"block_length": 5}, ConfigError, "`block_length` needs permutation p-values"),
        ({"groups": "c"}, ConfigError, "`groups` needs permutation p-values"),
        ({"n_permutations": 99}, ConfigError, "`n_permutations` needs permutation p-values"),
        ({"pvalues": "permutation", "n_permutations": 0}, ConfigError, "`n_permutations` must be a positive integer"),
        ({"pvalues": "permutation", "block_length": 0}, ConfigError, "`block_length` must be a positive integer"),
        ({"pvalues": "permutation", "block_length": 5, "groups": "c"}, ConfigError, "exclude each other"),
        ({"pvalues": "permutation", "groups": "user"}, UnknownNameError, "user"),
        ({"pvalues": "permutation", "seed": -1}, ConfigError, "`seed` must be an integer"),
        ({"pvalues": "permutation", "keep_rows": False}, ConfigError, "keep_rows=True"),
    ],
)
def test_settings_that_make_no_sense_are_refused(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Monitor(REFERENCE, **options)


def users(n: int, first: int) -> np.ndarray:
    return np.repeat(np.arange(first, first + n // 10), 10)


@pytest.mark.parametrize("kind", ["array", "list", "text", "series", "arrow"])
def test_labels_of_groups_do_as_a_column_of_them_does(kind: str) -> None:
    rng = np.random.default_rng(5)
    sides = [(users(200, 0), rng.normal(size=200)), (users(150, 15), rng.normal(0.3, size=150))]  # five on both sides

    def given(labels: np.ndarray) -> Any:
        if kind == "series":
            return pd.Series(labels, index=labels)
        if kind == "arrow":
            return pa.array(labels)
        return {"array": labels, "list": labels.tolist(), "text": [f"u{label}" for label in labels]}[kind]

    (old, x), (new, y) = sides
    options: dict[str, Any] = {"pvalues": "permutation", "n_permutations": 199, "seed": 2}
    column = Monitor({"x": x, "user": old}, groups="user", **options).check({"x": y, "user": new})
    labels = Monitor({"x": x}, groups=given(old), **options).check({"x": y}, groups=given(new))
    assert labels.features == column.features
    wanted = permutation_test(x, y, groups=(old, new), n_permutations=199, seed=2).pvalue[0]
    assert labels.features["x"].tests["ks"].pvalue == wanted
    assert wanted != permutation_test(x, y, n_permutations=199, seed=2).pvalue[0]


def test_labels_of_groups_stand_beside_an_array() -> None:
    rng = np.random.default_rng(6)
    reference, current = rng.normal(size=(200, 2)), rng.normal(size=(100, 2))
    monitor = Monitor(reference, pvalues="permutation", groups=users(200, 0), n_permutations=99)
    report = monitor.check(current, groups=users(100, 50))
    assert list(report.features) == ["f0", "f1"]
    other = monitor.check(current, groups=np.arange(50, 150))
    assert report.features["f0"].tests["ks"].pvalue != other.features["f0"].tests["ks"].pvalue


def test_labels_of_both_sides_reach_an_assertion() -> None:
    options: dict[str, Any] = {"pvalues": "permutation", "n_permutations": 99, "groups": users(200, 0)}
    report = assert_no_drift({"x": REFERENCE["x"]}, {"x": REFERENCE["x"]}, current_groups=users(200, 50), **options)
    assert report.features["x"].tests["ks"].details["n_permutations"] == 99


def test_missing_labels_are_a_group_of_their_own() -> None:
    rng = np.random.default_rng(7)
    x, y = rng.normal(size=60), rng.normal(size=40)
    old, new = [None, None, *range(58)], [*range(100, 138), None, None]
    options: dict[str, Any] = {"pvalues": "permutation", "n_permutations": 199}
    found = Monitor({"x": x}, groups=old, **options).check({"x": y}, groups=new)
    named = [[-1 if label is None else label for label in side] for side in (old, new)]
    wanted = Monitor({"x": x}, groups=named[0], **options).check({"x": y}, groups=named[1])
    assert found.features == wanted.features


@pytest.mark.parametrize(
    ("groups", "error", "message"),
    [
        (users(190, 0), InputError, r"`groups` must hold one label for each of the 200 rows of `reference`, got 190\."),
        ([], InputError, "each of the 200 rows of `reference`, got 0"),
        (np.zeros((200, 2)), InputError, "one label for each row of `reference`, got float64"),
        ([[1], [2, 3]] * 100, InputError, "one label for each row of `reference`"),
        (7, InputTypeError, "'groups' must be a sequence of values, got int"),
    ],
)
def test_labels_that_are_not_one_for_each_row_are_refused(groups: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Monitor({"x": REFERENCE["x"]}, pvalues="permutation", groups=groups)


def test_labels_of_one_side_only_are_refused() -> None:
    current = {"x": CURRENT["x"]}
    labelled = Monitor({"x": REFERENCE["x"]}, pvalues="permutation", groups=users(200, 0))
    with pytest.raises(ConfigError, match=r"those of `current` are needed too.*check\(current, groups=labels\)"):
        labelled.check(current)
    with pytest.raises(InputError, match="each of the 150 rows of `current`, got 140"):
        labelled.check(current, groups=users(140, 0))
    for monitor in (Monitor(REFERENCE), Monitor(REFERENCE, pvalues="permutation")):
        with pytest.raises(ConfigError, match="the monitor was made without groups"):
            monitor.check(CURRENT, groups=users(150, 0))
    with pytest.raises(ConfigError, match="made with the column 'c'"):
        Monitor(REFERENCE, pvalues="permutation", groups="c").check(CURRENT, groups=users(150, 0))


def test_labels_need_permutation_pvalues_and_no_blocks() -> None:
    with pytest.raises(ConfigError, match="`groups` needs permutation p-values"):
        Monitor(REFERENCE, groups=users(200, 0))
    with pytest.raises(ConfigError, match="exclude each other"):
        Monitor(REFERENCE, pvalues="permutation", block_length=5, groups=users(200, 0))


def test_windows_of_a_table_need_groups_in_a_column() -> None:
    x = {"x": REFERENCE["x"]}
    monitor = Monitor(x, pvalues="permutation", groups=users(200, 0))
    for cut in (
        lambda: monitor.over_time(x, window=50),
        lambda: power_curve(monitor, x, mean_shift(), sizes=[1.0], windows=[20], n_runs=2),
    ):
        with pytest.raises(ConfigError, match="need its groups as a column"):
            cut()


def test_current_data_without_the_groups_are_refused() -> None:
    monitor = Monitor(REFERENCE, pvalues="permutation", groups="c")
    with pytest.raises(InputError, match="`current` has no column 'c'"):
        monitor.check({"x": CURRENT["x"]})


def test_permutations_and_a_calibration_exclude_each_other() -> None:
    with pytest.raises(ConfigError, match="pvalues='analytic'"):
        Monitor(REFERENCE, pvalues="permutation").calibrate(window=20, checks_per_day=1, false_alarms_per_month=1)
    found = Monitor({"x": REFERENCE["x"]}).calibrate(window=20, checks_per_day=1, false_alarms_per_month=1, n_windows=5)
    with pytest.raises(ConfigError, match="pvalues='analytic'"):
        Monitor({"x": REFERENCE["x"]}, pvalues="permutation").use(found)
