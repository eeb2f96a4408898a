"""Mean and 99 % quantile of every distance without drift, against simulation (the oracle) and known limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from driftwatch.kernels._prepare import Ordered, order
from driftwatch.kernels.divergences import jensenshannon_from_counts, psi_from_counts
from driftwatch.kernels.ecdf import ecdf_distances, ks_2samp
from driftwatch.kernels.kolmogorov_exact import ks_2samp_sf
from driftwatch.kernels.noise_divergence import JENSEN_SHANNON, population_stability
from driftwatch.kernels.noise_floor import (
    chi2_noise,
    cohens_h_excess,
    divergence_noise,
    ks_noise,
    max_ks_noise,
    root_divergence_noise,
    total_variation_noise,
    wasserstein_noise,
)
from driftwatch.kernels.noise_wasserstein import bridge_moments
from driftwatch.kernels.share_distances import total_variation_from_counts

if TYPE_CHECKING:
    from collections.abc import Callable

PSI = population_stability(1e-4)

SHAPES: dict[str, Callable[[np.random.Generator, tuple[int, int]], np.ndarray]] = {
    "uniform": lambda rng, size: rng.random(size),
    "normal": lambda rng, size: rng.normal(size=size),
    "exponential": lambda rng, size: rng.exponential(size=size),
    "zeros": lambda rng, size: np.maximum(rng.random(size) - 0.9, 0.0),
}


def zipf_counts(n: int, m: int, k: int, seed: int, rows: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    share = 1.0 / np.arange(1, k + 1)
    share /= share.sum()
    rng = np.random.default_rng(seed)
    return rng.multinomial(n, share, rows), rng.multinomial(m, share, rows)


@pytest.mark.parametrize(("n", "allowed"), [(20, 0.06), (200, 0.025), (1000, 0.01)])
def test_ks_noise_is_that_of_the_exact_distribution(n: int, allowed: float) -> None:
    h = np.arange(1, n + 1)
    tail = ks_2samp_sf(h / n, np.full(n, n), np.full(n, n))
    noise = ks_noise(0.0, n, n)
    assert float(noise.expected) == pytest.approx(tail.sum() / n, rel=allowed)
    # D moves in steps of 1 / n
    assert float(noise.q99) == pytest.approx((h[tail <= 0.01][0] - 1) / n, abs=1.0 / n)


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize(("n", "m"), [(200, 200), (2000, 100)])
def test_wasserstein_noise_is_that_of_random_samples(name: str, n: int, m: int) -> None:
    rng = np.random.default_rng(3)
    x, y = order(SHAPES[name](rng, (2000, n)), xp=np), order(SHAPES[name](rng, (2000, m)), xp=np)
    w1 = ecdf_distances(x, y, xp=np).w1
    noise = wasserstein_noise(w1, n, m, bridge_moments(x, xp=np))
    # each feature brings its own plug-in estimate: 3 % for the mean of all, 8 % for the quantile of 2,000
    assert noise.expected.mean() == pytest.approx(w1.mean(), rel=0.04)
    assert noise.q99.mean() == pytest.approx(np.quantile(w1, 0.99), rel=0.1)
    beyond = noise.excess
    assert np.mean(beyond**2) < np.mean(w1**2)


def test_the_integrated_bridge_of_the_uniform_law_has_its_known_moments() -> None:
    # Johnson and Killeen (1983): mean sqrt(pi / 32), second moment 7 / 60
    grid = (np.arange(20_000)[None, :] + 0.5) / 20_000
    first, second = bridge_moments(Ordered(grid, 20_000), xp=np)
    assert first[0] == pytest.approx(np.sqrt(np.pi / 32), rel=1e-3)
    assert second[0] == pytest.approx(7 / 60, rel=3e-3)


def test_missing_values_of_a_feature_leave_its_bridge_alone() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(2, 400))
    x[1, 250:] = np.nan
    both = bridge_moments(order(x, xp=np), xp=np)
    alone = bridge_moments(order(x[1:, :250], xp=np), xp=np)
    assert both.first[1] == pytest.approx(alone.first[0], rel=1e-12)
    assert both.second[1] == pytest.approx(alone.second[0], rel=0.02)


def test_a_constant_has_no_noise_and_an_infinite_value_no_answer() -> None:
    moments = bridge_moments(Ordered(np.asarray([[2.0, 2.0, 2.0], [1.0, 2.0, np.inf]]), 3), xp=np)
    assert moments.first[0] == moments.second[0] == 0.0
    assert not np.isfinite(moments.first[1])
    noise = wasserstein_noise([0.5, 0.5], 3, 3, moments)
    assert (noise.expected[0], noise.q99[0], noise.excess[0]) == (0.0, 0.0, 0.5)


@pytest.mark.parametrize(("n", "m"), [(50, 50), (1000, 100)])
@pytest.mark.parametrize("k", [2, 10, 100])
def test_noise_of_counts_is_that_of_random_samples(n: int, m: int, k: int) -> None:
    r, c = zipf_counts(n, m, k, seed=k)
    psi, js, tv = (f(r, c) for f in (psi_from_counts, jensenshannon_from_counts, total_variation_from_counts))
    floors = {
        "psi": (psi, divergence_noise(psi, r, c, PSI)),
        "js": (js, root_divergence_noise(js, r, c, JENSEN_SHANNON)),
        "tv": (tv, total_variation_noise(tv, r, c)),
    }
    for name, (statistic, noise) in floors.items():
        assert noise.expected.mean() == pytest.approx(statistic.mean(), rel=0.08), name
        assert noise.q99.mean() == pytest.approx(np.quantile(statistic, 0.99), rel=0.15), name


@pytest.mark.parametrize("n", [100, 10_000, 1_000_000])
def test_one_excess_serves_all_sizes(n: int) -> None:
    # the same drift at any size: the raw statistic falls with n, its excess stays, here within 35 % from n = 100 on
    before, after = np.asarray([0.4, 0.3, 0.2, 0.1]), np.asarray([0.2, 0.25, 0.25, 0.3])
    rng = np.random.default_rng(n)
    r, c = rng.multinomial(n, before, 400), rng.multinomial(n, after, 400)
    psi = psi_from_counts(r, c)
    true = ((after - before) * np.log(after / before)).sum()
    assert divergence_noise(psi, r, c, PSI).excess.mean() == pytest.approx(true, rel=0.05)


def test_excess_is_linear_for_a_divergence_and_a_root_for_a_distance() -> None:
    r, c = np.asarray([[600, 400]]), np.asarray([[300, 700]])
    psi, js = psi_from_counts(r, c), jensenshannon_from_counts(r, c)
    noise = divergence_noise(psi, r, c, PSI)
    np.testing.assert_allclose(noise.excess, psi - noise.expected)
    root = root_divergence_noise(js, r, c, JENSEN_SHANNON)
    square = (1 / 1000 + 1 / 1000) / (8 * np.log(2))
    np.testing.assert_allclose(root.excess, np.sqrt(js**2 - square))


def test_chi2_noise_is_that_of_chi_squared() -> None:
    noise = chi2_noise([9.0, 1.0, 0.0], [4, 4, 0])
    np.testing.assert_allclose(noise.expected, [4, 4, 0])
    np.testing.assert_allclose(noise.q99, [stats.chi2.isf(0.01, 4), stats.chi2.isf(0.01, 4), 0.0])
    np.testing.assert_allclose(noise.excess, [5.0, 0.0, 0.0])


def test_cohens_h_without_drift_has_the_variance_that_is_taken_off() -> None:
    rng = np.random.default_rng(1)
    n, m = 400, 300
    a, b = rng.binomial(n, 0.3, 20_000) / n, rng.binomial(m, 0.3, 20_000) / m
    h = 2 * np.arcsin(np.sqrt(a)) - 2 * np.arcsin(np.sqrt(b))
    assert np.mean(h**2) == pytest.approx(1 / n + 1 / m, rel=0.04)
    np.testing.assert_allclose(cohens_h_excess(0.5, n, m), np.sqrt(0.25 - 1 / n - 1 / m))


@pytest.mark.parametrize(("n", "m", "d"), [(200, 100, 1), (200, 100, 30)])
def test_noise_of_the_largest_ks_is_that_of_independent_features(n: int, m: int, d: int) -> None:
    rng = np.random.default_rng(8)
    runs = 400
    found = ks_2samp(rng.normal(size=(n, runs * d)), rng.normal(size=(m, runs * d))).statistic
    largest = np.asarray(found).reshape(runs, d).max(axis=1)
    floor = max_ks_noise(largest, n, m, d)
    # 400 runs know the mean to 2 %, and the quantile to about 5 %
    assert float(floor.expected) == pytest.approx(largest.mean(), rel=0.03)
    assert float(floor.q99) == pytest.approx(np.quantile(largest, 0.99), rel=0.12)
    above = floor.excess > 0.0
    # what is taken out of a square is its mean
    np.testing.assert_allclose(largest[above] ** 2 - floor.excess[above] ** 2, np.mean(largest**2), rtol=0.1)


def test_noise_of_the_largest_of_one_is_that_of_ks() -> None:
    one, other = max_ks_noise(0.2, 300, 150, 1), ks_noise(0.2, 300, 150)
    np.testing.assert_allclose([*map(float, one)], [*map(float, other)], rtol=1e-5)
