"""NPY and NPZ files come back as NumPy saved them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from driftwatch.io import read

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NUMBERS = np.arange(12.0).reshape(4, 3)
DATES = np.array(["2024-01-01", "NaT"], dtype="datetime64[D]")


@pytest.mark.parametrize(
    "array",
    [
        NUMBERS,
        np.asfortranarray(NUMBERS),
        NUMBERS.astype(">f4"),
        NUMBERS.astype(np.float16),
        NUMBERS.astype(np.uint8),
        NUMBERS > 5,
    ],
    ids=lambda array: f"{array.dtype.str}-{'F' if array.flags.fnc else 'C'}",
)
def test_block_of_numbers_comes_back_as_it_is(tmp_path: Path, array: NDArray[Any]) -> None:
    np.save(tmp_path / "a.npy", array)
    np.savez_compressed(tmp_path / "a.npz", array)
    piped = read("-", stdin=io.BytesIO((tmp_path / "a.npy").read_bytes()))
    for found in (read(tmp_path / "a.npy"), read(tmp_path / "a.npz"), piped):
        assert type(found) is np.ndarray
        assert found.dtype == array.dtype
        assert np.array_equal(found, array)


def test_array_outlives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, NUMBERS)
    found = read(path)
    path.write_bytes(b"")  # what a job does that writes the next day's data in place
    assert np.array_equal(np.asarray(found), NUMBERS)


def test_one_dimension_is_one_feature(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", NUMBERS[:, 0])
    found = read(tmp_path / "a.npy")
    assert list(found) == ["f0"]
    assert np.array_equal(found["f0"], NUMBERS[:, 0])


def test_block_of_text_is_told_column_by_column(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([["x", "y"], ["z", "y"], ["x", "ø"]]))
    found = read(tmp_path / "a.npy")
    assert isinstance(found, dict)
    assert {name: column.tolist() for name, column in found.items()} == {
        "f0": ["x", "z", "x"],
        "f1": ["y", "y", "ø"],
    }


def test_archive_of_columns_is_a_dict(tmp_path: Path) -> None:
    columns: dict[str, Any] = {
        "price": np.array([1.5, np.nan]),
        "city": np.array(["a", "b"]),
        "day": DATES,
        "n": np.array([1, 2]),
    }
    np.savez(tmp_path / "a.npz", **columns)
    found = read(tmp_path / "a.npz")
    assert list(found) == list(columns)
    for name, column in columns.items():
        np.testing.assert_array_equal(found[name], column)


def test_archive_of_one_column_keeps_its_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", price=np.array([1.5, 2.5]))
    assert list(read(tmp_path / "a.npz")) == ["price"]


def test_second_version_of_the_header_is_read(tmp_path: Path) -> None:
    with (tmp_path / "a.npy").open("wb") as stream:
        np.lib.format.write_array(stream, NUMBERS, version=(2, 0))
    assert np.array_equal(np.asarray(read(tmp_path / "a.npy")), NUMBERS)
