"""Every dimension by itself under many relabelings, against loops over dimensions, levels and pairs of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from driftwatch.kernels._row_pairs import RowPair
from driftwatch.kernels.by_dimension import compare_dimensions
from row_oracles import dimension_answers, pair_means

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backends import Backend

RNG = np.random.default_rng(31)
N, M = 21, 14


def rows(d: int, *, decimals: int = 9) -> NDArray[np.float64]:
    return np.round(RNG.normal(size=(N + M, d)), decimals)


def labelings(x: NDArray[np.float64], count: int = 4) -> list[list[int]]:
    return [list(range(N, N + M)), *(sorted(RNG.permutation(len(x))[:M].tolist()) for _ in range(count - 1))]


def marks(chosen: list[list[int]], size: int) -> NDArray[np.float64]:
    return np.array([np.isin(np.arange(size), one) for one in chosen], dtype=np.float64).T


CASES = {
    "continuous": rows(3),
    "ties": rows(3, decimals=0),
    "mostly_zeros": np.where(RNG.random((N + M, 4)) < 0.9, 0.0, rows(4)),
    "one_dimension": rows(1),
    "constant_among_others": rows(2) * [1.0, 0.0],
    "hundreds": rows(230),
}


@pytest.mark.parametrize("case", CASES)
def test_statistics_and_affinity_equal_the_slow_loops(backend: Backend, case: str) -> None:
    x = np.asarray(backend.rounded(CASES[case]), dtype=np.float64)
    chosen = labelings(x)
    pair = RowPair(backend.asarray(CASES[case]), N, M)
    labels = backend.xp.astype(backend.asarray(marks(chosen, N + M)), pair.pooled.dtype)
    found = compare_dimensions(pair, labels, n_scored=2, xp=backend.xp)
    table, largest = dimension_answers(x, chosen)
    # The V-statistic has the pairs of a row with itself in it, the affinity has not.
    moved = [c @ table @ c * N * M / (N + M) for c in (a / M - (1 - a) / N for a in marks(chosen, N + M).T)]
    tolerance: dict[str, Any] = (
        {"rtol": 1e-4, "atol": 1e-5} if backend.statistic_dtype == np.float32 else {"rtol": 1e-9}
    )
    np.testing.assert_allclose(backend.to_host(found.anderson_darling), moved, **tolerance)
    np.testing.assert_allclose(backend.to_host(found.largest), largest, **tolerance)
    for column, one in enumerate(chosen[:2]):
        expected = [affinity_of(table, i, one) for i in range(N + M)]
        np.testing.assert_allclose(backend.to_host(found.affinity)[:, column], expected, rtol=1e-4, atol=1e-5)


def affinity_of(table: NDArray[np.float64], row: int, current: list[int]) -> float:
    to_current = [table[row, j] for j in current if j != row]
    to_reference = [table[row, j] for j in range(len(table)) if j != row and j not in current]
    return float(np.mean(to_current) - np.mean(to_reference))


def test_memory_budget_has_no_bearing_on_the_answer() -> None:
    x = rows(7)
    labels = marks(labelings(x), N + M)
    found = [
        compare_dimensions(RowPair(x, N, M), labels, memory_budget=budget, n_scored=3, xp=np) for budget in (1, 2**28)
    ]
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-15)


def test_labelings_that_exchange_equal_rows_tie_exactly() -> None:
    x = rows(50).astype(np.float32)
    x[N:] = x[:M]
    swapped = [*range(3), *range(N + 3, N + M)]
    found = compare_dimensions(RowPair(x, N, M), marks([list(range(N, N + M)), swapped], N + M).astype("f4"), xp=np)
    for values in found[:2]:
        assert values[0] == values[1]


def test_mean_without_drift_is_one() -> None:
    x = rows(40)
    labels = marks([sorted(RNG.permutation(N + M)[:M].tolist()) for _ in range(400)], N + M)
    found = compare_dimensions(RowPair(x, N, M), labels, xp=np).anderson_darling
    # its mean over all relabelings is N / (N - 1), exactly
    assert found.mean() == pytest.approx(35 / 34, abs=4 * found.std() / 20)


@pytest.mark.filterwarnings("error")
def test_constant_dimensions_differ_nowhere() -> None:
    x = np.ones((N + M, 3))
    found = compare_dimensions(RowPair(x, N, M), marks(labelings(x), N + M), n_scored=2, xp=np)
    assert all(not values.any() for values in found)


def test_the_additive_kernel_is_that_of_an_unbiased_discrepancy_plus_the_rows_themselves() -> None:
    x = rows(5)
    chosen = labelings(x)
    table, _ = dimension_answers(x, chosen)
    within_reference, within_current, across = pair_means(table, chosen[1])
    is_current = marks(chosen, N + M)[:, 1].astype(bool)
    selves = np.diag(table)
    biased = (
        (within_reference * (N - 1) + selves[~is_current].mean()) / N
        + (within_current * (M - 1) + selves[is_current].mean()) / M
        - 2 * across
    )
    found = compare_dimensions(RowPair(x, N, M), marks(chosen, N + M), xp=np).anderson_darling[1]
    assert found == pytest.approx(biased * N * M / (N + M))
