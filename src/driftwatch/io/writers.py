"""`encode`: a table in one of the formats that `read` knows, as bytes (layer 4)."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.errors import ConfigError, InputError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

__all__ = ["SUFFIXES", "as_arrow", "encode"]


def encode(data: Any, suffix: str) -> bytes:
    r"""Return a table as the bytes of a file.

    Parameters
    ----------
    data : pyarrow.Table, array of shape (n_samples, n_features), or mapping of str to array
        As `read` returns it.
    suffix : str
        One of `SUFFIXES`, or the name of a file that ends in one.

    Raises
    ------
    ConfigError
        If the suffix is another one.
    InputError
        If the format cannot hold the data.

    Examples
    --------
    >>> import numpy as np
    >>> encode(np.array([[1.5, 2.0]]), ".csv")
    b'"f0","f1"\n1.5,2\n'
    """
    ending = Path(f"x{suffix}" if suffix.startswith(".") else suffix).suffix.lower()
    if ending not in _WRITERS:
        raise ConfigError(f"a file name that ends in one of {', '.join(SUFFIXES)} is wanted, got {suffix!r}.")
    if ending == ".npy":
        return _npy(data)
    try:
        import pyarrow as pa
    except ImportError:
        raise MissingExtraError.for_feature(f"writing {ending}", package="pyarrow", extra="cli") from None
    try:
        return _WRITERS[ending](as_arrow(data))
    except pa.ArrowException as error:
        raise InputError(f"{ending} cannot hold these columns: {error}. Name a .parquet file instead.") from error


def as_arrow(data: Any) -> pa.Table:
    """Return what `read` returns as an Arrow table; columns of a 2-D array are named `f0`, `f1`, ..."""
    import pyarrow as pa

    if isinstance(data, pa.Table):
        return data
    if isinstance(data, np.ndarray):
        data = {f"f{i}": data[:, i] for i in range(data.shape[1])}
    return pa.table({name: pa.array(values) for name, values in data.items()})


def _npy(data: Any) -> bytes:
    if not isinstance(data, np.ndarray):
        raise InputError("a .npy file holds one array, and these are columns with names. Name a .parquet file instead.")
    out = io.BytesIO()
    np.save(out, data, allow_pickle=False)
    return out.getvalue()


def _csv(delimiter: str) -> Callable[[pa.Table], bytes]:
    def write(table: pa.Table) -> bytes:
        import pyarrow as pa
        from pyarrow import csv

        plain = [pa.types.is_dictionary(field.type) for field in table.schema]
        columns = [c.cast(c.type.value_type) if d else c for c, d in zip(table.columns, plain, strict=True)]
        out = io.BytesIO()
        options = csv.WriteOptions(delimiter=delimiter)
        csv.write_csv(pa.table(columns, names=table.column_names), out, write_options=options)
        return out.getvalue()

    return write


def _json_lines(table: pa.Table) -> bytes:
    return "".join(json.dumps(row, default=str) + "\n" for row in table.to_pylist()).encode()


def _parquet(table: pa.Table) -> bytes:
    from pyarrow import parquet

    out = io.BytesIO()
    parquet.write_table(table, out)
    return out.getvalue()


def _arrow(table: pa.Table) -> bytes:
    import pyarrow as pa

    out = io.BytesIO()
    with pa.ipc.new_file(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


_WRITERS: dict[str, Callable[[Any], bytes]] = {
    ".csv": _csv(","),
    ".tsv": _csv("\t"),
    ".jsonl": _json_lines,
    ".parquet": _parquet,
    ".arrow": _arrow,
    ".feather": _arrow,
    ".npy": _npy,
}
SUFFIXES = tuple(_WRITERS)
