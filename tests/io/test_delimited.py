"""Text tables: the types of columns, what is missing, and rows that do not fit."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from driftwatch.errors import InputError
from driftwatch.io import delimited, read


def _read(text: str) -> pa.Table:
    return read("-", stdin=io.BytesIO(text.encode()))


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        (["1", "2"], pa.int64(), [1, 2]),
        (["1", "2.5"], pa.float64(), [1.0, 2.5]),
        ([" 1", "2 "], pa.int64(), [1, 2]),
        (["1e400", "-inf"], pa.float64(), [np.inf, -np.inf]),
        (["1", "x"], pa.string(), ["1", "x"]),
        (["01", "x"], pa.string(), ["01", "x"]),
        (["true", "false"], pa.bool_(), [True, False]),
        (["true", "2"], pa.string(), ["true", "2"]),
        (["2024-02-29", "2024-03-01"], pa.date32(), [dt.date(2024, 2, 29), dt.date(2024, 3, 1)]),
        (["2024-02-29 01:02:03"] * 2, pa.timestamp("s"), [dt.datetime(2024, 2, 29, 1, 2, 3)] * 2),  # noqa: DTZ001
        (["2024-02-29T01:00Z"], pa.timestamp("s", "UTC"), [dt.datetime(2024, 2, 29, 1, tzinfo=dt.UTC)]),
        (["2024-02-29", "soon"], pa.string(), ["2024-02-29", "soon"]),
        (["1,5", "2,5"], pa.string(), ["1,5", "2,5"]),
        (["18446744073709551616", "1"], pa.float64(), [2.0**64, 1.0]),
    ],
)
def test_column_takes_the_narrowest_type_of_all_its_values(values: list[str], kind: Any, expected: list[Any]) -> None:
    column = _read("a;b\n" + "".join(f"{value};0\n" for value in values)).column("a")
    assert column.type == kind
    assert column.to_pylist() == expected


@pytest.mark.parametrize("late", ["2.5", "x", "true", "2024-01-01"])
@pytest.mark.parametrize("early", ["", "1", "2.5", "true", "2024-01-01", "x"])
def test_value_that_contradicts_an_earlier_block_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, early: str, late: str
) -> None:
    text = "a,b\n" + f"{early},01\n" * 500 + f"{late},x\n"
    at_once = _read(text)
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 256)  # some twenty blocks; types are guessed on the first
    in_blocks = _read(text)
    assert in_blocks.column("a").num_chunks > 1
    assert in_blocks.combine_chunks().equals(at_once.combine_chunks())
    assert in_blocks.column("b").to_pylist() == ["01"] * 500 + ["x"]


def test_row_longer_than_a_block_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 64)
    assert _read(f"{'h' * 100},b\n1,{'x' * 5000}\n").to_pydict() == {"h" * 100: [1], "b": ["x" * 5000]}


@pytest.mark.parametrize("missing", ["", "NA", "NaN", "nan", "null", "NULL", "N/A", "None", "<NA>", '""'])
def test_missing_number_is_null(missing: str) -> None:
    column = _read(f"a,b\n1.5,x\n{missing},x\n").column("a")
    assert (column.type, column.to_pylist()) == (pa.float64(), [1.5, None])


def test_text_keeps_na_and_loses_only_the_empty_field() -> None:
    assert _read('a,b\nNA,1\n,1\n"",1\nx,1\n').column("a").to_pylist() == ["NA", None, None, "x"]


def test_blank_header_names_are_numbered_by_position() -> None:
    assert _read(",a,  \n0,1,2\n").column_names == ["unnamed_0", "a", "unnamed_2"]


def test_line_breaks_and_doubled_quotes_stay_in_their_field() -> None:
    assert _read('a,b\n"x\n""y"", z",1\n').to_pydict() == {"a": ['x\n"y", z'], "b": [1]}


@pytest.mark.parametrize("block", range(20, 40))
def test_line_break_in_a_field_may_fall_on_the_end_of_a_block(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", block)
    assert _read("a,b\n" + '"x\ny",1\n' * 20).to_pydict() == {"a": ["x\ny"] * 20, "b": [1] * 20}


def test_odd_number_of_quotes_is_fine_where_none_opens_a_field() -> None:
    assert _read('size,n\n5" pipe,1\n').to_pydict() == {"size": ['5" pipe'], "n": [1]}


def test_wrong_delimiter_still_gives_a_table() -> None:
    assert _read("a:b\n1:2\n").to_pydict() == {"a:b": ["1:2"]}


def test_ten_thousand_columns_are_read() -> None:
    names = [f"feature_{i}" for i in range(10_000)]
    table = _read(";".join(names) + "\n" + ";".join(map(str, range(10_000))) + "\n")
    assert table.column_names == names
    assert [column[0].as_py() for column in table.columns] == list(range(10_000))


def test_ragged_row_is_numbered_far_into_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 256)
    with pytest.raises(InputError, match=r"row 3002 .* has 3 fields, but the header has 2; the delimiter .* ','"):
        _read("a,b\n" + "1,2\n" * 3000 + "1,2,3\n" + "1,2\n" * 3000)
