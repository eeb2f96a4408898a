"""What the statistics of counts promise beyond the contract: the bins, the floor, ranges and textbook numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.stats

from driftwatch.errors import ConfigError
from driftwatch.kernels import (
    chi2_2samp,
    cramers_v,
    cramers_v_from_counts,
    fisher_exact,
    g_test,
    g_test_from_counts,
    hellinger,
    hellinger_from_counts,
    jensenshannon,
    jensenshannon_from_counts,
    kl,
    kl_from_counts,
    l_infinity,
    l_infinity_from_counts,
    psi,
    psi_from_counts,
    total_variation,
    total_variation_from_counts,
)
from driftwatch.kernels._prepare import Ordered
from driftwatch.kernels.bins import ordered_bin_counts, quantile_edges
from driftwatch.ops import counts_from_edges
from kernel_oracles import COUNTS_ORACLES, counts_in_bins, quantile_bins

if TYPE_CHECKING:
    from backends import Backend

INF = math.inf
BINNED = [
    (psi, psi_from_counts),
    (jensenshannon, jensenshannon_from_counts),
    (total_variation, total_variation_from_counts),
    (cramers_v, cramers_v_from_counts),
    (hellinger, hellinger_from_counts),
    (kl, kl_from_counts),
    (l_infinity, l_infinity_from_counts),
]


def _edges(backend: Backend, values: list[float], n_bins: int) -> list[float]:
    ordered = Ordered(backend.asarray(np.sort(np.array([values], dtype=np.float64))), len(values))
    edges: list[float] = backend.to_host(quantile_edges(ordered, n_bins, xp=backend.xp))[0].tolist()
    return edges


# The bins


def test_edges_are_the_inner_quantiles(backend: Backend) -> None:
    assert _edges(backend, [*range(41)], 4) == [10.0, 20.0, 30.0]


def test_edge_at_the_minimum_or_maximum_is_no_edge(backend: Backend) -> None:
    assert _edges(backend, [0, 0, 0, 0, 1, 2, 2, 2, 2], 4) == [-INF, 1.0, INF]


def test_constant_reference_has_one_bin(backend: Backend) -> None:
    counts = ordered_bin_counts(
        Ordered(backend.asarray(np.array([[-1.0, 3.0, 3.0, INF]])), 4),
        backend.asarray(np.array([_edges(backend, [3.0] * 5, 5)])),
        xp=backend.xp,
    )
    assert sorted(backend.to_host(counts)[0].tolist()) == [0, 0, 0, 0, 4]


def test_whole_positions_are_data_points_to_the_last_bit() -> None:
    # numpy.quantile puts 0.3 * 10 and others an ulp aside, which moves the row at the edge to the neighbouring bin.
    x = np.sort(np.random.default_rng(0).normal(size=11))
    assert np.array_equal(quantile_edges(Ordered(x[None, :], 11), 10, xp=np)[0], x[1:-1])


def test_bins_are_closed_below_and_open_above(backend: Backend) -> None:
    reference, edges = backend.asarray(np.arange(5.0)[None, :]), backend.asarray(np.array([[2.0]]))
    counts = ordered_bin_counts(Ordered(reference, 5), edges, xp=backend.xp)
    assert backend.to_host(counts).tolist() == [[2, 3]]


def test_ordered_and_unordered_values_are_counted_the_same(backend: Backend) -> None:
    rng = np.random.default_rng(1)
    values = rng.integers(0, 12, (6, 80)) / 2.0
    values[0, :7], values[1, :9], values[2, 5] = INF, -INF, INF
    ordered = Ordered(backend.asarray(np.sort(values)), 80)
    edges = quantile_edges(Ordered(backend.asarray(np.sort(values[:, ::3])), 27), 8, xp=backend.xp)
    looked_up = backend.to_host(ordered_bin_counts(ordered, edges, xp=backend.xp))
    counted = backend.to_host(counts_from_edges(backend.asarray(values), 80, edges, xp=backend.xp))
    assert np.array_equal(looked_up, counted)
    assert looked_up.sum(axis=-1).tolist() == [80] * 6


@pytest.mark.parametrize(("binned", "of_counts"), BINNED)
def test_binned_statistic_is_that_of_the_counts_in_the_bins(binned: Any, of_counts: Any) -> None:
    rng = np.random.default_rng(2)
    reference, current = rng.exponential(size=101), rng.exponential(1.3, size=88)
    edges = quantile_bins(reference, 10)
    counts = (np.array([counts_in_bins(x, edges)]) for x in (reference, current))
    assert float(binned(reference, current).statistic) == pytest.approx(float(of_counts(*counts)[0]), rel=1e-12)


@pytest.mark.parametrize("binned", [binned for binned, _ in BINNED])
def test_constant_reference_gives_zero_whatever_the_current_values(binned: Any) -> None:
    current = np.array([-INF, -5.0, 0.1, 0.2, 7.0, INF])
    assert float(binned(np.full(20, 0.1), current).statistic) == 0.0


@pytest.mark.parametrize("binned", [binned for binned, _ in BINNED])
def test_values_outside_the_reference_count_in_the_outer_bins(binned: Any) -> None:
    reference = np.arange(40.0)
    far, near = np.array([-INF, -1e9, 1e9, INF]), np.array([0.0, 0.0, 39.0, 39.0])
    assert float(binned(reference, far).statistic) == float(binned(reference, near).statistic)


def test_float32_copy_of_the_reference_falls_into_its_bins() -> None:
    # Every edge is a data point here, and half of them are larger than their float32.
    x = np.random.default_rng(4).normal(size=(101, 3))
    assert psi(x, x.astype(np.float32)).statistic.tolist() == [0.0] * 3


@pytest.mark.parametrize("binned", [binned for binned, _ in BINNED])
def test_unsorted_samples_give_what_sorted_ones_give(binned: Any) -> None:
    rng = np.random.default_rng(3)
    reference, current = rng.normal(size=(50, 2)), rng.normal(size=(45, 2))
    sorted_first = binned(np.sort(reference, axis=0), np.sort(current, axis=0)).statistic
    assert np.array_equal(binned(reference, current).statistic, sorted_first)


# Population stability index


def test_psi_of_a_table_worked_by_hand() -> None:
    # (.3 - .2) ln(.3 / .2) + (.5 - .5) ln(1) + (.2 - .3) ln(.2 / .3)
    found = psi_from_counts(np.array([20, 50, 30]), np.array([30, 50, 20]))
    assert float(found) == pytest.approx(0.2 * math.log(1.5), rel=1e-14)


def test_psi_raises_empty_bins_to_the_floor_on_both_sides() -> None:
    found = psi_from_counts(np.array([[100, 0], [0, 100]]), np.array([[50, 50], [100, 0]]))
    half = (0.5 - 1.0) * math.log(0.5) + (0.5 - 1e-4) * math.log(0.5 / 1e-4)
    swapped = 2 * (1.0 - 1e-4) * math.log(1e4)
    assert found.tolist() == pytest.approx([half, swapped], rel=1e-14)


def test_psi_takes_another_floor() -> None:
    found = psi_from_counts(np.array([100, 0]), np.array([0, 100]), floor=1e-2)
    assert float(found) == pytest.approx(2 * 0.99 * math.log(100.0), rel=1e-14)


@pytest.mark.parametrize("floor", [0.0, -1e-4, math.nan])
@pytest.mark.parametrize(("binned", "of_counts"), [(psi, psi_from_counts), (kl, kl_from_counts)])
def test_floor_that_is_not_above_zero_is_refused(binned: Any, of_counts: Any, floor: float) -> None:
    x = np.array([1, 2])
    with pytest.raises(ConfigError, match="`floor` must be above 0"):
        of_counts(x, x, floor=floor)
    with pytest.raises(ConfigError, match="`floor` must be above 0"):
        binned(np.arange(9.0), np.arange(9.0), floor=floor)


# Kullback-Leibler


def test_kl_is_of_current_from_reference() -> None:
    found = kl_from_counts(np.array([50, 50]), np.array([90, 10]))
    assert float(found) == pytest.approx(0.9 * math.log(0.9 / 0.5) + 0.1 * math.log(0.1 / 0.5), rel=1e-14)
    assert float(kl_from_counts(np.array([90, 10]), np.array([50, 50]))) == pytest.approx(0.5 * math.log(0.25 / 0.09))


def test_kl_in_both_directions_is_psi() -> None:
    rng = np.random.default_rng(12)
    reference, current = rng.poisson(2.0, (2, 40, 12))  # many bins at the floor
    there, back = kl_from_counts(reference, current), kl_from_counts(current, reference)
    np.testing.assert_allclose(there + back, psi_from_counts(reference, current), rtol=1e-12)
    assert (there >= 0.0).all()


def test_kl_takes_another_floor() -> None:
    pair = np.array([100, 0]), np.array([50, 50])
    assert float(kl_from_counts(*pair, floor=1e-2)) < float(kl_from_counts(*pair))


# Jensen-Shannon and total variation


@pytest.mark.parametrize("function", [jensenshannon_from_counts, total_variation_from_counts, hellinger_from_counts])
def test_distance_is_zero_for_equal_shares_and_one_for_disjoint_levels(function: Any) -> None:
    reference = np.array([[3, 4, 5, 0], [2, 6, 0, 0]])
    current = np.array([[30, 40, 50, 0], [0, 0, 1, 4]])
    assert function(reference, current).tolist() == pytest.approx([0.0, 1.0], rel=1e-15, abs=1e-15)


def test_jensenshannon_is_the_distance_and_not_the_divergence() -> None:
    # Shares (1, 0) and (1/2, 1/2): the divergence is 3/2 - 3/4 log2(3) bits.
    found = jensenshannon_from_counts(np.array([4, 0]), np.array([2, 2]))
    assert float(found) == pytest.approx(math.sqrt(1.5 - 0.75 * math.log2(3.0)), rel=1e-14)


def test_jensenshannon_keeps_its_digits_near_equality() -> None:
    # Where the shares differ by 1e-6 of themselves, and where they are equal, the root of a cancelled sum has none left.
    reference = np.array([[10**6, 2 * 10**6, 3 * 10**6], [123_457, 500_001, 7]])
    current = np.array([[10**6 + 1, 2 * 10**6 - 1, 3 * 10**6 + 2], [3 * 123_457, 3 * 500_001, 21]])
    found = jensenshannon_from_counts(reference, current)
    wanted = COUNTS_ORACLES["jensenshannon_from_counts"](reference[0].tolist(), current[0].tolist())["statistic"]
    assert 1e-8 < wanted < 1e-6
    assert float(found[0]) == pytest.approx(wanted, rel=1e-8)
    assert float(found[1]) == 0.0


def test_hellinger_lies_between_the_bounds_of_total_variation() -> None:
    rng = np.random.default_rng(13)
    reference, current = rng.poisson(3.0, (2, 50, 9)) + np.eye(50, 9, dtype=np.int64)
    h, tv = hellinger_from_counts(reference, current), total_variation_from_counts(reference, current)
    assert (h * h <= tv + 1e-15).all()
    assert (tv <= math.sqrt(2) * h + 1e-15).all()


def test_l_infinity_is_the_largest_move_and_half_of_two() -> None:
    found = l_infinity_from_counts(np.array([20, 50, 30]), np.array([35, 45, 20]))
    assert float(found) == pytest.approx(0.15, rel=1e-14)


# G-test, Cramer's V, Fisher


def test_g_keeps_its_digits_near_equality() -> None:
    reference, current = np.array([10**6, 2 * 10**6]), np.array([10**6 + 100, 2 * 10**6 - 100])
    # where shares are close G is chi-squared, and this difference of 1e-4 of a share leaves 1e-8 of the rows
    chi2 = float(chi2_2samp(reference, current).statistic)
    assert float(g_test_from_counts(reference, current).statistic) == pytest.approx(chi2, rel=1e-4)
    assert float(g_test_from_counts(reference, 3 * reference).statistic) == 0.0


def test_g_of_samples_counts_bins() -> None:
    rng = np.random.default_rng(14)
    result = g_test(rng.normal(size=(300, 2)), rng.normal([0, 0.5], size=(200, 2)))
    assert result.dof.tolist() == [9.0, 9.0]
    assert (result.pvalue < 0.01).tolist() == [False, True]


def test_bias_correction_takes_out_what_chance_gives() -> None:
    rng = np.random.default_rng(15)
    tables = rng.multinomial(100, np.full(10, 0.1), size=(2, 400))
    plain = cramers_v_from_counts(*tables, bias_correction=False)
    corrected = cramers_v_from_counts(*tables)
    assert float(np.mean(plain)) == pytest.approx(math.sqrt(9 / 200), rel=0.1)
    assert float(np.median(corrected)) < 0.05
    assert float(cramers_v_from_counts(np.array([90, 10]), np.array([10, 90]))) == pytest.approx(0.8, rel=0.01)


def test_fisher_on_the_lady_tasting_tea() -> None:
    # Fisher (1935), The Design of Experiments: 3 of 4 cups right
    result = fisher_exact(np.array([[3, 0, 1]]), np.array([[1, 0, 3]]))
    assert float(result.pvalue[0]) == pytest.approx(34 / 70, rel=1e-12)
    assert float(result.statistic[0]) == 9.0


def test_fisher_needs_two_levels() -> None:
    result = fisher_exact(np.array([[3, 1, 1], [5, 0, 0], [4, 0, 0]]), np.array([[1, 3, 2], [2, 0, 0], [0, 0, 3]]))
    np.testing.assert_array_equal(result.statistic, [math.nan, math.nan, math.inf])
    np.testing.assert_allclose(result.pvalue, [math.nan, 1.0, 2 / 70], rtol=1e-12)


# Chi-squared


def test_chi2_of_two_levels_is_the_squared_z_of_two_proportions() -> None:
    # Fleiss (1981), Statistical Methods for Rates and Proportions: z from the pooled proportion, no correction.
    pooled = 45 / 190
    z = (15 / 90 - 30 / 100) / math.sqrt(pooled * (1 - pooled) * (1 / 90 + 1 / 100))
    result = chi2_2samp(np.array([15, 75]), np.array([30, 70]))
    assert float(result.statistic) == pytest.approx(z * z, rel=1e-13)
    assert float(result.pvalue) == pytest.approx(2 * scipy.stats.norm.sf(abs(z)), rel=1e-12)
    assert float(result.dof) == 1.0


def test_chi2_counts_only_the_levels_that_occur() -> None:
    narrow = chi2_2samp(np.array([[10, 20, 5]]), np.array([[12, 9, 11]]))
    wide = chi2_2samp(np.array([[0, 10, 0, 20, 5, 0]]), np.array([[0, 12, 0, 9, 11, 0]]))
    assert [float(x[0]) for x in wide] == pytest.approx([float(x[0]) for x in narrow], rel=1e-14)
    assert wide.dof.tolist() == [2.0]


def test_chi2_is_no_goodness_of_fit_test() -> None:
    # A goodness-of-fit test takes the reference's shares as known, and so about doubles the statistic here.
    reference, current = np.array([40, 60]), np.array([55, 45])
    assert float(chi2_2samp(reference, current).statistic) == pytest.approx(4.5112781954887, rel=1e-12)
    assert scipy.stats.chisquare(current, reference).statistic == pytest.approx(9.375)


def test_chi2_keeps_its_relative_precision_far_in_the_tail() -> None:
    result = chi2_2samp(np.array([1000, 200]), np.array([300, 900]))
    wanted = scipy.stats.chi2.sf(float(result.statistic), 1)
    assert 0.0 < float(result.pvalue) < 1e-150
    assert float(result.pvalue) == pytest.approx(wanted, rel=1e-9, abs=0.0)
