from __future__ import annotations

import math
from typing import TYPE_CHECKING

import array_api_strict
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from driftwatch.errors import UnknownNameError
from driftwatch.kernels.kolmogorov import kolmogorov_sf, ks_pvalue

if TYPE_CHECKING:
    from driftwatch.kernels.kolmogorov import KSMethod


def kstwo_sf(statistic: float, n: int, m: int) -> float:
    return float(stats.kstwo.sf(statistic, np.round(n * m / (n + m))))


def test_pvalue_of_two_samples_equals_scipy() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=300), rng.normal(0.2, size=217)
    for method in ("auto", "exact", "asymp"):
        expected = stats.ks_2samp(x, y, method=method)
        got = ks_pvalue(expected.statistic, 300, 217, method=method)
        np.testing.assert_allclose(got.pvalue, expected.pvalue, rtol=1e-9)


def test_auto_is_exact_up_to_ten_thousand_rows_a_side() -> None:
    got = ks_pvalue([0.5, 0.5, 0.5], [10_000, 10_001, 40], [30, 30, 10_001])
    np.testing.assert_array_equal(got.exact, [True, False, False])
    np.testing.assert_allclose(got.pvalue[1:], [kstwo_sf(0.5, 10_001, 30), kstwo_sf(0.5, 10_001, 40)], rtol=1e-9)


def test_exact_goes_beyond_the_sizes_where_auto_stops() -> None:
    got = ks_pvalue(100 / 20_000, 20_000, 20_000, method="exact")
    assert got.exact.all()
    # Oracle: the first terms of the reflection series with exact binomial coefficients.
    whole = math.comb(40_000, 20_000)
    terms = [2 * (-1) ** (k - 1) * (math.comb(40_000, 20_000 - 100 * k) / whole) for k in range(1, 15)]
    assert got.pvalue[0] == pytest.approx(sum(terms), rel=1e-9)


@pytest.mark.parametrize("method", ["auto", "exact"])
def test_exact_leaves_the_far_tail_of_unequal_sizes_to_the_asymptotic_formula(method: KSMethod) -> None:
    got = ks_pvalue([0.9, 0.9], [2000, 2000], [1999, 2000], method=method)
    np.testing.assert_array_equal(got.exact, [False, True])
    assert (got.pvalue < 1e-100).all()


@pytest.mark.parametrize("method", ["auto", "exact", "asymp", "limit"])
def test_nan_statistic_and_empty_samples_give_nan(method: KSMethod) -> None:
    got = ks_pvalue([np.nan, 0.5, 0.5, 0.5], [5, 0, 5, 5], [5, 5, 0, 5], method=method)
    np.testing.assert_array_equal(np.isnan(got.pvalue), [True, True, True, False])
    assert not got.exact[:3].any()


@pytest.mark.parametrize("method", ["auto", "exact", "asymp", "limit"])
def test_scalars_broadcast_and_no_features_are_no_pvalues(method: KSMethod) -> None:
    assert ks_pvalue(0.3, 20, 30, method=method).pvalue.shape == (1,)
    assert ks_pvalue([0.3, 0.4, 0.5], 20, [30, 40, 50], method=method).pvalue.shape == (3,)
    assert ks_pvalue([], 20, 30, method=method).pvalue.shape == (0,)


@pytest.mark.parametrize("method", ["auto", "exact", "asymp", "limit"])
def test_pvalue_of_no_distance_is_one(method: KSMethod) -> None:
    np.testing.assert_array_equal(ks_pvalue([0.0, 0.0], 50, [50, 70], method=method).pvalue, 1.0)


def test_asymp_of_one_row_against_one_is_defined() -> None:
    assert 0.0 <= ks_pvalue(0.7, 1, 1, method="asymp").pvalue[0] <= 1.0


def test_asymp_rounds_half_sizes_as_scipy() -> None:
    # 1 * 1 / 2 aside, n m / (n + m) is a half at 3 and 3 (1.5 -> 2) and at 5 and 5 (2.5 -> 2).
    np.testing.assert_allclose(
        ks_pvalue([0.6, 0.6], [3, 5], [3, 5], method="asymp").pvalue, [kstwo_sf(0.6, 3, 3), kstwo_sf(0.6, 5, 5)]
    )


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 4000), st.integers(2, 4000), st.floats(0.0, 1.0))
def test_asymp_equals_scipy(n: int, m: int, statistic: float) -> None:
    got = ks_pvalue(statistic, n, m, method="asymp").pvalue[0]
    np.testing.assert_allclose(got, kstwo_sf(statistic, n, m), rtol=1e-6, atol=1e-290)


@given(st.floats(0.0, 1.0), st.integers(1, 10**6), st.integers(1, 10**6))
def test_limit_is_the_kolmogorov_distribution(statistic: float, n: int, m: int) -> None:
    expected = special.kolmogorov(math.sqrt(n * m / (n + m)) * statistic)
    got = ks_pvalue(statistic, n, m, method="limit")
    np.testing.assert_allclose(got.pvalue[0], expected, rtol=1e-12, atol=1e-290)
    assert not got.exact.any()


def test_unknown_method_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownNameError, match=r"'asymptotic' \(did you mean 'asymp'\?\)"):
        ks_pvalue(0.1, 5, 5, method="asymptotic")  # type: ignore[arg-type]


def test_kolmogorov_sf_equals_scipy() -> None:
    x = np.concatenate([np.linspace(0.0, 3.0, 3001), np.linspace(3.0, 18.0, 301), [-1.0]])
    np.testing.assert_allclose(kolmogorov_sf(x, xp=np), special.kolmogorov(x), rtol=2e-14)


def test_kolmogorov_sf_keeps_nan_and_ends() -> None:
    np.testing.assert_array_equal(kolmogorov_sf(np.asarray([np.nan, np.inf, 0.0]), xp=np), [np.nan, 0.0, 1.0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_kolmogorov_sf_stays_in_the_namespace_and_dtype(dtype: str) -> None:
    x = array_api_strict.asarray([0.3, 1.0, 1.7], dtype=getattr(array_api_strict, dtype))
    got = kolmogorov_sf(x, xp=array_api_strict)
    assert got.dtype == x.dtype
    rtol = 1e-6 if dtype == "float32" else 1e-14  # a few ulp
    np.testing.assert_allclose(np.asarray(got), special.kolmogorov(np.asarray(x)), rtol=rtol)
