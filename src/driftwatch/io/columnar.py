"""Parquet and Arrow IPC (Feather) as Arrow tables (layer 4); imported only when such a file is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import ipc

from driftwatch.io.source import one_line

if TYPE_CHECKING:
    from driftwatch.io.source import Source

__all__ = ["read_arrow", "read_parquet"]

_IPC_FILE_MAGIC = b"ARROW1"
_PAGE_BUFFER_BYTES = 1 << 20


def read_parquet(source: Source) -> pa.Table:
    """Return the table of a Parquet file.

    Notes
    -----
    Peak memory is close to the size of the table. Column chunks are streamed through a small buffer: a memory map or
    pre-buffering would hold the encoded file beside the decoded table (half as much again for plain float64).
    """
    from pyarrow import parquet

    try:
        opened = parquet.ParquetFile(
            str(source.path) if source.path else pa.BufferReader(source.data),
            buffer_size=_PAGE_BUFFER_BYTES,
            pre_buffer=False,
        )
        with opened:
            return opened.read()
    except (pa.ArrowException, OSError) as error:
        raise source.error(
            f"a whole Parquet file was expected, but it is damaged or cut short ({one_line(error)})",
            "Copy or write it again",
        ) from None


def read_arrow(source: Source) -> pa.Table:
    """Return the table of an Arrow IPC file or stream.

    Notes
    -----
    The file is read, not mapped: a mapped file that somebody cuts short meanwhile kills the process, and mapped pages
    of a compressed file would count beside the table made from them. Offsets and text are checked once, because a
    damaged file would otherwise crash whoever reads the table.
    """
    try:
        raw = pa.OSFile(str(source.path)) if source.path else pa.BufferReader(source.data)
        is_file = source.head(len(_IPC_FILE_MAGIC)) == _IPC_FILE_MAGIC
        with ipc.open_file(raw) if is_file else ipc.open_stream(raw) as reader:
            table = reader.read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError) as error:
        raise source.error(
            f"a whole Arrow file was expected, but it is damaged or cut short ({one_line(error)})",
            "Copy or write it again",
        ) from None
    return table
