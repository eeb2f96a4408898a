"""The energy test of rows with its effect and noise, on every array library, against slow loops."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import cdist

from driftwatch.kernels import energy_2samp
from driftwatch.kernels.multivariate_energy import energy_separated

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backends import Backend

RNG = np.random.default_rng(0)
N, M, B = 23, 17, 29
REFERENCE = RNG.normal(size=(N, 3)) * [3.0, 1.0, 0.3] + 50.0
CURRENT = RNG.standard_t(2, size=(M, 3)) + np.array([51.0, 50.0, 50.5])


def energy(table: NDArray[np.float64], current: NDArray[np.bool_]) -> float:
    return float(
        2 * table[np.ix_(~current, current)].mean()
        - table[np.ix_(~current, ~current)].mean()
        - table[np.ix_(current, current)].mean()
    )


def separation(table: NDArray[np.float64], current: NDArray[np.bool_]) -> float:
    places = np.arange(len(table))
    scores = np.array([
        row[(places != i) & ~current].mean() - row[(places != i) & current].mean() for i, row in enumerate(table)
    ])  # fmt: skip
    u = float(stats.mannwhitneyu(scores[current], scores[~current]).statistic)
    return max(0.0, 2.0 * u / float(current.sum() * (~current).sum()) - 1.0)


def slow(rng: int = 0) -> list[float]:
    table = cdist(np.concatenate([REFERENCE, CURRENT]), np.concatenate([REFERENCE, CURRENT]))
    draw, places = np.random.default_rng(rng), np.arange(N + M)
    sides = [places >= N, *(np.isin(places, draw.permutation(N + M)[:M]) for _ in range(B))]
    found = [energy(table, side) for side in sides]
    apart = [separation(table, side) for side in sides]
    pvalue = sum(value >= found[0] - 1e-12 for value in found) / (B + 1)
    coefficient = found[0] / (2 * table[:N, N:].mean())
    squared = np.mean(np.square(apart[1:]))
    return [found[0], pvalue, coefficient, apart[0], float(squared), float(np.mean(found[1:])), max(found[1:])]


def test_it_equals_the_slow_loops(backend: Backend) -> None:
    result = energy_separated(backend.asarray(REFERENCE), backend.asarray(CURRENT), n_permutations=B)
    found = [float(backend.to_host(x)) for x in result[:7]]
    single = backend.statistic_dtype == np.float32
    np.testing.assert_allclose(found, slow(), rtol=2e-3 if single else 1e-9, atol=1e-4 if single else 1e-12)
    assert result.n_permutations == B


def test_it_is_the_plain_test_with_more_said() -> None:
    plain = energy_2samp(REFERENCE, CURRENT, n_permutations=B, rng=4)
    found = energy_separated(REFERENCE, CURRENT, n_permutations=B, rng=4)
    assert (found.statistic, found.pvalue) == tuple(plain)


def test_memory_budget_changes_no_digit_that_counts() -> None:
    small, large = (
        np.asarray(energy_separated(REFERENCE, CURRENT, n_permutations=B, memory_budget=b)[:7], dtype=np.float64)
        for b in (2_000, 2**28)
    )
    np.testing.assert_allclose(small, large, rtol=1e-10)


def test_relabelings_go_on_where_none_reached_the_statistic() -> None:
    far = REFERENCE[:M] + 100.0
    found = energy_separated(REFERENCE, far, n_permutations=9, max_permutations=40)
    assert (found.n_permutations, float(found.pvalue)) == (40, 1 / 41)
    assert energy_separated(REFERENCE, REFERENCE[:M], n_permutations=9, max_permutations=40).n_permutations == 9


def test_pvalues_without_drift_are_uniform() -> None:
    found = []
    for seed in range(200):
        x = np.random.default_rng(seed).normal(size=(30, 4))
        found.append(float(energy_separated(x[:18], x[18:], n_permutations=19, rng=seed).pvalue))
    # binomial with 200 draws: 4 standard errors
    assert np.mean(np.array(found) <= 0.2) == pytest.approx(0.2, abs=4 * math.sqrt(0.16 / 200))


@pytest.mark.filterwarnings("error")
def test_constant_rows_have_no_scale_and_no_drift() -> None:
    result = energy_separated(np.ones((8, 3)), np.ones((7, 3)), n_permutations=19)
    assert [float(x) for x in result[:7]] == [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
