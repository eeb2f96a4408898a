"""Mean and quantile of the energy distance without drift: simulation, Smirnov's law, and a plain triple sum (the oracles)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from driftwatch.kernels import energy_distance
from driftwatch.kernels._prepare import Ordered, order
from driftwatch.kernels.noise_energy import energy_noise, squared_bridge

if TYPE_CHECKING:
    from collections.abc import Callable

SHAPES: dict[str, Callable[[np.random.Generator, tuple[int, int]], np.ndarray]] = {
    "uniform": lambda rng, size: rng.random(size),
    "normal": lambda rng, size: rng.normal(size=size),
    "exponential": lambda rng, size: rng.exponential(size=size),
    "zeros": lambda rng, size: np.maximum(rng.random(size) - 0.9, 0.0),
    "integers": lambda rng, size: rng.poisson(1.5, size).astype(float),
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize(("n", "m"), [(60, 60), (1000, 100)])
def test_noise_is_that_of_random_samples(name: str, n: int, m: int) -> None:
    rng = np.random.default_rng(3)
    x, y = SHAPES[name](rng, (n, 3000)), SHAPES[name](rng, (m, 3000))
    statistic = np.asarray(energy_distance(x, y).statistic)
    # each feature brings its own estimate of the law, so means are compared
    bridge = squared_bridge(order(x.T, xp=np), xp=np)
    noise = energy_noise(statistic, n, m, bridge)
    assert noise.expected.mean() == pytest.approx(statistic.mean(), rel=0.03)
    assert noise.q99.mean() == pytest.approx(np.quantile(statistic, 0.99), rel=0.06)
    square = 2 * (1 / n + 1 / m) * bridge.mean
    assert square.mean() == pytest.approx((statistic**2).mean(), rel=0.06)
    np.testing.assert_allclose(noise.excess, np.sqrt(np.maximum(statistic**2 - square, 0.0)))


def test_moments_of_the_uniform_law_are_smirnovs_and_so_is_the_quantile() -> None:
    # weights 1 / (k pi)^2: mean 1/6, variance 1/45, third cumulant 8/945
    grid = (np.arange(20_000)[None, :] + 0.5) / 20_000
    bridge = squared_bridge(Ordered(grid, 20_000), xp=np)
    assert bridge.mean[0] == pytest.approx(1 / 6, rel=1e-3)
    assert bridge.variation[0] == pytest.approx(36 / 45, rel=1e-3)
    assert bridge.skewness[0] == pytest.approx(8 / 945 * 45**1.5, rel=1e-3)
    noise = energy_noise(np.zeros(1), 20_000, 20_000, bridge)
    assert noise.q99[0] ** 2 == pytest.approx(2 * 2 / 20_000 * 0.7434593, rel=0.003)  # its 99 % quantile


def test_moments_are_the_traces_of_the_kernel() -> None:
    x = np.sort(np.random.default_rng(8).integers(0, 9, 14).astype(float) ** 1.5)
    gap, f = np.diff(x), np.arange(1, 14) / 14
    kernel = np.minimum.outer(f, f) - np.outer(f, f)
    weighted = np.sqrt(gap)[:, None] * kernel * np.sqrt(gap)
    first, second, third = (float(np.trace(np.linalg.matrix_power(weighted, k))) for k in (1, 2, 3))
    bridge = squared_bridge(Ordered(x[None, :], 14), xp=np)
    assert bridge.mean[0] == pytest.approx(first * 14 / 13, rel=1e-12)
    assert bridge.variation[0] == pytest.approx(2 * second / first**2, rel=1e-12)
    assert bridge.skewness[0] == pytest.approx(8 * third / (2 * second) ** 1.5, rel=1e-12)


def test_the_mean_is_half_of_ginis_mean_difference() -> None:
    x = np.random.default_rng(4).normal(size=50)
    gini = np.abs(np.subtract.outer(x, x)).sum() / (50 * 49)
    assert squared_bridge(order(x[None, :], xp=np), xp=np).mean[0] == pytest.approx(gini / 2, rel=1e-12)


def test_two_values_are_a_square_of_a_normal_variable() -> None:
    x = np.repeat([0.0, 8.0], 500)
    bridge = squared_bridge(Ordered(x[None, :], 1000), xp=np)
    noise = energy_noise(np.zeros(1), 1000, 1000, bridge)
    scale = np.sqrt(2 * 2 / 1000 * 8 / 4)  # E is this times |Z|
    assert noise.expected[0] == pytest.approx(scale * np.sqrt(2 / np.pi), rel=2e-3)
    assert noise.q99[0] == pytest.approx(scale * stats.norm.isf(0.005), rel=2e-3)


def test_missing_values_a_constant_and_an_infinite_value() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(3, 400))
    x[1, 250:], x[2] = np.nan, 2.0
    ordered = order(x, xp=np)
    with np.errstate(invalid="ignore"):  # what is missing stands at infinity
        both = squared_bridge(ordered, xp=np)
    alone = squared_bridge(order(x[1:2, :250], xp=np), xp=np)
    for field, wanted in zip(both, alone, strict=True):
        assert field[1] == pytest.approx(wanted[0], rel=1e-12)
    noise = energy_noise(np.full(3, 0.5), np.array([400, 250, 400]), 100, both)
    assert (noise.expected[2], noise.q99[2], noise.excess[2]) == (0.0, 0.0, 0.5)
    with np.errstate(invalid="ignore"):
        assert not np.isfinite(squared_bridge(Ordered(np.array([[1.0, 2.0, np.inf]]), 3), xp=np).mean[0])
