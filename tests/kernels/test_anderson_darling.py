"""Anderson-Darling: scipy, published percentiles, other forms of the limit, the exact variance, and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats._morestats import _anderson_ksamp_midrank  # type: ignore[attr-defined]

from driftwatch.errors import UnknownNameError
from driftwatch.kernels import anderson_darling_2samp
from driftwatch.kernels.anderson_darling import (
    LIMIT_VARIANCE,
    anderson_darling_limit_sf,
    anderson_darling_variance,
)
from kernel_oracles import anderson_darling_limit_sf as plain_limit_sf

RNG = np.random.default_rng(37)


@pytest.mark.parametrize(("n", "m"), [(1, 4), (2, 9), (20, 20), (57, 43), (900, 300)])
@pytest.mark.parametrize("ties", [False, True], ids=["distinct", "ties"])
def test_statistic_is_the_one_that_scipy_standardises(n: int, m: int, *, ties: bool) -> None:
    x, y = RNG.normal(size=n), RNG.normal(0.3, 1.2, size=m)
    if ties:
        x, y = np.round(2 * x), np.round(2 * y)
    pooled = np.sort(np.concatenate([x, y]))
    wanted = _anderson_ksamp_midrank([x, y], pooled, np.unique(pooled), 2, np.array([n, m]), n + m)
    assert float(anderson_darling_2samp(x, y).statistic) == pytest.approx(float(wanted), rel=1e-11)


def test_percentiles_of_the_limit_are_the_published_ones() -> None:
    # Scholz and Stephens (1987), table 1, for two samples without bound: by cubic fits, good to 3 % of the level
    standardised = {0.25: 0.326, 0.1: 1.225, 0.05: 1.960, 0.025: 2.719, 0.01: 3.752}
    at = 1.0 + math.sqrt(LIMIT_VARIANCE) * np.array(list(standardised.values()))
    np.testing.assert_allclose(anderson_darling_limit_sf(at, xp=np), list(standardised), rtol=0.03)


@pytest.mark.parametrize("x", [0.05, 0.2, 0.6, 1.0, 3.0, 7.5, 9.0, 30.0, 200.0])
def test_limit_equals_the_series_of_its_distribution_function_and_the_tail_an_integral(x: float) -> None:
    found = float(anderson_darling_limit_sf(np.array([x]), xp=np)[0])
    assert found == pytest.approx(plain_limit_sf(x), rel=1e-7, abs=1e-12)
    assert found == pytest.approx(plain_limit_sf(x), rel=1e-9 if x > 8.0 else 1e-6)


def test_limit_falls_from_one_to_zero() -> None:
    p = anderson_darling_limit_sf(np.array([-1.0, 0.0, 0.03, 0.06, 0.1, 0.3, 1.0, 10.0, 300.0]), xp=np)
    assert p[:3].tolist() == [1.0] * 3
    assert (np.diff(p[3:]) < 0.0).all()
    assert np.isnan(anderson_darling_limit_sf(np.array([np.nan]), xp=np)[0])


def exact_variance(n: int, m: int) -> float:
    """The variance of A^2 over all orderings of distinct values, from fourth moments of sampling without replacement."""
    total = n + m
    place = np.arange(total)
    scores = np.where(place[None, :] < place[:, None], 1.0, 0.0) + 0.5 * np.eye(total)
    centred = scores - scores.mean(axis=1, keepdims=True)
    weight = 1.0 / (place * (total - 1 - place) + (total - 1) / 4)
    squares, products = centred**2, centred @ centred.T
    same = weight @ (squares @ squares.T) @ weight
    pairs = float(weight @ squares.sum(axis=1)) ** 2 + 2.0 * float(weight @ products**2 @ weight)
    p1, p2, p3, p4 = np.cumprod([(n - i) / (total - i) for i in range(4)])
    fourth = same * (p1 - 7 * p2 + 12 * p3 - 6 * p4) + pairs * (p2 - 2 * p3 + p4)
    return float(((total - 1) / (total * n * m)) ** 2 * total**4 * fourth - 1.0)


@pytest.mark.parametrize(("n", "m"), [(4, 4), (2, 10), (10, 40), (10, 200), (150, 150), (5, 400), (2, 700)])
def test_variance_is_the_exact_one_or_that_of_the_limit_if_larger(n: int, m: int) -> None:
    found = float(anderson_darling_variance(np.array([float(n)]), np.array([float(m)]), xp=np)[0])
    assert found == pytest.approx(max(exact_variance(n, m), LIMIT_VARIANCE), abs=4e-4)


def test_exact_variance_is_that_of_random_orderings() -> None:
    found = anderson_darling_2samp(RNG.random((20, 20_000)), RNG.random((15, 20_000))).statistic
    assert found.mean() == pytest.approx(1.0, abs=4 * math.sqrt(0.55 / 20_000))
    assert found.var() == pytest.approx(exact_variance(20, 15), rel=0.08)  # about 4 standard errors, by its kurtosis


@pytest.mark.parametrize(("n", "m"), [(10, 10), (20, 20), (20, 200), (50, 20), (100, 100), (200, 50)])
def test_without_drift_the_rate_of_rejection_is_nominal(n: int, m: int) -> None:
    runs = 20_000
    pvalue = anderson_darling_2samp(RNG.random((n, runs)), RNG.random((m, runs))).pvalue
    for level in (0.01, 0.05, 0.1):
        rejected, error = np.mean(pvalue <= level), math.sqrt(level * (1 - level) / runs)
        assert rejected <= level + 4 * error
        assert rejected >= (0.65 if level < 0.05 else 0.88) * level - 4 * error


def test_pvalue_is_that_of_permutations() -> None:
    x, y = RNG.normal(size=60), RNG.normal(0.45, size=45)
    pooled = np.concatenate([x, y])
    shuffled = RNG.permuted(np.broadcast_to(pooled[:, None], (105, 20_000)), axis=0)
    found = anderson_darling_2samp(x, y)
    extreme = np.mean(anderson_darling_2samp(shuffled[:60], shuffled[60:]).statistic >= float(found.statistic))
    assert 0.005 < extreme < 0.2
    assert float(found.pvalue) == pytest.approx(extreme, rel=0.03 + 4 / math.sqrt(20_000 * extreme))


def test_mean_of_ties_is_the_mean_over_ways_to_break_them() -> None:
    x, y = RNG.integers(0, 5, 60).astype(float), RNG.integers(0, 6, 35).astype(float)
    broken = anderson_darling_2samp(x[:, None] + RNG.random((60, 4000)) / 2, y[:, None] + RNG.random((35, 4000)) / 2)
    found = float(anderson_darling_2samp(x, y, ties="mean").statistic)
    assert found == pytest.approx(float(np.mean(broken.statistic)), abs=4 * float(np.std(broken.statistic)) / 63)
    assert found != float(anderson_darling_2samp(x, y).statistic)


@pytest.mark.parametrize("kind", ["zeros", "integers", "two values"])
@pytest.mark.parametrize(("n", "m"), [(60, 60), (300, 60)])
def test_ties_reject_without_drift_by_mid_ranks_and_not_by_their_mean(kind: str, n: int, m: int) -> None:
    runs, sides = 4000, []
    for size in (n, m):
        zeros = np.where(RNG.random((size, runs)) < 0.9, 0.0, RNG.normal(size=(size, runs)))
        of_kind = {"zeros": zeros, "integers": np.round(zeros + RNG.poisson(1.5, (size, runs)))}
        sides.append(of_kind.get(kind, (zeros > 0.0).astype(float)))
    by_mid_ranks, by_mean = (anderson_darling_2samp(*sides, ties=ties).pvalue for ties in ("midrank", "mean"))
    for level in (0.01, 0.05, 0.1):
        assert np.mean(by_mean <= level) <= level
    assert np.mean(by_mid_ranks <= 0.01) > 0.015


def test_a_tail_is_seen_that_the_middle_hides() -> None:
    # 3 % of the values far out: the largest gap is 0.015, and Cramer-von Mises adds up nothing
    from driftwatch.kernels import cramervonmises_2samp

    x, y = RNG.normal(size=(1500, 200)), RNG.normal(size=(1500, 200))
    y = np.where(RNG.random(y.shape) < 0.03, 6.0, y)
    tail = np.mean(anderson_darling_2samp(x, y).pvalue <= 0.05)
    assert tail > 1.5 * np.mean(cramervonmises_2samp(x, y).pvalue <= 0.05)


def test_one_value_on_both_sides_is_no_difference() -> None:
    for ties in ("midrank", "mean"):
        result = anderson_darling_2samp(np.full(9, 2.0), np.full(4, 2.0), ties=ties)
        assert [float(x) for x in result] == [0.0, 1.0]


def test_unknown_way_with_ties_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'mean'"):
        anderson_darling_2samp(np.arange(9.0), np.arange(9.0), ties="means")  # type: ignore[arg-type]
