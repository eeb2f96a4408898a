"""Every good format comes back as it was written by pyarrow, NumPy or the csv module, which are the oracles."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv as pa_csv
from pyarrow import feather, ipc, parquet

from driftwatch.errors import InputTypeError, MissingExtraError
from driftwatch.io import read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TABLE = pa.table(
    {
        "price": [1.5, None, -3.25e300],
        "n": pa.array([1, 2, None], pa.int64()),
        "ok": [True, False, None],
        "city": ["Århus, DK", 'say "hi"', None],
    }
)


def _read_stdin(content: bytes) -> pa.Table:
    return read("-", stdin=io.BytesIO(content))


def _write_csv(delimiter: str) -> Callable[[Path], None]:
    return lambda path: pa_csv.write_csv(TABLE, path, pa_csv.WriteOptions(delimiter=delimiter))


def _write_csv_module(path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)  # \r\n line ends, minimal quotes, None as an empty field
        writer.writerow(TABLE.column_names)
        writer.writerows(row.values() for row in TABLE.to_pylist())


def _write_bom(path: Path) -> None:
    _write_csv(",")(path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())


def _write_gzipped_csv(path: Path) -> None:
    _write_csv(";")(path)
    path.write_bytes(gzip.compress(path.read_bytes()))


def _write_gzip_of_two_members(path: Path) -> None:
    _write_csv(",")(path)
    whole = path.read_bytes()
    path.write_bytes(gzip.compress(whole[:20]) + gzip.compress(whole[20:]))


def _json_lines() -> bytes:
    return "".join(json.dumps(row) + "\n" for row in TABLE.to_pylist()).encode()


def _write_ipc_file(path: Path) -> None:
    with ipc.new_file(path, TABLE.schema) as writer:
        writer.write_table(TABLE)


def _write_ipc_stream(path: Path) -> None:
    with ipc.new_stream(path, TABLE.schema) as writer:
        writer.write_table(TABLE)


GOOD_TABLES: dict[str, Callable[[Path], Any]] = {
    "comma.csv": _write_csv(","),
    "semicolon.csv": _write_csv(";"),
    "tab.csv": _write_csv("\t"),
    "pipe.txt": _write_csv("|"),
    "tab.tsv": _write_csv("\t"),
    "module.CSV": _write_csv_module,
    "bom.csv": _write_bom,
    "unknown.dat": _write_csv(";"),
    "no_suffix": _write_csv(","),
    "zipped.csv.gz": _write_gzipped_csv,
    "zipped_without_suffix.csv": _write_gzipped_csv,
    "members.csv.gz": _write_gzip_of_two_members,
    "rows.jsonl": lambda path: path.write_bytes(_json_lines()),
    "rows.ndjson.gz": lambda path: path.write_bytes(gzip.compress(_json_lines())),
    "rows_unnamed": lambda path: path.write_bytes(_json_lines()),
    "a.parquet": lambda path: parquet.write_table(TABLE, path),
    "groups.pq": lambda path: parquet.write_table(TABLE, path, row_group_size=1),
    "parquet_unnamed": lambda path: parquet.write_table(TABLE, path),
    "a.arrow": _write_ipc_file,
    "a.arrows": _write_ipc_stream,
    "stream.arrow": _write_ipc_stream,
    "a.feather": lambda path: feather.write_feather(TABLE, path, compression="lz4"),
}


@pytest.mark.parametrize("name", GOOD_TABLES)
def test_a_table_comes_back_as_it_was_written(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    GOOD_TABLES[name](path)
    table = read(path)
    path.write_bytes(b"")  # the table outlives its file
    assert isinstance(table, pa.Table)
    assert table.combine_chunks().equals(TABLE)


@pytest.mark.parametrize("name", GOOD_TABLES)
def test_standard_input_reads_what_a_file_holds(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    GOOD_TABLES[name](path)
    assert _read_stdin(path.read_bytes()).combine_chunks().equals(TABLE)


def test_standard_input_is_read_as_bytes_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("a;b\nø;2\n".encode()), encoding="ascii"))
    table = read("-")
    assert isinstance(table, pa.Table)
    assert table.to_pydict() == {"a": ["ø"], "b": [2]}


def test_a_single_column_is_believed_on_standard_input_and_in_a_csv_file(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("price\n1\n2\n")
    assert _read_stdin(b"price\n1\n2\n").equals(read(tmp_path / "one.csv"))


def test_a_named_pipe_is_read_once_and_whole(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=[b"a,b\n1,2\n"])
    writer.start()
    table = read(str(pipe))
    writer.join()
    assert isinstance(table, pa.Table)
    assert table.to_pydict() == {"a": [1], "b": [2]}


def test_a_table_without_pyarrow_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"reading delimited text \(CSV\) needs pyarrow.*driftwatch\[cli\]"):
        read(tmp_path / "a.csv")


def test_arrays_are_read_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "a.npy", np.ones((2, 2)))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert np.array_equal(np.asarray(read(tmp_path / "a.npy")), np.ones((2, 2)))


def test_an_object_that_is_no_path_is_a_type_error() -> None:
    with pytest.raises(InputTypeError, match="path or '-', got dict"):
        read({"a": [1]})  # type: ignore[arg-type]
