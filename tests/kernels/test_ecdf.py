"""What the statistics of the ordering promise beyond the contract: exactness, range, and the helpers of the profile."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

from driftwatch.errors import UnknownNameError
from driftwatch.kernels import ks_2samp, wasserstein_distance
from driftwatch.kernels._prepare import Ordered
from driftwatch.kernels.ecdf import ecdf_distances, ends, moments, normalize, quantiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backends import Backend
    from driftwatch.kernels.kolmogorov import KSMethod

INF, NAN = math.inf, math.nan


def _ordered(backend: Backend, *rows: list[float], as_int: bool = False) -> Ordered:
    """Return rows sorted and padded with +inf, as the kernels see them."""
    width = max(map(len, rows)) + (0 if as_int else 2)
    values = np.full((len(rows), width), INF)
    for i, row in enumerate(rows):
        values[i, : len(row)] = np.sort(row)
    counts = width if as_int else backend.asarray(np.array([len(row) for row in rows]))
    return Ordered(backend.asarray(values), counts)


# Kolmogorov-Smirnov


def test_ks_of_identical_samples_is_exactly_zero_with_pvalue_one() -> None:
    x = np.random.default_rng(0).normal(size=(301, 4))
    result = ks_2samp(x, np.repeat(x, 3, axis=0))
    assert result.statistic.tolist() == [0.0] * 4
    assert result.pvalue.tolist() == [1.0] * 4


def test_ks_of_disjoint_samples_is_exactly_one() -> None:
    x = np.random.default_rng(0).random((37, 2))
    assert ks_2samp(x, x[:11] + np.asarray([2.0, -2.0])).statistic.tolist() == [1.0, 1.0]


def test_exact_pvalue_of_disjoint_samples_is_two_over_the_number_of_orderings() -> None:
    result = ks_2samp(np.arange(7.0), np.arange(5.0) + 10.0, method="exact")
    assert float(result.pvalue) == pytest.approx(2 / math.comb(12, 5), rel=1e-12)


def test_one_sided_distances_say_which_distribution_function_is_above(backend: Backend) -> None:
    # The current values are larger, so that the reference's distribution function is above by 3/4 and never below.
    reference, current = _ordered(backend, [1.0, 2.0, 3.0, 4.0]), _ordered(backend, [4.0, 5.0, 6.0])
    above, below, w1 = (backend.to_host(x) for x in ecdf_distances(reference, current, xp=backend.xp))
    assert (above.tolist(), below.tolist(), w1.tolist()) == ([0.75], [0.0], [2.5])


def test_unknown_method_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'exact'"):
        ks_2samp(np.zeros(3), np.zeros(3), method="exakt")  # type: ignore[arg-type]


def test_auto_is_exact_up_to_ten_thousand_values_a_side() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(10_001, 1))
    cases: list[tuple[int, KSMethod]] = [(10_000, "exact"), (10_001, "asymp")]
    for n, method in cases:
        assert ks_2samp(x[:n], x[:50]).pvalue == ks_2samp(x[:n], x[:50], method=method).pvalue


def test_auto_decides_by_the_values_that_are_left_after_omission() -> None:
    x = np.random.default_rng(3).normal(size=(10_001, 2))
    x[7, 0] = NAN
    found = ks_2samp(x, x[:50, :]).pvalue
    assert found[0] == ks_2samp(x, x[:50, :], method="exact").pvalue[0]
    assert found[1] == ks_2samp(x, x[:50, :], method="asymp").pvalue[1]


# Wasserstein


def test_w1_of_a_shift_is_the_shift() -> None:
    x = np.random.default_rng(4).integers(0, 100, (64, 3)) / 4.0
    assert wasserstein_distance(x, x + np.asarray([0.0, 1.5, -2.0])).statistic.tolist() == [0.0, 1.5, 2.0]


def test_w1_does_not_lose_a_small_shift_on_a_large_offset() -> None:
    # 2**-20 is a whole number of units in the last place of 1e9, and 1/1024 is exact.
    x = 1e9 + np.arange(1024.0)
    assert float(wasserstein_distance(x, x + 2.0**-20).statistic) == 2.0**-20


def test_w1_is_infinite_where_infinite_mass_moved_and_finite_where_it_did_not() -> None:
    reference = np.array([[0.0, 0.0], [1.0, INF]])
    current = np.array([[0.0, 1.0], [INF, INF]])
    assert wasserstein_distance(reference, current).statistic.tolist() == [INF, 0.5]


def test_normalized_w1_is_free_of_unit_and_offset() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(80, 1)), rng.normal(0.4, 1.2, size=(70, 1))
    plain = wasserstein_distance(x, y).normalized
    assert wasserstein_distance(1e-200 * x, 1e-200 * y).normalized == pytest.approx(plain, rel=1e-12)
    assert wasserstein_distance(1e200 * x, 1e200 * y).normalized == pytest.approx(plain, rel=1e-12)
    assert wasserstein_distance(1e6 - x, 1e6 - y).normalized == pytest.approx(plain, rel=1e-9)


def test_normalize_is_nan_where_the_spread_is_zero(backend: Backend) -> None:
    w1, std = backend.asarray(np.array([0.0, 3.0, 3.0, NAN])), backend.asarray(np.array([0.0, 0.0, 2.0, 1.0]))
    np.testing.assert_array_equal(backend.to_host(normalize(w1, std, xp=backend.xp)), [NAN, NAN, 1.5, NAN])


# Helpers of the profile


def test_ends_are_the_smallest_and_largest_valid_values(backend: Backend) -> None:
    rows = [[3.0, -1.0, 2.0], [5.0], [-INF, INF, 0.0], []]
    low, high = ends(_ordered(backend, *rows), xp=backend.xp)
    assert backend.to_host(low).tolist() == [-1.0, 5.0, -INF, INF]
    assert backend.to_host(high).tolist() == [3.0, 5.0, INF, INF]


@pytest.mark.parametrize("as_int", [True, False], ids=["int", "array"])
@pytest.mark.parametrize("n", [1, 2, 9, 10, 31, 100])
def test_quantiles_are_those_of_numpy(backend: Backend, n: int, as_int: bool) -> None:
    x = np.random.default_rng(n).normal(size=(3, n)).astype(backend.statistic_dtype)
    found = quantiles(_ordered(backend, *x.tolist(), as_int=as_int), range(11), 10, xp=backend.xp)
    wanted = np.quantile(x.astype(np.float64), np.arange(11) / 10, axis=-1).T
    # The position is rounded there: an error of n units in the last place of the gap between two neighbours.
    atol = 4.0 * n * float(np.finfo(backend.statistic_dtype).eps)
    np.testing.assert_allclose(backend.to_host(found), wanted, rtol=0.0, atol=atol)


@pytest.mark.parametrize("as_int", [True, False], ids=["int", "array"])
def test_quantile_at_a_whole_position_is_that_very_data_point(backend: Backend, as_int: bool) -> None:
    x = np.sort(np.random.default_rng(8).normal(size=(1, 10 * 43 + 1)).astype(backend.statistic_dtype))
    found = quantiles(_ordered(backend, *x.tolist(), as_int=as_int), range(11), 10, xp=backend.xp)
    assert np.array_equal(backend.to_host(found), x[:, ::43])


def test_quantile_between_equal_or_infinite_values_is_the_lower_one(backend: Backend) -> None:
    found = quantiles(_ordered(backend, [0.1] * 8, [-INF] * 4 + [INF] * 4), range(1, 10), 10, xp=backend.xp)
    repeated, infinite = backend.to_host(found)
    assert repeated.tolist() == [float(backend.statistic_dtype.type(0.1))] * 9
    # Beside an infinity there is nothing to interpolate: the lower of the two values.
    assert infinite.tolist() == [-INF] * 5 + [INF] * 4


def test_quantiles_of_the_whole_range_of_floats_do_not_overflow() -> None:
    largest = float(np.finfo(np.float64).max)
    found = quantiles(Ordered(np.array([[-largest, largest]]), 2), range(5), 4, xp=np)
    assert found.tolist() == [[-largest, -largest / 2, 0.0, largest / 2, largest]]


def _exact_moments(values: list[float]) -> tuple[float, float]:
    """Return mean and population standard deviation by rational arithmetic."""
    exact = [Fraction(value) for value in values]
    mean = sum(exact) / len(exact)
    variance = sum((x - mean) ** 2 for x in exact) / len(exact)
    scale = max(map(abs, exact)) or Fraction(1)  # the square root of a fraction far outside the floats
    return float(mean), math.sqrt(variance / scale**2) * float(scale)


def _moment_rows() -> dict[str, NDArray[np.float64]]:
    x = np.random.default_rng(9).normal(size=200)
    return {
        "plain": x,
        "large_offset": 1e8 + x,
        "huge": 1e300 * x,
        "tiny": 1e-300 * x,
        "outlier": np.append(x, 1e15),
        "two_values": np.array([0.1, 0.3]),
        "largest": np.array([1.7e308, -1.7e308, 1.5e308]),
        "one_value": np.array([0.1]),
        "integers": np.arange(7.0),
    }


@pytest.mark.parametrize("row", _moment_rows())
def test_moments_are_exact_at_every_scale(row: str) -> None:
    values = np.sort(_moment_rows()[row])
    mean, std = (float(x[0]) for x in moments(Ordered(values[None, :], values.size), xp=np))
    wanted = _exact_moments(values.tolist())
    assert mean == pytest.approx(wanted[0], rel=0.0, abs=1e-14 * np.abs(values).max())
    assert std == pytest.approx(wanted[1], rel=1e-13, abs=0.0)


def test_moments_of_rows_of_any_count(backend: Backend) -> None:
    rows = [[1.0, 2.0, 4.0], [0.1] * 5, [], [INF, 1.0], [-INF, 1.0], [7.0]]
    mean, std = (backend.to_host(x) for x in moments(_ordered(backend, *rows), xp=backend.xp))
    rtol = 4.0 * float(np.finfo(backend.statistic_dtype).eps)
    np.testing.assert_allclose(mean, [7 / 3, 0.1, NAN, NAN, NAN, 7.0], rtol=rtol)
    np.testing.assert_allclose(std, [float(np.std(rows[0])), 0.0, NAN, NAN, NAN, 0.0], rtol=rtol)


def test_constant_rows_have_no_spread_at_all(backend: Backend) -> None:
    # numpy.std of these is not zero, because their sums are rounded.
    rows = [[value] * 1001 for value in (0.1, 0.3, -0.7, 1e-3, 1e300 if backend.supports("float64") else 1e30)]
    assert not backend.to_host(moments(_ordered(backend, *rows), xp=backend.xp)[1]).any()


def test_half_precision_samples_give_statistics_in_full_precision() -> None:
    rng = np.random.default_rng(10)
    x, y = (rng.normal(size=(3000, 1)).astype(np.float16) for _ in range(2))
    half, full = wasserstein_distance(x, y), wasserstein_distance(x.astype(np.float64), y.astype(np.float64))
    assert half.statistic.dtype == np.float64
    assert half == full
