"""What is written is read again as it was."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from driftwatch.errors import ConfigError, InputError
from driftwatch.io import read
from driftwatch.io.writers import SUFFIXES, encode

if TYPE_CHECKING:
    from pathlib import Path

TABLE = pa.table(
    {
        "x": [1.5, None, -2.0],
        "n": [1, 2, 3],
        "city": pa.array(["Rome", "Oslo, north", "Rome"]).dictionary_encode(),
        "yes": [True, False, True],
        "at": [dt.datetime.fromisoformat(f"2024-01-0{day}T12:00:00") for day in (1, 2, 3)],
    }
)


@pytest.mark.parametrize("suffix", [suffix for suffix in SUFFIXES if suffix != ".npy"])
def test_table_survives(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"out{suffix}"
    file.write_bytes(encode(TABLE, str(file)))
    back = read(file)
    assert isinstance(back, pa.Table)
    assert back.column_names == TABLE.column_names
    for name in ("x", "n", "city", "yes"):
        assert back[name].to_pylist() == TABLE[name].to_pylist()
    assert [str(value)[:10] for value in back["at"].to_pylist()] == ["2024-01-01", "2024-01-02", "2024-01-03"]


def test_array_survives(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(4, 2)).astype(np.float32)
    file = tmp_path / "out.npy"
    file.write_bytes(encode(x, ".npy"))
    back = read(file)
    assert isinstance(back, np.ndarray)
    assert back.dtype == np.float32
    assert np.array_equal(back, x)


def test_mapping_of_arrays_is_a_table() -> None:
    assert encode({"a": np.array([1, 2]), "b": np.array(["x", "y"])}, ".tsv") == b'"a"\t"b"\n1\t"x"\n2\t"y"\n'


def test_nested_columns_do_not_fit_into_text() -> None:
    nested = pa.table({"v": [[1.0, 2.0], [3.0]]})
    with pytest.raises(InputError, match=r"\.csv cannot hold these columns"):
        encode(nested, ".csv")
    assert encode(nested, ".parquet")


def test_unknown_ending_and_table_as_npy_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"ends in one of \.csv"):
        encode(TABLE, "out.xlsx")
    with pytest.raises(InputError, match="holds one array"):
        encode(TABLE, "out.npy")
