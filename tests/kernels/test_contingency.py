from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from driftwatch.errors import InputError
from driftwatch.kernels import contingency
from driftwatch.kernels.contingency import fisher_exact_2x2, pool_rare_levels

counts = st.integers(0, 30)


def fisher_in_fractions(a: int, b: int, c: int, d: int) -> float:
    """The definition, in exact arithmetic: the slow oracle."""
    row, rest, column = a + b, c + d, a + c
    ways = {
        x: math.comb(row, x) * math.comb(rest, column - x) for x in range(max(0, column - rest), min(row, column) + 1)
    }
    return float(Fraction(sum(w for w in ways.values() if w <= ways[a]), math.comb(row + rest, column)))


@given(counts, counts, counts, counts)
def test_fisher_equals_the_definition_in_exact_arithmetic(a: int, b: int, c: int, d: int) -> None:
    np.testing.assert_allclose(fisher_exact_2x2(a, b, c, d), fisher_in_fractions(a, b, c, d), rtol=1e-12)


@settings(deadline=None)
@given(st.integers(0, 300), st.integers(0, 3000), st.integers(0, 300), st.integers(0, 3000))
def test_fisher_equals_scipy(a: int, b: int, c: int, d: int) -> None:
    expected = stats.fisher_exact(np.asarray([[a, b], [c, d]])).pvalue
    np.testing.assert_allclose(fisher_exact_2x2(a, b, c, d), expected, rtol=1e-9, atol=1e-250)


@pytest.mark.parametrize(
    "table", [(80, 999_920, 40, 1_000_040), (5, 60, 1_000_000, 900_000), (500_700, 499_300, 500_000, 500_000)]
)
def test_fisher_of_a_million_rows_equals_scipy(table: tuple[int, int, int, int]) -> None:
    expected = stats.fisher_exact(np.reshape(table, (2, 2))).pvalue
    # scipy's own probabilities are good to 1e-9 at this size.
    np.testing.assert_allclose(fisher_exact_2x2(*table), expected, rtol=1e-8)


@pytest.mark.parametrize("row", [3, 4, 7, 12])
def test_fisher_counts_every_tie_of_samples_of_one_size(row: int) -> None:
    # Equal sizes make every table as likely as its mirror image, whatever the rounding of the logarithms.
    a, c = (x.ravel() for x in np.meshgrid(np.arange(row + 1), np.arange(row + 1)))
    expected = [fisher_in_fractions(x, row - x, y, row - y) for x, y in zip(a.tolist(), c.tolist(), strict=True)]
    np.testing.assert_allclose(fisher_exact_2x2(a, row - a, c, row - c), expected, rtol=1e-12)


def test_fisher_of_large_samples_of_one_size_is_twice_one_tail() -> None:
    near = stats.hypergeom(2000, 1000, 1000).sf(519)
    np.testing.assert_allclose(fisher_exact_2x2(520, 480, 480, 520), 2.0 * near, rtol=1e-10)


def test_fisher_is_one_where_a_margin_is_empty() -> None:
    np.testing.assert_array_equal(fisher_exact_2x2([0, 0, 5, 0], [0, 7, 0, 0], [3, 0, 8, 0], [4, 9, 0, 0]), 1.0)


def test_fisher_is_one_at_the_likeliest_table() -> None:
    assert fisher_exact_2x2(10, 10, 10, 10) == 1.0


def test_fisher_does_not_depend_on_the_order_of_rows_and_columns() -> None:
    p = [fisher_exact_2x2(*t) for t in ((3, 17, 9, 4), (9, 4, 3, 17), (17, 3, 4, 9), (3, 9, 17, 4))]
    np.testing.assert_allclose(p, p[0], rtol=1e-12)


def test_fisher_broadcasts_tables() -> None:
    p = fisher_exact_2x2(np.arange(6).reshape(2, 3), 7, [1, 2, 3], 9)
    assert p.shape == (2, 3)
    assert p[1, 2] == pytest.approx(fisher_in_fractions(5, 7, 3, 9), rel=1e-12)
    assert fisher_exact_2x2([], [], [], []).shape == (0,)


def test_fisher_in_several_blocks_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    tables = rng.integers(0, 500, size=(4, 40))
    whole = fisher_exact_2x2(*tables)
    monkeypatch.setattr(contingency, "TABLE_BLOCK", 300)
    np.testing.assert_allclose(fisher_exact_2x2(*tables), whole, rtol=1e-14)


@pytest.mark.parametrize("bad", [-1, np.nan])
def test_fisher_refuses_what_is_no_count(bad: float) -> None:
    with pytest.raises(InputError, match="counts of 0 or more"):
        fisher_exact_2x2(bad, 1, 1, 1)


level_counts = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=40)


def expected_counts(reference: np.ndarray, current: np.ndarray) -> np.ndarray:
    table = np.stack([reference, current]).astype(float)
    expected: np.ndarray = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    return expected


@given(level_counts, st.floats(0.5, 20.0))
def test_pooled_levels_reach_the_minimum_or_are_one(levels: list[tuple[int, int]], min_expected: float) -> None:
    reference, current = np.transpose(levels)
    pooled = pool_rare_levels(reference, current, min_expected=min_expected)
    assert pooled.reference.sum() == reference.sum()
    assert pooled.current.sum() == current.sum()
    if pooled.reference.size > 1:
        assert expected_counts(pooled.reference, pooled.current).min() >= min_expected * (1.0 - 1e-9)


@given(level_counts, st.integers(0, 2**32 - 1))
def test_pooling_is_chosen_by_the_totals_alone(levels: list[tuple[int, int]], seed: int) -> None:
    # Swapping rows between the samples, totals and sizes kept, must not move a group's border.
    reference, current = np.transpose(levels)
    total = reference + current
    rng = np.random.default_rng(seed)
    drawn = rng.multivariate_hypergeometric(total, int(reference.sum()))
    one, other = pool_rare_levels(reference, current), pool_rare_levels(drawn, total - drawn)
    np.testing.assert_array_equal(one.reference + one.current, other.reference + other.current)


def test_frequent_levels_are_left_alone() -> None:
    pooled = pool_rare_levels([30, 70], [55, 45])
    np.testing.assert_array_equal(pooled.reference, [30, 70])
    np.testing.assert_array_equal(pooled.current, [55, 45])
    assert pooled.n_pooled == 0


def test_level_whose_expected_count_is_the_minimum_stays_alone() -> None:
    pooled = pool_rare_levels([5, 95], [5, 95], min_expected=5.0)
    assert pooled.n_pooled == 0


def test_many_rare_levels_become_several_groups() -> None:
    # 50 even levels, 100 current rows: 2 expected each, so groups of 3, and the 2 levels left over join the last.
    pooled = pool_rare_levels(np.full(50, 200), np.full(50, 2), min_expected=5.0)
    np.testing.assert_array_equal(pooled.current, [6] * 15 + [10])
    assert pooled.n_pooled == 50


def test_absent_levels_are_dropped_and_not_counted_as_pooled() -> None:
    pooled = pool_rare_levels([0, 40, 0, 60], [0, 50, 0, 50])
    np.testing.assert_array_equal(pooled.reference, [40, 60])
    assert pooled.n_pooled == 0


def test_tiny_samples_end_with_a_single_level() -> None:
    pooled = pool_rare_levels([1, 2, 1], [2, 1, 1])
    np.testing.assert_array_equal(pooled.reference, [4])
    assert pooled.n_pooled == 3


@pytest.mark.parametrize(("reference", "current"), [([3, 4], [0, 0]), ([0, 0], [5, 1])])
def test_empty_sample_ends_with_a_single_level(reference: list[int], current: list[int]) -> None:
    pooled = pool_rare_levels(reference, current)
    assert pooled.reference.tolist() == [sum(reference)]
    assert pooled.current.tolist() == [sum(current)]


def test_no_levels_stay_no_levels() -> None:
    assert pool_rare_levels([0, 0], [0, 0]).reference.size == 0


def test_min_expected_of_zero_pools_nothing() -> None:
    assert pool_rare_levels([1, 2, 3], [1, 0, 2], min_expected=0.0).n_pooled == 0


def test_pooled_chi_squared_keeps_its_level_where_levels_are_rare() -> None:
    # 100 Zipf levels, 10,000 against 100 rows of one source; the unpooled test rejects up to 24 % at .01 here.
    # 2,000 tables: the standard error of a share of 5 % is 0.5 %.
    rng = np.random.default_rng(20)
    share = 1.0 / np.arange(1, 101)
    share /= share.sum()
    rejected = []
    for _ in range(2000):
        pooled = pool_rare_levels(rng.multinomial(10_000, share), rng.multinomial(100, share))
        rejected.append(stats.chi2_contingency(pooled[:2], correction=False).pvalue <= 0.05)
    assert np.mean(rejected) <= 0.05 + 3 * 0.005


@pytest.mark.parametrize(("reference", "current"), [([1, 2], [1]), ([[1, 2]], [[1, 2]])])
def test_pooling_refuses_counts_of_different_levels(reference: list[int], current: list[int]) -> None:
    with pytest.raises(InputError, match="one row over the same levels"):
        pool_rare_levels(reference, current)


@pytest.mark.parametrize("bad", [-1.0, np.nan])
def test_pooling_refuses_a_negative_minimum(bad: float) -> None:
    with pytest.raises(InputError, match="`min_expected` must be 0 or more"):
        pool_rare_levels([1, 2], [2, 1], min_expected=bad)
