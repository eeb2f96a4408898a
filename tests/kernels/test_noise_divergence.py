"""Moments of divergences without drift, against sums over scipy's distributions and against simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from driftwatch.kernels.divergences import jensenshannon_from_counts, psi_from_counts
from driftwatch.kernels.noise_divergence import (
    HELLINGER,
    JENSEN_SHANNON,
    Divergence,
    kullback_leibler,
    null_moments,
    population_stability,
)

PSI = population_stability(1e-4)
KL = kullback_leibler(1e-4)
EVERY = [PSI, KL, JENSEN_SHANNON, HELLINGER]


def zipf(k: int) -> np.ndarray:
    weight = 1.0 / np.arange(1, k + 1)
    return np.asarray(weight / weight.sum())


@pytest.mark.parametrize("divergence", EVERY)
@pytest.mark.parametrize(("n", "m"), [(60, 500), (500, 60), (9, 8)])
def test_a_rare_cell_has_the_moments_of_its_hypergeometric_split(divergence: Divergence, n: int, m: int) -> None:
    # Cells of 7 and of 3 rows beside one that holds the rest: the rest is left to the limit or summed as well.
    total = np.asarray([7, 3, n + m - 10])
    reference = np.asarray([min(7, n), 0, 0])
    reference[2] = n - reference[0]
    x = np.arange(8)
    wanted = 0.0
    for level in total[:2]:
        p = stats.hypergeom(n + m, level, n).pmf(x)
        wanted += (p * divergence.term(x / n, np.maximum(level - x, 0) / m)).sum()
    rest = np.zeros_like(total)
    rest[2] = total[2]
    alone = float(null_moments(reference, total - reference, divergence)[0])
    share = total[2] / (n + m)
    if total[2] * min(n, m) / (n + m) >= 12:
        wanted += divergence.curvature * (1 / n + 1 / m) * (1 - share)
    else:
        x = np.arange(n + 1)
        p = stats.hypergeom(n + m, total[2], n).pmf(x)
        wanted += (p * divergence.term(x / n, np.clip(total[2] - x, 0, m) / m)).sum()
    assert alone == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("divergence", EVERY)
def test_a_rare_quantile_bin_has_the_moments_of_its_beta_binomial_count(divergence: Divergence) -> None:
    n, m = 1000, 50
    reference = np.full(10, 100)
    x = np.arange(m + 1)
    p = stats.betabinom(m, 100, n + 1 - 100).pmf(x)
    term = divergence.term(np.full(m + 1, 0.1), x / m)
    mean, variance = null_moments(reference, np.full(10, m // 10), divergence, reference_bins=True)
    assert float(mean) == pytest.approx(10 * (p * term).sum(), rel=1e-9)
    assert float(variance) == pytest.approx(10 * ((p * term**2).sum() - (p * term).sum() ** 2), rel=1e-8)


@pytest.mark.parametrize("divergence", EVERY)
def test_well_filled_cells_have_the_moments_of_a_multiple_of_chi_squared(divergence: Divergence) -> None:
    mean, variance = null_moments([10_000] * 5, [4000] * 5, divergence)
    scale = divergence.curvature * (1 / 50_000 + 1 / 20_000)
    assert float(mean) == pytest.approx(4 * scale)
    assert float(variance) == pytest.approx(2 * 4 * scale**2)


@pytest.mark.parametrize("divergence", EVERY)
def test_the_curvature_is_that_of_the_term(divergence: Divergence) -> None:
    # k (r - c)^2 / p for shares near p, by a finite difference
    p, step = 0.1, 1e-4
    pair = divergence.term(np.asarray([p + step, 1 - p - step]), np.asarray([p, 1 - p])).sum()
    assert pair == pytest.approx(divergence.curvature * step**2 * (1 / p + 1 / (1 - p)), rel=5e-3)


@pytest.mark.parametrize(("n", "m"), [(50, 50), (200, 200), (1000, 50), (50, 1000)])
@pytest.mark.parametrize("k", [10, 100])
def test_the_mean_is_that_of_random_samples(n: int, m: int, k: int) -> None:
    rng = np.random.default_rng(7)
    r, c = rng.multinomial(n, zipf(k), 3000), rng.multinomial(m, zipf(k), 3000)
    for divergence, statistic in ((PSI, psi_from_counts(r, c)), (JENSEN_SHANNON, jensenshannon_from_counts(r, c) ** 2)):
        # 2 % for the simulation, 3 % for the approximation
        assert null_moments(r, c, divergence)[0].mean() == pytest.approx(statistic.mean(), rel=0.05)


@pytest.mark.parametrize(("n", "m"), [(50, 50), (1000, 50), (50, 5000)])
def test_the_mean_in_quantile_bins_is_that_of_random_samples(n: int, m: int) -> None:
    rng = np.random.default_rng(8)
    x, y = np.sort(rng.random((2000, n)), axis=1), rng.random((2000, m))
    edges = np.quantile(x, np.arange(1, 10) / 10, axis=1).T
    r, c = (
        np.stack(
            [
                np.bincount(np.searchsorted(e, row, side="right"), minlength=10)
                for e, row in zip(edges, side, strict=True)
            ]
        )
        for side in (x, y)
    )
    mean, _ = null_moments(r, c, PSI, reference_bins=True)
    assert mean.mean() == pytest.approx(psi_from_counts(r, c).mean(), rel=0.08)


def test_the_floor_changes_the_moments() -> None:
    counts = [[20, 3]], [[15, 1]]
    assert null_moments(*counts, population_stability(1e-2))[0] < null_moments(*counts, PSI)[0]


@pytest.mark.parametrize("reference_bins", [True, False])
def test_cells_that_are_empty_on_both_sides_add_nothing(reference_bins: bool) -> None:
    padded = null_moments([[20, 30, 0]], [[5, 9, 0]], PSI, reference_bins=reference_bins)
    plain = null_moments([[20, 30]], [[5, 9]], PSI, reference_bins=reference_bins)
    np.testing.assert_allclose(padded, plain, rtol=1e-12)


def test_a_single_cell_has_no_noise_and_an_empty_sample_has_no_answer() -> None:
    assert null_moments([[40, 0]], [[900, 0]], PSI)[0].tolist() == [0.0]
    assert np.isnan(null_moments([[0, 0]], [[9, 1]], PSI)[0]).all()
