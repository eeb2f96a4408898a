"""Isotonic regression and the grid that it is fitted on. Oracle: the min-max formula, in plain loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.performance.calibration import MAX_CELLS, Calibration, grid_of, isotonic


def min_max(value: Any, weight: Any) -> list[float]:
    """Return the isotonic fit by its min-max formula (Barlow et al. 1972): slow, and nothing is pooled."""
    k = len(value)
    mean = [[np.average(value[i : j + 1], weights=weight[i : j + 1]) for j in range(i, k)] for i in range(k)]
    return [max(min(mean[i][j - i] for j in range(at, k)) for i in range(at + 1)) for at in range(k)]


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.1, 9)), min_size=1, max_size=9))
def test_isotonic_is_the_min_max_formula(cells: list[tuple[float, float]]) -> None:
    value, weight = np.asarray(cells).T
    assert isotonic(value, weight) == pytest.approx(min_max(value, weight), abs=1e-12)


def test_long_and_falling_is_one_block() -> None:
    assert isotonic(np.arange(5000.0)[::-1], np.ones(5000)) == pytest.approx(np.full(5000, 2499.5))


def test_grid_keeps_distinct_scores_apart_and_bounds_their_number() -> None:
    rng = np.random.default_rng(0)
    assert grid_of(np.asarray([0.3, 0.1, 0.3])).tolist() == [0.3]
    score = rng.uniform(size=10_000)
    edges = grid_of(score, split=0.5)
    cells = np.bincount(np.searchsorted(edges, score, side="right"))
    assert cells.size <= MAX_CELLS + 1
    assert cells.min() > 0
    assert 0.5 in edges


def test_calibration_finds_what_scores_mean() -> None:
    rng = np.random.default_rng(1)
    score = rng.uniform(size=50_000)
    found = Calibration.fit(rng.uniform(size=50_000) < score**2, score, None)
    at = np.linspace(0.05, 0.95, 19)
    # steps of a fit to 50,000 rows are off by about (4 f f' / n)^(1/3)
    assert found.probability(at) == pytest.approx(at**2, abs=0.04)


def test_probabilities_rise_and_are_never_certain() -> None:
    rng = np.random.default_rng(2)
    score = rng.uniform(size=400)
    found = Calibration.fit(score > 0.5, score, None).probability(np.linspace(-1.0, 2.0, 301))
    assert (np.diff(found) >= 0.0).all()
    assert 0.0 < found.min() < 0.01
    assert 0.99 < found.max() < 1.0


@pytest.mark.parametrize("positive", [True, False])
def test_one_class_alone_is_never_certain(positive: bool) -> None:
    found = Calibration.fit(np.full(20, positive), np.arange(20) / 20.0, None).probability(np.asarray([0.5]))
    assert found[0] == pytest.approx(1.0 - 0.5 / 21 if positive else 0.5 / 21)


def test_weights_count_rows() -> None:
    score, target = np.asarray([0.2] * 4 + [0.8] * 4), np.asarray([0, 0, 1, 0, 1, 1, 0, 1], dtype=bool)
    weight = np.asarray([1.0, 1.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    found = Calibration.fit(target, score, weight)
    assert found.probability(np.asarray([0.2, 0.8])) == pytest.approx([0.4, 0.75])
    assert found.n_effective == pytest.approx(81 / 11)


def test_resampling_is_seeded_and_spreads_as_rows_do() -> None:
    score, target = np.full(200, 0.4), np.arange(200) % 4 == 0
    found = Calibration.fit(target, score, None)
    draws = [
        np.concatenate(list(found.resampled(np.asarray([0.4]), 500, np.random.default_rng(seed)))) for seed in (0, 0, 1)
    ]
    assert draws[0].tolist() == draws[1].tolist() != draws[2].tolist()
    assert draws[0].std() == pytest.approx((0.25 * 0.75 / 200) ** 0.5, rel=0.1)
