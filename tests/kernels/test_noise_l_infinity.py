"""Mean and quantile of the largest difference of shares without drift, against simulation (the oracle)."""

from __future__ import annotations

import numpy as np
import pytest

from driftwatch.kernels.noise_floor import total_variation_noise
from driftwatch.kernels.noise_l_infinity import l_infinity_noise
from driftwatch.kernels.share_distances import l_infinity_from_counts, total_variation_from_counts

SHARES = {
    "four equal": np.full(4, 0.25),
    "two large": np.array([0.49, 0.49, 0.01, 0.01]),
    "one large": np.array([0.9, 0.05, 0.03, 0.02]),
    "ten equal": np.full(10, 0.1),
    "ten": 1.0 / np.arange(1, 11),
    "a hundred": 1.0 / np.arange(1, 101),
    "a hundred rare": np.full(100, 0.01),
}


@pytest.mark.parametrize("name", SHARES)
@pytest.mark.parametrize(("n", "m"), [(50, 50), (1000, 100), (5000, 5000)])
def test_noise_is_that_of_random_samples(name: str, n: int, m: int) -> None:
    share, rng = SHARES[name] / SHARES[name].sum(), np.random.default_rng(n + m)
    r, c = rng.multinomial(n, share, 6000), rng.multinomial(m, share, 6000)
    statistic = l_infinity_from_counts(r, c)
    # each row brings its own totals, so means are compared; 200 rows of them know their mean to 1 %
    noise = l_infinity_noise(statistic[:200], r[:200], c[:200])
    assert noise.expected.mean() == pytest.approx(statistic.mean(), rel=0.11 if share.size == 4 else 0.04)
    assert noise.q99.mean() == pytest.approx(np.quantile(statistic, 0.99), rel=0.15 if n == 50 else 0.05)


def test_what_is_taken_out_of_the_square_is_its_mean() -> None:
    rng = np.random.default_rng(1)
    r, c = rng.multinomial(400, np.full(10, 0.1), 2000), rng.multinomial(300, np.full(10, 0.1), 2000)
    statistic = l_infinity_from_counts(r, c)
    excess = l_infinity_noise(statistic, r, c).excess
    taken = (statistic**2 - excess**2)[excess > 0.0]
    assert taken.mean() == pytest.approx((statistic**2).mean(), rel=0.05)


@pytest.mark.parametrize("k", [2, 3])
def test_up_to_three_levels_it_is_the_total_variation_distance(k: int) -> None:
    rng = np.random.default_rng(2)
    r, c = rng.multinomial(80, np.full(k, 1 / k), 50), rng.multinomial(70, np.full(k, 1 / k), 50)
    statistic = l_infinity_from_counts(r, c)
    np.testing.assert_allclose(statistic, total_variation_from_counts(r, c))
    for found, wanted in zip(l_infinity_noise(statistic, r, c), total_variation_noise(statistic, r, c), strict=True):
        np.testing.assert_allclose(found, wanted)


def test_levels_that_do_not_occur_add_nothing_and_an_empty_side_has_no_answer() -> None:
    r, c = (
        np.array([[40, 30, 20, 10], [0, 0, 0, 0], [9, 0, 0, 0]]),
        np.array([[30, 30, 30, 10], [3, 1, 1, 1], [9, 0, 0, 0]]),
    )
    plain = l_infinity_noise(np.full(3, 0.2), r, c)
    padded = l_infinity_noise(np.full(3, 0.2), np.pad(r, ((0, 0), (0, 5))), np.pad(c, ((0, 0), (0, 5))))
    for found, wanted in zip(padded, plain, strict=True):
        np.testing.assert_allclose(found, wanted)
    assert np.isnan([field[1] for field in plain]).all()
    assert (plain.expected[2], plain.q99[2]) == (0.0, 0.0)
