"""Properties of the kernels on generated samples and counts: equality with scipy, and what must not change them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.spatial.distance
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.kernels import (
    chi2_2samp,
    jensenshannon,
    jensenshannon_from_counts,
    ks_2samp,
    psi,
    psi_from_counts,
    total_variation,
    total_variation_from_counts,
    wasserstein_distance,
)
from driftwatch.kernels._prepare import Ordered
from driftwatch.kernels.bins import quantile_edges
from kernel_oracles import counts_in_bins
from kernel_oracles import psi as plain_psi

if TYPE_CHECKING:
    from collections.abc import Callable

# The same examples in every run, whatever the machine's speed and memory of earlier runs.
bounded = settings(derandomize=True, deadline=None, max_examples=60, database=None)

SAMPLE_KERNELS: list[Callable[..., Any]] = [ks_2samp, wasserstein_distance, psi, jensenshannon, total_variation]
BINNED = [psi, jensenshannon, total_variation]
COUNTS_DISTANCES = [psi_from_counts, jensenshannon_from_counts, total_variation_from_counts]
EPS = float(np.finfo(np.float64).eps)


@st.composite
def samples(draw: st.DrawFn, *, max_size: int = 14) -> Any:
    """Two samples of one dtype and scale, of few distinct values, so that ties are the rule."""
    dtype = draw(st.sampled_from(["float64", "float64", "float32", "int64", "int8", "uint8"]))
    if dtype.startswith("float"):
        scale = draw(st.sampled_from([1.0, 1e300, 1e-300, 1e7] if dtype == "float64" else [1.0, 1e30, 1e-30]))
        unit = st.floats(-1.0, 1.0, allow_subnormal=False, width=32).filter(lambda x: x == 0.0 or abs(x) > 1e-6)
        value: st.SearchStrategy[Any] = unit.map(lambda x: x * scale)
    elif dtype == "int64":
        value = st.one_of(st.integers(-3, 3), st.integers(-(2**52), 2**52))
    else:
        limits = np.iinfo(dtype)
        value = st.integers(int(limits.min), int(limits.max))
    pool = draw(st.lists(value, min_size=1, max_size=8))
    side = st.lists(st.sampled_from(pool), min_size=1, max_size=max_size)
    return np.array(draw(side), dtype=dtype), np.array(draw(side), dtype=dtype)


@st.composite
def counts(draw: st.DrawFn) -> Any:
    """Two rows of counts over the same levels, neither of them empty, from a few rows to billions."""
    k = draw(st.integers(1, 9))
    largest = draw(st.sampled_from([3, 100, 10**9]))
    row = st.lists(st.integers(0, largest), min_size=k, max_size=k).filter(any)
    return np.array(draw(row)), np.array(draw(row))


def _spread(reference: Any, current: Any) -> float:
    both = np.concatenate([reference, current]).astype(np.float64)
    return float(np.abs(both).max())


# Equality with scipy


@bounded
@given(samples(), st.sampled_from(["auto", "exact", "asymp"]))
def test_ks_equals_scipy(pair: Any, method: Any) -> None:
    if method == "asymp" and pair[0].size * pair[1].size < 2:
        return  # scipy rounds the effective size to none, and returns NaN
    found = ks_2samp(*pair, method=method)
    wanted = scipy.stats.ks_2samp(pair[0].astype(np.float64), pair[1].astype(np.float64), method=method)
    assert float(found.statistic) == pytest.approx(float(wanted.statistic), rel=1e-12, abs=EPS)
    assert float(found.pvalue) == pytest.approx(float(wanted.pvalue), rel=1e-6, abs=0.0)


@bounded
@given(samples())
def test_w1_equals_scipy(pair: Any) -> None:
    found = float(wasserstein_distance(*pair).statistic)
    wanted = scipy.stats.wasserstein_distance(*(x.astype(np.float64) for x in pair))
    assert found == pytest.approx(float(wanted), rel=1e-12, abs=16 * EPS * _spread(*pair))


@bounded
@given(samples())
def test_normalized_w1_is_w1_over_the_standard_deviation(pair: Any) -> None:
    found = wasserstein_distance(*pair)
    reference = pair[0].astype(np.float64)
    if np.unique(reference).size == 1:
        assert np.isnan(found.normalized)
        return
    scale = np.abs(reference).max()  # numpy's own std overflows at 1e300
    wanted = float(found.statistic) / scale / np.std(reference / scale)
    # Rounding moves the mean by an ulp of the largest value, which matters where the spread is small beside it.
    rel = 1e-12 + 64 * EPS / np.std(reference / scale)
    assert float(found.normalized) == pytest.approx(wanted, rel=rel, abs=0.0)


@bounded
@given(samples(max_size=40), st.integers(2, 12))
def test_edges_equal_numpy_quantiles(pair: Any, n_bins: int) -> None:
    reference = np.sort(pair[0].astype(np.float64))
    found = quantile_edges(Ordered(reference[None, :], reference.size), n_bins, xp=np)[0]
    wanted = np.quantile(reference, np.arange(1, n_bins) / n_bins)
    inner = np.isfinite(found)
    np.testing.assert_allclose(found[inner], wanted[inner], rtol=0.0, atol=256 * EPS * _spread(*pair))
    assert (wanted[found == -np.inf] <= reference[0] + 256 * EPS * _spread(*pair)).all()
    assert (wanted[found == np.inf] >= reference[-1] - 256 * EPS * _spread(*pair)).all()


@bounded
@given(samples(max_size=40), st.integers(2, 12))
def test_psi_equals_a_loop_over_its_own_bins(pair: Any, n_bins: int) -> None:
    reference, current = (x.astype(np.float64) for x in pair)
    edges = quantile_edges(Ordered(np.sort(reference)[None, :], reference.size), n_bins, xp=np)[0]
    inner = sorted(set(edges[np.isfinite(edges)].tolist()))
    wanted = plain_psi(counts_in_bins(reference, inner), counts_in_bins(current, inner))["statistic"]
    found = psi(reference, current, n_bins=n_bins).statistic
    assert float(found) == pytest.approx(wanted, rel=1e-11, abs=1e-14)


@bounded
@given(counts())
def test_chi2_equals_scipy(pair: Any) -> None:
    table = np.stack(pair)
    wanted = scipy.stats.chi2_contingency(table[:, table.any(axis=0)], correction=False)
    found = chi2_2samp(*pair)
    assert float(found.statistic) == pytest.approx(float(wanted.statistic), rel=1e-9, abs=1e-6 * EPS * table.sum())
    assert float(found.dof) == wanted.dof
    # exp(-x / 2) turns an absolute error of the statistic into a relative one of the p-value.
    assert float(found.pvalue) == pytest.approx(
        float(wanted.pvalue), rel=1e-9 * (1 + float(wanted.statistic)), abs=1e-300
    )


@bounded
@given(counts())
def test_jensenshannon_equals_scipy(pair: Any) -> None:
    wanted = float(scipy.spatial.distance.jensenshannon(pair[0], pair[1], base=2))
    # scipy takes the root of a sum that rounding can leave below zero
    wanted = 0.0 if math.isnan(wanted) else wanted
    assert float(jensenshannon_from_counts(*pair)) == pytest.approx(wanted, rel=1e-9, abs=4 * math.sqrt(EPS))


# Missing values


@bounded
@given(samples(), st.data())
def test_omitting_missing_values_is_dropping_them(pair: Any, data: st.DataObject) -> None:
    reference, current = (x.astype(np.float64) for x in pair)
    holes = []
    for x in (reference, current):
        at = data.draw(st.lists(st.integers(0, x.size), max_size=5))
        holes.append(np.insert(x, at, data.draw(st.sampled_from([np.nan, -np.nan]))))
    for kernel in SAMPLE_KERNELS:
        for found, wanted in zip(kernel(*holes), kernel(reference, current), strict=True):
            assert float(found) == pytest.approx(float(wanted), rel=1e-13, abs=8 * EPS * _spread(*pair), nan_ok=True)


@bounded
@given(samples())
def test_features_do_not_touch_each_other(pair: Any) -> None:
    reference, current = (x.astype(np.float64) for x in pair)
    broken = np.full_like(reference, np.nan)
    infinite = np.full_like(reference, np.inf)
    constant = np.zeros_like(reference)
    batch = np.stack([broken, reference, infinite, constant], axis=1)
    for kernel in SAMPLE_KERNELS:
        together = kernel(batch, np.stack([current] * 4, axis=1))
        for found, wanted in zip(together, kernel(reference, current), strict=True):
            assert float(found[1]) == pytest.approx(float(wanted), rel=1e-13, abs=8 * EPS * _spread(*pair), nan_ok=True)


# What must not change a statistic, and how it must change


@bounded
@given(samples())
def test_identical_samples_are_at_distance_zero(pair: Any) -> None:
    x = pair[0]
    assert all(float(kernel(x, x).statistic) == 0.0 for kernel in SAMPLE_KERNELS)
    assert float(ks_2samp(x, x).pvalue) == 1.0


@bounded
@given(st.lists(st.integers(-50, 50), min_size=1, max_size=20), st.lists(st.integers(-50, 50), min_size=1, max_size=20))
def test_ks_depends_on_the_order_of_the_values_alone(reference: list[int], current: list[int]) -> None:
    x, y = np.array(reference), np.array(current)
    plain = ks_2samp(x, y)
    assert ks_2samp(x**3 + x, y**3 + y) == plain
    assert ks_2samp(np.exp(x / 4.0), np.exp(y / 4.0)) == plain
    assert float(ks_2samp(-x, -y).statistic) == pytest.approx(float(plain.statistic), abs=2 * EPS)


@bounded
@given(samples())
def test_ks_and_w1_are_symmetric(pair: Any) -> None:
    forth, back = ks_2samp(*pair), ks_2samp(*pair[::-1])
    assert float(forth.statistic) == pytest.approx(float(back.statistic), abs=2 * EPS)
    assert float(forth.pvalue) == pytest.approx(float(back.pvalue), rel=1e-9)
    forward, backward = (float(wasserstein_distance(*p).statistic) for p in (pair, pair[::-1]))
    assert forward == pytest.approx(backward, rel=1e-13, abs=8 * EPS * _spread(*pair))


@bounded
@given(samples(), st.sampled_from([0.25, 2.0, -1.0, -8.0]))
def test_w1_scales_with_the_unit(pair: Any, factor: float) -> None:
    reference, current = (x.astype(np.float64) for x in pair)
    plain, scaled = wasserstein_distance(reference, current), wasserstein_distance(factor * reference, factor * current)
    tolerance = 8 * EPS * abs(factor) * _spread(*pair)
    assert float(scaled.statistic) == pytest.approx(abs(factor) * float(plain.statistic), rel=1e-13, abs=tolerance)


@bounded
@given(st.lists(st.integers(-99, 99), min_size=2, max_size=20), st.lists(st.integers(-99, 99), min_size=1, max_size=20))
def test_binned_statistics_do_not_depend_on_the_unit(reference: list[int], current: list[int]) -> None:
    x, y = np.array(reference) / 1.0, np.array(current) / 1.0
    for kernel in BINNED:
        assert kernel(4.0 * x, 4.0 * y) == kernel(x, y)


@bounded
@given(counts(), st.randoms(use_true_random=False))
def test_order_of_levels_does_not_matter(pair: Any, random: Any) -> None:
    order = list(range(pair[0].size))
    random.shuffle(order)
    for function in COUNTS_DISTANCES:
        plain, shuffled = (float(function(*p)) for p in (pair, [x[order] for x in pair]))
        assert shuffled == pytest.approx(plain, rel=1e-12, abs=4 * math.sqrt(EPS))


@bounded
@given(counts())
def test_distances_of_counts_are_symmetric_and_zero_for_the_same_shares(pair: Any) -> None:
    for function in COUNTS_DISTANCES:
        forth, back = (float(function(*p)) for p in (pair, pair[::-1]))
        assert forth == pytest.approx(back, rel=1e-12, abs=4 * math.sqrt(EPS))
        assert float(function(pair[0], pair[0])) == 0.0
        # Shares of 3 n / 3 m may differ from n / m by one rounding.
        assert float(function(pair[0], 3 * pair[0])) == pytest.approx(0.0, abs=4 * math.sqrt(EPS))


@bounded
@given(counts())
def test_distances_of_counts_keep_their_order_and_range(pair: Any) -> None:
    js, tv = (float(f(*pair)) for f in (jensenshannon_from_counts, total_variation_from_counts))
    assert 0.0 <= tv <= 1.0 + 4 * EPS
    assert 0.0 <= js <= 1.0 + 4 * EPS
    assert js * js <= tv + 4 * EPS  # Lin (1991), theorem 3: the divergence in bits is at most the total variation
    assert float(psi_from_counts(*pair)) >= 0.0


@bounded
@given(samples())
def test_statistics_stay_in_their_ranges(pair: Any) -> None:
    ks = ks_2samp(*pair)
    assert 0.0 <= float(ks.statistic) <= 1.0
    assert 0.0 <= float(ks.pvalue) <= 1.0
    assert float(wasserstein_distance(*pair).statistic) >= 0.0
    for kernel in BINNED:
        assert float(kernel(*pair).statistic) >= 0.0
