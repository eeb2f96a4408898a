"""Permutation p-values in the report: the family uses them, and rows that depend on each other hold their level."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from driftwatch import Monitor, permutation_test
from driftwatch.detectors import BinnedChiSquaredDetector, KSDetector
from driftwatch.detectors._catalog import detector_by_name
from driftwatch.detectors.base import BaseDetector, Score
from driftwatch.errors import ConfigError, InputError, UnknownNameError

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

    def users(first: int) -> dict[str, Any]:
        return {
            "user": np.repeat(np.arange(first, first + 30), 10),
            "x": np.repeat(rng.normal(size=30), 10) + 0.5 * rng.normal(size=300),
        }

    for _ in range(40):
        reference, current = users(0), users(100)
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


def test_current_data_without_the_groups_are_refused() -> None:
    monitor = Monitor(REFERENCE, pvalues="permutation", groups="c")
    with pytest.raises(InputError, match="`current` has no column 'c'"):
        monitor.check({"x": CURRENT["x"]})


def test_permutations_and_a_calibration_exclude_each_other() -> None:
    with pytest.raises(ConfigError, match="pvalues='analytic'"):
        Monitor(REFERENCE, pvalues="permutation").calibrate(window=20, checks_per_day=1, false_alarms_per_month=1)
