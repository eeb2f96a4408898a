"""What a report says in words: the choice of numbers and sentences that all renderers share."""

from __future__ import annotations

import pytest

import report_samples as samples
from driftwatch.report.model import Bins, FeatureReport, SideSummary, Status, TestResult
from driftwatch.report.render import render
from driftwatch.report.text import ASCII
from driftwatch.report.wording import headline, histograms, moved, notes, sentence, settings, verdict_line

KS = TestResult(statistic=0.4, is_test=True, pvalue=0.01, pvalue_adjusted=0.02)
PSI = TestResult(statistic=0.3, threshold=0.2)
CHI2 = TestResult(statistic=81.0, is_test=True, pvalue=1e-9, pvalue_adjusted=1e-8)
TV = TestResult(statistic=0.25)
MISSING = TestResult(statistic=812.0, is_test=True, pvalue=1e-5, pvalue_adjusted=1e-4, details={"cohens_h": 0.5})


@pytest.mark.parametrize(
    ("features", "line"),
    [
        ([samples.drifted("a"), samples.feature("b")], "Drift detected: 1 of 2 tested features drifted."),
        ([samples.feature("a")], "No drift detected in 1 tested feature."),
        (
            [samples.feature("a"), samples.without_verdict("b", Status.ERROR, "why")],
            "No drift detected in 1 tested feature (1 not tested).",
        ),
        ([samples.without_verdict("b", Status.ERROR, "why")], "No verdict: 0 of 1 feature could be tested."),
        (
            [samples.drifted("gone", status=Status.INSUFFICIENT, reason="all missing")],
            "Drift detected: 1 of 1 tested feature drifted.",
        ),
        ([], "No verdict: 0 of 0 features could be tested."),
    ],
)
def test_the_verdict_is_one_sentence(features: list[FeatureReport], line: str) -> None:
    assert verdict_line(samples.report(features)) == line


@pytest.mark.parametrize(
    ("signals", "tests", "text"),
    [
        ((), {"psi": PSI, "ks": KS}, "KS 0.4"),
        (("psi",), {"ks": KS, "psi": PSI}, "PSI 0.3"),
        (("chi2",), {"chi2": CHI2, "total_variation": TV}, "TV 0.25"),
        (("chi2",), {"chi2": CHI2}, "chi2 81"),
        (("missing_share",), {"missing": MISSING, "ks": KS}, "KS 0.4"),
        (("mine",), {"mine": TestResult(statistic=2.0), "ks": KS}, "mine 2"),
        (("constant",), {"own": TestResult(statistic=3.0)}, "own 3"),
    ],
)
def test_the_statistic_of_a_feature_is_the_one_that_raised_the_drift(
    signals: tuple[str, ...], tests: dict[str, TestResult], text: str
) -> None:
    assert str(headline(samples.feature(signals=signals, tests=tests))) == text


@pytest.mark.parametrize(
    ("signals", "tests", "pvalue"),
    [
        (("ks",), {"ks": KS}, 0.02),
        (("psi",), {"psi": PSI, "ks": KS}, 0.02),
        (("chi2",), {"chi2": CHI2, "total_variation": TV}, 1e-8),
        (("ks",), {"ks": TestResult(statistic=0.4, is_test=True, pvalue=0.01)}, 0.01),
        (("psi",), {"psi": PSI}, None),
    ],
)
def test_the_pvalue_of_a_feature_is_the_corrected_one(
    signals: tuple[str, ...], tests: dict[str, TestResult], pvalue: float | None
) -> None:
    main = headline(samples.feature(signals=signals, tests=tests))
    assert main is not None
    assert main.pvalue == pvalue


@pytest.mark.parametrize("direction", ["more missing", "fewer missing"])
def test_a_missing_share_that_decided_is_told_by_cohens_h_and_its_own_pvalue(direction: str) -> None:
    main = headline(samples.feature(direction=direction, tests={"ks": KS, "missing": MISSING}))
    assert main is not None
    assert (str(main), main.pvalue) == ("h 0.5", 1e-4)


def test_a_feature_without_tests_has_no_headline() -> None:
    assert headline(samples.feature(tests={})) is None


def test_a_location_is_told_by_the_median() -> None:
    feature = samples.drifted()
    assert moved(feature, samples.report([feature])) == "median 12.1 → 15.3"


def test_a_spread_is_told_by_the_standard_deviation() -> None:
    feature = samples.drifted(direction="wider")
    assert moved(feature, samples.report([feature])) == "std 3 → 3.4"


def test_equal_medians_give_way_to_the_mean() -> None:
    feature = samples.drifted(current=SideSummary(mean=13.0, median=12.1))
    assert moved(feature, samples.report([feature])) == "mean 12 → 13"


def test_a_constant_is_called_one() -> None:
    side = SideSummary(mean=5.0, minimum=5.0, median=5.0, maximum=5.0)
    feature = samples.drifted(reference=side, current=SideSummary(minimum=7.0, median=7.0, maximum=7.0))
    assert moved(feature, samples.report([feature])) == "constant 5 → 7"


def test_a_constant_that_became_variable_gets_a_median() -> None:
    side = SideSummary(mean=5.0, minimum=5.0, median=5.0, maximum=5.0)
    feature = samples.drifted(reference=side)
    assert moved(feature, samples.report([feature])) == "constant 5 → median 15.3"


def test_categories_are_told_by_the_level_that_moved_most() -> None:
    bins = Bins(reference=(50, 30, 20), current=(48, 2, 50), labels=("a", "b", "c"))
    feature = samples.drifted(kind="categorical", reference=None, current=None, bins=bins)
    assert moved(feature, samples.report([feature])) == "'c' 20% → 50%"


def test_missing_values_are_told_as_shares_of_the_rows() -> None:
    feature = samples.drifted(direction="more missing", signals=("missing_share",), missing_current=2_100)
    assert moved(feature, samples.report([feature])) == "missing 0% → 25%"


def test_missing_values_stand_beside_what_moved_where_both_did() -> None:
    feature = samples.drifted(signals=("missing_share",), missing_current=2_100)
    assert moved(feature, samples.report([feature])) == "median 12.1 → 15.3, missing 0% → 25%"


def test_one_cell_is_no_histogram() -> None:
    assert histograms(samples.drifted(bins=Bins(reference=(9,), current=(8,)))) == []


def test_nothing_to_tell_is_an_empty_text() -> None:
    feature = samples.drifted(reference=None, current=None, bins=None)
    assert moved(feature, samples.report([feature])) == ""


def test_a_sentence_names_the_threshold_that_decided() -> None:
    feature = samples.drifted(signals=("psi",), tests={"psi": PSI})
    expected = "up, PSI 0.3 (threshold 0.2), effect 0.411; median 12.1 -> 15.3"
    assert sentence(feature, samples.report([feature]), ASCII) == expected


def test_settings_say_when_significance_is_not_required() -> None:
    assert "significant: not required" in settings(samples.report([], alpha=None))


def test_a_verdict_on_thin_ice_says_so_in_every_form() -> None:
    report = samples.report([samples.drifted("a", flags=("autocorrelated_rows", "few_samples")), samples.feature("b")])
    few = "Caution, few rows, only large drift shows: a"
    dependent = "Caution, rows depend on each other, p may be too small: a"
    assert few in report.summary()
    assert dependent in report.summary()
    for form in ("table", "markdown", "junit", "github"):
        text = render(report, form).replace("%2C", ",")
        assert "Caution, few rows" in text
        assert "Caution, rows depend on each other" in text
    assert "Caution, few rows" in report._repr_html_()


@pytest.mark.parametrize(
    ("flag", "concerned"),
    [
        ("autocorrelated_rows", {"drifted"}),
        ("few_samples", {"drifted", "fine", "doubtful"}),
        ("dropped_rows", {"drifted", "fine", "doubtful"}),
        ("many_ties", {"doubtful"}),
        ("dependence_ignored", {"drifted"}),
        ("few_permutations", {"doubtful"}),
        ("low_expected_counts", {"doubtful"}),
    ],
)
def test_a_caution_names_the_features_whose_verdict_it_weakens(flag: str, concerned: set[str]) -> None:
    report = samples.report(
        [
            samples.drifted("drifted", flags=(flag,)),
            samples.feature("fine", flags=(flag,)),
            samples.feature("doubtful", flags=(flag,), material=True, significant=False),
            samples.feature("untested", flags=(flag,), status=Status.INSUFFICIENT, reason="no values"),
        ]
    )
    ((_, named),) = notes(report)
    assert set(named) == concerned


def test_the_settings_name_the_test_of_the_whole_report() -> None:
    report = samples.report([samples.feature()], n_tests=12, global_pvalue=0.0213)
    assert settings(report)[-1] == "any change at all: p 0.021 (bonferroni, 12 tests)"
    assert len(settings(samples.report([samples.feature()]))) == 3


def test_a_threshold_on_the_excess_shows_the_excess() -> None:
    tests = {"psi": TestResult(statistic=0.31, threshold=0.2, excess=0.25)}
    drifted = samples.drifted(tests=tests)
    assert "PSI 0.31 (excess 0.25, threshold 0.2)" in sentence(drifted, samples.report([drifted], excess=True))
    assert "PSI 0.31 (threshold 0.2)" in sentence(drifted, samples.report([drifted]))


def test_what_moved_says_what_share_a_signal_is_about() -> None:
    shares = {"outside_range": 0.034, "stuck_value": 0.41}
    feature = samples.drifted(signals=tuple(shares), signal_values=shares)
    assert "3.4% outside the reference's range, 41% the same value" in moved(feature, samples.report([feature]))
