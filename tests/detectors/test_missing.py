"""The missing share: its test, its effect, and when it stays out of the report's family of p-values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from driftwatch.arrays.column import Levels
from driftwatch.detectors import MissingShareDetector
from driftwatch.detectors.missing import MIN_EXPECTED
from driftwatch.profile.sample import CategoricalSample

Side = tuple[int, int]  # missing, present


def score_of(reference: Side, current: Side) -> tuple[float, float, dict[str, Any]]:
    sides = ({"x": Levels({"a": present}, missing)} for missing, present in (reference, current))
    score = MissingShareDetector().score(CategoricalSample(["x"], *sides))
    assert score.pvalue is not None
    assert score.effect is not None
    details = {key: values[0] for key, values in score.details.items()}
    assert score.measures is not None
    assert details["cohens_h"] == float(score.measures["missing"][0])
    return float(score.pvalue[0]), float(score.effect[0]), details


@pytest.mark.parametrize(("reference", "current"), [((20, 80), (60, 40)), ((500, 9500), (20, 180)), ((6, 50), (50, 6))])
def test_common_gaps_are_tested_by_chi_squared(reference: Side, current: Side) -> None:
    pvalue, _, details = score_of(reference, current)
    np.testing.assert_allclose(pvalue, stats.chi2_contingency([reference, current], correction=False).pvalue, rtol=1e-9)
    assert details["pvalue_method"] == "asymptotic"


@pytest.mark.parametrize(
    ("reference", "current"), [((0, 100), (3, 50)), ((1, 1000), (2, 20)), ((20, 0), (4, 1)), ((4, 5), (6, 4))]
)
def test_rare_gaps_are_tested_exactly(reference: Side, current: Side) -> None:
    assert stats.contingency.expected_freq([reference, current]).min() < MIN_EXPECTED
    pvalue, _, details = score_of(reference, current)
    np.testing.assert_allclose(pvalue, stats.fisher_exact(np.array([reference, current])).pvalue, rtol=1e-9)
    assert details["pvalue_method"] == "exact"


@pytest.mark.parametrize(
    ("reference", "current", "h"),
    [
        ((0, 10), (10, 0), np.pi),  # the largest there is
        ((5, 5), (5, 5), 0.0),
        ((10, 10), (15, 5), np.pi / 6),  # 2 asin(sqrt(3/4)) - 2 asin(sqrt(1/2)) = 2 pi/3 - pi/2
        ((15, 5), (10, 10), np.pi / 6),
        ((40, 60), (60, 40), 0.4027),  # Cohen (1988), table 6.2.2: 1.772 - 1.369 = 0.403
    ],
)
def test_threshold_cuts_cohens_h(reference: Side, current: Side, h: float) -> None:
    np.testing.assert_allclose(score_of(reference, current)[2]["cohens_h"], h, atol=1e-4)


def test_effect_is_the_difference_of_the_shares() -> None:
    assert score_of((1, 3), (2, 2))[1] == score_of((2, 2), (1, 3))[1] == 0.25


def test_shares_are_reported() -> None:
    _, _, details = score_of((1, 3), (2, 2))
    assert (details["share_reference"], details["share_current"]) == (0.25, 0.5)


def test_nothing_missing_is_no_test() -> None:
    pvalue, effect, _ = score_of((0, 50), (0, 60))
    assert np.isnan(pvalue)
    assert effect == 0.0


def test_everything_missing_on_both_sides_is_no_evidence() -> None:
    assert score_of((50, 0), (60, 0))[:2] == (1.0, 0.0)
