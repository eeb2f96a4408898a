"""Counts and sums on frozen points: the bytes do not depend on order, split or type, and statistics keep their bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from driftwatch.errors import InputError
from driftwatch.kernels._prepare import order
from driftwatch.profile import cells as cells_module
from driftwatch.profile.block import NumericBlock
from driftwatch.profile.cells import CellTally, merge_cells, no_values, tally_values, wide
from driftwatch.profile.frozen import FrozenBlock, freeze
from driftwatch.profile.points import Points, fit_points
from driftwatch.profile.windowed import WindowSample
from known_answers import cases

if TYPE_CHECKING:
    from numpy.typing import NDArray

RNG = np.random.default_rng(4)
NUMERIC = [case for case in cases() if case.kind == "numeric"]


def block_of(reference: NDArray[Any], n_points: int | None = 1024) -> FrozenBlock:
    return freeze(NumericBlock.fit(["x"], reference[None, :]), n_points)


def window_of(reference: NDArray[Any], current: NDArray[Any], n_points: int | None = 1024) -> WindowSample:
    block = block_of(reference, n_points)
    return WindowSample(block, tally_values(block.points, current[None, :]))


def ks_of(sample: WindowSample) -> float:
    return float(max(sample.distances.above[0], sample.distances.below[0]))


def same(a: CellTally, b: CellTally) -> bool:
    return all(x.tobytes() == y.tobytes() for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("case", NUMERIC, ids=lambda case: case.id)
def test_known_distances_lie_within_the_bounds(case: Any) -> None:
    sample = window_of(case.reference, case.current)
    w1 = float(sample.distances.w1[0])
    answers = (case.expected["ks"]["statistic"], ks_of(sample)), (case.expected["wasserstein"], w1)
    for name, (known, found) in zip(("ks", "wasserstein"), answers, strict=True):
        bound = float(sample.error_bounds[name][0])
        assert found <= known * (1.0 + 1e-9) + 1e-12
        assert known <= found + bound + 1e-9 * abs(known) + 1e-12


@pytest.mark.parametrize(
    "case", [case for case in NUMERIC if len(np.unique(case.reference)) <= 1024], ids=lambda c: c.id
)
def test_ks_is_exact_where_the_points_are_all_values(case: Any) -> None:
    sample = window_of(case.reference, case.current)
    assert sample.error_bounds["ks"][0] == 0.0
    assert ks_of(sample) == pytest.approx(case.expected["ks"]["statistic"], abs=1e-12)


numbers = st.one_of(
    hnp.arrays(np.float64, st.integers(2, 60), elements=st.integers(-3, 3).map(float)),
    hnp.arrays(np.float64, st.integers(2, 60), elements=st.floats(-1e6, 1e6, allow_subnormal=False)),
    hnp.arrays(np.float32, st.integers(2, 60), elements=st.floats(-8, 8, width=32, allow_subnormal=False)),
    st.integers(2, 200).map(lambda n: np.random.default_rng(n).standard_cauchy(n)),
)


@given(numbers, numbers, st.sampled_from([16, 24, 1024]))
@example(np.asarray([-3.0, *[1.29824383] * 5]), np.asarray([1.2982439] * 2, np.float32), 16)  # closer than a unit
@example(np.asarray([0.0, -1.0, *[5.8e-280] * 10]), np.asarray([-4.0, 0.5, 9.0]), 16)  # a middle half beside nothing
@settings(deadline=None)
def test_exact_distances_are_never_below_nor_beyond_the_bounds(
    reference: NDArray[Any], current: NDArray[Any], n_points: int
) -> None:
    sample = window_of(reference, current, n_points)
    reference, current = reference.astype(np.float64), current.astype(np.float64)
    d = max(abs((reference <= x).mean() - (current <= x).mean()) for x in (*reference, *current))
    w1 = stats.wasserstein_distance(reference, current)
    scale = max(np.abs(reference).max(), np.abs(current).max(), 1e-300)
    assert ks_of(sample) - 1e-12 <= d <= ks_of(sample) + sample.error_bounds["ks"][0] + 1e-12
    assert sample.distances.w1[0] <= w1 + 1e-12 * scale
    assert w1 <= sample.distances.w1[0] + sample.error_bounds["wasserstein"][0] + 1e-12 * scale


@given(numbers, st.integers(1, 6), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_any_split_in_any_order_gives_the_same_bytes(values: NDArray[Any], n_parts: int, random: Any) -> None:
    points = fit_points(order(np.asarray([[0.0, 0.5, 1.0, 3.0]]), xp=np))
    whole = tally_values(points, values[None, :])
    shuffled = np.asarray(random.sample(values.tolist(), len(values)))
    parts = [tally_values(points, part[None, :]) for part in np.array_split(shuffled, n_parts)]
    random.shuffle(parts)
    merged = no_values(points)
    for part in parts:
        merged = merge_cells(part, merged)
    assert same(merged, whole)


def test_float32_and_float64_of_the_same_values_count_the_same() -> None:
    # points that float32 cannot hold: a value next to one must fall on its side of it
    points = fit_points(order(np.linspace(0.0, 1.0, 301)[None, :] / 3.0, xp=np))
    values = np.concatenate([points.values[0, :-1], RNG.random(500)]).astype(np.float32)[None, :]
    assert same(tally_values(points, values), tally_values(points, values.astype(np.float64)))


def test_sums_and_squares_are_those_of_the_values() -> None:
    reference, current = RNG.lognormal(size=(3, 5000)), RNG.lognormal(0.2, size=(3, 4000))
    frozen = freeze(NumericBlock.fit(["a", "b", "c"], reference))
    moved = frozen.with_reference(tally_values(frozen.points, current))
    np.testing.assert_allclose(moved.mean, current.mean(axis=-1), rtol=1e-7)
    np.testing.assert_allclose(moved.std, current.std(axis=-1), rtol=1e-4)
    np.testing.assert_allclose(moved.median, np.median(current, axis=-1), rtol=2e-3)
    np.testing.assert_array_equal(moved.tally.low, current.min(axis=-1))
    np.testing.assert_array_equal(moved.tally.high, current.max(axis=-1))


def test_a_large_offset_costs_no_digits() -> None:
    rng = np.random.default_rng(0)
    reference, current = 1.7e9 + rng.normal(size=2000), 1.7e9 + rng.normal(0.1, size=2000)
    sample = window_of(reference, current)
    w1 = stats.wasserstein_distance(reference, current)
    assert sample.distances.w1[0] <= w1 <= sample.distances.w1[0] + sample.error_bounds["wasserstein"][0]
    assert sample.error_bounds["wasserstein"][0] < 0.03 * w1


def test_missing_values_are_counted_and_nothing_else() -> None:
    points = fit_points(order(np.asarray([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]), xp=np))
    tally = tally_values(points, np.asarray([[np.nan, 2.0, np.nan], [np.nan, np.nan, np.nan]]))
    np.testing.assert_array_equal(tally.missing, [2, 3])
    np.testing.assert_array_equal(tally.n_valid, [1, 0])
    assert (tally.low[0], tally.high[0]) == (2.0, 2.0)
    assert same(merge_cells(tally, no_values(points)), tally)


@pytest.mark.parametrize("far", [np.inf, -1e300])
def test_wasserstein_of_values_too_far_out_is_known_from_below(far: float) -> None:
    current = np.asarray([far, 3.0, 4.0])
    sample = window_of(np.arange(20.0), current)
    assert ks_of(sample) == pytest.approx(stats.ks_2samp(np.arange(20.0), current).statistic)
    assert stats.wasserstein_distance(np.arange(20.0), [3.0, 4.0]) / 3.0 < sample.distances.w1[0] <= abs(far)
    assert sample.error_bounds["wasserstein"][0] == np.inf


def test_an_infinite_reference_value_is_a_point() -> None:
    reference, current = np.asarray([0.0, 1.0, np.inf, np.inf]), np.asarray([0.0, np.inf, 2.0])
    sample = window_of(reference, current)
    assert ks_of(sample) == pytest.approx(stats.ks_2samp(reference, current).statistic)
    assert np.isnan(sample.distances.w1[0])


def test_points_hold_the_ends_the_deciles_and_the_tails() -> None:
    values = RNG.standard_cauchy(size=(1, 50_000))
    points = fit_points(order(values, xp=np), 64)
    row = points.values[0][np.isfinite(points.values[0])]
    assert (row[0], row[-1]) == (values.min(), values.max())
    assert np.isin(points.deciles[0], row).all()
    np.testing.assert_allclose(points.deciles[0], np.quantile(values[0], np.arange(1, 10) / 10), rtol=1e-12)
    assert np.isin(np.sort(values[0])[[1, 2, 4, 8, -2, -3, -5]], row).all()
    assert len(row) < 64 + 9 + 2 * 16
    # equal mass between them, but for the tails
    assert np.diff(np.searchsorted(np.sort(values[0]), row)).max() <= 50_000 / 63 + 1


def test_none_keeps_every_value() -> None:
    values = RNG.normal(size=(1, 3000))
    points = fit_points(order(values, xp=np), None)
    np.testing.assert_array_equal(np.setdiff1d(values[0], points.values[0]), [])


def test_ragged_features_stand_side_by_side() -> None:
    values = np.stack([np.repeat([0.0, 1.0], 500), RNG.normal(size=1000), np.full(1000, np.nan)])
    block = freeze(NumericBlock.fit(["a", "b", "c"], values))
    alone = [freeze(NumericBlock.fit(["x"], row[None, :])) for row in values]
    current = RNG.normal(size=(3, 400))
    together = WindowSample(block, tally_values(block.points, current))
    for i, own in enumerate(alone):
        single = WindowSample(own, tally_values(own.points, current[i : i + 1]))
        for name in ("above", "below", "w1"):
            found, wanted = getattr(together.distances, name)[i], getattr(single.distances, name)[0]
            np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_share_outside_the_reference_range() -> None:
    assert window_of(np.arange(10.0), np.asarray([-1.0, 0.0, 9.0, 9.5])).outside[0] == 0.5


def test_limbs_hold_sums_that_64_bits_do_not() -> None:
    points = Points(np.asarray([[0.0, np.inf]]), np.zeros((1, 9)), np.asarray([1.0]), np.asarray([0]))
    big = np.full((1, 1000), 2.0**60)
    tally = tally_values(points, big)
    assert wide(tally.sum_high, tally.sum_low)[0, 1] == 1000 * 2.0**60
    assert same(merge_cells(tally, tally), tally_values(points, np.concatenate([big, big], axis=1)))


def test_a_sum_beyond_its_limbs_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    points = Points(np.asarray([[0.0, np.inf]]), np.zeros((1, 9)), np.asarray([1.0]), np.asarray([0]))
    tally = tally_values(points, np.full((1, 4), 2.0**60))
    monkeypatch.setattr(cells_module, "MAX_HIGH", 2**30)
    with pytest.raises(InputError, match="Start a new window"):
        merge_cells(tally, tally)
