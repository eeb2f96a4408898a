"""A turn of two features meets its angle, and changes neither of them alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from driftwatch.kernels.rank_rotation import normal_scores, turned_order

RNG = np.random.default_rng(0)
X = RNG.normal(size=4_000)
Y = np.exp(0.6 * X + 0.8 * RNG.normal(size=4_000))


def angle(x: np.ndarray, y: np.ndarray) -> float:
    """Return the angle of the normal scores in right angles, by scipy's."""
    u, v = (stats.norm.ppf((stats.rankdata(side) - 0.5) / side.size) for side in (x, y))
    return math.acos(float(np.corrcoef(u, v)[0, 1])) / (math.pi / 2.0)


@pytest.mark.parametrize("turn", [-1.0, -0.4, 0.0, 0.3])
def test_angle_moves_by_the_share_that_was_asked_for(turn: float) -> None:
    turned = turned_order(X, Y, turn, np.random.default_rng(1))
    assert angle(X, turned) == pytest.approx(angle(X, Y) - turn, abs=0.01)
    np.testing.assert_array_equal(np.sort(turned), np.sort(Y))


@pytest.mark.parametrize(("turn", "wanted"), [(2.0, 1.0), (-2.0, -1.0)])
def test_it_ends_where_ranks_are_equal_or_opposite(turn: float, wanted: float) -> None:
    turned = turned_order(X, Y, turn, np.random.default_rng(1))
    assert stats.spearmanr(X, turned).statistic == pytest.approx(wanted)


def test_two_rows_stay_as_they_are() -> None:
    np.testing.assert_array_equal(turned_order(X[:2], Y[:2], 1.0, RNG), Y[:2])


def test_normal_scores_are_those_of_scipy_and_break_ties_at_random() -> None:
    wanted = stats.norm.ppf((stats.rankdata(X) - 0.5) / X.size)
    np.testing.assert_allclose(normal_scores(X, RNG), wanted / np.linalg.norm(wanted), rtol=1e-12)
    tied = [normal_scores(np.ones(50), np.random.default_rng(seed)) for seed in (0, 1, 1)]
    assert not np.array_equal(tied[0], tied[1])
    np.testing.assert_array_equal(tied[1], tied[2])
