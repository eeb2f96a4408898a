"""Bins of equal width for pictures, against numpy.histogram and plain counting."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from driftwatch.profile.block import NumericBlock
from driftwatch.profile.histograms import MAX_CELLS, Histograms, histograms_of_rows, histograms_of_window
from driftwatch.profile.points import DEFAULT_POINTS
from driftwatch.profile.profile import Profile
from driftwatch.profile.sample import NumericSample
from driftwatch.profile.window import Window
from driftwatch.profile.windowed import WindowSample


def of_rows(reference: np.ndarray, current: np.ndarray) -> Histograms:
    names = [str(i) for i in range(len(reference))]
    block = NumericBlock.fit(names, reference)
    return histograms_of_rows(NumericSample(block, current, n_rows=reference.shape[1]))


def finite(edges: np.ndarray) -> np.ndarray:
    return np.asarray(edges[np.isfinite(edges)])


def counted(values: np.ndarray, edges: np.ndarray) -> list[int]:
    """Values below the first edge, in each bin and from the last edge on, one by one."""
    values = values[~np.isnan(values)]
    return [int(((values >= a) & (values < b)).sum()) for a, b in pairwise([-np.inf, *edges.tolist(), np.inf])]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_counts_are_those_of_plain_counting(rng: np.random.Generator, dtype: type) -> None:
    reference = np.stack([rng.normal(size=900), rng.exponential(size=900) * 1e-7, rng.normal(size=900) * 1e12])
    current = np.stack([rng.normal(1, 2, 700), rng.exponential(size=700) * 3e-7, rng.normal(size=700) * 1e11])
    reference[0, :50] = np.nan
    reference, current = reference.astype(dtype), current.astype(dtype)
    found = of_rows(reference, current)
    for i in range(3):
        edges: np.ndarray = finite(found.edges[i]).astype(dtype)
        assert 2 <= len(edges) <= MAX_CELLS + 1
        for values, counts in ((reference[i], found.reference[i]), (current[i], found.current[i])):
            assert counts[: len(edges) + 1].tolist() == counted(values, edges)
            assert counts[len(edges) + 1 :].tolist() == [0] * (MAX_CELLS + 1 - len(edges))


def test_bins_have_one_width_that_reads_easily_and_span_both_sides(rng: np.random.Generator) -> None:
    found = of_rows(rng.normal(size=(1, 5000)), rng.normal(6, 1, (1, 5000)))
    edges = finite(found.edges[0])
    np.testing.assert_allclose(np.diff(edges), 0.5, rtol=1e-12)
    assert edges[0] <= -2
    assert edges[-1] >= 8
    assert found.reference[0, 0] + found.current[0, len(edges)] < 0.02 * 10_000


def test_edges_are_the_numbers_that_they_read_as() -> None:
    values = np.linspace(0.0, 3.1, 500)[None, :]
    edges = finite(of_rows(values, values).edges[0])
    assert edges.tolist() == [i / 10 for i in range(len(edges))]


@pytest.mark.parametrize(("n_values", "width"), [(2, 1), (24, 1), (31, 1), (60, 2), (72, 5), (700, 25), (10_000, 500)])
def test_whole_numbers_are_not_cut(rng: np.random.Generator, n_values: int, width: int) -> None:
    values = np.concatenate([np.arange(n_values), rng.integers(0, n_values, 3000)]).astype(np.float64)[None, :]
    found = of_rows(values, values)
    edges = finite(found.edges[0])
    assert set(np.diff(edges).tolist()) == {float(width)}
    assert all(edge == int(edge) for edge in edges)


def test_a_constant_has_one_bin_and_shows_where_the_other_side_went() -> None:
    reference, current = np.full((1, 40), 3.0), np.full((1, 30), 3.0)
    found = of_rows(reference, current)
    assert finite(found.edges[0]).tolist() == [3.0, 4.0]
    assert found.reference[0, :3].tolist() == [0, 40, 0]
    moved = of_rows(reference, current + 0.5)
    edges = finite(moved.edges[0])
    assert counted(current[0] + 0.5, edges) == moved.current[0, : len(edges) + 1].tolist()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("extreme", [np.nan, np.inf, 1e308])
def test_there_is_no_picture_of_what_has_no_range(extreme: float) -> None:
    reference, current = np.full((1, 30), extreme), np.full((1, 30), -extreme)
    found = of_rows(reference, current)
    assert finite(found.edges[0]).size == 0
    assert found.edges.shape == (1, MAX_CELLS + 1)


def test_one_wild_value_does_not_squeeze_the_picture(rng: np.random.Generator) -> None:
    values = rng.normal(size=(1, 2000))
    wild = values.copy()
    wild[0, 0] = 1e9
    np.testing.assert_array_equal(of_rows(values, wild).edges, of_rows(values, values).edges)
    edges = finite(of_rows(values, wild).edges[0])
    assert of_rows(values, wild).current[0, len(edges)] >= 1


def windowed(
    reference: dict[str, np.ndarray], current: dict[str, np.ndarray], n_points: int = DEFAULT_POINTS
) -> Histograms:
    profile = Profile.fit(reference, n_points=n_points)
    counts = Window(profile).update(current).counts
    return histograms_of_window(WindowSample(profile.summary.blocks[0], counts.blocks[0]))


def test_a_window_with_all_values_as_points_counts_what_rows_do(rng: np.random.Generator) -> None:
    reference, current = rng.integers(18, 90, 4000).astype(float), rng.integers(18, 60, 3000).astype(float)
    found = windowed({"age": reference}, {"age": current})
    edges = finite(found.edges[0])
    assert found.reference[0, : len(edges) + 1].tolist() == counted(reference, edges)
    assert found.current[0, : len(edges) + 1].tolist() == counted(current, edges)


def test_a_window_is_off_by_what_lies_between_two_points(rng: np.random.Generator) -> None:
    reference, current = rng.normal(size=40_000), rng.normal(0.5, 1, 30_000)
    found = windowed({"x": reference}, {"x": current})
    edges = finite(found.edges[0])
    for values, counts in ((reference, found.reference[0]), (current, found.current[0])):
        exact = np.asarray(counted(values, edges))
        assert np.abs(counts[: len(exact)] - exact).max() <= 0.006 * len(values)  # two points on 1,024, twice
        assert counts.sum() == len(values)


def test_a_window_keeps_what_left_the_reference_in_the_open_bin(rng: np.random.Generator) -> None:
    found = windowed({"x": rng.normal(size=3000)}, {"x": rng.normal(50, 1, 2000)})
    edges = finite(found.edges[0])
    assert found.current[0, len(edges)] == 2000
    below = windowed({"x": rng.normal(size=3000)}, {"x": rng.normal(-50, 1, 2000)})
    assert below.current[0, 0] == 2000


def test_a_window_of_deciles_or_without_values_has_no_picture(rng: np.random.Generator) -> None:
    values = rng.normal(size=500)
    assert np.isinf(windowed({"x": values}, {"x": values}, n_points=0).edges).all()
    assert np.isinf(windowed({"x": values}, {"x": np.full(50, np.nan)}).edges).all()
