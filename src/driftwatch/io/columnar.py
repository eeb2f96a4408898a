"""Parquet and Arrow IPC (Feather) as Arrow tables (layer 4); imported only when such a file is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import ipc

from driftwatch.io.source import one_line

if TYPE_CHECKING:
    from pyarrow import parquet

    from driftwatch.errors import InputError
    from driftwatch.io.source import Source

__all__ = [
    "damaged_arrow",
    "damaged_parquet",
    "is_arrow_file",
    "open_parquet",
    "read_arrow",
    "read_parquet",
    "seekable",
]

_IPC_FILE_MAGIC = b"ARROW1"
_PAGE_BUFFER_BYTES = 1 << 20


def read_parquet(source: Source) -> pa.Table:
    """Return the table of a Parquet file.

    Notes
    -----
    Peak memory is close to the size of the table. Column chunks are streamed through a small buffer: a memory map or
    pre-buffering would hold the encoded file beside the decoded table (half as much again for plain float64).
    """
    try:
        with open_parquet(source) as opened:
            return opened.read()
    except (pa.ArrowException, OSError) as error:
        raise damaged_parquet(source, error) from None


def open_parquet(source: Source, *, buffer_bytes: int = _PAGE_BUFFER_BYTES) -> parquet.ParquetFile:
    """Open a Parquet file; what it raises is an Arrow exception or an `OSError`.

    Each column that is being read holds a buffer of so many bytes.
    """
    from pyarrow import parquet

    stored = str(source.path) if source.path else seekable(source)
    return parquet.ParquetFile(stored, buffer_size=buffer_bytes, pre_buffer=False)


def damaged_parquet(source: Source, error: Exception) -> InputError:
    """Return the error of a Parquet file that cannot be read to its end."""
    return source.error(
        f"a whole Parquet file was expected, but it is damaged or cut short ({one_line(error)})",
        "Copy or write it again",
    )


def seekable(source: Source) -> Any:
    """Return the stored bytes as pyarrow reads them: by its own code, not through Python, wherever it can."""
    if source.path:
        return pa.OSFile(str(source.path))
    return pa.BufferReader(source.data) if source.data else source.raw()


def is_arrow_file(source: Source) -> bool:
    """Return whether an Arrow source is of the file format, which knows where its batches are; else it is a stream."""
    return source.head(len(_IPC_FILE_MAGIC)) == _IPC_FILE_MAGIC


def read_arrow(source: Source) -> pa.Table:
    """Return the table of an Arrow IPC file or stream.

    Notes
    -----
    The file is read, not mapped: a mapped file that somebody cuts short meanwhile kills the process, and mapped pages
    of a compressed file would count beside the table made from them. Offsets and text are checked once, because a
    damaged file would otherwise crash whoever reads the table.
    """
    try:
        with ipc.open_file(seekable(source)) if is_arrow_file(source) else ipc.open_stream(seekable(source)) as reader:
            table = reader.read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError) as error:
        raise damaged_arrow(source, error) from None
    return table


def damaged_arrow(source: Source, error: Exception) -> InputError:
    """Return the error of an Arrow file or stream that cannot be read to its end."""
    return source.error(
        f"a whole Arrow file was expected, but it is damaged or cut short ({one_line(error)})",
        "Copy or write it again",
    )
