"""Values out of range, repeated values and dependent rows, against plain loops and exact probabilities."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from driftwatch.kernels._prepare import order
from driftwatch.kernels.signals import (
    LAG_ROWS,
    chance_outside,
    count_equal,
    lag_one,
    longest_run,
    outside_counts,
    picks,
)


@pytest.mark.parametrize(("n", "m", "level"), [(4, 5, 0.3), (6, 4, 0.05), (3, 6, 0.5), (5, 2, 0.001)])
def test_chance_outside_is_the_first_count_that_enumeration_finds_unlikely(n: int, m: int, level: float) -> None:
    # Oracle: all ways to place the second sample among the ranks.
    below = [min(set(range(n + m)) - set(current)) for current in combinations(range(n + m), m)]
    wanted = next((x for x in range(1, m + 1) if np.mean(np.asarray(below) >= x) <= level), m + 1)
    assert chance_outside(n, m, level).item() == wanted


def test_outside_counts_are_those_of_a_plain_loop_from_the_given_count_on() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(5, 300))
    x[3, :40] = np.nan
    low, high = np.asarray([-1.0, -9.0, -2.0, -1.0, 0.0]), np.asarray([2.0, 9.0, 1.0, 2.5, 9.0])
    at_least = np.asarray([10, 1, 10, 3, 200])
    wanted = np.stack([(x < low[:, None]).sum(axis=1), (x > high[:, None]).sum(axis=1)], axis=-1)
    wanted = np.where(wanted >= at_least[:, None], wanted, 0)
    np.testing.assert_array_equal(outside_counts(order(x, xp=np), low, high, at_least, xp=np), wanted)
    assert (wanted > 0).sum() >= 3


@pytest.mark.parametrize("share", [0.1, 0.3, 0.95])
def test_a_value_that_holds_a_tenth_of_a_sample_is_found(share: float) -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(3, 1000))
    x[1, : int(1000 * share)] = 0.7
    sample = order(x, xp=np)
    runs, values = longest_run(picks(sample, xp=np))
    assert runs[[0, 2]].tolist() == [1, 1]
    assert (runs[1] >= 2, values[1]) == (True, 0.7)
    assert count_equal(sample, values, xp=np)[1] == int(1000 * share)


def test_picks_pass_over_missing_values() -> None:
    x = np.asarray([[3.0, np.nan, 1.0, 2.0, np.nan, np.nan]])
    assert set(picks(order(x, xp=np), xp=np)[0].tolist()) == {1.0, 2.0, 3.0}


def test_count_equal_does_not_count_what_is_missing() -> None:
    x = np.asarray([[np.inf, np.nan, np.nan, 1.0]])
    assert count_equal(order(x, xp=np), np.asarray([np.inf]), xp=np).tolist() == [1]


def test_lag_one_is_the_textbook_autocorrelation() -> None:
    x = np.random.default_rng(2).normal(size=(2, 500)).cumsum(axis=1)
    centred = x - x.mean(axis=1, keepdims=True)
    wanted = (centred[:, 1:] * centred[:, :-1]).sum(axis=1) / (centred**2).sum(axis=1)
    np.testing.assert_allclose(lag_one(x, xp=np).value, wanted)


def test_lag_one_reads_a_bounded_number_of_rows_and_passes_over_missing_ones() -> None:
    x = np.random.default_rng(3).normal(size=(1, LAG_ROWS + 500))
    other = x.copy()
    other[0, LAG_ROWS:] = 7.0
    assert lag_one(x, xp=np) == lag_one(other, xp=np)

    x[0, 5:7] = np.nan, np.inf
    assert np.isfinite(lag_one(x, xp=np).value).all()


@pytest.mark.parametrize("values", [[[1.0, 1.0, 1.0]], [[1e300, -1e300, 1e300]], [[np.nan, np.nan, np.nan]]])
def test_lag_one_has_no_answer_for_constants_and_huge_values(values: list[list[float]]) -> None:
    assert np.isnan(lag_one(np.asarray(values), xp=np).value).all()


def test_lag_one_takes_integers_and_booleans() -> None:
    x = np.asarray([[1, 2, 3, 4, 5, 6]])
    assert lag_one(x, xp=np) == lag_one(x.astype(float), xp=np)
    assert np.isfinite(lag_one(x > 3, xp=np).value).all()


@pytest.mark.parametrize("name", ["normal", "rare events", "rare lognormal", "cauchy"])
@pytest.mark.parametrize("n", [100, 2000])
def test_independent_rows_rarely_reach_the_bound(name: str, n: int) -> None:
    rng = np.random.default_rng(4)
    size = (4000, n)
    rare = rng.random(size) < 0.1
    x = {
        "normal": rng.normal(size=size),
        "rare events": rare.astype(float),
        "rare lognormal": np.where(rare, rng.lognormal(size=size), 0.0),
        "cauchy": rng.standard_cauchy(size),
    }[name]
    lag = lag_one(x, xp=np)
    # one in 30,000 by design, 4 in 4,000 allowed; a plain z-value of 4 gives up to 20
    assert (lag.value > np.maximum(lag.bound, 0.1)).sum() <= 4


def test_dependent_rows_pass_the_bound() -> None:
    rng = np.random.default_rng(5)
    noise = rng.normal(size=(200, 1001))
    x = noise[:, 1:] + 0.4 * noise[:, :-1]  # lag-1 autocorrelation 0.34
    lag = lag_one(x, xp=np)
    assert (lag.value > lag.bound).all()
