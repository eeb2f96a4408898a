"""The door: what comes in as a table, and what is refused with a sentence that helps."""

from __future__ import annotations

from typing import Any

import array_api_strict as strict
import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from driftwatch.arrays.table import ArrayTable, ColumnTable, read_table
from driftwatch.errors import InputError, InputTypeError

RNG = np.random.default_rng(0)
VALUES = RNG.normal(size=(20, 3))


def masked(values: Any, mask: Any, **options: Any) -> Any:
    return np.ma.masked_array(values, mask=mask, **options)


def values_of(data: Any, names: list[str] | None = None) -> np.ndarray[Any, Any]:
    table = read_table(data)
    return np.asarray(table.block(table.names if names is None else names))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "uint8", "bool", ">f8"])
def test_numpy_array_keeps_its_values(dtype: str) -> None:
    values = (VALUES * 3).astype(dtype)
    np.testing.assert_array_equal(values_of(values), values.T)


@pytest.mark.parametrize("arrange", [np.ascontiguousarray, np.asfortranarray])
def test_memory_order_of_an_array_does_not_matter(arrange: Any) -> None:
    np.testing.assert_array_equal(values_of(arrange(VALUES)), VALUES.T)


def test_array_of_another_library_stays_in_its_library() -> None:
    table = read_table(strict.asarray(VALUES))
    block = table.block(["f2", "f0"])
    assert type(block) is type(strict.asarray(1.0))
    np.testing.assert_array_equal(np.from_dlpack(block), VALUES.T[[2, 0]])


def test_columns_of_an_array_are_numbered() -> None:
    assert read_table(VALUES).names == ["f0", "f1", "f2"]


def test_one_dimensional_array_is_one_column() -> None:
    table = read_table(VALUES[:, 0])
    assert (table.names, table.n_rows) == (["f0"], 20)


def test_array_is_not_copied() -> None:
    assert np.shares_memory(values_of(VALUES), VALUES)


def test_structured_array_has_named_columns() -> None:
    data = np.array([(1.5, "a"), (2.5, "b")], dtype=[("x", "f8"), ("y", "U1")])
    table = read_table(data)
    assert table.names == ["x", "y"]
    assert table.block(["x"]).tolist() == [[1.5, 2.5]]


def test_object_array_is_read_column_by_column() -> None:
    table = read_table(np.array([[1, "a"], [2, "b"]], dtype=object))
    assert [str(table.storage_of(name)) for name in table.names] == ["number", "string"]


@pytest.mark.parametrize(
    ("data", "missing"),
    [
        (masked([1.0, 2.0, 3.0], mask=[0, 1, 0]), [False, True, False]),
        (masked([1, 2, 3], mask=[0, 1, 0]), [False, True, False]),
        (masked([True, False, True], mask=[0, 1, 1]), [False, True, True]),
    ],
    ids=["float", "integer", "boolean"],
)
def test_masked_values_are_missing(data: Any, missing: list[bool]) -> None:
    assert np.isnan(values_of({"x": data}))[0].tolist() == missing
    assert np.isnan(values_of(data[:, None]))[0].tolist() == missing


def test_masked_strings_and_times_are_missing() -> None:
    strings = masked(["a", "b"], mask=[1, 0])
    times = masked(np.array(["2020-01-01", "2020-01-02"], "M8[s]"), mask=[1, 0])
    table = read_table({"level": strings, "at": times})
    assert table.column("level").levels().n_missing == 1
    assert table.column("at").n_missing() == 1


def test_masked_structured_array_is_read() -> None:
    data = masked([(1, "a"), (2, "b")], mask=[(1, 0), (0, 1)], dtype=[("x", int), ("y", "U1")])
    table = read_table(data)
    np.testing.assert_array_equal(table.block(["x"]), [[np.nan, 2.0]])
    assert table.column("y").levels().n_missing == 1


@pytest.mark.parametrize("missing", [None, float("nan"), np.float32("nan"), pd.NA, pd.NaT, np.datetime64("NaT", "ns")])
def test_every_word_for_missing_is_understood(missing: object) -> None:
    values = np.array([1.5, missing], dtype=object)
    np.testing.assert_array_equal(values_of({"x": values}), [[1.5, np.nan]])


@pytest.mark.parametrize("build", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pd", "pl", "pa"])
def test_names_that_look_odd_are_names(build: Any) -> None:
    names = ["🙂", "a b", "", "line\nbreak", "'quoted\""]
    assert read_table(build({name: [1.0] for name in names})).names == names


@pytest.mark.parametrize(
    ("columns", "names"),
    [
        ([0, 1], ["0", "1"]),
        ([0.5, 1.5], ["0.5", "1.5"]),
        (pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")]), ["('a', 'b')", "('a', 'c')"]),
        ([None, "x"], [str(pd.DataFrame(columns=[None, "x"]).columns[0]), "x"]),  # pandas 2 keeps None, 3 has NaN
        (pd.to_datetime(["2020-01-01", "2020-01-02"]), ["2020-01-01 00:00:00", "2020-01-02 00:00:00"]),
    ],
    ids=["integers", "floats", "MultiIndex", "None", "times"],
)
def test_pandas_names_that_are_no_strings_become_strings(columns: Any, names: list[str]) -> None:
    frame = pd.DataFrame(VALUES[:, :2], columns=columns)
    table = read_table(frame)
    assert table.names == names
    np.testing.assert_array_equal(table.block(names), VALUES[:, :2].T)


def test_pandas_index_does_not_matter() -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0]}, index=[7, 7, 1])
    assert values_of(frame).tolist() == [[1.0, 2.0, 3.0]]


def test_sparse_pandas_column_is_dense() -> None:
    assert values_of(pd.DataFrame({"x": pd.arrays.SparseArray([0.0, 1.0, 0.0])})).tolist() == [[0.0, 1.0, 0.0]]


@pytest.mark.parametrize(
    ("array", "wanted"),
    [
        (pa.array([1, None, 3]), [1.0, np.nan, 3.0]),
        (pa.array(["1.25", None]).cast(pa.decimal128(10, 2)), [1.25, np.nan]),
        (pa.array(["1.25", None]).cast(pa.decimal256(60, 2)), [1.25, np.nan]),
        (pa.nulls(2), [np.nan, np.nan]),
        (pa.array([True, None, False]), [1.0, np.nan, 0.0]),
        (pa.array([1.5, None], pa.float32()), [1.5, np.nan]),
        pytest.param(
            pa.array(np.array([1.5], "f2")),
            [1.5],
            marks=pytest.mark.skipif(not hasattr(nw, "Float16"), reason="this narwhals knows no half precision"),
        ),
        (pa.array([2**63], pa.uint64()), [2.0**63]),
        (pa.array([90, None], pa.duration("s")), [90.0, np.nan]),
        (pa.array([1_500_000], pa.duration("us")), [1.5]),
        (pa.array([1, None, 3, 4]).slice(1, 2), [np.nan, 3.0]),
    ],
    ids=["null", "decimal128", "decimal256", "null type", "bool", "float32", "half", "uint64", "s", "us", "slice"],
)
def test_arrow_types_become_floats(array: pa.Array, wanted: list[float]) -> None:
    np.testing.assert_array_equal(values_of(pa.table({"x": array})), [wanted])
    np.testing.assert_array_equal(values_of({"x": array}), [wanted])


@pytest.mark.parametrize(
    "array",
    [
        pa.array(["a", "b", None, "a"]),
        pa.array(["a", "b", None, "a"], pa.large_string()),
        pa.array(["a", "b", None, "a"], pa.string_view()),
        pa.array(["a", "b", None, "a"]).dictionary_encode(),
        pa.chunked_array([pa.array(["a"]).dictionary_encode(), pa.array(["b", None, "a"]).dictionary_encode()]),
    ],
    ids=["string", "large_string", "string_view", "dictionary", "chunked dictionary"],
)
def test_arrow_strings_become_levels(array: Any) -> None:
    levels = read_table(pa.table({"x": array})).column("x").levels()
    assert (levels.counts, levels.n_missing) == ({"a": 2, "b": 1}, 1)


def test_categories_that_do_not_occur_are_no_levels() -> None:
    frame = pd.DataFrame({"x": pd.Categorical(["a", "b", "a"], categories=["a", "b", "c", "d"])})
    assert read_table(frame).column("x").levels().counts == {"a": 2, "b": 1}


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([1, 2], {"1", "2"}),
        ([1.0, 2.5], {"1", "2.5"}),
        ([True, False], {"True", "False"}),
        (["1", "two"], {"1", "two"}),
        (np.array(["a", "b"], np.dtypes.StringDType()), {"a", "b"}),
        (np.array(["a", None], np.dtypes.StringDType(na_object=None)), {"a"}),
        (np.array(["2020-01-01T00", "NaT"], "M8[ns]"), {"2020-01-01 00:00:00"}),
        (pd.Series(pd.to_datetime(["2020-01-01"])), {"2020-01-01 00:00:00"}),
    ],
    ids=["int", "float", "bool", "str", "StringDType", "StringDType null", "numpy ns", "pandas ns"],
)
def test_label_of_a_level_does_not_depend_on_its_type(values: Any, labels: set[str]) -> None:
    assert set(read_table({"x": values}).column("x").levels().counts) == labels


def test_lists_keep_python_types() -> None:
    table = read_table({"x": [1, "a"]})
    assert (table.storage_of("x"), table.dtype_of("x")) == ("mixed", "int, str")


def test_generators_and_ranges_are_columns() -> None:
    assert values_of({"x": (i / 2 for i in range(3)), "y": range(3)}).tolist() == [[0.0, 0.5, 1.0], [0.0, 1.0, 2.0]]


def test_arrays_of_any_library_are_columns() -> None:
    assert values_of({"x": strict.asarray([1.0, 2.0]), "y": np.asarray([3, 4])}).tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_integers_beyond_floats_are_left_to_the_column() -> None:
    table = read_table({"x": [10**400, 1.5]})
    assert (table.storage_of("x"), table.n_rows) == ("number", 2)


def test_integers_beyond_64_bits_are_rounded() -> None:
    table = read_table({"x": [2**70, 1]})
    assert table.block(["x"]).tolist() == [[2.0**70, 1.0]]
    assert table.is_rounded("x")


@pytest.mark.parametrize(
    ("data", "rounded"),
    [
        (np.array([[2**53 + 1]]), True),
        (np.array([[-(2**53) - 1]]), True),
        (np.array([[2**53]]), False),
        (np.array([[2**64 - 1]], dtype=np.uint64), True),
        (np.array([[127]], dtype=np.int8), False),
        (np.array([[1e300]]), False),
        (pl.DataFrame({"f0": [2**60, None]}), True),
        (pd.DataFrame({"f0": pd.array([2**60, None], dtype="Int64")}), True),
        (pd.DataFrame({"f0": pd.array([None], dtype="Int64")}), False),
        ({"f0": np.array([2**60, 1])}, True),
    ],
    ids=["above", "below", "at", "uint64", "int8", "float", "polars", "pandas", "pandas all null", "dict"],
)
def test_integers_that_float64_cannot_hold_are_seen(data: Any, rounded: bool) -> None:
    assert read_table(data).is_rounded("f0") is rounded


@pytest.mark.parametrize("data", [[[1, 2], [3, 4]], [{"a": 1}], (i for i in range(3)), None, 3, "file.csv", {1, 2}])
def test_what_is_no_table_is_refused_by_its_type(data: object) -> None:
    with pytest.raises(InputTypeError, match=rf"`reference` must be .* got {type(data).__name__}"):
        read_table(data, role="reference")


@pytest.mark.parametrize("series", [pd.Series([1, 2]), pl.Series([1, 2])], ids=["pandas", "polars"])
def test_series_is_refused_with_the_way_out(series: object) -> None:
    with pytest.raises(InputTypeError, match=r"got one column \(Series\)\. Pass its `to_frame\(\)`"):
        read_table(series)


@pytest.mark.parametrize(
    "column",
    ["abc", b"abc", {0: 1.0}, pd.DataFrame({"x": [1]}), 3, None],
    ids=["str", "bytes", "dict", "frame", "int", "None"],
)
def test_column_that_is_no_sequence_is_refused(column: object) -> None:
    with pytest.raises(InputTypeError, match=rf"column 'x' must be a sequence of values, got {type(column).__name__}"):
        read_table({"x": column})


@pytest.mark.parametrize(
    "data",
    [
        np.zeros((0, 2)),
        np.zeros((2, 0)),
        {},
        {"x": []},
        pd.DataFrame(),
        pd.DataFrame(index=range(3)),
        pd.DataFrame({"x": []}),
        pl.DataFrame(),
        pl.DataFrame({"x": []}),
        pa.table({"x": pa.array([], pa.float64())}),
    ],
    ids=["0x2", "2x0", "dict", "column", "pd", "pd rows", "pd column", "pl", "pl column", "pa column"],
)
def test_no_row_or_no_column_is_refused(data: Any) -> None:
    with pytest.raises(InputError, match=r"`current` must have at least one row and one column, got \d+ rows and \d+"):
        read_table(data, role="current")


@pytest.mark.parametrize(
    ("data", "shape"), [(np.zeros((2, 2, 2)), r"\(2, 2, 2\)"), (np.array(3.0), r"\(\)")], ids=["3-D", "0-D"]
)
def test_array_that_is_not_two_dimensional_is_refused(data: Any, shape: str) -> None:
    with pytest.raises(InputError, match=rf"must be a 2-D array .* got shape {shape}"):
        read_table(data)


@pytest.mark.parametrize("values", [np.zeros((3, 2, 2)), np.full((3, 2), "a"), np.zeros((3, 0))])
def test_column_of_several_dimensions_that_are_no_vectors_is_refused(values: Any) -> None:
    with pytest.raises(InputError, match=r"column 'x' must be 1-D, or 2-D numbers .* got shape \(3, "):
        read_table({"x": values})


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(InputError, match="columns of one length, got 1 values in 'b' and 2 in 'a'"):
        read_table({"a": [1, 2], "b": [1]})


@pytest.mark.parametrize(
    "data",
    [
        pd.DataFrame([[1, 2]], columns=["x", "x"]),
        pd.DataFrame([[1, 2]], columns=["1", 1]),
        pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"]),
        {1: [1], "1": [2]},
    ],
    ids=["pandas", "pandas after str", "pyarrow", "dict after str"],
)
def test_repeated_names_are_refused(data: Any) -> None:
    with pytest.raises(InputError, match=r"must have distinct column names, but these repeat: '[x1]'"):
        read_table(data)


def test_numeric_view_of_text_is_refused_with_the_dtype() -> None:
    with pytest.raises(InputError, match=r"holds string \(String\)"):
        read_table(pl.DataFrame({"x": ["a"]})).block(["x"])


def test_a_table_passes_the_door_unchanged() -> None:
    for data, kind in ((VALUES, ArrayTable), ({"x": [1.0]}, ColumnTable)):
        table = read_table(data)
        assert isinstance(table, kind)
        assert read_table(table) is table


@pytest.mark.parametrize("dtypes", [("float32", "float32"), ("float16", "float32")])
def test_block_of_small_floats_is_float32(dtypes: tuple[str, str]) -> None:
    columns = {name: np.ones(3, dtype) for name, dtype in zip("ab", dtypes, strict=True)}
    assert values_of(columns).dtype == np.float32
