"""Bad input of every kind gets one line that names the file and says what came: a table, case by case."""

from __future__ import annotations

import gzip
import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import ipc, parquet

from driftwatch.errors import InputError
from driftwatch.io import read

TABLE = pa.table({"a": [1.5, 2.5], "b": ["x", "y"]})


def _bytes_of(write: Any, *args: Any, **options: Any) -> bytes:
    sink = io.BytesIO()
    write(sink, *args, **options)
    return sink.getvalue()


def _parquet(table: pa.Table = TABLE) -> bytes:
    sink = io.BytesIO()
    parquet.write_table(table, sink)
    return sink.getvalue()


def _arrow(*, stream: bool = False) -> bytes:
    sink = io.BytesIO()
    with (ipc.new_stream if stream else ipc.new_file)(sink, TABLE.schema) as writer:
        writer.write_table(TABLE)
    return sink.getvalue()


def _npy(array: Any, *, allow_pickle: bool = False) -> bytes:
    return _bytes_of(np.save, array, allow_pickle=allow_pickle)


def _npz(**arrays: Any) -> bytes:
    return _bytes_of(np.savez, **arrays)


def _zip(**members: str) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return sink.getvalue()


def _npy_version_3() -> bytes:
    with pytest.warns(UserWarning, match="format 3.0"):
        return _npy(np.zeros(3, dtype=[("α", "f8")]))  # noqa: RUF001 - a name that is not Latin-1 is the point


CSV = b"a,b\n1,x\n2,y\n"
JUNK = np.random.default_rng(0).bytes(4096)
STRUCTURED = np.zeros(3, dtype=[("a", "f8"), ("b", "i4")])

# name of the file -> what it holds -> what the message says
BAD: list[tuple[str, bytes, str]] = [
    # empty in some way
    ("zero.csv", b"", "empty (0 bytes)"),
    ("zero.parquet", b"", "empty (0 bytes)"),
    ("zero.csv.gz", gzip.compress(b"", mtime=0), "gzipped text is empty"),
    ("blank.csv", b"\n \n\n", "blanks only"),
    ("bom.csv", b"\xef\xbb\xbf", "a header line was expected"),
    ("header.csv", b"a,b\n", "2 columns and zero rows"),
    ("header_without_newline.csv", b"a,b", "at most one line"),
    ("header.parquet", _parquet(TABLE.slice(0, 0)), "2 columns and zero rows"),
    ("no_columns.parquet", _parquet(pa.table({})), "no columns"),
    ("no_keys.jsonl", b"{}\n{}\n", "no columns"),
    ("rows.npy", _npy(np.empty((0, 3))), "3 columns and zero rows"),
    ("columns.npy", _npy(np.empty((3, 0))), "no columns"),
    ("column.npz", _npz(a=np.empty(0), b=np.empty(0)), "2 columns and zero rows"),
    # the name and the content disagree
    ("text.parquet", CSV, "ends in .parquet, but it holds text. Rename it to .csv"),
    ("text.npy", CSV, "ends in .npy, but it holds text"),
    ("latin.arrow", "nom,prix\nété,1\nhiver,2\nautomne,3\n".encode("latin-1"), "ends in .arrow, but it holds text"),
    ("parquet.csv", _parquet(), "ends in .csv, but it holds a Parquet file. Rename it to .parquet"),
    ("arrow.parquet", _arrow(), "ends in .parquet, but it holds an Arrow file"),
    ("npy.npz", _npy(np.ones((2, 2))), "ends in .npz, but it holds a NumPy array"),
    ("json.csv", b'{"a": 1}\n', "ends in .csv, but it holds JSON lines"),
    ("plain.csv.gz", CSV, "ends in .gz, but it is not gzipped"),
    # not a table at all
    ("junk.bin", JUNK, "expected one of CSV"),
    ("junk", JUNK, "it starts with the bytes"),
    ("junk.parquet", JUNK, "a Parquet file was expected from its name, but it starts with the bytes"),
    ("junk.csv", JUNK, "text was expected"),
    ("prose.md", b"It was a dark night.\nNothing, at all, moved.\n", "neither its name nor its content"),
    ("sheet.xlsx", _zip(sheet="<xml/>"), "a zip archive that holds 'sheet'"),
    ("nothing.npz", _zip(), "a zip archive that holds none"),
    ("frame.pkl", pickle.dumps([1]), "a Python pickle, which is never loaded"),
    ("frame.npy", pickle.dumps([1]), "a Python pickle, which is never loaded"),
    ("base.db", b"SQLite format 3\0" + JUNK, "an SQLite database"),
    ("old.feather", b"FEA1" + bytes(60), "Feather version 1"),
    # compression
    ("cut.csv.gz", gzip.compress(CSV * 100, mtime=0)[:-12], "cut short"),
    ("very_cut.csv.gz", gzip.compress(CSV, mtime=0)[:5], "cut short"),
    ("broken.csv.gz", gzip.compress(CSV, mtime=0)[:10] + b"\xff" * 40, "gzip stream is damaged"),
    ("checksum.csv.gz", gzip.compress(CSV, mtime=0)[:-8] + bytes(8), "gzip stream is damaged"),
    ("inner.parquet.gz", gzip.compress(_parquet(), mtime=0), "only text may be gzipped, but it holds a Parquet file"),
    ("a.csv.zst", b"\x28\xb5\x2f\xfd" + JUNK, "compressed with zstd"),
    ("a.csv.bz2", b"BZh91AY" + JUNK, "compressed with bzip2"),
    ("a.csv.xz", b"\xfd7zXZ\x00" + JUNK, "compressed with xz"),
    # text
    ("nul.csv", b"a,b\n1,x\n2,\x00\n", "NUL byte at byte 10 (line 3)"),
    ("nul.csv.gz", gzip.compress(b"a,b\n1,x\n2,\x00\n", mtime=0), "NUL byte at byte 10 (line 3)"),
    ("latin.csv", "a,b\n1,x\n2,é\n".encode("latin-1"), "byte 0xe9 at byte 10 (line 3)"),
    ("half.csv", "a,b\n1,é".encode()[:-1], "byte 0xc3 at byte 6 (line 2)"),
    ("utf16.csv", "a,b\n1,2\n".encode("utf-16"), "UTF-16 text"),
    ("utf16_without_bom.csv", "a,b\n1,2\n".encode("utf-16-le"), "NUL byte at byte 1 (line 1)"),
    ("twice.csv", b"a,b,a\n1,2,3\n", "more than once: 'a'"),
    ("short_row.csv", b"a,b\n1,2\n3\n4,5\n", "row 3 (the header is row 1, blank lines are not counted) has 1 fields"),
    ("long_row.csv", b"a;b\n1;2\n3;4\n4;5;6\n", "row 4"),
    ("quote.csv", b'a,b\n1,x\n2,"y\n3,z\n', "a quote opened in row 3"),
    # JSON lines
    ("broken.jsonl", b'{"a": 1}\n{"a": 2\n{"a": 3}\n', "line 2 is not valid JSON"),
    ("blank_lines.jsonl", b'{"a": 1}\n\n\n{"a": }\n', "line 4 is not valid JSON"),
    ("list.jsonl", b'{"a": 1}\n[1, 2]\n', "line 2 holds list"),
    ("array.json", b'[{"a": 1}, {"a": 2}]\n', "it holds a JSON array"),
    ("twice.jsonl", b'{"a": 1, "a": 2}\n', "the key 'a' stands there twice"),
    ("deep.jsonl", b'{"a": "x"}\n{"a": ' + b"[" * 100_000 + b"\n", "line 2 is not valid JSON"),
    # Parquet and Arrow
    ("cut.parquet", _parquet()[:-20], "a whole Parquet file was expected"),
    ("magic.parquet", b"PAR1", "a whole Parquet file was expected"),
    ("scribbled.parquet", b"PAR1" + JUNK + b"\x10\x00\x00\x00PAR1", "a whole Parquet file was expected"),
    ("twice.parquet", _parquet(pa.table([[1], [2]], names=["a", "a"])), "more than once: 'a'"),
    ("flipped.arrow", _arrow().replace(b"xy", b"x\xff"), "a whole Arrow file was expected"),
    ("cut.arrow", _arrow()[:-20], "a whole Arrow file was expected"),
    ("cut.arrows", _arrow(stream=True)[:200], "a whole Arrow file was expected"),
    # NPY and NPZ
    ("cut.npy", _npy(np.ones((10, 10)))[:-8], "a whole NumPy file was expected"),
    ("head.npy", _npy(np.ones((10, 10)))[:20], "a whole NumPy file was expected"),
    ("version.npy", b"\x93NUMPY\x09\x00" + JUNK, "a whole NumPy file was expected"),
    ("0d.npy", _npy(np.array(1.0)), "0 dimensions"),
    ("3d.npy", _npy(np.ones((2, 3, 4))), "3 dimensions, shape (2, 3, 4)"),
    ("objects.npy", _npy(np.array([1, "x"], dtype=object), allow_pickle=True), "pickled Python objects"),
    ("fields.npy", _npy(STRUCTURED), "fields (a structured array)"),
    ("greek.npy", _npy_version_3(), "fields (a structured array)"),
    ("complex.npy", _npy(np.ones((2, 2), dtype=complex)), "complex numbers"),
    ("bytes.npy", _npy(np.array([b"x", b"y"])), "holds bytes"),
    ("objects.npz", _npz(x=np.ones(2), y=np.array([1, "x"], dtype=object)), "array 'y' holds pickled Python objects"),
    ("mixed.npz", _npz(x=np.ones(2), y=np.ones((2, 2))), "it holds x (2,), y (2, 2)"),
    ("lengths.npz", _npz(x=np.ones(2), y=np.ones(3)), "it holds x (2,), y (3,)"),
    ("3d.npz", _npz(x=np.ones((2, 2, 2))), "3 dimensions"),
    ("cut.npz", _npz(x=np.ones(100))[:-30], "a whole NumPy file was expected"),
]


@pytest.mark.parametrize(("name", "content", "said"), BAD, ids=[name for name, _, _ in BAD])
def test_bad_file_is_one_line_that_names_it(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read(path)
    message = str(caught.value)
    assert said in message
    assert message.startswith(f"cannot read {str(path)!r}: ")
    assert "\n" not in message


_BY_NAME_ONLY = {"text.parquet", "text.npy", "latin.arrow", "parquet.csv", "arrow.parquet", "npy.npz", "json.csv"}
_BY_NAME_ONLY |= {"plain.csv.gz", "prose.md"}


@pytest.mark.parametrize(
    "content", [content for name, content, _ in BAD if name not in _BY_NAME_ONLY], ids=lambda content: content[:8].hex()
)
def test_bad_standard_input_is_one_line_too(content: bytes) -> None:
    with pytest.raises(InputError, match=r"^cannot read 'standard input': [^\n]+\.$"):
        read("-", stdin=io.BytesIO(content))


def test_missing_file_says_where_it_was_looked_up() -> None:
    with pytest.raises(InputError, match=r"'no/such/file\.csv': no such file\. .*" + Path.cwd().name):
        read("no/such/file.csv")


def test_url_is_not_taken_for_a_missing_file() -> None:
    with pytest.raises(InputError, match=r"it is a URL\. Download it first"):
        read("s3://bucket/a.parquet")


def test_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="it is a folder"):
        read(tmp_path)


def test_permission_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.csv").write_bytes(CSV)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # file modes do not bind the superuser, who may run the tests
    with pytest.raises(InputError, match=r"a\.csv': permission denied\. Ask for read access"):
        read(tmp_path / "a.csv")


@pytest.mark.parametrize("path", ["a\0b.csv", "x" * 5000])
def test_impossible_path_is_refused(path: str) -> None:
    with pytest.raises(InputError, match="it cannot be opened"):
        read(path)


def test_process_without_standard_input_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(InputError, match="this process has none"):
        read("-")
