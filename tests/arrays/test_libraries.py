"""The same values are the same table, whatever library holds them."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from driftwatch import Monitor
from driftwatch.arrays.table import read_table
from frames import CONSTRUCTORS, KINDS, mixed_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

REFERENCE, CURRENT = mixed_columns(300, seed=0), mixed_columns(200, seed=1, shift=0.6)

constructors = pytest.mark.parametrize("build", CONSTRUCTORS.values(), ids=list(CONSTRUCTORS))


def report_of(reference: Any, current: Any) -> dict[str, Any]:
    report: dict[str, Any] = Monitor(reference).check(current).to_dict()
    report.pop("created_at")
    return report


@constructors
def test_same_values_give_the_same_report(build: Callable[[Mapping[str, list[Any]]], Any]) -> None:
    assert report_of(build(REFERENCE), build(CURRENT)) == report_of(REFERENCE, CURRENT)


@constructors
def test_libraries_mix(build: Callable[[Mapping[str, list[Any]]], Any]) -> None:
    assert report_of(REFERENCE, build(CURRENT)) == report_of(REFERENCE, CURRENT)


@constructors
def test_missing_values_are_counted(build: Callable[[Mapping[str, list[Any]]], Any]) -> None:
    features = Monitor(build(REFERENCE)).check(build(CURRENT)).features
    found = {name: (feature.missing_reference, feature.missing_current) for name, feature in features.items()}
    assert found == {name: (REFERENCE[name].count(None), CURRENT[name].count(None)) for name in REFERENCE}


@constructors
def test_kinds_are_inferred_alike(build: Callable[[Mapping[str, list[Any]]], Any]) -> None:
    features = Monitor(build(REFERENCE)).check(build(CURRENT)).features
    assert {name: feature.kind for name, feature in features.items()} == KINDS


@constructors
def test_numeric_block_holds_the_values(build: Callable[[Mapping[str, list[Any]]], Any]) -> None:
    names = ["float", "integer_null", "integer"]
    block = read_table(build(REFERENCE)).block(names)
    wanted = [[np.nan if value is None else value for value in REFERENCE[name]] for name in names]
    np.testing.assert_array_equal(block, np.array(wanted, dtype=np.float64))


def test_the_table_drifts_where_it_was_moved() -> None:
    assert Monitor(REFERENCE).check(CURRENT).drifted_features == ["float"]


PROBE = """
import sys
{}
from driftwatch import Monitor
Monitor(table).check(table).to_json()
print(*sorted({{"numba", "pandas", "polars", "pyarrow", "rich", "scipy.stats", "typer"}} & set(sys.modules)))
"""
PARQUET = "import driftwatch.datasets as ds; table = ds.load('flights').reference"


@pytest.mark.parametrize(
    ("statement", "brought"),
    [
        ("import numpy as np; table = np.arange(100.0).reshape(50, 2) % 7", ""),
        ("table = {'x': [1.0, None] * 30, 'flag': [True, None] * 30, 'level': ['a', None] * 30}", ""),
        ("import polars as pl; table = pl.DataFrame({'x': [1.0, None] * 30, 'level': ['a', None] * 30})", "polars"),
        (PARQUET, "pyarrow"),
    ],
    ids=["numpy", "dict", "polars", "pyarrow"],
)
def test_no_dataframe_library_is_imported_that_the_user_did_not_bring(statement: str, brought: str) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, map(os.path.abspath, sys.path)))}
    code = PROBE.format(statement)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == brought
