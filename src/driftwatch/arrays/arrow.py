"""Arrow columns as NumPy floats, read from their buffers (layer 1).

pyarrow's own `to_numpy`, and every call that turns a Python NaN into a scalar, import pandas where it is installed:
a third of a second that nobody asked for.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["floats_of_arrow", "valid_of_arrow"]


def floats_of_arrow(column: Any, dtype: type[np.floating[Any]]) -> np.ndarray[Any, Any]:
    """Return a `pyarrow.ChunkedArray` of integers or floats as floats, shape `(n,)`, nulls as NaN."""
    out = np.empty(len(column), dtype=dtype)
    start = 0
    for chunk in column.chunks:
        stop = start + len(chunk)
        data = chunk.buffers()[1]
        span = slice(chunk.offset, chunk.offset + len(chunk))
        out[start:stop] = np.frombuffer(data, dtype=_numpy_name(chunk.type))[span] if data is not None else np.nan
        if chunk.null_count:
            out[start:stop][~valid_of_arrow(chunk)] = np.nan
        start = stop
    return out


def valid_of_arrow(chunk: Any) -> np.ndarray[Any, Any]:
    """Return which entries of a `pyarrow.Array` with nulls are not null, shape `(n,)`."""
    bits = np.unpackbits(np.frombuffer(chunk.buffers()[0], dtype=np.uint8), bitorder="little")
    return bits[chunk.offset : chunk.offset + len(chunk)].astype(np.bool_)


def _numpy_name(arrow_type: Any) -> str:
    return {"halffloat": "float16", "float": "float32", "double": "float64"}.get(str(arrow_type), str(arrow_type))
