"""A column of which every row is a vector: a 2-D array, or a fixed-size list of a dataframe (layer 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import array_api_compat
import numpy as np

from driftwatch.arrays.arrow import floats_of_arrow, valid_of_arrow
from driftwatch.arrays.column import Column, Levels, is_missing
from driftwatch.arrays.namespace import move_to, namespace_of, to_host
from driftwatch.arrays.schema import Storage
from driftwatch.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch._typing import Array

__all__ = ["VectorColumn", "vectors_of_objects", "vectors_of_series"]

NUMBERS = ("bool", "integral", "real floating")


class VectorColumn(Column):
    """Rows of equal length in an array `(n, d)` of any library, where it is. A row with a NaN in it is missing."""

    storage = Storage.VECTOR

    def __init__(self, name: str, values: Array) -> None:
        self.name = name
        self._values = values.detach() if array_api_compat.is_torch_array(values) else values
        self.dtype = f"{str(values.dtype).removeprefix('torch.')}[{values.shape[1]}]"

    @property
    def rows(self) -> Array:
        """The values, shape `(n, d)`."""
        return self._values

    @property
    def integral(self) -> bool:
        return False

    @property
    def is_single(self) -> bool:
        return False

    def floats(self) -> np.ndarray[Any, Any]:
        raise InputError(
            f"one number in each row is needed, but it holds {self.storage}s ({self.dtype}); leave its kind out, or "
            "give every dimension a name"
        )

    def levels(self) -> Levels:
        raise InputError(f"a level in each row is needed, but it holds {self.storage}s ({self.dtype})")

    def sample(self, n: int) -> list[Any]:
        return list(to_host(self._values[:n, ...]).tolist())

    def to_list(self) -> list[Any]:
        return list(to_host(self._values).tolist())

    def take(self, rows: slice | np.ndarray[Any, Any]) -> VectorColumn:
        if isinstance(rows, slice):
            return VectorColumn(self.name, self._values[rows, :])
        xp = namespace_of(self._values)
        return VectorColumn(self.name, xp.take(self._values, move_to(rows, like=self._values), axis=0))

    def n_missing(self) -> int:
        xp = namespace_of(self._values)
        if not xp.isdtype(self._values.dtype, "real floating"):
            return 0
        return int(to_host(xp.count_nonzero(~xp.all(xp.isfinite(self._values), axis=-1))))


def vectors_of_series(series: Any) -> np.ndarray[Any, Any] | None:
    """Return a narwhals series of fixed-size lists of numbers as an array `(n, d)`; None if it is something else.

    Missing rows and missing numbers are NaN.
    """
    import narwhals.stable.v2 as nw

    dtype = series.dtype
    if not isinstance(dtype, nw.Array) or len(dtype.shape) != 1 or not dtype.inner.is_numeric():
        return None
    if isinstance(dtype.inner, nw.Decimal):
        return None
    native = series.to_native()
    if series.implementation.is_pandas():
        native = native.array._pa_array  # noqa: SLF001 - the Arrow data of an ArrowDtype column has no public name
    elif not series.implementation.is_pyarrow():
        return np.asarray(series.to_numpy())
    return _vectors_of_arrow(native, dtype.shape[0])


def _vectors_of_arrow(column: Any, width: int) -> np.ndarray[Any, Any]:
    import pyarrow as pa

    inner = column.type.value_type
    dtype = np.float32 if pa.types.is_float16(inner) or pa.types.is_float32(inner) else np.float64
    out = np.empty((len(column), width), dtype=dtype)
    start = 0
    for chunk in column.chunks:
        values = chunk.values.slice(chunk.offset * width, len(chunk) * width)
        part = out[start : start + len(chunk)]
        part[...] = floats_of_arrow(pa.chunked_array([values]), dtype).reshape(len(chunk), width)
        if chunk.null_count:
            part[~valid_of_arrow(chunk)] = np.nan
        start += len(chunk)
    return out


def vectors_of_objects(values: Sequence[Any]) -> np.ndarray[Any, Any] | None:
    """Return Python objects that are vectors of one length, or missing, as an array `(n, d)`; None if some are not."""
    present = [value for value in values if not is_missing(value)]
    if not present or not all(isinstance(value, list | tuple | np.ndarray) for value in present):
        return None
    width = len(present[0])
    if width == 0 or any(len(value) != width or np.ndim(value) != 1 for value in present):
        return None
    try:
        rows = np.asarray(present)
    except ValueError:
        return None
    if rows.dtype.kind not in "biuf":
        return None
    if len(present) == len(values):
        return rows
    out = np.full((len(values), width), np.nan, dtype=np.result_type(rows.dtype, np.float32))
    out[[i for i, value in enumerate(values) if not is_missing(value)]] = rows
    return out
