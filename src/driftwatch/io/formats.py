"""Which format a file has: its first bytes decide, and its name must agree (layer 4, standard library only)."""

from __future__ import annotations

import codecs
import re
from enum import Enum
from typing import TYPE_CHECKING, NoReturn

from driftwatch.io.delimiter import sniff_delimiter

if TYPE_CHECKING:
    from driftwatch.io.source import Source

__all__ = ["HEAD_BYTES", "WANTED", "Format", "detect", "promised"]

HEAD_BYTES = 64 * 1024
WANTED = "CSV, TSV, JSON lines (these may be gzipped), Parquet, Arrow, Feather, NPY and NPZ"


class Format(Enum):
    """The formats that `read` knows; the value is how a message calls them."""

    DELIMITED = "delimited text (CSV)"
    JSON_LINES = "JSON lines"
    PARQUET = "a Parquet file"
    ARROW = "an Arrow file"
    NPY = "a NumPy array (.npy)"
    NPZ = "a NumPy archive (.npz)"


_TEXT = frozenset({Format.DELIMITED, Format.JSON_LINES})

_SUFFIXES = {
    ".csv": Format.DELIMITED,
    ".tsv": Format.DELIMITED,
    ".tab": Format.DELIMITED,
    ".txt": Format.DELIMITED,
    ".psv": Format.DELIMITED,
    ".jsonl": Format.JSON_LINES,
    ".ndjson": Format.JSON_LINES,
    ".json": Format.JSON_LINES,
    ".parquet": Format.PARQUET,
    ".pq": Format.PARQUET,
    ".arrow": Format.ARROW,
    ".arrows": Format.ARROW,
    ".ipc": Format.ARROW,
    ".feather": Format.ARROW,
    ".npy": Format.NPY,
    ".npz": Format.NPZ,
}
_PREFERRED_SUFFIX = {
    Format.DELIMITED: ".csv",
    Format.JSON_LINES: ".jsonl",
    Format.PARQUET: ".parquet",
    Format.ARROW: ".arrow",
    Format.NPY: ".npy",
    Format.NPZ: ".npz",
}

_JSON_START = re.compile(rb'\s*(\{\s*["}]|\[\s*[\[{])')
# Control characters and what is not UTF-8: over half of random bytes, about 5 % of the letters in Latin-1 French.
_ODD_IN_TEXT = "\ufffd" + "".join(chr(code) for code in range(32) if chr(code) not in "\t\n\v\f\r")
_ODD_SHARE = 0.1
_GZIP = b"\x1f\x8b"
_MAGIC = {
    b"PAR1": Format.PARQUET,
    b"ARROW1": Format.ARROW,
    b"\xff\xff\xff\xff": Format.ARROW,  # the continuation mark that opens an IPC stream
    b"\x93NUMPY": Format.NPY,
    b"PK\x03\x04": Format.NPZ,
    b"PK\x05\x06": Format.NPZ,  # an empty zip archive
}
_REFUSED = {
    b"FEA1": ("a Feather version 1 file, which is deprecated", "Write it again as Arrow (Feather version 2)"),
    b"PARE": ("an encrypted Parquet file", "Decrypt it first"),
    b"\x28\xb5\x2f\xfd": ("compressed with zstd", "Decompress it first (zstd -d), or use gzip"),
    b"\x04\x22\x4d\x18": ("compressed with lz4", "Decompress it first (lz4 -d), or use gzip"),
    b"\xfd7zXZ\x00": ("compressed with xz", "Decompress it first (xz -d), or use gzip"),
    b"BZh": ("compressed with bzip2", "Decompress it first (bzip2 -d), or use gzip"),
    b"\x80\x02": ("a Python pickle, which is never loaded because it can run code", "Save the data as Parquet"),
    b"\x80\x03": ("a Python pickle, which is never loaded because it can run code", "Save the data as Parquet"),
    b"\x80\x04": ("a Python pickle, which is never loaded because it can run code", "Save the data as Parquet"),
    b"\x80\x05": ("a Python pickle, which is never loaded because it can run code", "Save the data as Parquet"),
    b"\x89HDF": ("an HDF5 file", "Export the table as Parquet"),
    b"SQLite format 3": ("an SQLite database", "Export the table as CSV"),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "Export the sheet as CSV"),
    b"\xff\xfe": ("UTF-16 text", "Save it as UTF-8"),
    b"\xfe\xff": ("UTF-16 text", "Save it as UTF-8"),
}


def promised(source: Source) -> Format | None:
    """Return the format that the name of a source promises, without looking at its content; None if it says nothing."""
    suffixes = source.suffixes[:-1] if source.suffixes[-1:] == (".gz",) else source.suffixes
    return _SUFFIXES.get(suffixes[-1]) if suffixes else None


def detect(source: Source) -> tuple[Format, Source]:
    """Return the format and the source to read it from (with gzip undone where it is gzipped).

    Raises
    ------
    InputError
        If the content is of no known format, or is not what the name promises.
    """
    source, suffix = _undo_gzip(source)
    head = source.head(HEAD_BYTES)
    if not head:
        raise source.error("a table was expected, but the gzipped text is empty", "Check the program that wrote it")

    for magic, (found, advice) in _REFUSED.items():
        if head.startswith(magic):
            raise source.error(f"expected one of {WANTED}, but it is {found}", advice)

    named = _SUFFIXES.get(suffix)
    binary = next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)
    if binary is not None:
        if source.gzipped:
            raise source.error(f"only text may be gzipped, but it holds {binary.value}", "Run gunzip on it first")
        if named not in {None, binary}:
            _refuse_contradiction(source, suffix, binary)
        return binary, source
    if named in _TEXT:
        if named is Format.DELIMITED and _opens_like_json(head):
            _refuse_contradiction(source, suffix, Format.JSON_LINES)
        return named, source
    if named is not None:
        _refuse_named_binary(source, suffix, named, head)
    return _detect_unnamed_text(source, head), source


def _undo_gzip(source: Source) -> tuple[Source, str]:
    suffixes = source.suffixes
    if source.head(len(_GZIP)) == _GZIP:
        inner = suffixes[:-1] if suffixes[-1:] == (".gz",) else suffixes
        return source.uncompressed(), inner[-1] if inner else ""
    if suffixes[-1:] == (".gz",):
        raise source.error("its name ends in .gz, but it is not gzipped", "Rename it without .gz")
    return source, suffixes[-1] if suffixes else ""


def _refuse_contradiction(source: Source, suffix: str, found: Format) -> NoReturn:
    raise source.error(
        f"its name ends in {suffix}, but it holds {found.value}", f"Rename it to {_PREFERRED_SUFFIX[found]}"
    )


def _refuse_named_binary(source: Source, suffix: str, named: Format, head: bytes) -> NoReturn:
    if _looks_like_text(head):
        raise source.error(
            f"its name ends in {suffix}, but it holds text",
            f"Rename it to .csv or .jsonl, or write it again as {named.value}",
        )
    raise source.error(
        f"{named.value} was expected from its name, but it starts with {_shown(head)}", "Copy or write it again"
    )


def _detect_unnamed_text(source: Source, head: bytes) -> Format:
    if not _looks_like_text(head):
        raise source.error(f"expected one of {WANTED}, but it starts with {_shown(head)}", "Convert it to one of them")
    if _opens_like_json(head):
        return Format.JSON_LINES

    # A pipe has no name to go by, so a single column is believed; a file with a strange name is not.
    if source.path is None or sniff_delimiter(head) is not None:
        return Format.DELIMITED
    raise source.error(
        f"expected one of {WANTED}; neither its name nor its content says which",
        "Rename it, for example to .csv, if it is a table",
    )


def _looks_like_text(head: bytes) -> bool:
    """Return whether the bytes are meant as text, even if some of them are wrong: those are named by `check_text`."""
    decoded = head.decode("utf-8", errors="replace")
    n_odd = sum(decoded.count(character) for character in _ODD_IN_TEXT)
    return n_odd <= max(1, _ODD_SHARE * len(decoded))


def _opens_like_json(head: bytes) -> bool:
    return _JSON_START.match(head.removeprefix(codecs.BOM_UTF8)) is not None


def _shown(head: bytes) -> str:
    return f"the bytes {head[:8].hex(' ')}"
