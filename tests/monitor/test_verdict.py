"""Two legs, one family of p-values, one decision per feature."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from driftwatch import BaseDetector, FeatureKind, Monitor
from driftwatch.detectors import Score
from driftwatch.report.model import DriftReport, Verdict

RNG = np.random.default_rng(0)


class Fixed(BaseDetector[Any]):
    """A detector that returns what the test says."""

    name = "fixed"
    kinds = frozenset({FeatureKind.NUMERIC})
    needs = "counts"

    def __init__(self, pvalue: float | None, effect: float | None, statistic: float = 0.5) -> None:
        self.values = pvalue, effect, statistic

    @property
    def effect_kinds(self) -> frozenset[FeatureKind]:
        return self.kinds

    def score(self, sample: Any) -> Score:
        d = len(sample.names)
        pvalue, effect, statistic = (None if value is None else np.full(d, value) for value in self.values)
        assert statistic is not None
        return Score(statistic, pvalue=pvalue, effect=effect)


X = {"x": RNG.normal(size=50)}


@pytest.mark.parametrize(
    ("pvalue", "effect", "significant", "material", "drift"),
    [
        (0.01, 0.10, True, True, True),
        (0.01, 0.04, True, False, False),
        (0.06, 0.10, False, True, False),
        (0.06, 0.04, False, False, False),
        (0.05, 0.05, True, True, True),  # both bounds belong to the drift
        (None, 0.10, None, True, True),  # no test takes part: the effect decides
        (None, 0.04, None, False, False),
        (float("nan"), 0.10, None, True, True),
        (0.01, float("nan"), True, False, False),
        (0.01, None, True, False, False),
    ],
)
def test_drift_is_significant_and_material(
    pvalue: float | None, effect: float | None, significant: bool | None, material: bool, drift: bool
) -> None:
    report = Monitor(X, detectors=[Fixed(pvalue, effect)]).check(X)
    found = report.features["x"]
    assert (found.significant, found.material, found.drift_detected) == (significant, material, drift)
    assert report.verdict is (Verdict.DRIFT if drift else Verdict.NO_DRIFT)


@pytest.mark.parametrize(("effect", "drift"), [(0.10, True), (0.04, False)])
def test_without_alpha_the_effect_decides(effect: float, drift: bool) -> None:
    found = Monitor(X, detectors=[Fixed(0.99, effect)], alpha=None).check(X).features["x"]
    assert (found.significant, found.material, found.drift_detected) == (None, drift, drift)


@pytest.mark.parametrize(("statistic", "drift"), [(0.31, True), (0.29, False)])
@pytest.mark.parametrize("effect", [0.0, 1.0, None])
def test_threshold_replaces_the_effect(statistic: float, drift: bool, effect: float | None) -> None:
    settings: dict[str, Any] = {"thresholds": {"fixed": 0.3}}
    found = Monitor(X, detectors=[Fixed(0.01, effect, statistic)], **settings).check(X).features["x"]
    assert found.drift_detected is drift


def test_threshold_on_a_statistic_that_is_not_defined_falls_back_to_the_effect() -> None:
    detectors = [Fixed(0.01, 0.5, float("nan"))]
    assert Monitor(X, detectors=detectors, thresholds={"fixed": 0.3}).check(X).drift_detected


def mixed(n: int, shift: float) -> dict[str, Any]:
    columns: dict[str, Any] = {f"n{i}": RNG.normal(shift * (i % 3), 1, n) for i in range(6)}
    columns |= {f"c{i}": RNG.choice(list("abcd"), n) for i in range(3)}
    for name, share in (("n0", 0.1), ("n1", 0.1 + shift / 4)):
        columns[name][RNG.random(n) < share] = np.nan
    columns["flag"] = RNG.random(n) < 0.3
    columns["gaps in levels"] = np.where(RNG.random(n) < 0.2, None, columns["c0"])
    return columns


@pytest.fixture(scope="module")
def report() -> DriftReport:
    return Monitor(mixed(300, 0.0)).check(mixed(250, 0.3))


def family_of(report: DriftReport) -> tuple[list[float], list[float]]:
    tests = [test for found in report.features.values() for test in found.tests.values() if test.pvalue is not None]
    return [float(t.pvalue or 0.0) for t in tests], [float(t.pvalue_adjusted or 0.0) for t in tests]


def test_pvalues_are_corrected_as_one_family(report: DriftReport) -> None:
    pvalues, adjusted = family_of(report)
    np.testing.assert_allclose(adjusted, stats.false_discovery_control(pvalues), rtol=1e-12)


def test_family_has_one_value_test_per_feature_and_one_missing_test_where_anything_is_missing(
    report: DriftReport,
) -> None:
    tests = {name: {k for k, t in found.tests.items() if t.is_test} for name, found in report.features.items()}
    expected = {name: {"ks" if name.startswith("n") else "chi2"} for name in report.features}
    for name in ("n0", "n1", "gaps in levels"):
        expected[name] = expected[name] | {"missing"}
    assert tests == expected


@pytest.mark.parametrize(("correction", "method"), [("fdr_bh", "bh"), ("fdr_by", "by")])
def test_correction_equals_scipy(correction: str, method: Any) -> None:
    pvalues, adjusted = family_of(Monitor(mixed(300, 0.0), correction=correction).check(mixed(250, 0.3)))
    np.testing.assert_allclose(adjusted, stats.false_discovery_control(pvalues, method=method), rtol=1e-12)


def test_features_with_too_few_values_stay_out_of_the_family() -> None:
    reference, current = mixed(300, 0.0), mixed(250, 0.3)
    with_thin = {**reference, "thin": [1.0] * 5 + [None] * 295}, {**current, "thin": [1.0] * 5 + [None] * 245}
    alone = Monitor(reference).check(current)
    found = Monitor(with_thin[0], per_feature={}).check(with_thin[1])
    assert found.features["thin"].tests["ks"].pvalue_adjusted is None
    # the missing share of the thin column takes part: its rows are many
    assert len(family_of(found)[0]) == len(family_of(alone)[0]) + 2
    assert found.features["thin"].tests["missing"].pvalue_adjusted is not None


def test_distances_have_no_pvalue(report: DriftReport) -> None:
    distances = {name for found in report.features.values() for name, t in found.tests.items() if not t.is_test}
    assert distances == {"wasserstein", "psi", "jensenshannon", "total_variation"}


class TestMissingShare:
    def test_feature_that_loses_its_values_drifts_although_the_values_did_not(self) -> None:
        x, y = RNG.normal(size=500), RNG.normal(size=500)
        y[:300] = np.nan
        found = Monitor({"x": x}).check({"x": y}).features["x"]
        assert (found.drift_detected, found.signals) == (True, ("missing_share",))
        assert (found.significant, found.material, found.status) == (True, True, "ok")
        assert (found.missing_current, found.n_current, found.direction) == (300, 200, "more missing")
        np.testing.assert_allclose(found.tests["ks"].pvalue or 0.0, stats.ks_2samp(x, y[300:]).pvalue, rtol=1e-6)

    def test_category_that_loses_its_values_drifts(self) -> None:
        found = Monitor({"x": ["a", "b"] * 50}).check({"x": ["a", "b", None, None] * 25}).features["x"]
        assert (found.drift_detected, found.signals) == (True, ("missing_share",))

    def test_feature_that_regains_its_values_drifts(self) -> None:
        found = Monitor({"x": [1.0, 2.0, None, None] * 25}).check({"x": [1.0, 2.0] * 50}).features["x"]
        assert (found.drift_detected, found.direction) == (True, "fewer missing")

    def test_small_change_of_the_share_is_not_material(self) -> None:
        # 20 % against 26 % of 20,000 rows: significant beyond doubt, Cohen's h = 0.14
        columns = [np.where(np.arange(20_000) % 100 < share, np.nan, 1.0) for share in (20, 26)]
        found = Monitor({"x": columns[0]}).check({"x": columns[1]}).features["x"]
        assert (found.tests["missing"].pvalue or 0.0) < 1e-40
        assert not found.drift_detected

    def test_share_that_chance_explains_is_not_significant(self) -> None:
        found = Monitor({"x": [1.0] * 20}).check({"x": [1.0] * 19 + [None]}).features["x"]
        assert found.tests["missing"].details["cohens_h"] > 0.2  # type: ignore[operator]
        assert not found.drift_detected

    def test_column_of_nulls_has_drifted_and_has_no_values_to_compare(self) -> None:
        found = Monitor({"x": RNG.normal(size=50)}).check({"x": [None] * 50}).features["x"]
        assert (found.status, found.drift_detected, found.signals) == ("insufficient", True, ("missing_share",))
        assert found.reason == "no values in 50 rows in current, at least 10 are needed"

    def test_column_of_nulls_on_both_sides_has_not_drifted(self) -> None:
        report = Monitor({"x": [None] * 50, "y": RNG.normal(size=50)}).check(
            {"x": [None] * 50, "y": RNG.normal(size=50)}
        )
        assert (report.features["x"].status, report.features["x"].drift_detected) == ("insufficient", False)
        assert report.verdict is Verdict.NO_DRIFT

    def test_few_rows_say_nothing_about_the_share(self) -> None:
        found = Monitor({"x": [1.0] * 9}).check({"x": [None] * 9}).features["x"]
        assert (found.status, found.drift_detected) == ("insufficient", False)


class TestSignals:
    def test_constant_that_changes_is_found(self) -> None:
        found = Monitor({"x": [3.0] * 100}).check({"x": [4.0] * 100}).features["x"]
        assert (found.drift_detected, found.signals, found.direction) == (True, ("constant_changed",), "up")
        assert found.tests["psi"].statistic == 0.0
        assert "reference is constant" in str(found.tests["psi"].reason)

    def test_constant_that_begins_to_vary_is_found(self) -> None:
        found = Monitor({"x": [3.0] * 100}).check({"x": RNG.normal(3, 1, 100)}).features["x"]
        assert (found.drift_detected, found.signals) == (True, ("constant_changed",))

    def test_constant_that_stays_is_fine(self) -> None:
        found = Monitor({"x": [0.1] * 100}).check({"x": [0.1] * 50}).features["x"]
        assert (found.drift_detected, found.signals, found.status) == (False, (), "ok")

    def test_level_that_was_never_seen_is_a_signal(self) -> None:
        found = Monitor({"x": ["a", "b"] * 50}).check({"x": ["a", "b"] * 49 + ["c", "b"]}).features["x"]
        assert (found.signals, found.drift_detected) == (("unseen_levels",), False)

    def test_level_that_disappears_is_none(self) -> None:
        assert Monitor({"x": ["a", "b"] * 50}).check({"x": ["a"] * 50}).features["x"].signals == ()

    def test_rare_levels_are_flagged(self) -> None:
        data = {"x": ["a"] * 60 + ["b"] * 40 + ["c"]}
        assert Monitor(data).check(data).features["x"].flags == ("low_expected_counts",)

    @pytest.mark.parametrize("side", ["reference", "current"])
    def test_rounded_integers_are_flagged(self, side: str) -> None:
        small, large = {"x": np.arange(100) % 7}, {"x": (np.arange(100) % 7) + 2**60}
        reference, current = (large, small) if side == "reference" else (small, large)
        assert "rounded_integers" in Monitor(reference).check(current).features["x"].flags


@pytest.mark.parametrize(
    ("current", "direction"),
    [
        (lambda x: x + 1, "up"),
        (lambda x: x - 1, "down"),
        (lambda x: 3 * x, "wider"),
        (lambda x: x / 3, "narrower"),
    ],
    ids=["up", "down", "wider", "narrower"],
)
def test_direction_says_how_a_feature_moved(current: Any, direction: str) -> None:
    x = RNG.normal(size=400)
    assert Monitor({"x": x}).check({"x": current(x)}).features["x"].direction == direction


def test_feature_that_did_not_drift_has_no_direction() -> None:
    assert Monitor(X).check(X).features["x"].direction is None


def test_the_reference_itself_has_not_drifted() -> None:
    data = mixed(200, 0.0)
    report = Monitor(data).check(data)
    assert report.verdict is Verdict.NO_DRIFT
    assert {found.effect for found in report.features.values()} == {0.0}
