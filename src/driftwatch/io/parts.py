"""A file in parts that are read one after another, whatever its format (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from driftwatch.io.formats import Format

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import pyarrow as pa

    from driftwatch.io.source import Source

__all__ = ["Parts", "open_parts"]


class Parts(Protocol):
    """One file, in parts that can be read by themselves."""

    @property
    def n_rows(self) -> int | None:
        """Number of rows, where the file says it without being read."""

    @property
    def n_parts(self) -> int:
        """Number of parts."""

    def tables(
        self, columns: Collection[str] | None, n_values: int, parts: Sequence[int] | None = None
    ) -> Iterator[pa.Table]:
        """Yield some parts, or all, in tables with the columns that are wanted; the first one may have names only."""


def open_parts(found: Format, source: Source, types: Mapping[str, pa.DataType] | pa.DataType | None = None) -> Parts:
    """Return the parts of a file; `types` are those of columns, or of all, in formats that have none."""
    match found:
        case Format.DELIMITED:
            from driftwatch.io.delimited_batches import DelimitedParts

            return DelimitedParts(source, types)
        case Format.JSON_LINES:
            from driftwatch.io.json_lines import JsonLinesParts

            return JsonLinesParts(source)
        case Format.PARQUET:
            from driftwatch.io.columnar_batches import ParquetParts

            return ParquetParts(source)
        case Format.ARROW:
            from driftwatch.io.columnar_batches import ArrowParts

            return ArrowParts(source)
        case _:
            return _ArrayParts(found, source)


class _ArrayParts:
    """NPY and NPZ files, which are read as a whole."""

    n_rows = None
    n_parts = 1

    def __init__(self, found: Format, source: Source) -> None:
        self.found, self.source = found, source

    def tables(
        self,
        columns: Collection[str] | None,  # noqa: ARG002 - an array is read as a whole
        n_values: int,  # noqa: ARG002
        parts: Sequence[int] | None = None,  # noqa: ARG002 - there is one
    ) -> Iterator[pa.Table]:
        from driftwatch.io.arrays import read_npy, read_npz
        from driftwatch.io.writers import as_arrow

        yield as_arrow(read_npy(self.source) if self.found is Format.NPY else read_npz(self.source))
