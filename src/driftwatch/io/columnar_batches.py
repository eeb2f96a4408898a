"""Parquet and Arrow IPC files part by part (layer 4); imported only when such files are read."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import ipc

from driftwatch.io.columnar import damaged_arrow, damaged_parquet, is_arrow_file, open_parquet, seekable
from driftwatch.io.source import RemoteSource

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from driftwatch.io.source import Source

__all__ = ["ArrowParts", "ParquetParts"]


# All columns are open at once: of a thousand of them, buffers of a megabyte are a gigabyte, and these take no longer. Over
# a network each buffer is a request.
BUFFER_BYTES = 64 << 10
REMOTE_BUFFER_BYTES = 1 << 20


class ParquetParts:
    """The row groups of a Parquet file. Pages are decoded as they are needed, so that the size of a group does not count."""

    def __init__(self, source: Source) -> None:
        self.source = source

    @cached_property
    def _size(self) -> tuple[int, int]:
        try:
            with open_parquet(self.source) as opened:
                return opened.metadata.num_rows, opened.metadata.num_row_groups
        except (pa.ArrowException, OSError) as error:
            raise damaged_parquet(self.source, error) from None

    @property
    def n_rows(self) -> int | None:
        """Number of rows, from the footer."""
        return self._size[0]

    @property
    def n_parts(self) -> int:
        """Number of row groups."""
        return self._size[1]

    def tables(
        self, columns: Collection[str] | None, n_values: int, parts: Sequence[int] | None = None
    ) -> Iterator[pa.Table]:
        """Yield the schema as a table without rows, then the columns that are wanted."""
        try:
            buffer_bytes = REMOTE_BUFFER_BYTES if isinstance(self.source, RemoteSource) else BUFFER_BYTES
            with open_parquet(self.source, buffer_bytes=buffer_bytes) as opened:
                names = opened.schema_arrow.names
                yield opened.schema_arrow.empty_table()
                wanted = [name for name in names if columns is None or name in columns]
                n_rows = max(1, n_values // max(1, len(wanted)))
                for batch in opened.iter_batches(n_rows, row_groups=parts, columns=wanted):
                    yield pa.table(batch)
        except (pa.ArrowException, OSError) as error:
            raise damaged_parquet(self.source, error) from None


class ArrowParts:
    """The record batches of an Arrow IPC file or stream; one at a time is held, in the size in which it was written."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._is_file = is_arrow_file(source)

    @cached_property
    def _size(self) -> tuple[int | None, int]:
        if not self._is_file:
            return None, 1
        try:
            with ipc.open_file(seekable(self.source)) as reader:
                return _count_rows(reader), reader.num_record_batches
        except (pa.ArrowException, OSError) as error:
            raise damaged_arrow(self.source, error) from None

    @property
    def n_rows(self) -> int | None:
        """Number of rows; None for a stream, which does not say it."""
        return self._size[0]

    @property
    def n_parts(self) -> int:
        """Number of record batches; 1 for a stream."""
        return self._size[1]

    def tables(
        self,
        columns: Collection[str] | None,
        n_values: int,  # noqa: ARG002 - as the others: the file says how large its batches are
        parts: Sequence[int] | None = None,
    ) -> Iterator[pa.Table]:
        """Yield the schema as a table without rows, then the columns that are wanted."""
        try:
            opener = ipc.open_file if self._is_file else ipc.open_stream
            with opener(seekable(self.source)) as reader:
                names = reader.schema.names
                yield reader.schema.empty_table()
            included = None if columns is None else [i for i, name in enumerate(names) if name in columns]
            with opener(seekable(self.source), options=ipc.IpcReadOptions(included_fields=included)) as reader:
                for batch in self._batches(reader, parts):
                    batch.validate(full=True)
                    yield pa.table(batch)
        except (pa.ArrowException, OSError) as error:
            raise damaged_arrow(self.source, error) from None

    def _batches(self, reader: Any, parts: Sequence[int] | None) -> Iterator[Any]:
        if not self._is_file:
            yield from reader
            return
        for i in range(reader.num_record_batches) if parts is None else parts:
            yield reader.get_batch(i)


def _count_rows(reader: Any) -> int:
    """Return the number of rows; older pyarrow says it of each record batch only."""
    if hasattr(reader, "count_rows"):
        return int(reader.count_rows())
    return sum(reader.get_batch(i).num_rows for i in range(reader.num_record_batches))
