"""The saddlepoint against the permutations that it stands for. Oracles: all choices, counted; scipy; random choices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import stats

from driftwatch.performance.drop import assess_drop
from driftwatch.performance.metrics import accuracy, mae
from driftwatch.performance.permutation import permutation_pvalue

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch.performance.measured import Measured

DRAWS: dict[str, Callable[[np.random.Generator, int], Any]] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "lognormal": lambda rng, n: rng.lognormal(size=n),
    "cauchy": lambda rng, n: np.abs(rng.standard_cauchy(size=n)),
    "binary": lambda rng, n: (rng.uniform(size=n) < 0.3).astype(float),
    "whole numbers": lambda rng, n: rng.poisson(2.0, size=n).astype(float),
}


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize(("n", "m"), [(20, 20), (60, 10), (10, 60)])
def test_pvalue_is_the_share_of_random_choices(draw: str, n: int, m: int) -> None:
    rng = np.random.default_rng([n, m, len(draw)])
    is_current = np.arange(n + m) >= n
    for factor in (1.0, 1.5, 2.0):
        value = DRAWS[draw](rng, n + m) * np.where(is_current, factor, 1.0)
        choices = 20_000
        sums = rng.permuted(np.broadcast_to(value, (choices, n + m)), axis=1)[:, :m].sum(axis=1)
        seen = value[is_current].sum()
        above, from_here = np.mean(sums > seen + 1e-9), np.mean(sums > seen - 1e-9)
        noise = 4.0 * math.sqrt(0.25 / choices)
        found = permutation_pvalue(value, is_current)
        # Between the tails with and without the sum that was seen, to a tenth; where one value is as large as all others
        # together the sums fall into two heaps, and the p-value is on the safe side.
        assert found > 0.9 * above - noise
        assert draw == "cauchy" or found < 1.1 * from_here + noise


def test_small_pvalues_are_right_in_relative_terms() -> None:
    # all sums of binary values are hypergeometric; the saddlepoint is between the tails with and without the seen sum
    is_current = np.arange(300) >= 150
    value = np.where(is_current, np.arange(300) % 10 < 6, np.arange(300) % 10 < 3).astype(float)
    seen, total = value[is_current].sum(), value.sum()
    below, above = (stats.hypergeom(300, int(total), 150).sf(k) for k in (seen, seen - 1))
    assert below < permutation_pvalue(value, is_current) < above
    assert above < 1e-5


def test_other_side_is_the_complement() -> None:
    rng = np.random.default_rng(2)
    value, is_current = rng.lognormal(size=80), np.arange(80) >= 30
    up, down = permutation_pvalue(value, is_current), permutation_pvalue(-value, is_current)
    assert up + down == pytest.approx(1.0, abs=1e-6)


def test_unit_and_offset_do_not_matter() -> None:
    rng = np.random.default_rng(3)
    value, is_current = rng.lognormal(size=80), np.arange(80) >= 30
    plain = permutation_pvalue(value, is_current)
    assert permutation_pvalue(1e-9 * value + 4.0, is_current) == pytest.approx(plain, rel=1e-4)
    assert permutation_pvalue(1e9 * value, is_current) == pytest.approx(plain, rel=1e-6)


@pytest.mark.parametrize("n", [20, 2000])
def test_sides_that_do_not_overlap_are_as_unlikely_as_one_choice_of_all(n: int) -> None:
    is_current = np.arange(2 * n) >= n
    value = np.arange(2.0 * n)
    # Stirling: the likelihood is within a factor of the number of rows of one over the number of choices
    assert permutation_pvalue(value, is_current) <= (2 * n) * math.exp(-2 * n * math.log(2.0))
    assert permutation_pvalue(-value, is_current) == 1.0


def test_nothing_to_choose_is_no_evidence() -> None:
    assert permutation_pvalue(np.ones(20), np.arange(20) >= 10) == 1.0
    assert permutation_pvalue(np.arange(5.0), np.zeros(5, dtype=bool)) == 1.0


def measure(loss: Any) -> Measured:
    return mae(np.asarray(loss))


def drop_of(before: Any, after: Any) -> float:
    both = np.concatenate([before, after])
    found = assess_drop(measure(before), measure(after), lambda: measure(both), higher_is_better=False)
    assert found.pvalue is not None
    return found.pvalue


# Rejections at 5 % without a drop: at most nominal within 3.3 standard errors.
@pytest.mark.parametrize("draw", ["lognormal", "cauchy"])
@pytest.mark.parametrize(("n", "m"), [(50, 50), (40, 400), (400, 40)])
def test_level_holds_whatever_the_losses_look_like(draw: str, n: int, m: int) -> None:
    rng = np.random.default_rng([n, m])
    runs = 600
    rejected = sum(drop_of(DRAWS[draw](rng, n), DRAWS[draw](rng, m)) <= 0.05 for _ in range(runs))
    assert rejected / runs <= 0.05 + 3.3 * math.sqrt(0.05 * 0.95 / runs)


def test_level_holds_where_only_the_spread_changed() -> None:
    # the permutations alone would reject three times too often: the smaller side has the larger spread
    rng = np.random.default_rng(5)
    runs, alone, found = 400, 0, 0
    for _ in range(runs):
        before, after = 5.0 + 0.3 * rng.normal(size=900), 5.0 + rng.normal(size=100)
        found += drop_of(before, after) <= 0.05
        alone += permutation_pvalue(np.concatenate([before, after]), np.arange(1000) >= 900) <= 0.05
    assert found / runs <= 0.05 + 3.3 * math.sqrt(0.05 * 0.95 / runs)
    assert alone / runs > 0.1


def test_a_real_drop_is_found() -> None:
    rng = np.random.default_rng(6)
    assert drop_of(rng.lognormal(size=500), 1.7 * rng.lognormal(size=500)) < 1e-4


@pytest.mark.parametrize(("before", "after"), [((90, 100), (40, 50)), ((9, 10), (500, 600)), ((700, 700), (29, 31))])
def test_accuracy_is_compared_by_fishers_exact_test(before: tuple[int, int], after: tuple[int, int]) -> None:
    past, today = (accuracy(np.arange(n) < correct) for correct, n in (before, after))
    found = assess_drop(past, today, lambda: past, higher_is_better=True)
    table = np.asarray([[after[0], after[1] - after[0]], [before[0], before[1] - before[0]]])
    assert found.pvalue == pytest.approx(stats.fisher_exact(table, alternative="less").pvalue, rel=1e-9)
    assert found.drop == pytest.approx(before[0] / before[1] - after[0] / after[1])
    assert found.method == "exact"
