"""Counts on a frozen grid: what is counted where, and that it adds exactly."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.errors import ConfigError, InputError, InputTypeError
from driftwatch.profile.grid import Grid, Tally, fit_grid, fit_labels, merge, rebase, start, totals, update

if TYPE_CHECKING:
    from numpy.typing import NDArray

RNG = np.random.default_rng(0)
RELU = np.maximum(RNG.normal(size=(1_000, 2)), 0.0).astype(np.float32)


def counted(grid: Grid, batch: NDArray[Any], **options: Any) -> Tally:
    return update(grid, start(grid), batch, **options)


def plain_counts(edges: NDArray[Any], values: NDArray[Any]) -> list[int]:
    """Return the counts in cells [a, b) of one feature, and the missing ones, value by value."""
    cells = [0] * (len(edges) + 2)
    for value in values.tolist():
        cells[-1 if math.isnan(value) else sum(edge <= value for edge in edges.tolist())] += 1
    return cells


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int64, np.bool_])
def test_counts_are_those_of_a_loop_over_values(dtype: type) -> None:
    grid = fit_grid(RNG.normal(size=(500, 3)).astype(np.float32), n_cells=20)
    batch: NDArray[Any] = RNG.normal(scale=2.0, size=(77, 3)).astype(dtype)
    if np.issubdtype(dtype, np.floating):
        batch[:3, 1] = np.nan, np.inf, -np.inf
    cells = totals(counted(grid, batch))[0]
    seen = batch.astype(np.float32)
    assert cells.tolist() == [plain_counts(grid.edges[i], seen[:, i]) for i in range(3)]


def test_cells_hold_equal_shares_of_the_reference() -> None:
    grid = fit_grid(RNG.normal(size=(10_000, 2)), n_cells=100)
    assert (np.abs(totals(grid.reference)[0][:, :-1] - 100) <= 1).all()


def test_repeated_value_has_a_cell_of_its_own() -> None:
    cells = totals(fit_grid(RELU).reference)[0]
    # Oracle: the zeros behind a ReLU, counted directly.
    assert cells.max(axis=-1).tolist() == (RELU == 0.0).sum(axis=0).tolist()


def test_axes_before_the_last_are_samples() -> None:
    grid = fit_grid(RELU)
    batch = RELU[:60].reshape(3, 20, 2)
    for one, other in zip(totals(counted(grid, batch)), totals(counted(grid, RELU[:60])), strict=True):
        np.testing.assert_array_equal(one, other)


def test_masked_rows_do_not_count() -> None:
    grid = fit_grid(RELU)
    mask = RNG.random(100) < 0.5
    for one, other in zip(
        totals(counted(grid, RELU[:100], mask=mask)), totals(counted(grid, RELU[:100][mask])), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_update_leaves_the_tally_it_was_given_alone() -> None:
    grid = fit_grid(RELU)
    tally = start(grid)
    update(grid, tally, RELU)
    assert [counts.sum() for counts in totals(tally)] == [0, 0]


@given(st.lists(st.integers(0, 999), max_size=6), st.randoms(use_true_random=False))
def test_any_split_in_any_order_gives_the_same_counts(cuts: list[int], random: Any) -> None:
    grid = fit_grid(RELU, n_cells=10, n_fingerprints=256)
    parts = [counted(grid, part) for part in np.split(RELU, sorted(cuts))]
    random.shuffle(parts)
    while len(parts) > 1:  # a tree of random shape
        parts.append(merge(parts.pop(random.randrange(len(parts))), parts.pop(random.randrange(len(parts)))))
    for one, other in zip(totals(parts[0]), totals(grid.reference), strict=True):
        np.testing.assert_array_equal(one, other)


def test_counters_of_32_bits_carry_exactly() -> None:
    # What a library without 64-bit integers holds; the oracle is Python's own integers.
    def limbs(low: int, high: int) -> Tally:
        one = (np.full((1, 2), low, np.int32), np.full(4, low, np.int32))
        two = (np.full((1, 2), high, np.int32), np.full(4, high, np.int32))
        return Tally(one[0], one[1], two[0], two[1])

    merged = merge(limbs(65_535, 70_000), limbs(65_535, 80_000))
    assert int(merged.cells.max()) < 2**16
    for counts in totals(merged):
        assert set(counts.reshape(-1).tolist()) == {2 * 65_535 + (150_000 << 16)}


def test_rebased_grid_has_the_tally_as_its_reference() -> None:
    grid = fit_grid(RELU)
    tally = counted(grid, RELU[:10])
    assert rebase(grid, tally).reference is tally
    assert rebase(grid, tally).edges is grid.edges


def test_labels_are_counted_by_class_and_the_others_apart() -> None:
    grid = fit_labels(np.asarray([0, 0, 1, 2]), n_classes=3)
    assert totals(counted(grid, np.asarray([2, 2, 0, -100, 3, 9])))[0].tolist() == [[1, 1, 0, 2, 2, 0]]


@pytest.mark.parametrize("shape", [(6,), (6, 1), (2, 3), (2, 3, 1)])
def test_labels_may_have_any_shape(shape: tuple[int, ...]) -> None:
    grid = fit_labels(np.asarray([0, 1]), n_classes=2)
    assert totals(counted(grid, np.asarray([0, 1, 1, 0, 1, 1]).reshape(shape)))[0].tolist() == [[0, 2, 4, 0, 0]]


@pytest.mark.parametrize("n_cells", [0, 5, 15, -10])
def test_number_of_cells_must_hold_the_deciles(n_cells: int) -> None:
    with pytest.raises(ConfigError, match="`n_cells` must be a multiple of 10"):
        fit_grid(RELU, n_cells=n_cells)


@pytest.mark.parametrize("n_fingerprints", [1, 3, 100, -2, 1 << 25])
def test_number_of_fingerprints_must_be_a_power_of_two(n_fingerprints: int) -> None:
    with pytest.raises(ConfigError, match="`n_fingerprints` must be 0 or a power of two"):
        fit_grid(RELU, n_fingerprints=n_fingerprints)


def test_reference_without_rows_is_refused() -> None:
    with pytest.raises(InputError, match=r"must have rows and features, got shape \(0, 2\)"):
        fit_grid(RELU[:0])


def test_reference_of_one_axis_is_refused() -> None:
    with pytest.raises(InputError, match="Add an axis of features"):
        fit_grid(RELU[:, 0])


def test_strings_are_refused() -> None:
    with pytest.raises(InputTypeError, match="real numbers or booleans"):
        fit_grid(np.asarray([[1.0 + 1.0j]]))


def test_batch_with_other_features_is_refused() -> None:
    with pytest.raises(InputError, match="`batch` has 3 features, the grid 2"):
        counted(fit_grid(RELU), np.zeros((5, 3)))


def test_mask_of_other_length_is_refused() -> None:
    with pytest.raises(InputError, match="`mask` marks 4 rows, `batch` has 5"):
        counted(fit_grid(RELU), RELU[:5], mask=np.ones(4, bool))


def test_labels_of_two_columns_are_refused() -> None:
    with pytest.raises(InputError, match=r"`labels` must have shape \(n,\)"):
        fit_labels(np.zeros((3, 2), int), n_classes=2)


@pytest.mark.parametrize("n_classes", [0, 100_001])
def test_number_of_classes_has_limits(n_classes: int) -> None:
    with pytest.raises(ConfigError, match="`n_classes` must be from 1 to 100000"):
        fit_labels(np.asarray([0]), n_classes=n_classes)
