"""One table in every library that the door reads: what a test that must not care about the library is run on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

__all__ = ["CONSTRUCTORS", "KINDS", "mixed_columns"]

Columns: TypeAlias = Mapping[str, list[Any]]

KINDS = {
    "float": "numeric",
    "integer": "numeric",
    "integer_null": "numeric",
    "boolean": "boolean",
    "boolean_null": "boolean",
    "category": "categorical",
}


def mixed_columns(n: int, seed: int, shift: float = 0.0) -> dict[str, list[Any]]:
    """Return columns of every kind that is tested, None where missing; `shift` moves the floats."""
    rng = np.random.default_rng(seed)
    levels = ["red", "green", "ß", ""]
    return {
        "float": [None if i % 7 == 0 else float(x) + shift for i, x in enumerate(rng.normal(size=n))],
        "integer": [int(x) for x in rng.integers(0, 50, n)],
        "integer_null": [None if i % 5 == 0 else int(x) for i, x in enumerate(rng.integers(0, 50, n))],
        "boolean": [bool(x < 0.3) for x in rng.random(n)],
        "boolean_null": [None if i % 9 == 0 else bool(x < 0.3) for i, x in enumerate(rng.random(n))],
        "category": [None if i % 11 == 0 else levels[x] for i, x in enumerate(rng.integers(0, 4, n))],
    }


def _pandas(*dtypes: str) -> Callable[[Columns], pd.DataFrame]:
    def build(columns: Columns) -> pd.DataFrame:
        named = zip(columns.items(), dtypes, strict=True)
        return pd.DataFrame({name: pd.Series(values, dtype=dtype) for (name, values), dtype in named})

    return build


def _chunked(columns: Columns) -> pa.Table:
    middle = len(columns["float"]) // 3
    return pa.concat_tables([pa.table({k: v[:middle] for k, v in columns.items()}), _sliced(columns, middle)])


def _sliced(columns: Columns, start: int) -> pa.Table:
    # a slice has an offset into its buffers, which code that reads them must not forget
    return pa.table(dict(columns)).slice(start)


def _dictionary(columns: Columns) -> pa.Table:
    """Return the category as a dictionary column whose chunks have dictionaries of their own."""
    table, values = pa.table(dict(columns)), columns["category"]
    chunks = [pa.array(part, pa.string()).dictionary_encode() for part in (values[:50], values[50:])]
    return table.set_column(table.column_names.index("category"), "category", pa.chunked_array(chunks))


def _structured(columns: Columns) -> np.ndarray[Any, Any]:
    rows = list(zip(*columns.values(), strict=True))
    return np.array(rows, dtype=[(name, object) for name in columns])


CONSTRUCTORS: dict[str, Callable[[Columns], Any]] = {
    "dict of lists": dict,
    "dict of tuples": lambda columns: {name: tuple(values) for name, values in columns.items()},
    "dict of numpy objects": lambda columns: {name: np.array(values, object) for name, values in columns.items()},
    "dict of pandas series": lambda columns: {name: pd.Series(values) for name, values in columns.items()},
    "dict of polars series": lambda columns: {name: pl.Series(values) for name, values in columns.items()},
    "dict of pyarrow arrays": lambda columns: {name: pa.array(values) for name, values in columns.items()},
    "structured array": _structured,
    "pandas": pd.DataFrame,
    "pandas object": _pandas(*["object"] * 6),
    "pandas nullable": _pandas("Float64", "Int64", "Int64", "boolean", "boolean", "string"),
    "pandas arrow": _pandas(
        "double[pyarrow]", "int64[pyarrow]", "int64[pyarrow]", "bool[pyarrow]", "bool[pyarrow]", "string[pyarrow]"
    ),
    "pandas categorical": lambda columns: pd.DataFrame(columns).astype({"category": "category"}),
    "polars": pl.DataFrame,
    "polars lazy": pl.LazyFrame,
    "polars categorical": lambda columns: pl.DataFrame(columns, schema_overrides={"category": pl.Categorical}),
    "polars enum": lambda columns: pl.DataFrame(
        columns, schema_overrides={"category": pl.Enum(["", "red", "green", "ß", "never seen"])}
    ),
    "pyarrow": lambda columns: pa.table(dict(columns)),
    "pyarrow chunked": _chunked,
    "pyarrow dictionary": _dictionary,
    "pyarrow record batch": lambda columns: pa.record_batch(dict(columns)),
}
