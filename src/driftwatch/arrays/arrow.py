"""Arrow columns as NumPy floats, read from their buffers (layer 1).

pyarrow's own `to_numpy`, and every call that turns a Python NaN into a scalar, import pandas where it is installed:
a third of a second that nobody asked for.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["floats_of_arrow"]


def floats_of_arrow(column: Any, dtype: type[np.floating[Any]]) -> np.ndarray[Any, Any]:
    """Return a `pyarrow.ChunkedArray` of integers or floats as floats, shape `(n,)`, nulls as NaN."""
    out = np.empty(len(column), dtype=dtype)
    start = 0
    for chunk in column.chunks:
        stop = start + len(chunk)
        validity, data = chunk.buffers()
        span = slice(chunk.offset, chunk.offset + len(chunk))
        out[start:stop] = np.frombuffer(data, dtype=_numpy_name(chunk.type))[span] if data is not None else np.nan
        if chunk.null_count:
            valid = np.unpackbits(np.frombuffer(validity, dtype=np.uint8), bitorder="little")[span]
            out[start:stop][valid == 0] = np.nan
        start = stop
    return out


def _numpy_name(arrow_type: Any) -> str:
    return {"halffloat": "float16", "float": "float32", "double": "float64"}.get(str(arrow_type), str(arrow_type))
