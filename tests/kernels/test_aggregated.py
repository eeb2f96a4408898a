"""The fused test of embeddings against slow loops, and the area under a curve against scipy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import linalg, stats

from driftwatch.kernels.aggregated import RIDGES, mmd_aggregated, whitened
from driftwatch.kernels.separation import area_under_curve, separation
from row_oracles import dimension_answers, median_squared_distance, pair_means

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backends import Backend

RNG = np.random.default_rng(5)
SCALE = np.array([3.0, 1.0, 0.2])
REFERENCE = RNG.normal(size=(22, 3)) * SCALE
CURRENT = RNG.normal([0.0, 0.0, 1.0], 1.0, size=(15, 3)) * SCALE
B = 60


def views() -> list[NDArray[np.float64]]:
    """Return the views, whitened by an eigendecomposition rather than a triangular factor."""
    pooled = np.concatenate([REFERENCE, CURRENT])
    covariance = np.cov(pooled.T, bias=True)
    mean = np.trace(covariance) / 3
    roots = [linalg.inv(linalg.sqrtm(covariance + ridge * mean * np.eye(3))) for ridge in RIDGES]
    return [pooled, *((pooled - pooled.mean(axis=0)) @ root for root in roots)]


def slow() -> tuple[float, float, float, float]:
    """Return statistic, p-value, separation and its expected square by loops over pairs."""
    n, m = len(REFERENCE), len(CURRENT)
    rng = np.random.default_rng(0)
    labelings = [list(range(n, n + m)), *([*rng.permutation(n + m)[:m]] for _ in range(B))]
    found, separations = [], []
    for rows in views():
        squares = ((rows[:, None, :] - rows[None, :, :]) ** 2).sum(axis=-1)
        table = np.exp(-squares / median_squared_distance(rows))
        found.append([r + c - 2 * x for r, c, x in (pair_means(table, chosen) for chosen in labelings)])
        separations.append([separated(table, chosen) for chosen in labelings])
    table, largest = dimension_answers(np.concatenate([REFERENCE, CURRENT]), labelings)
    sides = [np.where(np.isin(np.arange(n + m), chosen), 1 / m, -1 / n) for chosen in labelings]
    found += [[float(side @ table @ side) for side in sides], largest.tolist()]
    separations += [[separated(table, chosen) for chosen in labelings], np.sqrt(largest).tolist()]
    z = [(np.array(own) - np.mean(own)) / np.std(own) for own in found]
    fused = np.exp(z).sum(axis=0)
    squares = np.array(separations) ** 2
    excess = squares - squares[:, 1:].mean(axis=1, keepdims=True)
    best = int(np.argmax(excess[:, 0]))
    chance = squares[best, 1:].mean() + excess[:, 1:].max(axis=0).mean()
    return found[0][0], float(np.mean(fused >= fused[0] * (1 - 1e-12))), separations[best][0], float(chance)


def separated(table: NDArray[np.float64], current: list[int]) -> float:
    """Return `max(0, 2 AUC - 1)`, each row scored by the others."""
    is_current = np.isin(np.arange(len(table)), current)
    found = []
    for i, row in enumerate(table):
        others = np.arange(len(table)) != i
        found.append(row[others & is_current].mean() - row[others & ~is_current].mean())
    scores = np.array(found)
    u = float(stats.mannwhitneyu(scores[is_current], scores[~is_current]).statistic)
    return max(0.0, 2.0 * u / float(is_current.sum() * (~is_current).sum()) - 1.0)


def test_fused_test_equals_the_slow_loops(backend: Backend) -> None:
    result = mmd_aggregated(backend.asarray(REFERENCE), backend.asarray(CURRENT), n_permutations=B)
    found = [float(backend.to_host(x)) for x in result[:4]]
    single = backend.statistic_dtype == np.float32
    np.testing.assert_allclose(found, slow(), rtol=1e-3 if single else 1e-9, atol=1e-5 if single else 1e-12)
    assert result.n_permutations == B


def test_p_values_without_drift_are_uniform() -> None:
    found = []
    for seed in range(80):
        x = np.random.default_rng(seed).normal(size=(30, 4)) * [5.0, 1.0, 1.0, 0.1]
        found.append(float(mmd_aggregated(x[:18], x[18:], n_permutations=19, rng=seed).pvalue))
    # the share at or below 0.2 is binomial with 80 draws: 4 standard errors
    assert np.mean(np.array(found) <= 0.2) == pytest.approx(0.2, abs=0.18)


def test_p_values_without_drift_stay_valid_where_it_goes_on() -> None:
    found = []
    for seed in range(200):
        x = np.random.default_rng(1000 + seed).normal(size=(16, 2))
        result = mmd_aggregated(x[:9], x[9:], n_permutations=9, max_permutations=49, rng=seed)
        found.append((float(result.pvalue), result.n_permutations))
    p = np.array([pvalue for pvalue, _ in found])
    # binomial with 200 draws: 4 standard errors above the nominal share
    assert np.mean(p <= 0.1) <= 0.1 + 4 * 0.0213
    assert np.mean(p <= 0.02) <= 0.02 + 4 * 0.0099
    assert {count for _, count in found} == {9, 49}


@pytest.mark.parametrize("dimension", range(3))
def test_shift_of_any_dimension_is_found_whatever_its_scale(dimension: int) -> None:
    rng = np.random.default_rng(6)
    reference, current = rng.normal(size=(150, 3)), rng.normal(size=(150, 3))
    current[:, dimension] += 0.8
    scale = np.array([100.0, 1.0, 0.01])
    assert float(mmd_aggregated(reference * scale, current * scale, n_permutations=99).pvalue) == 0.01


def test_whitened_rows_have_the_covariance_that_the_ridge_leaves(backend: Backend) -> None:
    x = RNG.normal(size=(400, 3)) @ np.array([[2.0, 1.0, 0.0], [0.0, 1.0, 0.5], [0.0, 0.0, 0.1]])
    x -= x.mean(axis=0)
    found = backend.to_host(whitened(backend.asarray(x), ridge=1e-3, xp=backend.xp)).astype(np.float64)
    eigenvalues = np.linalg.eigvalsh(np.cov(x.T, bias=True))
    expected = eigenvalues / (eigenvalues + 1e-3 * eigenvalues.mean())
    np.testing.assert_allclose(np.linalg.eigvalsh(np.cov(found.T, bias=True)), np.sort(expected), rtol=1e-3)


def moved(kind: str, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return rows of 120 dimensions, the spread of which falls, and current ones that differ."""
    scale = np.linspace(2.0, 0.2, 120)
    reference, current = (rng.normal(size=(n, 120)) * scale for n in (140, 110))
    if kind == "one dimension":
        current[:, 60] += 0.75 * scale[60]
    elif kind == "every dimension":
        current += 0.09 * scale
    elif kind == "across factors":
        # in every dimension three factors outweigh a shift across them
        loads = rng.normal(size=(3, 120))
        across = (np.eye(120) - linalg.pinv(loads) @ loads) @ rng.choice([-1.0, 1.0], size=120)
        reference, current = (rng.normal(size=(n, 3)) @ loads * 2.0 + rng.normal(size=(n, 120)) for n in (140, 110))
        current += 0.2 * across
    elif kind == "rare values":
        reference, current = (np.where(rng.random(x.shape) < 0.98, 0.0, np.abs(x)) for x in (reference, current))
        current = np.where(rng.random(current.shape) < 0.02, 0.01, current)
    return reference, current


@pytest.mark.parametrize("kind", ["one dimension", "every dimension", "across factors", "rare values"])
def test_drift_of_many_shapes_is_found(kind: str) -> None:
    found = [
        float(mmd_aggregated(*moved(kind, np.random.default_rng(seed)), n_permutations=99, rng=seed).pvalue)
        for seed in range(12)
    ]
    assert np.mean(np.array(found) <= 0.05) >= 0.75


def test_what_one_dimension_of_many_moved_is_the_effect() -> None:
    rng = np.random.default_rng(8)
    reference, current = rng.normal(size=(150, 190)), rng.normal(size=(130, 190))
    current[:, 7] += 0.9
    result = mmd_aggregated(reference, current, n_permutations=99)
    # 280 rows: the sixteenths are at every 17.5th of them
    levels = np.sort(np.concatenate([reference[:, 7], current[:, 7]]))[[280 * k // 16 - 1 for k in range(1, 16)]]
    f, g = ((rows[:, 7, None] <= levels).mean(axis=0) for rows in (reference, current))
    assert float(result.separation) == pytest.approx(np.abs(f - g).max())


def test_the_same_seed_gives_the_same_answer_and_another_one_another() -> None:
    one, same, other = (mmd_aggregated(REFERENCE, CURRENT, n_permutations=B, rng=seed) for seed in (3, 3, 4))
    assert one == same
    assert one.expected != other.expected


@pytest.mark.filterwarnings("error")
def test_constant_rows_have_no_scale_and_no_drift() -> None:
    result = mmd_aggregated(np.ones((8, 3)), np.ones((7, 3)), n_permutations=19)
    assert [float(x) for x in result[:4]] == [pytest.approx(0.0, abs=1e-12), 1.0, 0.0, 0.0]


@pytest.mark.parametrize("decimals", [9, 0], ids=["continuous", "ties"])
def test_area_under_the_curve_is_that_of_mann_whitney(backend: Backend, decimals: int) -> None:
    scores = np.round(RNG.normal(size=(40, 3)), decimals)
    marks = np.array([RNG.permutation(np.arange(40) < 15) for _ in range(3)]).T
    arrays: list[Any] = [backend.asarray(scores), backend.asarray(marks.astype(np.float64))]
    found = backend.to_host(area_under_curve(*arrays, xp=backend.xp))
    expected = [stats.mannwhitneyu(s[k], s[~k]).statistic / (15 * 25) for s, k in zip(scores.T, marks.T, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_separation_of_what_is_told_apart_the_wrong_way_is_zero() -> None:
    scores = np.arange(6.0)[:, None]
    assert separation(scores, (scores > 2.5) * 1.0, xp=np) == [1.0]
    assert separation(-scores, (scores > 2.5) * 1.0, xp=np) == [0.0]
