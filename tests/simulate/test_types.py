"""A shift gives back the type that it was given: arrays, mappings, frames."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from driftwatch import Monitor
from driftwatch.arrays.table import read_table
from driftwatch.simulate import (
    category_swap,
    correlation_rotation,
    mean_shift,
    missing_values,
    new_category,
    prior_shift,
)
from frames import CONSTRUCTORS, mixed_columns

FRAMES = pytest.mark.parametrize("kind", CONSTRUCTORS)


@FRAMES
def test_every_kind_of_table_comes_back_as_what_it_was(kind: str) -> None:
    data = CONSTRUCTORS[kind](mixed_columns(200, seed=0))
    for shift in (
        mean_shift(1.0, features=["float", "integer", "integer_null"]),
        missing_values(0.3),
        new_category(0.2, features=["category"]),
        category_swap(),
        prior_shift(0.5, target="category", level="red"),
    ):
        out = shift.apply(data, seed=0)
        expected = dict if kind == "structured array" else type(data)
        assert type(out) is expected
        if isinstance(data, dict) and isinstance(out, dict):
            # an array class of Arrow is one for each dtype
            assert [type(x).__module__ for x in out.values()] == [type(x).__module__ for x in data.values()]
        before, after = read_table(data), read_table(out)
        assert after.names == before.names
        assert after.n_rows == before.n_rows
        assert [after.storage_of(name) for name in after.names] == [before.storage_of(name) for name in before.names]


@FRAMES
def test_the_library_does_not_change_the_drift(kind: str) -> None:
    plain = mixed_columns(200, seed=0)
    for shift in (mean_shift(1.0), missing_values(0.3), category_swap(0.5), prior_shift(0.5, target="boolean")):
        expected = read_table(shift.apply({name: np.array(x, object) for name, x in plain.items()}, seed=1))
        out = read_table(shift.apply(CONSTRUCTORS[kind](plain), seed=1))
        for name in ("float", "integer", "integer_null"):
            np.testing.assert_allclose(out.column(name).floats(), expected.column(name).floats())
        for name in ("boolean", "boolean_null", "category"):
            assert out.column(name).levels() == expected.column(name).levels()


@FRAMES
def test_a_monitor_sees_the_drift(kind: str) -> None:
    data = CONSTRUCTORS[kind](mixed_columns(400, seed=0))
    out = mean_shift(2.0, features=["float"]).apply(data, seed=0)
    assert Monitor(data).check(out).drifted_features == ["float"]


def test_dtypes_stay_where_the_values_allow_it() -> None:
    frame = pl.DataFrame({"i": [1, 2, 3, 4], "f": [1.0, 2.0, 3.0, 4.0]}, schema={"i": pl.Int16, "f": pl.Float32})
    assert missing_values(0.5).apply(frame, seed=0).schema == frame.schema
    moved = mean_shift(0.3).apply(frame, seed=0)
    assert moved.schema == {"i": pl.Float64, "f": pl.Float32}  # no integer is 0.3 standard deviations away


def test_pandas_keeps_its_index_and_its_categories() -> None:
    frame = pd.DataFrame({"c": pd.Categorical(["a", "b", "a"]), "x": [1.0, 2.0, 3.0]}, index=[7, 8, 9])
    out = category_swap().apply(frame, seed=0)
    assert out.index.tolist() == [7, 8, 9]
    assert out["c"].tolist() == ["b", "a", "b"]
    assert out["c"].dtype == frame["c"].dtype
    assert new_category(1.0).apply(frame, seed=0)["c"].tolist() == ["new"] * 3


def test_enum_and_dictionary_take_a_new_level() -> None:
    frame = pl.DataFrame({"c": ["a", "b"]}, schema={"c": pl.Enum(["a", "b"])})
    assert new_category(1.0).apply(frame, seed=0)["c"].to_list() == ["new", "new"]
    assert category_swap().apply(frame, seed=0).schema == frame.schema
    table = pa.table({"c": pa.array(["a", "b"]).dictionary_encode()})
    assert new_category(1.0).apply(table, seed=0)["c"].to_pylist() == ["new", "new"]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_arrays_of_floats_keep_their_dtype(dtype: Any) -> None:
    x = np.random.default_rng(0).normal(size=(50, 3)).astype(dtype)
    out = mean_shift(1.0, features=["f1"]).apply(x, seed=0)
    assert out.dtype == dtype
    assert np.array_equal(out[:, [0, 2]], x[:, [0, 2]])
    np.testing.assert_allclose(
        out[:, 1] - x[:, 1], x[:, 1].astype(float).std(), rtol=2e-2 if dtype == np.float16 else 1e-4
    )


def test_arrays_of_integers_become_floats_only_where_they_must() -> None:
    x = np.random.default_rng(0).integers(0, 9, size=(50, 2))
    assert correlation_rotation(1.0).apply(x, seed=0).dtype == x.dtype
    assert mean_shift(0.3).apply(x, seed=0).dtype == np.float64


def test_one_column_stays_one_dimensional() -> None:
    assert mean_shift().apply(np.arange(5.0), seed=0).shape == (5,)


def test_array_of_text_and_array_of_objects() -> None:
    text = np.array([["a", "x"], ["b", "y"], ["a", "x"]])
    out = category_swap(features=["f0"]).apply(text, seed=0)
    assert out.dtype.kind == "U"
    assert out.tolist() == [["b", "x"], ["a", "y"], ["b", "x"]]
    assert missing_values(1.0, features=["f1"]).apply(text.astype(object), seed=0)[:, 1].tolist() == [None] * 3
