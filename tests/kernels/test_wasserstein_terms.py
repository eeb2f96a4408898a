"""The Wasserstein distance bin by bin and decile by decile, against scipy and plain loops over both step functions."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from driftwatch.kernels._prepare import Ordered
from driftwatch.kernels.bins import quantile_edges
from driftwatch.kernels.divergences import psi_from_counts, psi_terms
from driftwatch.kernels.wasserstein_terms import wasserstein_by_bin, wasserstein_by_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backends import Backend

INF = math.inf
VALUES = st.lists(st.floats(-1e6, 1e6, width=32) | st.integers(-3, 3).map(float), min_size=1, max_size=30)


def _ordered(values: Sequence[float], padding: int = 0) -> Ordered:
    row = np.concatenate([np.sort(np.asarray(values, dtype=np.float64)), np.full(padding, INF)])
    return Ordered(row[None, :], np.asarray([len(values)]) if padding else len(values))


def _area(x: Sequence[float], y: Sequence[float], low: float, high: float) -> tuple[float, float]:
    """Return int |F - G| and int (F - G) over [low, high), interval by interval in fractions: slow and exact."""
    inside = sorted({v for v in (*x, *y, low, high) if low <= v <= high and math.isfinite(v)})
    total = signed = Fraction(0)
    for a, b in itertools.pairwise(inside):
        gap = Fraction(sum(v <= a for v in x), len(x)) - Fraction(sum(v <= a for v in y), len(y))
        width = Fraction(b) - Fraction(a)
        total, signed = total + abs(gap) * width, signed + gap * width
    return float(total), float(signed)


def _decile(x: Sequence[float], y: Sequence[float], part: int, n_parts: int) -> tuple[float, float]:
    """Return int |Q_F - Q_G| and int (Q_G - Q_F) over a part of the mass, in fractions."""
    x, y = sorted(x), sorted(y)
    start, stop = Fraction(part, n_parts), Fraction(part + 1, n_parts)
    cuts = sorted(
        {start, stop}
        | {u for size in (len(x), len(y)) for u in (Fraction(i, size) for i in range(size)) if start < u < stop}
    )
    total = signed = Fraction(0)
    for a, b in itertools.pairwise(cuts):
        gap = Fraction(y[math.floor(a * len(y))]) - Fraction(x[math.floor(a * len(x))])
        total, signed = total + abs(gap) * (b - a), signed + gap * (b - a)
    return float(total), float(signed)


def _edges(reference: Ordered) -> Any:
    return quantile_edges(reference, 4, xp=np)


@given(VALUES, VALUES, st.integers(0, 2))
def test_terms_by_bin_are_the_areas_between_both_distribution_functions(
    x: list[float], y: list[float], padding: int
) -> None:
    reference, current = _ordered(x, padding), _ordered(y, padding)
    edges = _edges(reference)
    found = wasserstein_by_bin(reference, current, edges, xp=np)
    ends = [-INF, *edges[0].tolist(), INF]
    scale = 1e-12 * max(1.0, *map(abs, x), *map(abs, y))

    assert (found.terms >= 0.0).all()
    for k, (low, high) in enumerate(itertools.pairwise(ends)):
        area, signed = _area(x, y, low, high) if low < high else (0.0, 0.0)
        assert found.terms[0, k] == pytest.approx(area, rel=1e-12, abs=scale)
        assert found.signed[0, k] == pytest.approx(signed, rel=1e-12, abs=scale)


@given(VALUES, VALUES, st.integers(1, 7), st.integers(0, 2))
def test_terms_by_quantile_are_the_areas_between_both_quantile_functions(
    x: list[float], y: list[float], n_parts: int, padding: int
) -> None:
    found = wasserstein_by_quantile(_ordered(x, padding), _ordered(y, padding), n_parts, xp=np)
    scale = 1e-12 * max(1.0, *map(abs, x), *map(abs, y))

    for part in range(n_parts):
        area, signed = _decile(x, y, part, n_parts)
        assert found.terms[0, part] == pytest.approx(area, rel=1e-12, abs=scale)
        assert found.signed[0, part] == pytest.approx(signed, rel=1e-12, abs=scale)
    assert found.reference.sum() / n_parts == pytest.approx(np.mean(x), rel=1e-12, abs=scale)
    assert found.current.sum() / n_parts == pytest.approx(np.mean(y), rel=1e-12, abs=scale)


@pytest.mark.parametrize("seed", range(3))
def test_terms_sum_to_the_distance_of_scipy_and_signed_ones_to_the_shift_of_the_mean(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.lognormal(3.0, 1.0, 20_011), rng.lognormal(3.2, 0.8, 7_003)
    reference, current = _ordered(x.tolist()), _ordered(y.tolist())
    expected = wasserstein_distance(x, y)

    for found in (
        wasserstein_by_bin(reference, current, quantile_edges(reference, 10, xp=np), xp=np),
        wasserstein_by_quantile(reference, current, 10, xp=np),
    ):
        assert found.terms.sum() == pytest.approx(expected, rel=1e-12)
        assert found.signed.sum() == pytest.approx(y.mean() - x.mean(), rel=1e-10)


def test_a_feature_far_from_zero_keeps_its_digits() -> None:
    x = np.arange(1000.0) / 1000.0
    reference, near = _ordered(x.tolist()), _ordered((x * 0.9).tolist())
    far = [Ordered(side.values + 2.0**40, side.n_valid) for side in (reference, near)]
    edges = quantile_edges(reference, 10, xp=np)

    at_zero = wasserstein_by_bin(reference, near, edges, xp=np)
    at_far = wasserstein_by_bin(far[0], far[1], edges + 2.0**40, xp=np)
    # the values themselves are rounded to 2^-12 there
    np.testing.assert_allclose(at_far.signed, at_zero.signed, atol=2.0**-12)


def test_an_empty_side_gives_nan() -> None:
    empty = Ordered(np.full((1, 3), INF), np.asarray([0]))
    full = _ordered([1.0, 2.0, 3.0], 1)
    assert np.isnan(wasserstein_by_bin(full, empty, np.asarray([[2.0]]), xp=np).terms).all()
    assert np.isnan(wasserstein_by_quantile(full, empty, 2, xp=np).terms).all()


def test_every_array_library_gives_the_terms_of_numpy(backend: Backend) -> None:
    rng = np.random.default_rng(4)
    x, y = np.sort(rng.normal(size=(2, 80)), axis=-1), np.sort(rng.normal(1.0, size=(2, 61)), axis=-1)
    x[1, 70:] = INF
    counts = np.asarray([80, 70])
    edges = np.quantile(x[:, :70], [0.2, 0.5, 0.9], axis=-1).T
    reference, current = Ordered(x, counts), Ordered(y, 61)
    there = Ordered(backend.asarray(x), backend.asarray(counts)), Ordered(backend.asarray(y), 61)
    rtol, atol = (1e-9, 0.0) if backend.asarray(x).dtype == backend.xp.float64 else (5e-2, 5e-3)

    by_bin = wasserstein_by_bin(*there, backend.asarray(edges), xp=backend.xp)
    by_quantile = wasserstein_by_quantile(*there, 5, xp=backend.xp)
    for found, expected in (
        (by_bin, wasserstein_by_bin(reference, current, edges, xp=np)),
        (by_quantile, wasserstein_by_quantile(reference, current, 5, xp=np)),
    ):
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=rtol, atol=atol)


# the population stability index

COUNTS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=12)


@given(COUNTS, st.randoms(use_true_random=False))
def test_terms_of_psi_sum_to_it_are_never_negative_and_move_with_their_bins(
    counts: list[tuple[int, int]], rng: Any
) -> None:
    table = np.asarray([*counts, (1, 1)])
    terms = psi_terms(table[:, 0], table[:, 1])
    assert (terms >= 0.0).all()
    assert terms.sum() == pytest.approx(float(psi_from_counts(table[:, 0], table[:, 1])), rel=1e-12, abs=1e-15)

    order = list(range(len(table)))
    rng.shuffle(order)
    assert psi_terms(table[order, 0], table[order, 1]).tolist() == terms[order].tolist()
