"""Samples become rows of numbers, ordered or not, with a count of what is valid."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from driftwatch.kernels._prepare import feature_by_feature, order, unordered

if TYPE_CHECKING:
    from collections.abc import Callable

    from backends import Backend
    from driftwatch._typing import Array, Namespace
    from driftwatch.kernels._prepare import Ordered, Rows

INF = math.inf


def test_missing_values_wait_behind_the_others_whatever_their_sign_bit(backend: Backend) -> None:
    values = np.array([[1.0, np.nan, 0.0], [-np.nan, np.copysign(np.nan, -1.0), INF], [3.0, 2.0, -INF]])
    ordered = order(backend.asarray(values), xp=backend.xp)
    assert backend.to_host(ordered.values).tolist() == [[0.0, 1.0, INF], [INF, INF, INF], [-INF, 2.0, 3.0]]
    assert backend.to_host(ordered.n_valid).tolist() == [2, 1, 3]


def test_missing_values_are_counted_in_rows_that_are_not_ordered(backend: Backend) -> None:
    values = np.array([[1.0, np.nan, 0.0], [-np.nan, np.nan, INF]])
    assert backend.to_host(unordered(backend.asarray(values), xp=backend.xp).n_valid).tolist() == [2, 1]


@pytest.mark.parametrize("as_rows", [order, unordered])
def test_count_is_an_int_where_nothing_is_missing(backend: Backend, as_rows: Callable[..., Ordered | Rows]) -> None:
    assert as_rows(backend.asarray(np.ones((2, 5))), xp=backend.xp).n_valid == 5


@pytest.mark.parametrize("as_rows", [order, unordered])
@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool"])
def test_integers_become_the_dtype_of_statistics(
    backend: Backend, dtype: str, as_rows: Callable[..., Ordered | Rows]
) -> None:
    rows = as_rows(backend.asarray(np.ones((2, 5), dtype=dtype)), xp=backend.xp)
    assert rows.values.dtype == getattr(backend.xp, backend.statistic_dtype.name)


@pytest.mark.parametrize("as_rows", [order, unordered])
def test_float32_samples_stay_float32(backend: Backend, as_rows: Callable[..., Ordered | Rows]) -> None:
    rows = as_rows(backend.asarray(np.ones((2, 5), dtype=np.float32)), xp=backend.xp)
    assert rows.values.dtype == backend.xp.float32


def test_rows_are_the_features_in_order_and_the_shape_is_theirs(backend: Backend) -> None:
    x = np.arange(24.0).reshape(4, 2, 3)
    seen = []

    def first(reference: Ordered, current: Rows, /, *, xp: Namespace) -> tuple[Array, ...]:  # noqa: ARG001
        seen.extend([backend.to_host(reference.values), backend.to_host(current.values)])
        return (current.values[:, 0],)

    (result,) = feature_by_feature(
        first, backend.asarray(x), backend.asarray(x), as_rows=unordered, axis=0, nan_policy="omit", xp=None
    )
    assert np.array_equal(backend.to_host(result), x[0])
    for rows in seen:
        assert np.array_equal(rows, x.reshape(4, 6).T)
