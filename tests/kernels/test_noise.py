from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from driftwatch.kernels.kolmogorov_exact import ks_2samp_sf
from driftwatch.kernels.noise import expected_ks_squared, expected_tv_squared, noise_corrected


def zipf(k: int) -> np.ndarray:
    weight = 1.0 / np.arange(1, k + 1)
    share: np.ndarray = weight / weight.sum()
    return share


def simulated_tv_squared(total: np.ndarray, n: int, seed: int) -> tuple[float, float]:
    """The mean of TV^2 over random splits of the totals, and its standard error: the oracle."""
    m = int(total.sum()) - n
    n_draws = 20_000 if total.size <= 100 else 2000
    rng = np.random.default_rng(seed)
    reference = rng.multivariate_hypergeometric(total, n, size=n_draws, method="marginals")
    squares = (0.5 * np.abs(reference / n - (total - reference) / m).sum(axis=-1)) ** 2
    return float(squares.mean()), float(squares.std() / np.sqrt(n_draws))


# The approximation is good to 1 %; three standard errors of the simulation (0.1 % to 0.9 % each) come on top.
@pytest.mark.parametrize(
    "share",
    [zipf(10), zipf(100), np.full(10, 0.1), np.full(1000, 0.001)],
    ids=["zipf10", "zipf100", "even10", "even1000"],
)
@pytest.mark.parametrize(("n", "m"), [(10_000, 100), (1000, 1000), (100, 10_000), (500, 40)])
def test_expected_tv_squared_is_the_mean_over_random_splits(share: np.ndarray, n: int, m: int) -> None:
    rng = np.random.default_rng(1)
    reference, current = rng.multinomial(n, share), rng.multinomial(m, share)
    mean, error = simulated_tv_squared(reference + current, n, seed=2)
    assert float(expected_tv_squared(reference, current)) == pytest.approx(mean, abs=3 * error + 0.01 * mean)


# Few levels are the normal approximation's worst case: 3 %.
@pytest.mark.parametrize("total", [[100, 60, 40], [99, 99, 2], [9800, 200, 3], [20, 12, 8], [5000, 5000, 1]])
@pytest.mark.parametrize("part", [0.5, 0.1])
def test_expected_tv_squared_of_three_levels_is_close(total: list[int], part: float) -> None:
    n = int(sum(total) * part)
    mean, error = simulated_tv_squared(np.asarray(total), n, seed=3)
    reference = np.asarray([n, 0, 0])  # only the totals matter; the split need not be possible
    expected = expected_tv_squared(reference, np.asarray(total) - reference)
    assert float(expected) == pytest.approx(mean, abs=3 * error + 0.03 * mean)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 40))
def test_expected_tv_squared_of_two_levels_is_exact(n: int, m: int, level: int) -> None:
    level = min(level, n + m - 1)
    x = np.arange(level + 1)
    probability = stats.hypergeom(n + m, level, n).pmf(x)
    exact = (probability * (x / n - (level - x) / m) ** 2).sum()
    in_reference = min(level, n)
    reference = [in_reference, n - in_reference]
    current = [level - in_reference, m - level + in_reference]
    np.testing.assert_allclose(expected_tv_squared(reference, current), exact, rtol=1e-10, atol=1e-15)


def test_expected_tv_squared_of_one_level_is_zero() -> None:
    assert expected_tv_squared([7, 0], [9, 0]) == 0.0


def test_expected_tv_squared_ignores_levels_that_do_not_occur() -> None:
    np.testing.assert_allclose(
        expected_tv_squared([5, 0, 9, 3, 0], [4, 0, 8, 1, 0]), expected_tv_squared([5, 9, 3], [4, 8, 1]), rtol=1e-14
    )


def test_expected_tv_squared_depends_on_the_totals_alone() -> None:
    np.testing.assert_allclose(
        expected_tv_squared([50, 30, 20], [10, 20, 20]), expected_tv_squared([30, 40, 30], [30, 10, 10]), rtol=1e-13
    )


def test_expected_tv_squared_of_a_batch_is_that_of_each_row() -> None:
    rng = np.random.default_rng(4)
    reference, current = rng.integers(0, 50, size=(2, 3, 4, 6))
    batch = expected_tv_squared(reference, current)
    assert batch.shape == (3, 4)
    np.testing.assert_allclose(batch[2, 1], expected_tv_squared(reference[2, 1], current[2, 1]), rtol=1e-14)


@pytest.mark.parametrize(("reference", "current"), [([0, 0], [3, 4]), ([3, 4], [0, 0]), ([0, 0], [0, 0])])
def test_expected_tv_squared_of_an_empty_sample_is_nan(reference: list[int], current: list[int]) -> None:
    assert np.isnan(expected_tv_squared(reference, current))


@pytest.mark.parametrize(("n", "excess"), [(20, 0.18), (100, 0.08), (1000, 0.024)])
def test_expected_ks_squared_exceeds_the_exact_second_moment_by_what_is_documented(n: int, excess: float) -> None:
    h = np.arange(1, n + 1)
    sizes = np.full(n, n)
    exact = ((2 * h - 1) / n**2 * ks_2samp_sf(h / n, sizes, sizes)).sum()
    assert 0.0 < expected_ks_squared(n, n) / exact - 1.0 < excess


def test_expected_ks_squared_is_the_limit_of_the_second_moment() -> None:
    np.testing.assert_allclose(
        expected_ks_squared([1000, 10], [500, 10]), 0.8224670334241132 * np.asarray([0.003, 0.2])
    )


@pytest.mark.parametrize(("n", "m"), [(0, 5), (5, 0), (0, 0)])
def test_expectations_are_nan_without_rows(n: int, m: int) -> None:
    assert np.isnan(expected_ks_squared(n, m))


def test_noise_corrected_takes_the_expected_square_off() -> None:
    np.testing.assert_allclose(noise_corrected([0.5, 0.1], [0.09, 0.05]), [0.4, 0.0])


def test_noise_corrected_keeps_nan() -> None:
    assert np.isnan(noise_corrected([np.nan, 0.3], [0.1, np.nan])).all()
