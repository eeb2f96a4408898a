"""The example data that ship with the package."""

from __future__ import annotations

import dataclasses
import sys
from importlib.resources import files

import pyarrow as pa
import pytest

from driftwatch import datasets
from driftwatch.errors import MissingExtraError, UnknownNameError

ROWS = {"flights": (27_004, 29_425), "elec2": (10_000, 10_000), "rodents": (11_605, 10_403)}


def test_names_are_the_sets_there_are() -> None:
    assert datasets.names() == list(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_both_tables_have_the_published_rows_and_one_schema(name: str) -> None:
    data = datasets.load(name)
    assert isinstance(data.reference, pa.Table)
    assert (data.reference.num_rows, data.current.num_rows) == ROWS[name]
    assert data.reference.schema.equals(data.current.schema)


@pytest.mark.parametrize("name", ROWS)
def test_licence_and_source_are_named_beside_the_data_too(name: str) -> None:
    data = datasets.load(name)
    notes = (files("driftwatch.datasets") / "data" / "LICENCES.md").read_text(encoding="utf-8")
    assert data.description
    assert data.source
    assert data.licence
    assert f"## {name}\n" in notes


def test_example_data_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        datasets.load("elec2").name = "other"  # type: ignore[misc]


def test_all_example_data_take_less_than_a_megabyte() -> None:
    stored = files("driftwatch.datasets") / "data"
    assert sum(len(entry.read_bytes()) for entry in stored.iterdir()) < 1_000_000


def test_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match=r"'flight' \(did you mean 'flights'\?\)\. Known: 'flights', 'elec2'"):
        datasets.load("flight")


def test_missing_pyarrow_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"needs pyarrow.*driftwatch\[cli\]"):
        datasets.load("flights")
