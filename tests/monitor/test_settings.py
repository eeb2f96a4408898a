"""Every setting of a monitor changes the result, and a setting that makes no sense is refused with the sensible ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from driftwatch import (
    CramerVonMisesDetector,
    FeatureKind,
    HellingerDetector,
    KSDetector,
    Monitor,
    PSIDetector,
    TotalVariationDetector,
)
from driftwatch.detectors._catalog import DETECTORS
from driftwatch.errors import ConfigError, NoCommonFeaturesError, UnknownNameError
from driftwatch.kernels.multiplicity import global_pvalue

if TYPE_CHECKING:
    from driftwatch.report.model import DriftReport, FeatureReport

RNG = np.random.default_rng(0)
N = 400


def data(shift: float, spread: float = 1.0, share: float = 0.5) -> dict[str, Any]:
    gaps = RNG.normal(size=N)
    gaps[: int(N * (0.1 if shift else 0.02))] = np.nan
    return {
        "moved": RNG.normal(shift, spread, N),
        "other": RNG.normal(size=N),
        "level": RNG.choice(["a", "b"], N, p=[share, 1 - share]),
        "gaps": gaps,
    }


REFERENCE, CURRENT = data(0.0), data(0.5, share=0.65)


def check(**settings: Any) -> DriftReport:
    return Monitor(REFERENCE, **settings).check(CURRENT)


def feature(name: str, **settings: Any) -> FeatureReport:
    return check(**settings).features[name]


def test_defaults() -> None:
    report = check()
    assert set(report.drifted_features) == {"moved", "level", "gaps"}
    assert (report.alpha, report.correction, report.min_effect) == (0.05, "fdr_bh", 0.05)


@pytest.mark.parametrize("method", ["bonferroni", "simes", "hommel"])
def test_the_global_method_forms_the_global_pvalue(method: str) -> None:
    report = check(global_method=method)
    pvalues = [t.pvalue for f in report.features.values() for t in f.tests.values() if t.pvalue is not None]
    assert (report.n_tests, report.global_method) == (len(pvalues), method)
    assert report.global_pvalue == global_pvalue(pvalues, method)
    assert report.global_significant is True


def test_the_global_pvalue_needs_a_level_to_be_significant() -> None:
    report = check(alpha=None)
    assert report.global_pvalue is not None
    assert report.global_significant is None


def test_a_report_without_a_test_has_no_global_pvalue() -> None:
    report = Monitor({"x": [1.0, 2.0]}).check({"x": [1.0, 2.0]})
    assert (report.n_tests, report.global_pvalue, report.global_significant) == (0, None, None)


def test_an_unknown_global_method_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="unknown global method"):
        check(global_method="fisher")


def test_features_are_compared_in_the_order_of_the_reference() -> None:
    monitor = Monitor(REFERENCE, features=["level", "moved", "moved"])
    assert monitor.feature_names == ["moved", "level"]
    assert list(monitor.check(CURRENT).features) == ["moved", "level"]


def test_features_left_out_are_not_called_missing() -> None:
    report = check(features=["moved"])
    assert (report.only_in_reference, report.only_in_current) == ((), ())


def test_schema_changes_the_kind() -> None:
    settings: dict[str, Any] = {"schema": {"moved": FeatureKind.CATEGORICAL, "other": "identifier"}}
    assert feature("moved", **settings).kind == "categorical"
    assert feature("other", **settings).status == "skipped"


def test_kind_of_per_feature_wins_over_the_schema() -> None:
    found = feature("moved", schema={"moved": "text"}, per_feature={"moved": {"kind": "numeric"}})
    assert (found.kind, found.status) == ("numeric", "ok")


def test_detectors_can_be_given_by_name() -> None:
    report = check(detectors=["ks", "cramervonmises", "hellinger", TotalVariationDetector()])
    wanted = check(detectors=[KSDetector(), CramerVonMisesDetector(), HellingerDetector(), TotalVariationDetector()])
    assert report.features == wanted.features
    assert {name for found in report.features.values() for name in found.tests} >= {"ks", "cramervonmises", "hellinger"}


def test_every_detector_of_the_library_gives_a_report() -> None:
    report = check(detectors=list(DETECTORS))
    assert {found.reason for found in report.features.values()} == {None}
    assert set(report.drifted_features) == {"moved", "level", "gaps"}
    assert len(report.features["moved"].tests) > len(check().features["moved"].tests)


def test_detectors_choose_the_statistics() -> None:
    report = check(detectors=[KSDetector(), TotalVariationDetector()])
    assert list(report.features["moved"].tests) == ["ks", "total_variation"]
    assert list(report.features["level"].tests) == ["total_variation"]


# Every measure: a threshold just below the value is material, one just above is not, and "moved" is significant anyway.
MEASURES = {
    "ks": lambda found: found.tests["ks"].statistic,
    "psi": lambda found: found.tests["psi"].statistic,
    "wasserstein": lambda found: found.tests["wasserstein"].statistic,
    "wasserstein_normalized": lambda found: found.tests["wasserstein"].details["normalized"],
    "jensenshannon": lambda found: found.tests["jensenshannon"].statistic,
    "total_variation": lambda found: found.tests["total_variation"].statistic,
}


@pytest.mark.parametrize("measure", MEASURES)
def test_threshold_replaces_the_material_leg(measure: str) -> None:
    value = MEASURES[measure](feature("moved"))
    for factor, material in ((0.99, True), (1.0, True), (1.01, False)):
        found = feature("moved", thresholds={measure: value * factor})
        assert (found.significant, found.material, found.drift_detected) == (True, material, material)


def test_threshold_on_chi2_cuts_the_statistic() -> None:
    value = feature("level").tests["chi2"].statistic
    assert value is not None
    assert feature("level", thresholds={"chi2": value * 0.99}).material
    assert not feature("level", thresholds={"chi2": value * 1.01}).material


def test_threshold_on_missing_cuts_cohens_h() -> None:
    h = feature("gaps").tests["missing"].details["cohens_h"]
    assert isinstance(h, float)
    assert feature("gaps", thresholds={"missing": h * 0.99}).signals == ("missing_share",)
    assert feature("gaps", thresholds={"missing": h * 1.01}).signals == ()


def test_any_of_several_thresholds_is_enough() -> None:
    assert feature("moved", thresholds={"ks": 0.01, "psi": 9.0}).material
    assert not feature("moved", thresholds={"ks": 0.9, "psi": 9.0}).material


def test_threshold_leaves_features_without_that_statistic_alone() -> None:
    assert feature("level", thresholds={"ks": 1.0}).drift_detected
    assert not feature("moved", thresholds={"ks": 1.0}).drift_detected


def test_threshold_is_shown_with_its_statistic() -> None:
    tests = feature("moved", thresholds={"psi": 0.2}).tests
    assert (tests["psi"].threshold, tests["ks"].threshold) == (0.2, None)


def test_alpha_cuts_the_corrected_pvalue() -> None:
    p = feature("moved").tests["ks"].pvalue_adjusted
    assert p is not None
    assert feature("moved", alpha=p).significant
    assert not feature("moved", alpha=p * 0.99).significant


def test_no_alpha_drops_the_significant_leg() -> None:
    report = check(alpha=None, min_effect=0.0)
    assert {found.significant for found in report.features.values()} == {None}
    assert report.features["other"].drift_detected  # any effect is material, and nothing asks whether it is chance
    assert report.alpha is None


def by_hand(pvalues: list[float], correction: str) -> list[float]:
    """Return corrected p-values by the definitions, one after the other."""
    k = len(pvalues)
    if correction == "none":
        return pvalues
    if correction == "bonferroni":
        return [min(1.0, k * p) for p in pvalues]
    if correction == "holm":  # the largest of (k - rank) p over all that are as small
        ordered = sorted(pvalues)
        return [min(1.0, max((k - i) * q for i, q in enumerate(ordered) if q <= p)) for p in pvalues]
    # the smallest of k q / rank over all that are as large
    harmonic = sum(1 / i for i in range(1, k + 1)) if correction == "fdr_by" else 1.0
    ordered = sorted(pvalues)
    return [min(1.0, harmonic * min(k * q / (i + 1) for i, q in enumerate(ordered) if q >= p)) for p in pvalues]


@pytest.mark.parametrize("correction", ["none", "fdr_bh", "fdr_by", "holm", "bonferroni"])
def test_correction_is_the_one_that_was_asked_for(correction: str) -> None:
    report = check(correction=correction)
    tests = [test for found in report.features.values() for test in found.tests.values() if test.is_test]
    found = [test.pvalue_adjusted or 0.0 for test in tests]
    assert found == pytest.approx(by_hand([test.pvalue or 0.0 for test in tests], correction), rel=1e-12)
    assert report.correction == correction


def test_min_effect_cuts_the_effect() -> None:
    effect = feature("moved").effect
    assert effect is not None
    assert feature("moved", min_effect=effect).drift_detected
    assert not feature("moved", min_effect=effect * 1.01).drift_detected


@pytest.mark.parametrize(("min_samples", "status"), [(N, "ok"), (N + 1, "insufficient")])
def test_min_samples_asks_for_values(min_samples: int, status: str) -> None:
    assert feature("moved", min_samples=min_samples).status == status


class TestPerFeature:
    def test_min_effect_of_one_feature(self) -> None:
        report = check(per_feature={"moved": {"min_effect": 0.9}})
        assert not report.features["moved"].drift_detected
        assert report.features["level"].drift_detected

    def test_thresholds_of_one_feature_add_to_the_general_ones(self) -> None:
        settings: dict[str, Any] = {"thresholds": {"psi": 9.0}, "per_feature": {"moved": {"thresholds": {"ks": 0.01}}}}
        assert feature("moved", **settings).material
        assert not feature("level", **settings).material

    def test_thresholds_of_one_feature_win(self) -> None:
        settings: dict[str, Any] = {"thresholds": {"psi": 9.0}, "per_feature": {"moved": {"thresholds": {"psi": 0.0}}}}
        assert feature("moved", **settings).tests["psi"].threshold == 0.0
        assert feature("level", **settings).tests["psi"].threshold == 9.0

    def test_ignored_feature_is_not_in_the_report(self) -> None:
        report = check(per_feature={"moved": {"ignore": True}})
        assert "moved" not in report.features
        assert (report.only_in_reference, report.only_in_current) == ((), ())

    def test_ignored_feature_is_not_in_the_family_of_pvalues(self) -> None:
        alone = check(features=["level"]).features["level"].tests["chi2"]
        others: dict[str, Any] = {name: {"ignore": True} for name in REFERENCE if name != "level"}
        assert check(per_feature=others).features["level"].tests["chi2"] == alone

    def test_weight_orders_the_drifted_features_and_leaves_the_verdict(self) -> None:
        for heavy in ("moved", "level", "gaps"):
            report = check(per_feature={heavy: {"weight": 100.0}})
            assert report.drifted_features[0] == heavy
            assert set(report.drifted_features) == set(check().drifted_features)

    def test_empty_options_change_nothing(self) -> None:
        empty = dict.fromkeys(("kind", "min_effect", "thresholds"))
        assert check(per_feature={"moved": empty, "level": {}}).features == check().features


UNKNOWN: dict[str, tuple[dict[str, Any], str]] = {
    "feature": (
        {"features": ["moved", "othr"]},
        r"unknown feature: 'othr' \(did you mean 'other'\?\)\. Known: 'moved'",
    ),
    "feature no string": ({"features": [0]}, "unknown feature: '0'"),
    "schema": ({"schema": {"othr": "numeric"}}, "unknown feature: 'othr'"),
    "kind": ({"schema": {"other": "numerical"}}, r"unknown feature kind: 'numerical' \(did you mean 'numeric'"),
    "per_feature": ({"per_feature": {"othr": {}}}, "unknown feature: 'othr'"),
    "option": ({"per_feature": {"other": {"min_efect": 1}}}, r"did you mean 'min_effect'\?\)\. Known: 'kind'"),
    "threshold": ({"thresholds": {"pis": 0.2}}, r"'pis' \(did you mean 'psi'\?\)\. Known: 'ks', 'wasserstein'"),
    "own threshold": ({"per_feature": {"other": {"thresholds": {"pis": 0.2}}}}, "did you mean 'psi'"),
    "threshold of no chosen detector": (
        {"detectors": [KSDetector()], "thresholds": {"psi": 0.2}},
        "Known: 'ks', 'missing'",
    ),
    "correction": (
        {"correction": "bh"},
        "unknown correction: 'bh'.* Known: 'fdr_bh', 'fdr_by', 'bonferroni', 'holm', 'none'",
    ),
    "correction of a wrong type": ({"correction": ["fdr_bh"]}, "unknown correction"),
}


@pytest.mark.parametrize(("settings", "message"), UNKNOWN.values(), ids=list(UNKNOWN))
def test_unknown_name_is_refused_with_the_known_ones(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UnknownNameError, match=message):
        check(**settings)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "alpha above one": ({"alpha": 1.5}, "`alpha` must be a number from 0 to 1, got 1.5"),
    "alpha NaN": ({"alpha": float("nan")}, "`alpha` must be a number"),
    "alpha text": ({"alpha": "0.05"}, "`alpha` must be a number from 0 to 1, got '0.05'"),
    "alpha bool": ({"alpha": True}, "`alpha` must be a number"),
    "min_effect negative": ({"min_effect": -0.1}, "`min_effect` must be a number from 0 to 1"),
    "min_effect None": ({"min_effect": None}, "`min_effect` must be a number from 0 to 1"),
    "min_samples zero": ({"min_samples": 0}, "`min_samples` must be a positive integer, got 0"),
    "min_samples float": ({"min_samples": 2.5}, "`min_samples` must be a positive integer"),
    "min_samples bool": ({"min_samples": True}, "`min_samples` must be a positive integer"),
    "thresholds number": ({"thresholds": 0.2}, "`thresholds` must be a mapping, got 0.2"),
    "threshold negative": ({"thresholds": {"psi": -1}}, "finite numbers of at least 0, got -1 for 'psi'"),
    "threshold infinite": ({"thresholds": {"psi": float("inf")}}, "finite numbers of at least 0"),
    "schema list": ({"schema": ["other"]}, "`schema` must be a mapping"),
    "per_feature list": ({"per_feature": ["other"]}, "`per_feature` must be a mapping"),
    "options number": ({"per_feature": {"other": 3}}, r"per_feature\['other'\]` must be a mapping of options \(kind"),
    "own thresholds": ({"per_feature": {"other": {"thresholds": 3}}}, r"\['thresholds'\]` must be a mapping"),
    "own min_effect": (
        {"per_feature": {"other": {"min_effect": 2}}},
        r"\['min_effect'\]` must be a number from 0 to 1",
    ),
    "weight infinite": ({"per_feature": {"other": {"weight": float("inf")}}}, r"\['weight'\]` must be a finite number"),
    "weight negative": ({"per_feature": {"other": {"weight": -1}}}, r"\['weight'\]` must be a finite number"),
    "ignore text": ({"per_feature": {"other": {"ignore": "no"}}}, r"\['ignore'\]` must be True or False, got 'no'"),
    "features text": ({"features": "other"}, r"`features` must be a sequence of names, got 'other'\. Pass \['other'\]"),
    "features none": ({"features": []}, "there is no feature to compare"),
    "features ignored": ({"features": ["other"], "per_feature": {"other": {"ignore": True}}}, "no feature to compare"),
    "detectors none": ({"detectors": []}, "at least one detector"),
    "detector class": ({"detectors": [KSDetector]}, "Pass an instance, not the class"),
    "detector name": (
        {"detectors": ["k"]},
        r"unknown detector: 'k' \(did you mean 'ks'\?\). Known: 'ks', 'wasserstein'",
    ),
    "detectors one name": ({"detectors": "ks"}, r"Pass \['ks'\]"),
    "detectors number": ({"detectors": [3]}, "must hold names or `BaseDetector` instances, got 3"),
    "detectors name twice": ({"detectors": ["ks", KSDetector(method="exact")]}, "distinct names"),
    "detector twice": (
        {"detectors": [PSIDetector(), PSIDetector(n_bins=5), KSDetector()]},
        r"distinct names.*\['psi'\]",
    ),
    "detectors that cannot decide": ({"detectors": [PSIDetector()]}, r"a threshold is needed: pass thresholds=\{'psi'"),
}


@pytest.mark.parametrize(("settings", "message"), WRONG.values(), ids=list(WRONG))
def test_wrong_setting_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check(**settings)


def test_numpy_numbers_are_numbers() -> None:
    found = check(
        alpha=np.float32(0.05),
        min_effect=np.float64(0.05),
        min_samples=np.int64(10),
        thresholds={"psi": np.float32(0.2)},
    )
    assert found.drift_detected


def test_detectors_without_effect_can_stand_with_a_threshold() -> None:
    found = feature("moved", detectors=[PSIDetector()], thresholds={"psi": 0.01})
    # a distance alone has no p-value: the threshold decides
    assert (found.significant, found.material, found.drift_detected) == (None, True, True)


def test_names_that_are_no_strings_are_found() -> None:
    frame = {0: REFERENCE["moved"], 1: REFERENCE["other"]}
    monitor = Monitor(frame, features=[0], schema={0: "numeric"}, per_feature={0: {"weight": 2.0}})  # type: ignore[list-item, dict-item]
    assert monitor.feature_names == ["0"]


def test_nothing_in_common_is_refused_with_both_lists() -> None:
    with pytest.raises(NoCommonFeaturesError, match=r"Reference has 'moved', .*; current has 'x'"):
        Monitor(REFERENCE).check({"x": [1.0] * 20})
