"""The plane that shows a difference of rows, against an eigendecomposition and numpy.histogram2d."""

from __future__ import annotations

import numpy as np
import pytest

from driftwatch.kernels.plane import N_SQUARES, TAIL, plane_counts


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def test_axes_are_the_difference_of_means_and_the_first_component_beside_it(rng: np.random.Generator) -> None:
    scales = np.asarray([1.0, 6.0, 1.0, 0.5, 0.2])
    reference = rng.normal(size=(900, 5)) * scales + 40.0
    current = rng.normal(size=(700, 5)) * scales + 40.0 + np.asarray([5.0, 0, 0, 0, 0])
    found = plane_counts(reference, current)
    assert found is not None

    shift = current.mean(0) - reference.mean(0)
    x = shift / np.linalg.norm(shift)
    rest = np.concatenate([reference - reference.mean(0), current - current.mean(0)])
    rest -= np.outer(rest @ x, x)
    y = np.linalg.eigh(rest.T @ rest)[1][:, -1]
    y *= np.sign(y[np.abs(y).argmax()])
    sides = [(rows - reference.mean(0)) @ np.stack([x, y], axis=-1) for rows in (reference, current)]
    low, high = np.quantile(np.concatenate(sides), [1 / TAIL, 1 - 1 / TAIL], axis=0)
    np.testing.assert_allclose(found.low, low, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(found.high, high, rtol=1e-6, atol=1e-6)
    for rows, counts in zip(sides, (found.reference, found.current), strict=True):
        inside = np.clip(rows, low, high)
        expected = np.histogram2d(inside[:, 1], inside[:, 0], N_SQUARES, [(low[k], high[k]) for k in (1, 0)])[0]
        assert counts.sum() == len(rows)
        assert np.abs(counts - expected).sum() <= 4  # rows that lie on an edge but for rounding


def test_without_a_difference_of_means_the_largest_spread_is_drawn(rng: np.random.Generator) -> None:
    reference = rng.normal(size=(500, 3)) * np.asarray([9.0, 3.0, 1.0])
    found = plane_counts(reference, reference)
    assert found is not None
    assert found.high[0] - found.low[0] > 2 * (found.high[1] - found.low[1])
    np.testing.assert_array_equal(found.reference, found.current)


def test_single_precision_draws_the_same_picture(rng: np.random.Generator) -> None:
    reference, current = rng.normal(size=(400, 8)), rng.normal(0.3, 1, (300, 8))
    wide, single = (plane_counts(reference.astype(t), current.astype(t)) for t in (np.float64, np.float32))
    assert wide is not None
    assert single is not None
    np.testing.assert_allclose(single.low, wide.low, rtol=1e-3)
    assert np.abs(single.current - wide.current).sum() <= 6


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
@pytest.mark.parametrize(
    "rows",
    [np.zeros((30, 1)), np.zeros((0, 4)), np.zeros((30, 4)), np.full((30, 2), 1e300), np.eye(2)[[0] * 20 + [1] * 20]],
    ids=["one dimension", "no rows", "no spread", "too large", "a line"],
)
def test_there_is_no_picture_without_a_plane(rows: np.ndarray) -> None:
    assert plane_counts(rows, rows) is None
