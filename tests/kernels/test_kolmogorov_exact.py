from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import _stats_py

from driftwatch.kernels import kolmogorov_exact
from driftwatch.kernels.kolmogorov_exact import ks_2samp_sf


def scipy_exact(n: int, m: int, height: int) -> float:
    """The p-value of `scipy.stats.ks_2samp(method="exact")` at a statistic of height / lcm(n, m)."""
    lcm = math.lcm(n, m)
    exact = _stats_py._attempt_exact_2kssamp  # type: ignore[attr-defined]
    return float(exact(n, m, math.gcd(n, m), height / lcm, "two-sided")[2])


def sf(n: int, m: int, height: int) -> float:
    return float(ks_2samp_sf(np.asarray([height / math.lcm(n, m)]), np.asarray([n]), np.asarray([m]))[0])


def height_at(n: int, m: int, z: float) -> int:
    return round(z * math.sqrt((n + m) / (n * m)) * math.lcm(n, m))


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 4), (3, 3), (3, 5), (4, 6), (5, 4)])
def test_equals_the_share_of_all_orderings(n: int, m: int) -> None:
    # Oracle: every ordering of n + m distinct values, counted in fractions.
    lcm = math.lcm(n, m)
    heights = []
    for first in combinations(range(n + m), n):
        in_first = np.isin(np.arange(n + m), first)
        gap = np.cumsum(np.where(in_first, lcm // n, -(lcm // m)))
        heights.append(int(np.abs(gap).max()))
    for height in range(lcm + 1):
        share = Fraction(sum(h >= height for h in heights), len(heights))
        assert sf(n, m, height) == pytest.approx(float(share), rel=1e-13, abs=0.0)


@settings(deadline=None, max_examples=150)
@given(st.integers(1, 150), st.integers(1, 150), st.floats(0.0, 1.0))
def test_equals_scipy_at_any_distance(n: int, m: int, share: float) -> None:
    height = round(share * math.lcm(n, m))
    np.testing.assert_allclose(sf(n, m, height), scipy_exact(n, m, height), rtol=1e-9, atol=1e-250)


@pytest.mark.parametrize(("n", "m"), [(2000, 1999), (2000, 2000), (10_000, 100), (3000, 1500), (9999, 3), (1, 700)])
@pytest.mark.parametrize("z", [0.3, 0.83, 1.36, 4.0, 10.0])
def test_large_samples_equal_scipy(n: int, m: int, z: float) -> None:
    height = min(height_at(n, m, z), math.lcm(n, m))
    np.testing.assert_allclose(sf(n, m, height), scipy_exact(n, m, height), rtol=1e-9, atol=0.0)


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 3600))
def test_does_not_depend_on_the_order_of_the_samples(n: int, m: int, height: int) -> None:
    assume(height <= math.lcm(n, m))
    assert sf(n, m, height) == sf(m, n, height)


def test_features_of_any_sizes_mix_in_one_call() -> None:
    rng = np.random.default_rng(0)
    n, m = rng.integers(1, 400, size=(2, 120))
    n[:10] = m[:10]
    height = np.asarray([rng.integers(0, math.lcm(a, b) + 1) for a, b in zip(n.tolist(), m.tolist(), strict=True)])
    together = ks_2samp_sf(height / np.lcm(n, m), n, m)
    alone = [sf(*triple) for triple in zip(n.tolist(), m.tolist(), height.tolist(), strict=True)]
    np.testing.assert_allclose(together, alone, rtol=1e-11)


def test_many_groups_and_blocks_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    n, m, x = np.full(30, 200), np.full(30, 201), rng.uniform(0.02, 0.5, size=30)
    whole = ks_2samp_sf(x, n, m)
    monkeypatch.setattr(kolmogorov_exact, "GROUP_CELLS", 64)
    monkeypatch.setattr(kolmogorov_exact, "BLOCK_STEPS", 17)
    np.testing.assert_allclose(ks_2samp_sf(x, n, m), whole, rtol=1e-12)


def test_equal_sizes_in_several_blocks_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    size = np.full(50, 300)
    x = np.arange(1, 51) / 300
    whole = ks_2samp_sf(x, size, size)
    monkeypatch.setattr(kolmogorov_exact, "GROUP_CELLS", 100)
    np.testing.assert_array_equal(ks_2samp_sf(x, size, size), whole)


def test_rounding_of_the_statistic_does_not_move_the_pvalue() -> None:
    x = np.asarray([0.3, 0.3 + 1e-12, 0.3 - 1e-12])
    assert np.unique(ks_2samp_sf(x, np.full(3, 20), np.full(3, 30))).size == 1


def test_statistic_of_zero_has_a_pvalue_of_one() -> None:
    np.testing.assert_array_equal(ks_2samp_sf(np.zeros(2), np.asarray([7, 7]), np.asarray([7, 9])), 1.0)
