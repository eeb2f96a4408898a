"""JSON lines: what pyarrow reads, and what falls to the slower parser; `json.loads` per line is the oracle."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from driftwatch.io import json_lines, read

if TYPE_CHECKING:
    import pyarrow as pa


def _read(text: str) -> pa.Table:
    return read("-", stdin=io.BytesIO(text.encode()))


def _lines(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_missing_keys_are_null_and_columns_keep_their_order() -> None:
    table = _read(_lines({"b": 1}, {"a": "x"}, {"b": 2, "c": None}))
    assert table.to_pydict() == {"b": [1, None, 2], "a": [None, "x", None], "c": [None, None, None]}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2.5], [1.0, 2.5]),
        ([1, "x", None], ["1", "x", None]),
        ([True, 1, "x"], ["true", "1", "x"]),
        ([[1, 2], "x", {"k": 1}], ["[1, 2]", "x", '{"k": 1}']),
        ([2**60 + 1, "x"], [str(2**60 + 1), "x"]),
        (["é", 1.5], ["é", "1.5"]),
    ],
)
def test_mixed_column_is_widened_without_loss(values: list[Any], expected: list[Any]) -> None:
    assert _read(_lines(*({"a": value} for value in values))).column("a").to_pylist() == expected


@pytest.mark.parametrize("huge", [2**64, 2**200, 2**53 + 1])
def test_huge_integers_beside_floats_are_floats(huge: int) -> None:
    # The repeated type change in `b` sends the whole file to the slower parser.
    table = _read(_lines({"a": huge, "b": 1}, {"a": 0.5, "b": "x"}, {"a": None}))
    assert table.column("a").to_pylist() == [float(huge), 0.5, None]


def test_type_change_beyond_the_first_block_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "_BLOCK_BYTES", 128)
    table = _read('{"a": 1}\n' * 100 + '{"a": "x", "b": 2}\n')
    assert table.to_pydict() == {"a": ["1"] * 100 + ["x"], "b": [None] * 100 + [2]}


def test_line_longer_than_a_block_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "_BLOCK_BYTES", 64)
    assert _read(_lines({"a": "x" * 1000}, {"a": "y"})).column("a").to_pylist() == ["x" * 1000, "y"]


def test_nan_as_python_writes_it_is_a_number() -> None:
    assert str(_read(_lines({"a": float("nan")}, {"a": float("inf")})).column("a").to_pylist()) == "[nan, inf]"


def test_byte_order_mark_is_skipped() -> None:
    assert _read("\ufeff" + _lines({"a": 1}, {"a": "x"})).to_pydict() == {"a": ["1", "x"]}


def test_nested_values_stay_nested() -> None:
    assert _read(_lines({"a": {"b": [1, 2]}})).to_pylist() == [{"a": {"b": [1, 2]}}]
