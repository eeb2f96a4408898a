from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from driftwatch.errors import UnknownNameError
from driftwatch.kernels.multiplicity import CORRECTIONS, GLOBAL_METHODS, adjust, global_pvalue

families = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30)


@given(families)
@pytest.mark.parametrize(("method", "scipy_name"), [("fdr_bh", "bh"), ("fdr_by", "by")])
def test_false_discovery_corrections_equal_scipy(
    method: str, scipy_name: Literal["bh", "by"], pvalues: list[float]
) -> None:
    expected = stats.false_discovery_control(pvalues, method=scipy_name)
    np.testing.assert_allclose(adjust(pvalues, method), expected, rtol=1e-12)


@given(families)
def test_bonferroni_multiplies_by_the_size_of_the_family(pvalues: list[float]) -> None:
    expected = [min(1.0, p * len(pvalues)) for p in pvalues]
    np.testing.assert_allclose(adjust(pvalues, "bonferroni"), expected, rtol=1e-15)


@given(families, st.floats(0.001, 0.5))
def test_holm_rejects_what_the_step_down_procedure_rejects(pvalues: list[float], alpha: float) -> None:
    # Oracle: Holm's procedure itself, one hypothesis at a time, at a level that no product hits by rounding.
    rejected = np.zeros(len(pvalues), dtype=bool)
    for step, i in enumerate(np.argsort(pvalues, kind="stable")):
        if not pvalues[i] * (len(pvalues) - step) <= alpha:
            break
        rejected[i] = True
    np.testing.assert_array_equal(adjust(pvalues, "holm") <= alpha, rejected)


def test_none_changes_nothing() -> None:
    np.testing.assert_array_equal(adjust([0.3, 0.1, 0.9], "none"), [0.3, 0.1, 0.9])


@pytest.mark.parametrize("method", sorted(CORRECTIONS))
def test_missing_pvalues_are_no_members_of_the_family(method: str) -> None:
    with_gaps = adjust([np.nan, 0.01, np.nan, 0.2, 0.04], method)
    np.testing.assert_array_equal(with_gaps[[1, 3, 4]], adjust([0.01, 0.2, 0.04], method))
    assert np.isnan(with_gaps[[0, 2]]).all()


@pytest.mark.parametrize("method", sorted(CORRECTIONS))
def test_family_without_members_is_left_as_it_is(method: str) -> None:
    assert adjust([], method).shape == (0,)
    assert np.isnan(adjust([np.nan], method)).all()


@pytest.mark.parametrize("method", sorted(CORRECTIONS))
def test_input_is_not_written_to(method: str) -> None:
    pvalues = np.asarray([0.5, 0.01])
    pvalues.setflags(write=False)
    adjust(pvalues, method)
    np.testing.assert_array_equal(pvalues, [0.5, 0.01])


@given(families)
@pytest.mark.parametrize("method", sorted(CORRECTIONS))
def test_adjusted_pvalues_keep_the_order_and_never_shrink(method: str, pvalues: list[float]) -> None:
    adjusted = adjust(pvalues, method)
    assert (adjusted >= np.asarray(pvalues) * (1.0 - 1e-12)).all()
    assert (np.diff(adjusted[np.argsort(pvalues, kind="stable")]) >= 0.0).all()


def test_unknown_correction_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownNameError, match=r"'fdr-bh' \(did you mean 'fdr_bh'\?\)"):
        adjust([0.1], "fdr-bh")


@pytest.mark.parametrize("method", sorted(GLOBAL_METHODS))
@given(pvalues=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30))
def test_the_global_pvalue_is_its_formula(method: str, pvalues: list[float]) -> None:
    k, ascending = len(pvalues), sorted(pvalues)
    simes = min(p * k / (i + 1) for i, p in enumerate(ascending))
    wanted = {
        "bonferroni": k * ascending[0],
        "simes": simes,
        "hommel": simes * sum(1.0 / i for i in range(1, k + 1)),
    }
    assert global_pvalue(pvalues, method) == pytest.approx(min(1.0, wanted[method]))


@pytest.mark.parametrize("method", sorted(GLOBAL_METHODS))
@pytest.mark.parametrize("dependence", ["independent", "one factor", "opposite", "all equal"])
def test_the_global_pvalue_holds_its_level(method: str, dependence: str) -> None:
    rng = np.random.default_rng(11)
    draws, k = 4000, 20
    z = rng.normal(size=(draws, k))
    if dependence == "one factor":
        z = 0.6 * z + 0.8 * rng.normal(size=(draws, 1))
    elif dependence == "opposite":
        z[:, 1::2] = -z[:, ::2]
    elif dependence == "all equal":
        z = np.repeat(z[:, :1], k, axis=1)
    pvalues = 2.0 * stats.norm.sf(np.abs(z))
    rejected = np.mean([global_pvalue(row, method) <= 0.05 for row in pvalues])
    assert rejected <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / draws)


def test_the_global_pvalue_of_an_empty_family_is_nan() -> None:
    assert np.isnan(global_pvalue([]))
    assert np.isnan(global_pvalue([np.nan]))
    assert global_pvalue([np.nan, 0.2]) == 0.2


def test_an_unknown_global_method_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="'bonferonni' \\(did you mean 'bonferroni'"):
        global_pvalue([0.1], "bonferonni")
