"""Kuiper: a published table, a slow sum of the limit, shuffled rows, and what a circle asks for."""

from __future__ import annotations

import math

import numpy as np
import pytest

from driftwatch.kernels import ks_2samp, kuiper
from driftwatch.kernels.kuiper_distance import kuiper_sf

RNG = np.random.default_rng(33)


def test_critical_values_are_those_of_the_published_table() -> None:
    # Stephens (1970), table 1A, V*: upper tail 15 %, 10 %, 5 %, 2.5 %, 1 %
    found = kuiper_sf(np.array([1.537, 1.620, 1.747, 1.862, 2.001]), xp=np)
    np.testing.assert_allclose(found, [0.15, 0.10, 0.05, 0.025, 0.01], rtol=6e-3)


@pytest.mark.parametrize("x", [0.3, 0.5, 0.8, 0.999, 1.0, 1.5, 3.0, 8.0])
def test_both_series_are_the_limit(x: float) -> None:
    wanted = 2 * math.fsum((4 * j * j * x * x - 1) * math.exp(-2 * j * j * x * x) for j in range(1, 200))
    assert float(kuiper_sf(np.array([x]), xp=np)[0]) == pytest.approx(wanted, rel=1e-12, abs=2e-14)


def test_limit_is_one_at_zero_and_nan_at_nan() -> None:
    assert kuiper_sf(np.array([-1.0, 0.0, 0.01, 0.2]), xp=np).tolist() == [1.0] * 4
    assert np.isnan(kuiper_sf(np.array([np.nan]), xp=np)[0])


def test_p_value_is_near_that_of_shuffled_rows() -> None:
    x, y = RNG.normal(size=60), RNG.normal(0.0, 1.8, size=50)
    pooled = np.broadcast_to(np.concatenate([x, y]), (4000, 110))
    shuffled = RNG.permuted(pooled, axis=1)
    drawn = kuiper(shuffled[:, :60], shuffled[:, 60:], axis=1).statistic
    found = kuiper(x, y)
    share = (np.count_nonzero(drawn >= float(found.statistic) - 1e-9) + 1) / 4001
    # a binomial share, and a formula for continuous statistics: at these sizes within a quarter of the p-value
    assert float(found.pvalue) == pytest.approx(share, rel=0.25, abs=4 * math.sqrt(share / 4000))


def test_does_not_depend_on_where_a_circle_is_cut() -> None:
    x, y = RNG.vonmises(0.0, 1.0, 80), RNG.vonmises(0.7, 1.0, 70)
    plain = float(kuiper(x, y).statistic)
    for cut in (0.5, 2.0, 4.0):
        turned = kuiper((x + cut) % (2 * np.pi), (y + cut) % (2 * np.pi))
        assert float(turned.statistic) == pytest.approx(plain, abs=1e-12)


def test_sees_a_change_of_spread_better_than_ks() -> None:
    x, y = RNG.normal(size=(400, 30)), RNG.normal(0.0, 1.25, size=(400, 30))
    assert np.median(kuiper(x, y).pvalue) < 0.1 * np.median(ks_2samp(x, y).pvalue)
