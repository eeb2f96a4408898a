"""Mean and 99 % quantile of the rank tests without drift: simulation (the oracle), and the limits' own tails."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from driftwatch.kernels import anderson_darling_2samp, cramervonmises_2samp, kuiper, mannwhitneyu
from driftwatch.kernels._prepare import order
from driftwatch.kernels.anderson_darling import anderson_darling_limit_sf
from driftwatch.kernels.cramer_von_mises import cramervonmises_limit_sf
from driftwatch.kernels.kuiper_distance import kuiper_sf
from driftwatch.kernels.mann_whitney import superiority_variance
from driftwatch.kernels.noise_ranks import (
    ANDERSON_DARLING_Q99,
    CRAMERVONMISES_Q99,
    KUIPER_Q99,
    NORMAL_Q99,
    anderson_darling_noise,
    cramervonmises_noise,
    kuiper_noise,
    mann_whitney_noise,
)
from driftwatch.kernels.rank_sums import rank_sums

RUNS = 20_000
SIZES = pytest.mark.parametrize(("n", "m"), [(25, 25), (200, 30), (150, 150)])


def samples(n: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n + 7 * m)
    return rng.random((n, RUNS)), rng.random((m, RUNS))


def test_the_quantiles_are_where_the_tails_of_the_limits_are_one_percent() -> None:
    for sf, at in (
        (anderson_darling_limit_sf, ANDERSON_DARLING_Q99),
        (cramervonmises_limit_sf, CRAMERVONMISES_Q99),
        (kuiper_sf, KUIPER_Q99),
    ):
        assert float(sf(np.array([at]), xp=np)[0]) == pytest.approx(0.01, rel=1e-6)
    assert pytest.approx(stats.norm.isf(0.01), rel=1e-7) == NORMAL_Q99


@SIZES
def test_noise_of_anderson_darling_and_cramer_von_mises_is_that_of_random_samples(n: int, m: int) -> None:
    x, y = samples(n, m)
    for kernel, noise_of in (
        (anderson_darling_2samp, anderson_darling_noise),
        (cramervonmises_2samp, cramervonmises_noise),
    ):
        statistic = np.asarray(kernel(x, y).statistic)
        noise = noise_of(statistic, n, m)
        assert float(noise.expected) == pytest.approx(statistic.mean(), rel=0.025)  # four standard errors
        assert float(noise.q99) == pytest.approx(np.quantile(statistic, 0.99), rel=0.06)
        np.testing.assert_allclose(noise.excess, np.maximum(statistic - noise.expected, 0.0))


@SIZES
def test_noise_of_kuiper_is_that_of_random_samples(n: int, m: int) -> None:
    statistic = np.asarray(kuiper(*samples(n, m)).statistic)
    noise = kuiper_noise(statistic, n, m)
    assert float(noise.expected) == pytest.approx(statistic.mean(), rel=0.06)
    assert float(noise.q99) == pytest.approx(np.quantile(statistic, 0.99), rel=0.05)
    left = (statistic**2 - noise.excess**2)[noise.excess > 0.0]
    # the limit's mean square: too high at small sizes, so that the excess errs downwards
    assert 1.0 < np.mean(left) / np.mean(statistic**2) < 1.3


@SIZES
@pytest.mark.parametrize("ties", [False, True], ids=["distinct", "ties"])
def test_noise_of_mann_whitney_is_that_of_random_samples(n: int, m: int, *, ties: bool) -> None:
    x, y = samples(n, m)
    if ties:
        x, y = np.floor(4 * x), np.floor(4 * y)
    u = np.asarray(mannwhitneyu(x, y).statistic)
    sums = rank_sums(order(x.T, xp=np), order(y.T, xp=np), xp=np)
    noise = mann_whitney_noise(u, n, m, superiority_variance(sums, xp=np))
    assert float(noise.expected) == pytest.approx(u.mean(), rel=0.01)
    assert noise.q99.mean() == pytest.approx(np.quantile(u, 0.99), rel=0.02)
    # what is taken out of the square is its mean
    beyond = noise.excess > 0.0
    np.testing.assert_allclose(((u - n * m / 2) ** 2 - noise.excess**2)[beyond].mean(), u.var(), rtol=0.06)


@pytest.mark.parametrize("noise_of", [anderson_darling_noise, cramervonmises_noise, kuiper_noise])
def test_an_empty_side_has_no_noise_floor(noise_of: object) -> None:
    assert callable(noise_of)
    noise = noise_of(np.array([np.nan, 1.0]), np.array([0, 30]), np.array([50, 20]))
    assert np.isnan([field[0] for field in noise]).all()
    assert np.isfinite([field[1] for field in noise]).all()
