"""Samples become rows: NaN-free, contiguous in meaning, with a count of what is valid."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from driftwatch.kernels._prepare import mask_missing, order, rows_of_pair

if TYPE_CHECKING:
    from backends import Backend

INF = math.inf


def test_missing_values_wait_at_infinity_whatever_their_sign_bit(backend: Backend) -> None:
    values = np.array([[1.0, np.nan, 0.0], [-np.nan, np.copysign(np.nan, -1.0), INF], [3.0, 2.0, -INF]])
    rows = mask_missing(backend.asarray(values), xp=backend.xp)
    # A sort that orders NaN by its bits, or a search that takes it for anything, must never meet one.
    assert backend.to_host(rows.values).tolist() == [[1.0, INF, 0.0], [INF, INF, INF], [3.0, 2.0, -INF]]
    assert backend.to_host(rows.n_valid).tolist() == [2, 1, 3]


def test_count_is_an_int_where_nothing_is_missing(backend: Backend) -> None:
    assert mask_missing(backend.asarray(np.ones((2, 5))), xp=backend.xp).n_valid == 5


@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool"])
def test_integers_become_the_dtype_of_statistics(backend: Backend, dtype: str) -> None:
    rows = mask_missing(backend.asarray(np.ones((2, 5), dtype=dtype)), xp=backend.xp)
    assert rows.values.dtype == getattr(backend.xp, backend.statistic_dtype.name)


def test_float32_samples_stay_float32(backend: Backend) -> None:
    rows = mask_missing(backend.asarray(np.ones((2, 5), dtype=np.float32)), xp=backend.xp)
    assert rows.values.dtype == backend.xp.float32


def test_order_sorts_the_missing_values_to_the_end(backend: Backend) -> None:
    rows = mask_missing(backend.asarray(np.array([[np.nan, 2.0, -INF, np.nan, 1.0]])), xp=backend.xp)
    ordered = order(rows, xp=backend.xp)
    assert backend.to_host(ordered.values).tolist() == [[-INF, 1.0, 2.0, INF, INF]]


def test_rows_are_the_features_in_order_and_the_shape_is_theirs(backend: Backend) -> None:
    x = np.arange(24.0).reshape(4, 2, 3)
    reference, _, shape, bad, _ = rows_of_pair(
        backend.asarray(x), backend.asarray(x), axis=0, nan_policy="omit", xp=None
    )
    assert shape == (2, 3)
    assert bad is None
    assert np.array_equal(backend.to_host(reference.values), x.reshape(4, 6).T)
