"""The hash of a row: equal rows meet, others meet by chance only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from driftwatch.profile.fingerprint import row_bins, salts

if TYPE_CHECKING:
    from numpy.typing import NDArray

RNG = np.random.default_rng(0)
N, D, BINS = 20_000, 12, 1 << 14


def bins_of(rows: NDArray[Any], n_bins: int = BINS) -> NDArray[Any]:
    found: NDArray[Any] = row_bins(rows, salts(rows.shape[1]), n_bins, xp=np)
    return found


def distinct_rows(kind: str) -> NDArray[Any]:
    """Return N distinct rows of a kind that makes life hard for a hash of bits."""
    number = np.arange(N)
    rows: NDArray[Any]
    if kind == "one counter":  # all other values are constant
        rows = np.zeros((N, D), np.float32)
        rows[:, 3] = number
    elif kind == "digits":  # small integers: only the upper bits of a float differ
        rows = ((number[:, None] >> np.arange(D) * 2) & 3).astype(np.float32)
        rows[:, 11] = number // 4**5
    elif kind == "half":
        rows = ((number[:, None] >> np.arange(D) * 2) & 3).astype(np.float16)
        rows[:, 11] = number // 4**5 / 16
    elif kind == "double":
        rows = RNG.integers(0, 1000, (N, D)).astype(np.float64)
    elif kind == "integers":
        rows = RNG.integers(0, 1000, (N, D))
    else:
        rows = RNG.normal(size=(N, D)).astype(np.float32)
    assert len(np.unique(rows, axis=0)) == N
    return rows


@pytest.mark.parametrize("kind", ["normal", "one counter", "digits", "half", "double", "integers"])
def test_distinct_rows_collide_as_often_as_chance_has_it(kind: str) -> None:
    counts = np.bincount(bins_of(distinct_rows(kind)), minlength=BINS)
    # Oracle: Pearson's statistic of uniform bins, mean BINS - 1 and variance 2 (BINS - 1).
    statistic = (((counts - N / BINS) ** 2) / (N / BINS)).sum()
    assert abs(statistic - (BINS - 1)) < 5.0 * np.sqrt(2 * (BINS - 1))


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int32, np.int8, np.bool_])
def test_equal_rows_have_equal_bins_wherever_they_stand(dtype: type) -> None:
    rows: NDArray[Any] = RNG.integers(0, 5, (200, 4)).astype(dtype)
    order = RNG.permutation(200)
    np.testing.assert_array_equal(bins_of(rows)[order], bins_of(rows[order]))


def test_values_that_change_places_change_the_bin() -> None:
    rows = RNG.normal(size=(1_000, 4)).astype(np.float32)
    assert (bins_of(rows) == bins_of(rows[:, ::-1])).mean() < 0.01


def test_zeros_of_either_sign_are_equal_and_so_are_nans() -> None:
    rows = np.asarray([[0.0, np.nan], [-0.0, -np.nan]], np.float32)
    first, second = bins_of(rows, 1 << 20)
    assert first == second


def test_bins_are_stable_from_release_to_release() -> None:
    # A state that was written by one version is merged with one of the next.
    assert bins_of(np.asarray([[1.0, 2.0], [0.5, -3.0]], np.float32), 1 << 16).tolist() == [43019, 12930]
