from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from driftwatch.kernels import kolmogorov_one_sample
from driftwatch.kernels.kolmogorov_one_sample import ks_1samp_sf


def grid(n: int) -> np.ndarray:
    """Return statistics from p = 1 to p = 1e-300, and the borders of every method."""
    z = np.concatenate([np.linspace(0.05, 3.0, 25), np.linspace(3.0, 16.0, 12)]) / np.sqrt(n)
    x = np.concatenate([z, np.linspace(0.0, 1.0, 21), [0.5 / n, 1.0 / n, 1.0 - 1.0 / n]])
    values: np.ndarray = x[x <= 1.0]
    return values


def sf(x: np.ndarray, n: int) -> np.ndarray:
    return ks_1samp_sf(x, np.full(x.size, float(n)))


@pytest.mark.parametrize("n", [1, 2, 3, 5, 10, 15, 20, 50, 100, 139, 140, 141, 150, 200, 300, 400, 500])
def test_small_samples_equal_scipy(n: int) -> None:
    x = grid(n)
    np.testing.assert_allclose(sf(x, n), stats.kstwo.sf(x, n), rtol=1e-9, atol=1e-300)


@pytest.mark.parametrize("n", [501, 700, 2000, 10_000])
def test_large_samples_equal_scipy(n: int) -> None:
    # scipy keeps Durbin's matrix for tiny statistics up to n = 100,000; the expansion is within 1.2e-7 of it.
    x = grid(n)
    np.testing.assert_allclose(sf(x, n), stats.kstwo.sf(x, n), rtol=2e-7, atol=1e-300)


@pytest.mark.parametrize("z", [0.5, 1.0, 1.48, 1.49, 3.0, 8.0])
def test_hundred_thousand_observations_equal_scipy(z: float) -> None:
    x = np.asarray([z / np.sqrt(100_000)])
    np.testing.assert_allclose(sf(x, 100_000), stats.kstwo.sf(x, 100_000), rtol=1e-9)


@pytest.mark.parametrize("z", [1.49, 5.0, 15.0])
def test_millions_of_observations_equal_the_sum_of_all_terms(z: float) -> None:
    # Oracle: Smirnov's sum itself, each term by Stirling's series in extended precision. scipy loses digits here.
    n = 2_000_000
    d = np.longdouble(z / np.sqrt(n))
    total = np.longdouble(0.0)
    for part in np.array_split(np.arange(1000, int(n * (1 - d)) - 1000), 20):
        j = part.astype(np.longdouble)
        log_term = j * np.log1p(n * d / j) + (n - j) * np.log1p(-n * d / (n - j))
        log_term += 1 / (12 * np.longdouble(n)) - 1 / (12 * j) - 1 / (12 * (n - j))
        total += np.sum(np.exp(log_term) * np.sqrt(n / (2 * np.pi * j * (n - j))) * d / (d + j / n))
    np.testing.assert_allclose(sf(np.asarray([float(d)]), n), [float(2 * total)], rtol=1e-10)


def test_survival_function_falls_across_the_borders_of_the_methods() -> None:
    for n in (30, 140, 141, 500, 501, 100_000):
        x = np.linspace(0.0, min(1.0, 5.0 / np.sqrt(n)), 4000)
        # The methods differ by 1e-6 of p at the borders, which is below this step's fall except where p is 1.
        assert (np.diff(sf(x, n)) <= 1e-9).all()


def test_certain_and_impossible_statistics() -> None:
    np.testing.assert_array_equal(ks_1samp_sf(np.asarray([0.0, 0.004, 1.0, 1.2]), np.full(4, 100.0)), [1, 1, 0, 0])


def test_sizes_mix_in_one_call() -> None:
    x = np.asarray([0.2, 0.2, 0.1, 0.3, 0.05, 0.01])
    n = np.asarray([20.0, 30.0, 200.0, 1000.0, 450.0, 450.0])
    np.testing.assert_allclose(ks_1samp_sf(x, n), [stats.kstwo.sf(*pair) for pair in zip(x, n, strict=True)], rtol=1e-9)


def test_one_sided_sum_in_several_blocks_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.linspace(0.1, 0.4, 50)
    whole = sf(x, 1000)
    monkeypatch.setattr(kolmogorov_one_sample, "SMIRNOV_BLOCK", 7)
    np.testing.assert_array_equal(sf(x, 1000), whole)


@pytest.mark.parametrize("n", [141, 161, 200, 260, 1000])
def test_thinned_sum_equals_smirnov(n: int) -> None:
    x = np.linspace(np.sqrt(2.2 / n), min(0.99, 14.0 / np.sqrt(n)), 40)
    got = kolmogorov_one_sample._twice_smirnov_sf(x, np.full(x.size, float(n)))
    np.testing.assert_allclose(got, 2.0 * special.smirnov(n, x), rtol=1e-9, atol=1e-300)
