"""Documents to rows: every form that services use gives the same rows, and what cannot be right has a reason."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.middleware.rows import RowReader, UnreadableError

READER = RowReader(("a", "b"))
ROWS = [{"a": 1, "b": 2}, {"a": 3, "b": 4}]


def tensor(name: str, shape: list[int], data: Any) -> dict[str, Any]:
    return {"name": name, "shape": shape, "datatype": "FP64", "data": data}


@pytest.mark.parametrize(
    "found",
    [
        ROWS,
        [[1, 2], [3, 4]],
        {"a": [1, 3], "b": [2, 4]},
        [tensor("input-0", [2, 2], [1, 2, 3, 4])],
        [tensor("input-0", [2, 2], [[1, 2], [3, 4]])],
        tensor("input-0", [2, 2], [1, 2, 3, 4]),
        [tensor("b", [2, 1], [2, 4]), tensor("a", [2], [1, 3]), tensor("more", [2], [7, 7])],
        [tensor("b", [2, 1], [[2], [4]]), tensor("a", [2], [1, 3])],
    ],
)
def test_every_form_of_a_batch_gives_the_same_rows(found: Any) -> None:
    assert READER.read(found) == ROWS


@pytest.mark.parametrize("found", [{"a": 1, "b": 2}, [1, 2], [[1, 2]], {"a": [1], "b": [2]}])
def test_every_form_of_one_row_gives_the_same_row(found: Any) -> None:
    assert READER.read(found) == ROWS[:1]


def test_a_single_column_takes_values_alone() -> None:
    reader = RowReader(("score",))
    assert reader.read(0.5) == [{"score": 0.5}]
    assert reader.read([0.5, None]) == reader.read([[0.5], [None]]) == [{"score": 0.5}, {"score": None}]
    assert reader.read([]) == []


def test_a_value_of_an_embedding_is_a_list() -> None:
    reader = RowReader(("e",), frozenset({"e"}))
    assert reader.read([1, 2]) == [{"e": [1, 2]}]
    assert reader.read([[1, 2], [3, 4]]) == [{"e": [1, 2]}, {"e": [3, 4]}]
    assert reader.read({"e": [1, 2]}) == [{"e": [1, 2]}]
    assert reader.read([tensor("e", [2, 2], [1, 2, 3, 4])]) == [{"e": [1, 2]}, {"e": [3, 4]}]


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ({"x": 1}, "not_found"),
        ([{"x": 1}], "not_found"),
        ([{"a": 1}, {"x": 1}], "not_found"),
        ([{"a": 1}, 2], "shape"),
        ([[1, 2], [3]], "shape"),
        ([[1, 2], 3], "shape"),
        ([1, 2, 3], "shape"),
        (1, "shape"),
        ({"a": [1, 2], "b": [1]}, "shape"),
        ([tensor("x", [1], [1]), tensor("y", [1], [1])], "not_found"),
        ([tensor("x", [2, 3], [1] * 6)], "shape"),
        ([tensor("a", [3], [1, 2])], "shape"),
        ([tensor("a", [-1], [])], "shape"),
        ([tensor("a", [2, 0], [])], "shape"),
        ([tensor("a", [10**12], [1])], "shape"),
        ([tensor("a", [], [])], "shape"),
        ([tensor("a", [True], [1])], "shape"),
        ([tensor("a", [2], 7)], "shape"),
        ([tensor("a", [2, 1], [[1], 2])], "shape"),
        ([tensor("a", [1], [1]), {"name": "b"}], "shape"),
    ],
)
def test_what_cannot_be_right_has_a_reason(found: Any, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        READER.read(found)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=3),
        lambda x: st.lists(x) | st.dictionaries(st.sampled_from(["a", "b", "name", "shape", "data", "x"]), x),
        max_leaves=20,
    )
)
def test_any_document_is_rows_or_has_a_reason(found: Any) -> None:
    try:
        rows = READER.read(found)
    except UnreadableError as error:
        reason = str(error)
    else:
        reason = "" if all(not READER.known.isdisjoint(row) for row in rows) else "unknown columns"
    assert reason in {"", "not_found", "shape"}
