"""P-values of tables given their margins: all permutations of rows, validity without drift, and no floor."""

from __future__ import annotations

import math
from itertools import permutations
from typing import Any
from unittest import mock

import numpy as np
import pytest
import scipy.stats

from driftwatch.errors import InputError
from driftwatch.kernels import conditional
from driftwatch.kernels.conditional import conditional_pvalue, tail_pvalue
from driftwatch.kernels.contingency import pool_rare_levels
from driftwatch.kernels.homogeneity import chi2_2samp

ZIPF = 1.0 / np.arange(1, 31)
ZIPF /= ZIPF.sum()
TABLE = ([90, 40, 20, 10, 5, 3, 2, 1], [5, 4, 3, 2, 2, 1, 1, 2])


def by_permutation(reference: list[int], current: list[int], lambda_: Any) -> float:
    """Return the share of all ways to deal the rows whose statistic is at least the one seen."""
    levels = np.repeat(np.arange(len(reference)), np.add(reference, current))

    def statistic(rows: Any) -> float:
        side = np.bincount(rows, minlength=len(reference))
        table = np.stack([side, np.add(reference, current) - side])
        return float(scipy.stats.chi2_contingency(table, correction=False, lambda_=lambda_).statistic)

    seen = statistic(np.repeat(np.arange(len(reference)), reference))
    cache: dict[tuple[int, ...], float] = {}
    found = []
    for dealt in set(permutations(levels.tolist(), sum(reference))):
        key = tuple(sorted(dealt))
        if key not in cache:
            cache[key] = statistic(np.array(dealt))
        weight = math.prod(
            math.comb(int(t), k)
            for t, k in zip(np.add(reference, current), np.bincount(dealt, minlength=len(reference)), strict=True)
        )
        found.append((key, weight, cache[key]))
    tables = {key: (weight, value) for key, weight, value in found}
    total = sum(weight for weight, _ in tables.values())
    return sum(weight for weight, value in tables.values() if value >= seen - 1e-9) / total


@pytest.mark.parametrize(("statistic", "lambda_"), [("chi2", "pearson"), ("g", "log-likelihood")])
@pytest.mark.parametrize(("reference", "current"), [([3, 1, 1], [0, 2, 1]), ([2, 2, 0, 1], [0, 1, 3, 0])])
def test_few_tables_are_all_counted(reference: list[int], current: list[int], statistic: Any, lambda_: Any) -> None:
    found = conditional_pvalue(reference, current, statistic=statistic)
    assert found.method == "exact"
    assert found.pvalue == pytest.approx(by_permutation(reference, current, lambda_), rel=1e-10)


@pytest.mark.parametrize("statistic", ["chi2", "g", "sparse"])
def test_drawn_p_value_is_near_the_counted_one(statistic: Any) -> None:
    reference, current = [30, 9, 4, 2, 1], [6, 4, 3, 0, 2]
    counted = conditional_pvalue(reference, current, statistic=statistic)
    with mock.patch.object(conditional, "MAX_TABLES", 0):
        drawn = [conditional_pvalue(reference, current, statistic=statistic, seed=seed) for seed in range(40)]
    assert counted.method == "exact"
    assert {result.method for result in drawn} == {"permutation"}
    # the standard error of each is 14 %, that of their mean 2.2 %
    assert np.mean([result.pvalue for result in drawn]) == pytest.approx(counted.pvalue, rel=0.09)


def test_both_ways_of_drawing_agree() -> None:
    with mock.patch.object(conditional, "MAX_TABLES", 0):
        dealt = [conditional_pvalue(*TABLE, seed=seed).pvalue for seed in range(30)]
        with mock.patch.object(conditional, "MAX_DEALT_ROWS", 0):
            by_level = [conditional_pvalue(*TABLE, seed=seed).pvalue for seed in range(30)]
    assert dealt != by_level
    assert np.mean(dealt) == pytest.approx(np.mean(by_level), rel=0.15)  # four standard errors of 14 % / sqrt(30)


def test_two_levels_are_tested_by_fisher() -> None:
    found = conditional_pvalue([8, 2, 0], [4, 6, 0])
    assert found.pvalue == pytest.approx(scipy.stats.fisher_exact(np.array([[8, 2], [4, 6]])).pvalue, rel=1e-10)
    assert found.method == "exact"


def test_one_level_and_an_empty_side() -> None:
    assert conditional_pvalue([4, 0], [9, 0]).pvalue == 1.0
    assert math.isnan(conditional_pvalue([4, 1, 2], [0, 0, 0]).pvalue)


def test_same_seed_gives_the_same_p_value_and_another_seed_another() -> None:
    first, again, other = (conditional_pvalue(*TABLE, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first.pvalue != other.pvalue
    assert first.method == "permutation"


def test_sides_and_levels_can_be_exchanged() -> None:
    plain = conditional_pvalue(*TABLE)
    assert conditional_pvalue(*TABLE[::-1]) == plain
    assert conditional_pvalue(*(side[::-1] for side in TABLE)).pvalue == pytest.approx(plain.pvalue)
    assert conditional_pvalue(*([0, *side, 0] for side in TABLE)) == plain


def test_number_of_draws_is_bounded_by_n_permutations() -> None:
    table = [90, 40, 20, 10, 5, 3, 2, 1], [9, 5, 2, 1, 1, 0, 1, 0]
    few, many = (conditional_pvalue(*table, n_permutations=b) for b in (20, 9_999))
    assert few.n_drawn == 20 < many.n_drawn
    assert few.pvalue * 21 == pytest.approx(round(few.pvalue * 21))
    assert few.pvalue != many.pvalue


def test_drawing_stops_early_where_nothing_drifts() -> None:
    counts = np.random.default_rng(5).multinomial(200, ZIPF, size=2)
    found = conditional_pvalue(*counts)
    assert found.pvalue > 0.05
    assert found.n_drawn < 2_000


def test_p_value_has_no_floor() -> None:
    rng = np.random.default_rng(6)
    reference, current = rng.multinomial(500, ZIPF), rng.multinomial(80, ZIPF[::-1])
    found = conditional_pvalue(reference, current)
    assert found.pvalue < 1e-9
    assert found.n_drawn < 1_000  # and costs next to nothing


def test_exact_test_takes_over_where_no_draw_is_as_far_out() -> None:
    rare = [500, 100, 30, 4, 2, 1], [40, 6, 2, 1, 0, 6]
    found = conditional_pvalue(*rare, n_permutations=500)
    assert (found.method, found.n_drawn) == ("permutation", 500)
    assert 1e-6 < found.pvalue == tail_pvalue(*rare) < 1 / 501


def test_p_value_of_the_tail_is_valid() -> None:
    rng = np.random.default_rng(7)
    pvalues = np.array([tail_pvalue(*rng.multinomial(60, ZIPF, size=2)) for _ in range(400)])
    for level in (0.01, 0.05, 0.1):
        assert (pvalues <= level).mean() <= level + 4 * math.sqrt(level * (1 - level) / 400)


def test_p_value_of_the_tail_finds_new_levels_and_many_small_moves() -> None:
    new = [300, 200, 100, 0], [60, 40, 20, 30]
    assert tail_pvalue(*new) < 1e-9
    many = [1000, *[2] * 60], [100, *[2] * 60]  # each level says little, the frequent one against the rest much
    assert tail_pvalue(*many) < 1e-9


SETTINGS = [
    (ZIPF, 50, 50),
    (ZIPF, 2000, 60),
    (np.full(40, 1 / 40), 60, 120),
    (0.5 ** np.arange(1, 7) / (1 - 0.5**6), 40, 25),
]


@pytest.mark.parametrize(("shares", "n", "m"), SETTINGS, ids=["zipf", "unbalanced", "uniform", "few levels"])
def test_rejections_without_drift_are_at_most_nominal(shares: Any, n: int, m: int) -> None:
    rng = np.random.default_rng(8)
    runs = 800
    tables = zip(rng.multinomial(n, shares, runs), rng.multinomial(m, shares, runs), strict=True)
    found = (conditional_pvalue(*pair, statistic="sparse", seed=seed) for seed, pair in enumerate(tables))
    pvalues = np.array([result.pvalue for result in found])
    for level in (0.01, 0.05, 0.1):
        assert (pvalues <= level).mean() <= level + 4 * math.sqrt(level * (1 - level) / runs)
    assert (pvalues <= 0.1).mean() > 0.05  # and it is a test


def share_found(statistic: Any, drifted: Any, n: int, m: int) -> tuple[float, float]:
    """Return how often a drift from `ZIPF` is found at .05, given the totals and by pooling."""
    rng = np.random.default_rng(9)
    drawn, pooled = [], []
    for seed in range(80):
        reference, current = rng.multinomial(n, ZIPF), rng.multinomial(m, drifted)
        drawn.append(conditional_pvalue(reference, current, statistic=statistic, seed=seed).pvalue <= 0.05)
        merged = pool_rare_levels(reference, current)
        pooled.append(float(chi2_2samp(merged.reference, merged.current).pvalue) <= 0.05)
    return float(np.mean(drawn)), float(np.mean(pooled))


def test_finds_a_rare_level_that_pooling_hides() -> None:
    moved = np.append(ZIPF[:-1] * 0.94, 0.0)
    moved[-1] = 1 - moved.sum()
    for statistic in ("chi2", "sparse"):
        drawn, pooled = share_found(statistic, moved, 2000, 100)
        assert drawn > pooled + 0.1


def test_sparse_statistic_finds_frequent_levels_among_many_rare_ones() -> None:
    moved = ZIPF**1.4 / (ZIPF**1.4).sum()
    (sparse, _), (chi2, _) = (share_found(statistic, moved, 300, 80) for statistic in ("sparse", "chi2"))
    assert sparse > chi2 + 0.1


def test_refusals() -> None:
    with pytest.raises(InputError, match="one row over the same levels"):
        conditional_pvalue([1, 2], [1, 2, 3])
    with pytest.raises(InputError, match="fewer than 1,000,000,000 rows"):
        conditional_pvalue([10**9, 2, 1], [1, 2, 3])
