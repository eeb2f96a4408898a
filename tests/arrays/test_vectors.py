"""Columns of vectors: every library's way to hold them, with and without missing ones."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from driftwatch.arrays.schema import Storage
from driftwatch.arrays.table import ColumnTable, read_table
from driftwatch.arrays.vectors import VectorColumn
from driftwatch.errors import InputError

ROWS = [[1.0, 2.0], None, [3.0, None], [5.0, 6.0]]
EXPECTED = np.array([[1.0, 2.0], [np.nan, np.nan], [3.0, np.nan], [5.0, 6.0]])
ARROW = pa.array(ROWS, pa.list_(pa.float32(), 2))


def vectors(data: Any) -> VectorColumn:
    table = read_table(data)
    assert isinstance(table, ColumnTable)
    column = table.column("x")
    assert isinstance(column, VectorColumn)
    assert column.storage is table.storage_of("x") is Storage.VECTOR
    return column


@pytest.mark.parametrize(
    "column",
    [
        ARROW,
        pa.chunked_array([ARROW.slice(0, 1), ARROW.slice(1, 2), ARROW.slice(3)]),
        pa.array([[9, 9], *ROWS], pa.list_(pa.float64(), 2)).slice(1),
        pl.Series(ROWS, dtype=pl.Array(pl.Float32, 2)),
        pd.Series(ARROW.to_pylist(), dtype=pd.ArrowDtype(ARROW.type)),
        np.array(EXPECTED),
        np.ma.masked_invalid(EXPECTED),
    ],
    ids=["arrow", "arrow chunks", "arrow slice", "polars", "pandas arrow", "numpy", "masked"],
)
def test_missing_rows_and_numbers_are_nan(column: Any) -> None:
    found = vectors({"x": column})
    np.testing.assert_array_equal(found.rows, EXPECTED)
    assert found.n_missing() == 2


@pytest.mark.parametrize(
    "dtype",
    [
        pa.int8(),
        pa.int64(),
        pytest.param(
            pa.float16(),
            marks=pytest.mark.skipif(not hasattr(nw, "Float16"), reason="this narwhals knows no half precision"),
        ),
        pa.float32(),
        pa.float64(),
    ],
)
def test_arrow_numbers_of_any_width(dtype: Any) -> None:
    rows = np.arange(6).reshape(3, 2)
    values = pa.array(rows.reshape(-1).astype(dtype.to_pandas_dtype()), dtype)
    found = vectors(pa.table({"x": pa.FixedSizeListArray.from_arrays(values, 2)})).rows
    np.testing.assert_array_equal(found, rows)
    assert found.dtype == (np.float32 if dtype in {pa.float16(), pa.float32()} else np.float64)


def test_python_rows_keep_missing_ones() -> None:
    found = vectors({"x": [[1, 2], None, (3, 4), np.array([5, 6])]})
    np.testing.assert_array_equal(found.rows, [[1, 2], [np.nan, np.nan], [3, 4], [5, 6]])


@pytest.mark.parametrize(
    "values",
    [[[1, 2], [3]], [["a"], ["b"]], [[], []], [[1, 2], 3], [None, None], [[[1]], [[2]]]],
    ids=["several lengths", "strings", "empty", "numbers among them", "nothing", "nested"],
)
def test_python_rows_that_are_no_vectors_stay_what_they_were(values: list[Any]) -> None:
    table = read_table({"x": values})
    assert isinstance(table, ColumnTable)
    assert not isinstance(table.column("x"), VectorColumn)


def test_dtype_says_the_length() -> None:
    assert vectors({"x": EXPECTED.astype("f4")}).dtype == "float32[2]"


def test_views_that_a_vector_has_not_are_refused() -> None:
    column = vectors({"x": EXPECTED})
    with pytest.raises(InputError, match=r"one number in each row is needed, but it holds vectors \(float64\[2\]\)"):
        column.floats()
    with pytest.raises(InputError, match="a level in each row is needed"):
        column.levels()
    assert (column.integral, column.is_single) == (False, False)


def test_rows_by_range_and_by_position() -> None:
    column = vectors({"x": np.arange(10.0).reshape(5, 2)})
    np.testing.assert_array_equal(column.take(slice(1, 3)).rows, [[2, 3], [4, 5]])
    np.testing.assert_array_equal(column.take(np.array([4, 0])).rows, [[8, 9], [0, 1]])
    assert column.to_list() == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]
    assert column.sample(1) == [[0, 1]]


def test_column_that_holds_no_vectors_gives_no_rows() -> None:
    table = read_table({"x": [1.0, 2.0]})
    with pytest.raises(InputError, match=r"vectors of one length are needed .* it holds number \(float64\)"):
        table.rows("x")
