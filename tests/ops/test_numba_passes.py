"""Counts and moments of long rows against NumPy, stored by column and by row, in one block and in many."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba", reason="the overrides need the extra `fast`")

from driftwatch.ops import _threads
from driftwatch.ops import numba as compiled


@pytest.fixture(params=["one block", "many blocks"])
def blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every call in the calling thread, or spread over three threads whatever its size."""
    monkeypatch.setattr(_threads, "MIN_VALUES_PER_THREAD", 1 if request.param == "many blocks" else 10**9)
    monkeypatch.setenv(_threads.NUM_THREADS_VARIABLE, "3")


def table(n: int, d: int, dtype: str, order: Any) -> Any:
    x = np.random.default_rng(n).normal(size=(d, n))
    x[::2, ::5], x[1::3, ::7], x[0, 0] = np.nan, -np.nan, np.inf
    return np.asarray(x, dtype=dtype, order=order)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("n", "d"), [(4096, 3), (4097, 2), (8193, 1), (3, 50), (1, 1), (5, 17)])
def test_passes_over_unsorted_rows(n: int, d: int, dtype: str, order: str) -> None:
    x = table(n, d, dtype, order)
    edges = np.sort(np.random.default_rng(1).normal(size=(d, 9)), axis=-1).astype(dtype)
    n_missing = np.isnan(x).sum(axis=-1)
    below = np.stack([[np.count_nonzero(row < edge) for edge in own] for row, own in zip(x, edges, strict=True)])
    ends = np.zeros((d, 1), dtype=int), (n - n_missing)[:, None]

    np.testing.assert_array_equal(compiled.count_missing(x, xp=np), n_missing)
    counts = compiled.counts_from_edges(x, n - n_missing, edges, xp=np)
    np.testing.assert_array_equal(counts, np.diff(np.hstack([ends[0], below, ends[1]])))


@pytest.mark.usefixtures("blocks")
def test_rows_that_are_every_other_one_of_a_table() -> None:
    x = table(101, 12, "float64", "F")[::2]
    np.testing.assert_array_equal(compiled.count_missing(x, xp=np), np.isnan(x).sum(axis=-1))


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_moments_of_long_rows(dtype: str) -> None:
    x = np.sort(np.random.default_rng(2).normal(5.0, 2.0, (4, 5000)).astype(dtype))
    mean, std = compiled.mean_std(x, x.shape[1], x[:, 0], x[:, -1], xp=np)
    np.testing.assert_allclose(mean, x.mean(axis=-1, dtype=np.float64), rtol=1e-13)
    np.testing.assert_allclose(std, x.std(axis=-1, dtype=np.float64), rtol=1e-12)


@pytest.mark.usefixtures("blocks")
def test_many_blocks_sort_and_merge_like_one() -> None:
    x = table(3000, 11, "float64", "F")
    values, n_missing = compiled.sort_last(x, xp=np)
    wanted = np.sort(x, axis=-1)
    np.testing.assert_array_equal(values, np.where(np.isnan(wanted), np.inf, wanted))
    above, _, w1 = compiled.merge_ks_w1(values, values, 3000 - n_missing, 3000 - n_missing, xp=np)
    assert not above.any()
    assert not w1.any()
