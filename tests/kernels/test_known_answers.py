"""The kernels give the published answers for every column of every public set: the oracle is `tests/known_answers.py`."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from driftwatch.kernels import (
    chi2_2samp,
    jensenshannon,
    jensenshannon_from_counts,
    ks_2samp,
    psi,
    psi_from_counts,
    total_variation_from_counts,
    wasserstein_distance,
)
from known_answers import KnownCase, cases

if TYPE_CHECKING:
    from numpy.typing import NDArray

RTOL = 1e-9  # the answers have all their digits; two orders of summation differ by less
PVALUE_RTOL = 1e-6  # scipy's asymptotic p-values are good to about 2e-7
PVALUE_MIN = 1e-100  # no decision depends on a p-value below it, and scipy loses digits there

NUMERIC = [case for case in cases() if case.kind == "numeric"]
CATEGORICAL = [case for case in cases() if case.kind == "categorical"]
WITH_MISSING = [case for case in cases() if "missing_chi2" in case.expected]


def _id(case: KnownCase) -> str:
    return case.id


def _assert_equal(found: Any, wanted: float, *, rtol: float = RTOL) -> None:
    assert float(found) == pytest.approx(wanted, rel=rtol, abs=0.0)


def _assert_pvalue(found: Any, wanted: float) -> None:
    if wanted < PVALUE_MIN:
        assert 0.0 <= float(found) < PVALUE_MIN
    else:
        _assert_equal(found, wanted, rtol=PVALUE_RTOL)


@cache
def _counts(case: KnownCase) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the counts of both samples over the union of their levels, counted here from the rows."""
    sides = [[value for value in side.tolist() if value is not None] for side in (case.reference, case.current)]
    levels = sorted({*sides[0], *sides[1]})
    assert levels == case.expected["categories"]
    totals = [Counter(side) for side in sides]
    reference, current = (np.array([[total[level] for level in levels]]) for total in totals)
    return reference, current


@pytest.mark.parametrize("case", NUMERIC, ids=_id)
def test_ks(case: KnownCase) -> None:
    answers: dict[str, Any] = case.expected["ks"]
    auto, asymp = (ks_2samp(case.reference, case.current, method=method) for method in ("auto", "asymp"))
    _assert_equal(auto.statistic, answers["statistic"])
    _assert_pvalue(auto.pvalue, answers["pvalue_auto"])
    _assert_pvalue(asymp.pvalue, answers["pvalue_asymp"])


@pytest.mark.parametrize("case", NUMERIC, ids=_id)
def test_wasserstein(case: KnownCase) -> None:
    result = wasserstein_distance(case.reference, case.current)
    _assert_equal(result.statistic, case.expected["wasserstein"])
    if np.nanmin(case.reference) == np.nanmax(case.reference):
        assert np.isnan(result.normalized)  # numpy.std leaves rounding noise, and the set divides by it
    else:
        _assert_equal(result.normalized, case.expected["wasserstein_over_std_ref"])


@pytest.mark.parametrize(("function", "key"), [(psi, "psi_clip_1e-4"), (jensenshannon, "js_distance")])
@pytest.mark.parametrize("case", NUMERIC, ids=_id)
def test_distances_of_numbers(case: KnownCase, function: Any, key: str) -> None:
    found = function(case.reference, case.current).statistic
    _assert_equal(found, 0.0 if case.expected["psi_degenerate"] else case.expected[key])


def test_no_edge_of_these_sets_is_decided_by_rounding() -> None:
    """Where one is, a set has two right values of PSI; the tests above would have to take either."""
    assert not any(case.expected["psi_rounding_sensitive"] for case in NUMERIC)


@pytest.mark.parametrize("case", CATEGORICAL, ids=_id)
def test_chi2(case: KnownCase) -> None:
    answers = case.expected["chi2"]
    result = chi2_2samp(*_counts(case))
    _assert_equal(result.statistic[0], answers["statistic"])
    _assert_equal(result.dof[0], answers["dof"], rtol=0.0)
    _assert_equal(result.min_expected[0], answers["min_expected"])
    _assert_pvalue(result.pvalue[0], answers["pvalue"])


@pytest.mark.parametrize(
    ("function", "key"),
    [
        (psi_from_counts, "psi_clip_1e-4"),
        (jensenshannon_from_counts, "js_distance"),
        (total_variation_from_counts, "tvd"),
    ],
)
@pytest.mark.parametrize("case", CATEGORICAL, ids=_id)
def test_distances_of_categories(case: KnownCase, function: Any, key: str) -> None:
    _assert_equal(function(*_counts(case))[0], case.expected[key])


@pytest.mark.parametrize("case", WITH_MISSING, ids=_id)
def test_share_of_missing_values(case: KnownCase) -> None:
    answers = case.expected["missing_chi2"]
    sides = [np.array([[case.expected[f"missing_{side}"], case.expected[f"n_{side}"]]]) for side in ("ref", "cur")]
    result = chi2_2samp(*sides)
    _assert_equal(result.statistic[0], answers["statistic"])
    _assert_pvalue(result.pvalue[0], answers["pvalue"])
