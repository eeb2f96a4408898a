"""Delimited text block by block, with the types that columns are to have (layer 4); imported only when it is read."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import csv

from driftwatch.io import delimited

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from driftwatch.io.source import Source

__all__ = ["DelimitedParts"]

_CONVERSION = re.compile(r"In CSV column #(\d+): .*conversion error")
_WIDER = {
    "null": pa.float64(),
    "int64": pa.float64(),
}  # what a column is tried as where a value does not fit; else text


class DelimitedParts:
    """A delimited text file, which is one part.

    Columns in `types` have that type, or are text from the value on that does not fit; the others have the type of the
    first block, and a wider one from the value on that does not fit. `types` is a mapping, or one type for all.
    """

    n_rows = None
    n_parts = 1

    def __init__(self, source: Source, types: Mapping[str, pa.DataType] | pa.DataType | None = None) -> None:
        self.source = source
        self.types = types

    @cached_property
    def _layout(self) -> delimited.Layout:
        return delimited.layout_of(self.source)

    def tables(
        self,
        columns: Collection[str] | None,
        n_values: int,  # noqa: ARG002 - as the others: blocks are of bytes
        parts: Sequence[int] | None = None,  # noqa: ARG002 - there is one
    ) -> Iterator[pa.Table]:
        """Yield the schema as a table without rows, then the columns that are wanted."""
        header, block = self._header()
        yield delimited.tidied(header.empty_table())
        types = self._types(header.names)
        included = self._included(header.names, columns)
        done = 0
        last: pa.Table | None = None
        while True:
            position = 0
            try:
                for table in self._blocks(types, included, block):
                    fresh = table.slice(max(0, done - position))  # after a new start the first rows come once more
                    position += table.num_rows
                    if fresh.num_rows:
                        last, done = delimited.tidied(fresh), position
                        yield last
                break
            except pa.ArrowInvalid as error:
                if not _widen(types, header, error):
                    block = delimited.larger_block(self.source, self._layout, block, error)
        if self._layout.n_quotes % 2 and last is not None and delimited.last_field_runs_on(last):
            raise delimited.unclosed_quote(self.source, done)

    def _header(self) -> tuple[pa.Schema, int]:
        """Return the schema of the first block, and how many bytes of it were needed."""
        block = delimited.BLOCK_BYTES
        while True:
            try:
                read_options = csv.ReadOptions(block_size=block)
                with self.source.open() as stream:
                    options = delimited.convert_options()
                    return csv.open_csv(stream, read_options, self._layout.parse_options(), options).schema, block
            except pa.ArrowInvalid as error:
                block = delimited.larger_block(self.source, self._layout, block, error)

    def _types(self, names: Sequence[str]) -> dict[str, pa.DataType]:
        if isinstance(self.types, pa.DataType):
            return dict.fromkeys(names, self.types)
        types: Mapping[str, pa.DataType] = self.types or {}
        return {name: types[name] for name in names if name in types}

    def _included(self, names: Sequence[str], columns: Collection[str] | None) -> list[str] | None:
        """Return the columns to read; None for all, where names go by position or the last field is looked at."""
        if columns is None or self._layout.n_quotes % 2 or delimited.named(names) != list(names):
            return None
        return [name for name in names if name in columns]

    def _blocks(self, types: dict[str, pa.DataType], included: list[str] | None, block: int) -> Iterator[pa.Table]:
        options = delimited.convert_options(types)
        options.include_columns = included or []
        read_options = csv.ReadOptions(block_size=block)
        with self.source.open() as stream:
            for batch in csv.open_csv(stream, read_options, self._layout.parse_options(), options):
                yield pa.table(batch)


def _widen(types: dict[str, pa.DataType], header: pa.Schema, error: pa.ArrowInvalid) -> bool:
    """Give the column that an error names a wider type, and return whether it does name one."""
    found = _CONVERSION.search(str(error))
    if found is None:
        return False
    name = header.names[int(found[1])]
    now = str(types.get(name, header.field(int(found[1])).type))
    types[name] = _WIDER.get(now, pa.string())
    return now != "string"
