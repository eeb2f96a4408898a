"""CSV, TSV and their kin as Arrow tables (layer 4); imported only when such a file is read."""

from __future__ import annotations

import io
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from driftwatch.io.delimiter import sniff_delimiter
from driftwatch.io.formats import HEAD_BYTES
from driftwatch.io.source import one_line
from driftwatch.io.text import check_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftwatch.io.source import Source

__all__ = [
    "BLOCK_BYTES",
    "Layout",
    "convert_options",
    "larger_block",
    "last_field_runs_on",
    "layout_of",
    "named",
    "read_delimited",
    "tidied",
    "typed",
    "unclosed_quote",
]

# Larger than pyarrow's 1 MiB: fewer chunks a column, at no more memory. A row that does not fit makes it grow.
BLOCK_BYTES = 4 << 20
_MAX_BLOCK_BYTES = 1 << 30  # pyarrow counts blocks in int32
_BLOCK_TOO_SMALL = re.compile(r"straddl|cannot infer number of columns")
_CONVERSION = "conversion error"
_RAGGED = re.compile(r"Expected \d+ columns, got \d+")
_TAB_SUFFIXES = frozenset({".tsv", ".tab"})
# pyarrow's spellings of a missing number, and what Python and pandas print for one.
_MISSING = [*csv.ConvertOptions().null_values, "None", "<NA>"]


def read_delimited(source: Source) -> pa.Table:
    """Return the table of a delimited text file with a header line.

    Notes
    -----
    The delimiter is found from the header and the first records. A column takes the first type that all of its values
    have: integer, boolean, date, time, timestamp, float, string; nothing is dropped to make a type fit. NA, NaN, null
    and the like are missing in every column but text, where they may be meant (NA is Namibia); an empty field is
    missing in every column. A column without a name is called `unnamed_<position>`. Blank lines are skipped.
    """
    layout = layout_of(source)
    table = _parse(source, layout)
    if layout.n_quotes % 2 and last_field_runs_on(table):
        raise unclosed_quote(source, table.num_rows)
    return tidied(table)


class Layout(NamedTuple):
    """What has to be known of a delimited text before it is parsed."""

    delimiter: str
    n_bytes: int
    n_quotes: int

    def parse_options(self) -> csv.ParseOptions:
        """Return what pyarrow has to know."""
        # A line break inside a field needs a quote; without quotes pyarrow may cut the text at any line break.
        return csv.ParseOptions(delimiter=self.delimiter, newlines_in_values=self.n_quotes > 0)


def layout_of(source: Source) -> Layout:
    """Read the text once, and return its layout."""
    facts = check_text(source)
    prefer = "\t" if _TAB_SUFFIXES.intersection(source.suffixes) else None
    return Layout(sniff_delimiter(source.head(HEAD_BYTES), prefer=prefer) or ",", facts.n_bytes, facts.n_quotes)


def unclosed_quote(source: Source, n_rows: int) -> Exception:
    """Return the error of a quote in the last of so many rows that is never closed."""
    return source.error(
        f"a quote opened in row {n_rows + 1} (the header is row 1) is never closed",
        'Close it, or write a quote inside a field twice ("")',
    )


def tidied(table: pa.Table) -> pa.Table:
    """Return a table with a name for every column, and empty fields of text as missing."""
    return pa.table([_empty_as_null(column) for column in table.columns], names=named(table.column_names))


def typed(text: pa.Table) -> pa.Table:
    """Return columns of text in the types that they would have been read as."""
    out = io.BytesIO()
    csv.write_csv(text, out)
    # a row of one column that is empty is a blank line, and counts
    options = csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False)
    found = csv.read_csv(pa.BufferReader(out.getvalue()), parse_options=options, convert_options=convert_options())
    return tidied(found.rename_columns(text.column_names))


def named(names: Sequence[str]) -> list[str]:
    """Return the names of a header, with one for every column that has none."""
    return [name if name.strip() else f"unnamed_{i}" for i, name in enumerate(names)]


def _parse(source: Source, layout: Layout) -> pa.Table:
    block = BLOCK_BYTES
    while True:
        try:
            return _parse_blocks(source, layout.parse_options(), block)
        except pa.ArrowInvalid as error:
            block = larger_block(source, layout, block, error)


def larger_block(source: Source, layout: Layout, block: int, error: pa.ArrowInvalid) -> int:
    """Return the block size to try again with, or raise what the error means."""
    if _BLOCK_TOO_SMALL.search(str(error)):
        if block < min(layout.n_bytes, _MAX_BLOCK_BYTES):
            return min(block * 8, _MAX_BLOCK_BYTES)
        raise source.error(
            "a header line and rows were expected, but there is at most one line",
            "Check the program that wrote it",
        ) from None
    if _RAGGED.search(str(error)):
        raise _ragged(source, layout.parse_options(), block) from None
    raise source.error(
        f"a table with a header line was expected ({one_line(error)})", "Check the header and the quotes"
    ) from None


def _parse_blocks(source: Source, options: csv.ParseOptions, block: int) -> pa.Table:
    """Parse with the types of the first block; where a later value does not fit, guess on the whole file.

    pyarrow's own guess on the whole file keeps the text of every block until the end: twice the memory.
    """
    read_options = csv.ReadOptions(block_size=block)
    with source.open() as stream, csv.open_csv(stream, read_options, options, convert_options()) as reader:
        first = {field.name: field.type for field in reader.schema if not pa.types.is_null(field.type)}
    try:
        with source.open() as stream:
            return csv.read_csv(stream, read_options, options, convert_options(first))
    except pa.ArrowInvalid as error:
        if _CONVERSION not in str(error):
            raise
    with source.open() as stream:
        return csv.read_csv(stream, read_options, options, convert_options())


def convert_options(types: Mapping[str, pa.DataType] | None = None) -> csv.ConvertOptions:
    """Return what is missing, with the types of some columns."""
    return csv.ConvertOptions(null_values=_MISSING, column_types=types)


def _ragged(source: Source, options: csv.ParseOptions, block: int) -> Exception:
    """Parse again on one thread, the only way in which pyarrow knows row numbers."""
    seen: list[Any] = []

    def stop_at(row: Any) -> str:
        seen.append(row)
        return "error"

    options.invalid_row_handler = stop_at
    on_one_thread = csv.ReadOptions(block_size=block, use_threads=False)
    names: list[str] = []
    while not seen:
        text = dict.fromkeys(names, pa.string())  # as text no value stands in the way of the row
        with suppress(pa.ArrowInvalid), source.open() as stream:
            reader = csv.open_csv(stream, on_one_thread, options, convert_options(text))
            names = reader.schema.names
            for _ in reader if text else ():
                pass
    row = seen[0]
    return source.error(
        f"row {row.number} (the header is row 1, blank lines are not counted) has {row.actual_columns} fields, "
        f"but the header has {row.expected_columns}; the delimiter was taken to be {options.delimiter!r}",
        "Correct that row, or quote the fields that hold the delimiter",
    )


def last_field_runs_on(table: pa.Table) -> bool:
    """Return whether the last field swallowed line ends, as one behind an unclosed quote does."""
    last = table.column(table.num_columns - 1)
    return pa.types.is_string(last.type) and len(last) > 0 and "\n" in (last[-1].as_py() or "")


def _empty_as_null(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_string(column.type):
        return column
    empty = pc.equal(pc.binary_length(column), 0)
    return pc.if_else(empty, pa.scalar(None, column.type), column) if pc.any(empty).as_py() else column
