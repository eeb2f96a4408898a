"""What the kernels of rows promise beyond their values: memory, digits, bandwidths and the power that they are for."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from driftwatch.errors import ConfigError
from driftwatch.kernels import energy_2samp, mmd_2samp, mmd_random_features, sliced_ks_2samp, sliced_wasserstein_2samp
from driftwatch.kernels._pair_means import MAX_TILE, tile_rows
from driftwatch.kernels._row_pairs import permutation_pvalue, permuted_labels, row_pair
from driftwatch.kernels.multivariate import squared_bandwidth

RNG = np.random.default_rng(0)
REFERENCE, CURRENT = RNG.normal(size=(300, 8)), RNG.normal(0.15, 1.0, size=(200, 8))


@pytest.mark.parametrize("kernel", [mmd_2samp, energy_2samp])
@pytest.mark.parametrize("budget", [200_000, 2_000_000])
def test_memory_stays_within_the_budget(kernel: Any, budget: int) -> None:
    n, m, b, d = 900, 700, 49, 4
    pair = RNG.normal(size=(n, d)).astype("f4"), RNG.normal(size=(m, d)).astype("f4")
    # rows, their copies in other units, labels and sums are there whatever the budget, and so is the sample of rows
    # that the median is taken of
    bandwidth = {"bandwidth": 2.0} if kernel is mmd_2samp else {}
    beside = 4 * (n + m) * (5 * d + b + 1) + (n + m) * (b + 1) + 50_000
    kernel(REFERENCE, CURRENT)  # what is imported on the first call is no part of it
    tracemalloc.start()
    try:
        kernel(*pair, n_permutations=b, memory_budget=budget, **bandwidth)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < budget + beside
    assert 4 * (n + m) ** 2 > 4 * budget  # the whole matrix would be far beyond it


@pytest.mark.parametrize("columns", [1, 200, 5000])
@pytest.mark.parametrize("budget", [10_000, 10**6, 10**9])
def test_five_tiles_and_two_products_fit_into_the_budget(budget: int, columns: int) -> None:
    rows = tile_rows(budget, columns, 4)
    assert rows == 16 or 4 * (5 * rows**2 + 2 * rows * columns) <= budget
    assert rows <= MAX_TILE


def test_budget_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="`memory_budget` must be a number of bytes"):
        mmd_2samp(REFERENCE, CURRENT, memory_budget=0)


@pytest.mark.parametrize("kernel", [mmd_2samp, energy_2samp, mmd_random_features, sliced_wasserstein_2samp])
def test_a_mean_far_from_zero_costs_single_precision_no_digits(kernel: Any) -> None:
    # multiples of 1/8 are the same numbers in float32 with and without the mean of 1,000
    pair = [np.round(8 * x) / 8 for x in (REFERENCE, CURRENT)]
    near, far = (kernel(*((x + mean).astype("f4") for x in pair)) for mean in (0.0, 1000.0))
    assert float(far.statistic) == pytest.approx(float(near.statistic), rel=1e-3, abs=1e-6)
    assert float(far.pvalue) == float(near.pvalue)


def test_bandwidth_is_the_median_distance_of_a_fixed_sample_of_rows() -> None:
    rows = np.random.default_rng(1).normal(size=(3000, 3))
    pair = row_pair(rows[:1600], rows[1600:], nan_policy="raise", xp=None)
    chosen = rows[np.sort(np.random.default_rng(0).permutation(3000)[:1000])]
    distances = ((chosen[:, None, :] - chosen[None, :, :]) ** 2).sum(axis=-1)[np.triu_indices(1000, 1)]
    found = float(squared_bandwidth(pair, None, "pooled", xp=np))
    assert found == pytest.approx(np.median(distances) / 2, rel=1e-12)


@pytest.mark.parametrize(
    ("rows", "expected"), [(np.repeat([[0.0], [3.0]], [5, 1], axis=0), 9 * 5 / 15 / 2), (np.ones((6, 2)), 1.0)]
)
def test_bandwidth_of_rows_that_mostly_coincide(rows: Any, expected: float) -> None:
    pair = row_pair(rows[:3], rows[3:], nan_policy="raise", xp=None)
    assert float(squared_bandwidth(pair, None, "pooled", xp=np)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bandwidth": 0.0}, "`bandwidth` must be a positive number, got 0.0"),
        ({"bandwidth": float("nan")}, "`bandwidth` must be a positive number"),
        ({"median_of": "current"}, "`median_of` must be 'pooled' or 'reference', got 'current'"),
        ({"scales": ()}, "`scales` must be a sequence of positive numbers"),
        ({"scales": (1.0, -2.0)}, "`scales` must be a sequence of positive numbers"),
        ({"scales": 2.0}, "`scales` must be a sequence of positive numbers"),
    ],
)
def test_settings_that_make_no_kernel_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        mmd_2samp(REFERENCE, CURRENT, **options)


@pytest.mark.parametrize("kernel", [sliced_ks_2samp, sliced_wasserstein_2samp])
def test_no_projection_is_refused(kernel: Any) -> None:
    with pytest.raises(ConfigError, match="`n_projections` must be at least 1, got 0"):
        kernel(REFERENCE, CURRENT, n_projections=0)


def test_no_frequency_is_refused() -> None:
    with pytest.raises(ConfigError, match="`n_frequencies` must be at least 1, got 0"):
        mmd_random_features(REFERENCE, CURRENT, n_frequencies=0)


def test_random_features_come_close_to_the_kernel() -> None:
    exact = float(mmd_2samp(REFERENCE, CURRENT).statistic)
    found = [float(mmd_random_features(REFERENCE, CURRENT, n_frequencies=4000, rng=s).statistic) for s in range(5)]
    # each misses by about 1 / sqrt(n_frequencies) of the spread of a cosine's mean difference
    assert np.mean(found) == pytest.approx(exact, abs=3e-4)


def test_one_random_feature_block_after_the_other_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = mmd_random_features(REFERENCE, CURRENT)
    monkeypatch.setattr("driftwatch.kernels.multivariate.FEATURE_BLOCK", 1024 * 7)
    parts = mmd_random_features(REFERENCE, CURRENT)
    assert float(parts.statistic) == pytest.approx(float(whole.statistic), rel=1e-9)
    assert float(parts.pvalue) == float(whole.pvalue)


@pytest.mark.parametrize(
    "kernel", [mmd_2samp, energy_2samp, mmd_random_features, sliced_wasserstein_2samp, sliced_ks_2samp]
)
def test_p_values_without_drift_are_uniform(kernel: Any) -> None:
    found = []
    for seed in range(100):
        x = np.random.default_rng(seed).lognormal(size=(36, 3))
        found.append(float(kernel(x[:24], x[24:], n_permutations=19, rng=seed).pvalue))
    # the share at or below 0.2 is binomial with 100 draws: 4 standard errors
    assert np.mean(np.array(found) <= 0.2) == pytest.approx(0.2, abs=0.16)
    assert min(found) >= 1 / 20


def test_labels_are_the_observed_ones_and_then_the_documented_draws() -> None:
    pair = row_pair(REFERENCE[:7], CURRENT[:5], nan_policy="raise", xp=None)
    labels = permuted_labels(pair, 30, 4, xp=np)
    rng = np.random.default_rng(4)
    assert np.flatnonzero(labels[:, 0]).tolist() == [7, 8, 9, 10, 11]
    for column in labels.T[1:]:
        assert sorted(rng.permutation(12)[:5].tolist()) == np.flatnonzero(column).tolist()


def test_permutation_p_value_counts_ties_and_itself() -> None:
    statistics = np.array([2.0, 1.0, 2.0, 3.0, 2.0 - 1e-15])
    assert permutation_pvalue(statistics, slack=1e-12, xp=np) == 4 / 5
    assert np.isnan(permutation_pvalue(np.array([np.nan, 1.0]), slack=0.0, xp=np))
