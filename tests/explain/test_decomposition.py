"""Decompositions of what a report says: terms that sum to it, on rows, on windows and by level."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, wasserstein_distance

from driftwatch import Explainer, Monitor, Profile, PSIDetector, Window
from driftwatch.explain.decomposition import MAX_LEVELS, OTHER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch.report.explanation import Decomposition, FeatureExplanation


def _data(seed: int, n: int, *, shift: float = 0.0) -> Mapping[str, object]:
    rng = np.random.default_rng(seed)
    rounded = rng.poisson(3.0 + 2.0 * shift, n).astype(float)
    rounded[rng.random(n) < 0.05] = np.nan
    return {
        "km": rng.lognormal(1.0 + shift, 1.0, n),
        "stops": rounded,
        "single": rng.normal(shift, 1.0, n).astype(np.float32),
        "constant": np.full(n, 7.0 + shift),
        "city": rng.choice(["Oslo", "Rome", "Bern"], n, p=[0.5 - shift / 2, 0.3 + shift / 2, 0.2]).tolist(),
    }


def _by(found: FeatureExplanation) -> dict[tuple[str, str], Decomposition]:
    return {(item.statistic, item.by): item for item in found.decompositions}


def _explained(monitor: Monitor, current: object) -> tuple[object, Mapping[str, FeatureExplanation]]:
    report = Explainer(monitor, features=monitor.feature_names).explain(current)
    assert report.explanation is not None
    assert report.explanation.reasons == {}
    return report, report.explanation.features


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("psi", [PSIDetector(), PSIDetector(n_bins=7, floor=1e-3)], ids=["deciles", "seven-bins"])
def test_terms_sum_to_the_statistics_of_the_report(seed: int, psi: PSIDetector) -> None:
    monitor = Monitor(_data(seed, 3_001), detectors=["ks", "wasserstein", "chi2", "total_variation", psi])
    report = monitor.check(current := _data(seed + 100, 1_402, shift=0.3))
    report = Explainer(monitor, features=monitor.feature_names).explain(current, report=report)
    assert report.explanation is not None

    for name, found in report.explanation.features.items():
        tests = report.features[name].tests
        assert {item.statistic for item in found.decompositions} >= {"psi"}
        for item in found.decompositions:
            total = math.fsum(term.term for term in item.terms)
            assert item.value == total
            # float32 values are summed by other routines than float64 ones
            assert total == pytest.approx(tests[item.statistic].statistic, rel=1e-12, abs=1e-12), (name, item.by)
            assert all(term.term >= 0.0 for term in item.terms)


def test_the_distance_of_rows_is_scipys_and_its_signed_terms_are_the_shift_of_the_mean() -> None:
    before, after = _data(1, 2_000), _data(2, 1_500, shift=0.4)
    _, features = _explained(Monitor(before), after)

    for by in ("bin", "quantile"):
        item = _by(features["km"])["wasserstein", by]
        x, y = np.asarray(before["km"]), np.asarray(after["km"])
        assert item.value == pytest.approx(wasserstein_distance(x, y), rel=1e-12)
        assert math.fsum(term.signed or 0.0 for term in item.terms) == pytest.approx(y.mean() - x.mean(), rel=1e-10)
        assert item.error_bound is None


def test_chi_squared_by_level_is_scipys() -> None:
    before, after = _data(1, 2_000), _data(2, 1_500, shift=0.4)
    _, features = _explained(Monitor(before), after)
    table = np.asarray([[list(side["city"]).count(c) for c in ("Oslo", "Rome", "Bern")] for side in (before, after)])  # type: ignore[call-overload]
    expected = chi2_contingency(table, correction=False)
    parts = ((table - expected.expected_freq) ** 2 / expected.expected_freq).sum(axis=0)

    item = _by(features["city"])["chi2", "level"]
    assert {term.label: term.term for term in item.terms} == pytest.approx(
        dict(zip(("Oslo", "Rome", "Bern"), parts.tolist(), strict=True)), rel=1e-10
    )


def test_a_window_gives_the_same_psi_as_rows_and_a_distance_within_its_bound() -> None:
    before, after = _data(1, 4_000), _data(2, 3_000, shift=0.2)
    monitor = Monitor(before)
    _, rows = _explained(monitor, after)
    report = Explainer(monitor, features=monitor.feature_names).explain(Window(monitor.profile).update(after))
    assert report.explanation is not None

    for name in ("km", "stops", "city"):
        own, counted = _by(rows[name]), _by(report.explanation.features[name])
        by = "level" if name == "city" else "bin"
        assert [t.term for t in counted["psi", by].terms] == pytest.approx([t.term for t in own["psi", by].terms])
    for name in ("km", "stops"):
        own, counted = _by(rows[name]), _by(report.explanation.features[name])
        item = counted["wasserstein", "bin"]
        assert item.value == pytest.approx(report.features[name].tests["wasserstein"].statistic, rel=1e-12)
        assert item.error_bound == report.features[name].tests["wasserstein"].details["error_bound"]
        for sure, exact in zip(item.terms, own["wasserstein", "bin"].terms, strict=True):
            assert sure.term <= exact.term + 1e-6
            assert exact.term <= sure.term + (item.error_bound or 0.0) + 1e-6
            assert sure.signed == pytest.approx(exact.signed, abs=1e-6)
        assert ("wasserstein", "quantile") not in counted
        assert "rows" in (report.explanation.features[name].reason or "")


def test_a_profile_without_rows_counts_current_rows_and_explains_the_counts() -> None:
    profile = Profile.from_bytes(Profile.fit(_data(1, 4_000)).to_bytes())
    monitor = Monitor.from_profile(profile)
    after = _data(2, 3_000, shift=0.2)
    direct = Explainer(monitor).explain(after).explanation
    assert direct is not None
    assert direct.features
    assert direct == Explainer(monitor).explain(Window(profile).update(after)).explanation


def test_a_window_that_counts_deciles_only_has_psi_and_says_why_there_is_no_distance() -> None:
    profile = Profile.fit(_data(1, 4_000), n_points=0)
    window = Window(profile).update(_data(2, 3_000, shift=0.6))
    report = Explainer(Monitor.from_profile(profile), features=["km"]).explain(window)
    assert report.explanation is not None
    found = report.explanation.features["km"]
    assert [item.statistic for item in found.decompositions] == ["psi"]
    assert "deciles" in (found.reason or "")


def test_levels_beyond_the_hundredth_are_one_term() -> None:
    rng = np.random.default_rng(0)
    before, after = (rng.zipf(1.3, n).clip(max=500).astype(str).tolist() for n in (20_000, 10_000))
    monitor = Monitor({"word": before}, schema={"word": "categorical"})
    report = Explainer(monitor, features=["word"]).explain({"word": after})
    assert report.explanation is not None
    for item in report.explanation.features["word"].decompositions:
        assert len(item.terms) == MAX_LEVELS + 1
        assert item.terms[-1].label == OTHER
        assert item.value == pytest.approx(report.features["word"].tests[item.statistic].statistic, rel=1e-12)
        assert math.fsum(term.reference or 0.0 for term in item.terms) == pytest.approx(1.0)


def test_values_that_are_not_finite_leave_psi_and_a_reason() -> None:
    x = np.arange(200.0)
    report = Explainer(Monitor({"x": x}), features=["x"]).explain({"x": np.where(x > 150.0, np.inf, x)})
    assert report.explanation is not None
    found = report.explanation.features["x"]
    assert [item.statistic for item in found.decompositions] == ["psi"]
    assert "finite" in (found.reason or "")


def test_an_embedding_has_no_parts_and_says_so() -> None:
    rng = np.random.default_rng(0)
    before, after = ({"text": rng.normal(loc, 1.0, (300, 4))} for loc in (0.0, 1.0))
    monitor = Monitor({"text": list(before["text"])})
    report = Explainer(monitor).explain({"text": list(after["text"])})
    assert report.drift_detected
    assert report.explanation is not None
    assert report.explanation.features["text"].reason is not None


@given(
    st.lists(st.floats(-50.0, 50.0, width=32), min_size=20, max_size=60),
    st.lists(st.floats(-50.0, 50.0, width=32), min_size=20, max_size=60),
)
def test_every_sum_holds_for_whatever_values(before: list[float], after: list[float]) -> None:
    monitor = Monitor({"x": before})
    report = Explainer(monitor, features=["x"]).explain({"x": after})
    assert report.explanation is not None
    found = report.explanation.features["x"]
    for item in found.decompositions:
        assert item.value == pytest.approx(report.features["x"].tests[item.statistic].statistic, rel=1e-12, abs=1e-12)
    assert math.fsum(flow.share for flow in found.flows) == pytest.approx(found.moved, abs=1e-12)
