"""`read`: one file, or standard input, as a table-like object that `Monitor` accepts (layer 4)."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from driftwatch.errors import MissingExtraError
from driftwatch.io.formats import Format, detect
from driftwatch.io.source import Source, check_names, open_source

if TYPE_CHECKING:
    import os

    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["read"]


def read(
    source: str | os.PathLike[str], *, stdin: IO[str] | IO[bytes] | None = None
) -> pa.Table | NDArray[Any] | dict[str, NDArray[Any]]:
    r"""Return the table in a file.

    Parameters
    ----------
    source : str or path-like
        A path, or "-" for standard input. The content decides the format: CSV with comma, tab, semicolon or pipe, TSV,
        JSON lines (these may be gzipped), Parquet, Arrow IPC file or stream, Feather, NPY, NPZ. The suffix must not
        contradict it.
    stdin : file object, optional
        What "-" reads, default `sys.stdin`. It is read to its end, so "-" can be read once.

    Returns
    -------
    pyarrow.Table, array of shape (n_samples, n_features), or dict of str to array of shape (n_samples,)
        A table for text, Parquet and Arrow. An array for an NPY file, or an NPZ file, of one 2-D array of numbers.
        A dict for 1-D arrays, and for 2-D arrays of text or dates.

    Raises
    ------
    InputError
        If the file is missing, unreadable, empty, damaged, of no known format or not what its name says, or if its
        table has no rows, no columns or two columns of one name.
    MissingExtraError
        If the format needs pyarrow and it is not installed.

    Examples
    --------
    >>> import io
    >>> read("-", stdin=io.BytesIO(b"price;n\n1.5;2\n")).column_names
    ['price', 'n']
    """
    found, opened = detect(open_source(source, stdin))
    if found in {Format.NPY, Format.NPZ}:
        from driftwatch.io.arrays import read_npy, read_npz

        arrays = read_npy(opened) if found is Format.NPY else read_npz(opened)
        _check_shape(opened, *_array_shape(arrays))
        return arrays

    table = _read_table(found, opened)
    _check_shape(opened, table.num_rows, table.num_columns)
    check_names(opened, table.column_names)
    return table


def _read_table(found: Format, source: Source) -> pa.Table:
    try:
        import pyarrow as pa  # noqa: F401 - asked for here, so that its absence is told once and well
    except ImportError:
        raise MissingExtraError.for_feature(f"reading {found.value}", package="pyarrow", extra="cli") from None

    match found:
        case Format.DELIMITED:
            from driftwatch.io.delimited import read_delimited

            return read_delimited(source)
        case Format.JSON_LINES:
            from driftwatch.io.json_lines import read_json_lines

            return read_json_lines(source)
        case Format.PARQUET:
            from driftwatch.io.columnar import read_parquet

            return read_parquet(source)
        case _:
            from driftwatch.io.columnar import read_arrow

            return read_arrow(source)


def _array_shape(arrays: NDArray[Any] | dict[str, NDArray[Any]]) -> tuple[int, int]:
    if isinstance(arrays, dict):
        return max((len(array) for array in arrays.values()), default=0), len(arrays)
    return arrays.shape[0], arrays.shape[1]


def _check_shape(source: Source, n_rows: int, n_columns: int) -> None:
    if n_columns == 0:
        raise source.error("a table was expected, but it has no columns", "Check the program that wrote it")
    if n_rows == 0:
        raise source.error(
            f"rows were expected, but it has {n_columns} columns and zero rows (a header only)",
            "Check the query or the program that wrote it",
        )
