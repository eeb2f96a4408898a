"""What a feature is: the table of kinds, and that the user has the last word."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from driftwatch import Monitor
from driftwatch.arrays.inference import MIN_IDENTIFIER_ROWS, infer_kind
from driftwatch.arrays.schema import FeatureKind
from driftwatch.arrays.table import read_table
from driftwatch.errors import UnknownNameError

N = 60
RNG = np.random.default_rng(0)
DAYS = [dt.date(2024, 1, 1) + dt.timedelta(days=i) for i in range(N)]
SENTENCES = [f"the quick fox number {i} jumps" for i in range(N)]
CODES = [f"{i * 7919 % 10007:05d}" for i in range(N)]

KINDS: dict[str, tuple[Any, str]] = {
    "floats": (RNG.normal(size=N), "numeric"),
    "float32": (RNG.normal(size=N).astype("f4"), "numeric"),
    "sorted floats": (np.sort(RNG.normal(size=N)), "numeric"),
    "integers": (RNG.integers(0, 9, N), "numeric"),
    "integers in random order": (RNG.permutation(N), "numeric"),
    "few integers in order": (np.arange(MIN_IDENTIFIER_ROWS - 1), "numeric"),
    "grouped integers in order": (np.arange(N) // 4, "numeric"),
    "constant integer": (np.full(N, 7), "numeric"),
    "row numbers": (np.arange(N), "identifier"),
    "row numbers downwards": (np.arange(N)[::-1].copy(), "identifier"),
    "row numbers with a null": (pl.Series([None, *range(1, N)]), "identifier"),
    "decimals": ([decimal.Decimal(i) / 4 for i in range(N)], "numeric"),
    "polars decimals": (pl.Series([1.25, 2.5] * 30, dtype=pl.Decimal(10, 2)), "numeric"),
    "durations": ([dt.timedelta(seconds=i) for i in range(N)], "numeric"),
    "numpy durations": (np.arange(N).astype("m8[s]"), "numeric"),
    "arrow durations": (pa.array(range(N), pa.duration("ms")), "numeric"),
    "no values": ([None] * N, "numeric"),
    "null type": (pa.nulls(N), "numeric"),
    "booleans": ([True, False] * 30, "boolean"),
    "booleans and None": ([True, None] * 30, "boolean"),
    "numpy booleans": (np.array([True, False] * 30), "boolean"),
    "nullable booleans": (pd.array([True, None] * 30, dtype="boolean"), "boolean"),
    "strings": (["a", "b"] * 30, "categorical"),
    "empty strings": ([""] * N, "categorical"),
    "constant string": (["same"] * N, "categorical"),
    "polars categorical": (pl.Series(["a", "b"] * 30, dtype=pl.Categorical), "categorical"),
    "polars enum": (pl.Series(["a", "b"] * 30, dtype=pl.Enum(["a", "b"])), "categorical"),
    "pandas categorical": (pd.Series(["a", "b"] * 30, dtype="category"), "categorical"),
    "arrow dictionary": (pa.array(["a", "b"] * 30).dictionary_encode(), "categorical"),
    "integer categories": (pd.Series([1, 2] * 30, dtype="category"), "categorical"),
    "many unused categories": (
        pd.Series(pd.Categorical(["a", "b"] * 30, categories=["a", "b", *CODES])),
        "categorical",
    ),
    "few distinct strings": (CODES[: MIN_IDENTIFIER_ROWS - 1], "categorical"),
    "eight-digit codes": (["20240101", "20240102"] * 30, "categorical"),
    "codes": (CODES, "identifier"),
    "sentences": (SENTENCES, "text"),
    "repeated sentences": (SENTENCES[:3] * 20, "categorical"),
    "dates": (DAYS, "time"),
    "times of day": ([dt.time(i % 24) for i in range(N)], "time"),
    "time stamps": (np.arange(N).astype("M8[D]"), "time"),
    "time zones": (pd.Series(pd.date_range("2024-01-01", periods=N, tz="Europe/Oslo")), "time"),
    "arrow time zones": (pa.array(range(N), pa.timestamp("us", "UTC")), "time"),
    "ISO dates": ([day.isoformat() for day in DAYS], "time"),
    "ISO times": ([f"{day}T10:30:00+02:00" for day in DAYS], "time"),
    "ISO dates after many nulls": (np.array([None] * 2000 + [day.isoformat() for day in DAYS], dtype=object), "time"),
    "vectors": (RNG.normal(size=(N, 2)), "embedding"),
    "lists of one length": ([[1, 2]] * N, "embedding"),
    "arrays of one length in an object column": (pd.Series([np.array([1.0, 2.0])] * N), "embedding"),
    "arrow fixed-size lists": (pa.array([[1, 2]] * N, pa.list_(pa.int8(), 2)), "embedding"),
    "polars arrays": (pl.Series([[1.0, 2.0]] * N, dtype=pl.Array(pl.Float32, 2)), "embedding"),
    "lists of several lengths": ([[1, 2], [1]] * 30, "unsupported"),
    "lists of strings": ([["a", "b"]] * N, "unsupported"),
    "arrow lists": (pa.array([[1, 2]] * N), "unsupported"),
    "dicts": ([{"a": 1}] * N, "unsupported"),
    "structs": (pa.array([{"a": 1}] * N), "unsupported"),
    "bytes": ([b"a"] * N, "unsupported"),
    "complex numbers": (np.zeros(N, complex), "unsupported"),
    "periods": (pd.Series(pd.period_range("2024-01", periods=N, freq="D")), "unsupported"),
    "numbers and strings": ([1, "a"] * 30, "unsupported"),
    "numbers and booleans": ([1, True] * 30, "unsupported"),
}


@pytest.mark.parametrize(("values", "kind"), KINDS.values(), ids=list(KINDS))
def test_kind_is_inferred(values: Any, kind: str) -> None:
    assert infer_kind(read_table({"x": values}).column("x"))[0] == kind


@pytest.mark.parametrize(("values", "kind"), KINDS.values(), ids=list(KINDS))
def test_every_kind_has_a_place_in_the_report(values: Any, kind: str) -> None:
    feature = Monitor({"x": values}).check({"x": values}).features["x"]
    assert feature.kind == kind
    assert (feature.status == "ok") == (feature.reason is None)
    assert not feature.drift_detected


@pytest.mark.parametrize(
    "kind", [kind for kind in FeatureKind if kind not in {FeatureKind.JOINT, FeatureKind.UNSUPPORTED}]
)
@pytest.mark.parametrize("values", [[1, 2] * 30, ["a", "b"] * 30, DAYS], ids=["numbers", "strings", "dates"])
def test_kind_that_the_user_gives_wins(kind: FeatureKind, values: Any) -> None:
    by_schema = Monitor({"x": values}, schema={"x": kind.value}).check({"x": values})
    by_feature = Monitor({"x": values}, per_feature={"x": {"kind": kind}}).check({"x": values})
    assert by_schema.features["x"].kind == by_feature.features["x"].kind == kind


def test_text_that_is_called_numeric_is_an_error_of_that_column_alone() -> None:
    data = {"x": ["a", "b"] * 30, "y": RNG.normal(size=N)}
    features = Monitor(data, schema={"x": "numeric"}).check(data).features
    assert features["x"].status == "error"
    assert "numbers are needed" in str(features["x"].reason)
    assert features["y"].status == "ok"


@pytest.mark.parametrize("current", [[0, 1], [0.0, 1.0], [False, True]], ids=["int", "float", "bool"])
def test_zero_and_one_are_booleans_where_the_user_says_so(current: list[Any]) -> None:
    # a boolean column with nulls comes back from many formats as numbers
    monitor = Monitor({"x": [False, True] * 100}, schema={"x": "boolean"})
    feature = monitor.check({"x": current * 100}).features["x"]
    assert (feature.drift_detected, feature.effect) == (False, 0.0)


def test_identifier_that_is_called_categorical_is_compared() -> None:
    feature = Monitor({"x": CODES}, schema={"x": "categorical"}).check({"x": CODES}).features["x"]
    assert set(feature.tests) >= {"chi2", "psi"}


@pytest.mark.parametrize("name", ["number", "unsupported", "joint", "", "None"])
def test_unknown_kind_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown feature kind: .* Known: 'numeric', 'boolean'"):
        FeatureKind.parse(name)
