"""The way back through the door: a table with some columns or rows replaced, in the type it came in (layer 1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import array_api_compat
import numpy as np

from driftwatch.arrays.column import NumpyColumn, is_missing
from driftwatch.arrays.namespace import move_to, namespace_of, to_host
from driftwatch.arrays.schema import Storage
from driftwatch.arrays.series import series_like
from driftwatch.arrays.table import ArrayTable, ColumnTable, read_table
from driftwatch.errors import InputError

if TYPE_CHECKING:
    from driftwatch._typing import Array

__all__ = ["EDITABLE", "Editable"]

NDArray = np.ndarray[Any, Any]

EDITABLE = frozenset({Storage.NUMBER, Storage.BOOLEAN, Storage.STRING})


class Editable:
    """A table that can be read as host columns and rebuilt with some of them replaced. The data are never written to.

    Parameters
    ----------
    data : anything that `read_table` accepts
        Arrays, frames and mappings come back as what they are, on the device where they are. A lazy frame comes back
        collected and lazy again, a structured or masked array as a mapping or a plain array.

    Examples
    --------
    >>> table = Editable({"age": [31, 44, 60]})
    >>> table.rebuild({"age": table.values("age") + 0.5})
    {'age': [31.5, 44.5, 60.5]}
    """

    def __init__(self, data: Any) -> None:
        self.data = data
        self.table = read_table(data)

    def values(self, name: str) -> NDArray:
        """Return a copy of a column: floats with NaN for numbers, else Python objects with None, shape `(n,)`."""
        if self.table.storage_of(name) in {Storage.NUMBER, Storage.EMPTY}:
            host = to_host(self.table.block([name]))[0]
            return np.array(host, dtype=np.float32 if host.dtype.itemsize <= np.dtype(np.float32).itemsize else float)
        items = self.table.column(name).to_list()
        out = np.empty(len(items), dtype=object)
        out[:] = [None if is_missing(item) else item for item in items]
        return out

    def rebuild(self, columns: Mapping[str, NDArray], rows: NDArray | None = None) -> Any:
        """Return the data with columns replaced, or with the rows at the positions `rows` in place of its own.

        Integers stay integers where all their new values are, and become floats otherwise.
        """
        if isinstance(self.table, ArrayTable):
            values = self.table.take(rows).values if rows is not None else self.table.values
            edited = _edited_array(values, {self.table.names.index(name): x for name, x in columns.items()})
            if isinstance(self.data, ArrayTable):
                return ArrayTable(edited, self.table.names)
            return edited[:, 0] if self.data.ndim == 1 else edited
        if isinstance(self.data, ColumnTable):
            base = self.data if rows is None else self.data.take(rows)
            return ColumnTable(base.n_rows, {**base.columns, **_columns(columns)})
        if isinstance(self.data, Mapping):
            return {key: self._entry(str(key), values, columns, rows) for key, values in self.data.items()}
        if isinstance(self.data, np.ndarray):
            return self._of_objects(self.data, columns, rows)
        return self._frame(columns, rows)

    def _entry(self, name: str, values: Any, columns: Mapping[str, NDArray], rows: NDArray | None) -> Any:
        """Return one column of a mapping in the type it came in."""
        if rows is None and name not in columns:
            return values
        series = series_like(values, columns.get(name), rows)
        if series is not None:
            return series
        if not isinstance(values, np.ndarray) and array_api_compat.is_array_api_obj(values):
            chosen = ArrayTable(values[:, None], [name])
            chosen = chosen if rows is None else chosen.take(rows)
            return _edited_array(chosen.values, {0: columns[name]} if name in columns else {})[:, 0]
        items = values if isinstance(values, np.ndarray) else list(values)
        if rows is not None:
            items = items[rows] if isinstance(items, np.ndarray) else [items[i] for i in rows.tolist()]
        if name in columns:
            edited = _narrowed(columns[name], integral=self.table.column(name).integral)
            items = _like_array(edited, items) if isinstance(items, np.ndarray) else _python(edited)
        return tuple(items) if isinstance(values, tuple) else items

    def _of_objects(self, data: NDArray, columns: Mapping[str, NDArray], rows: NDArray | None) -> Any:
        """Return an array of text or objects as one, a structured array as a mapping of columns."""
        if data.dtype.names:
            fields = {name: np.asarray(data[name]) for name in data.dtype.names}
            return {name: self._entry(name, values, columns, rows) for name, values in fields.items()}
        out = np.array(data if rows is None else data[rows], dtype=object)
        for name, values in columns.items():
            out[:, self.table.names.index(name)] = _python(values)
        return out if data.dtype.kind == "O" else _like_array(out, data)

    def _frame(self, columns: Mapping[str, NDArray], rows: NDArray | None) -> Any:
        import narwhals.stable.v2 as nw

        frame = nw.from_native(self.data, pass_through=True)
        lazy = isinstance(frame, nw.LazyFrame)
        if not isinstance(frame, nw.DataFrame):
            frame = frame.collect() if lazy else nw.from_native(_arrow_table(self.data))
        if rows is not None:
            frame = frame[rows.tolist()]
        by_name = {str(name): name for name in frame.columns}
        replaced = []
        for name, values in columns.items():
            native = series_like(frame[by_name[name]].to_native(), values, None)
            replaced.append(nw.from_native(native, series_only=True).alias(by_name[name]))  # Arrow's have no name
        frame = (frame.with_columns(*replaced) if replaced else frame).to_native()
        if lazy:
            return nw.from_native(frame).lazy().to_native()
        # a record batch was read as a table
        return frame.combine_chunks().to_batches()[0] if type(self.data).__name__ == "RecordBatch" else frame


def _columns(columns: Mapping[str, NDArray]) -> dict[str, NumpyColumn]:
    return {name: NumpyColumn(name, values) for name, values in columns.items()}


def _arrow_table(data: Any) -> Any:
    import pyarrow as pa

    return pa.table(data)


def _edited_array(values: Array, columns: Mapping[int, NDArray]) -> Array:
    """Return a 2-D array with columns replaced, in its dtype unless they do not fit into it."""
    if not columns:
        return values
    xp = namespace_of(values)
    host = np.array(to_host(values))
    new = {j: _as_numbers(x) for j, x in columns.items()}
    if host.dtype.kind in "biu":
        narrow = {j: _narrowed(x, integral=True) for j, x in new.items()}
        keep = all(x.dtype.kind in "iu" and _fits(x, host.dtype) for x in narrow.values())
        host = host if keep else host.astype(np.float64)
    for j, x in new.items():
        host[:, j] = x
    moved = move_to(host, like=values)
    floats = xp.isdtype(values.dtype, "real floating")
    return xp.astype(moved, values.dtype) if floats and moved.dtype != values.dtype else moved


def _as_numbers(values: NDArray) -> NDArray:
    if values.dtype.kind != "O":
        return values
    try:
        return np.array([np.nan if x is None else float(x) for x in values.tolist()])
    except ValueError:
        raise InputError(
            "an array of numbers cannot hold a level that is no number. Pass a mapping of columns or a table."
        ) from None


def _fits(values: NDArray, dtype: np.dtype[Any]) -> bool:
    if not values.size:
        return True
    low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    return bool(low <= values.min() and values.max() <= high)


def _narrowed(values: NDArray, *, integral: bool) -> NDArray:
    """Return floats as integers where the column held integers and every new value is one."""
    if integral and values.dtype.kind == "f" and np.isfinite(values).all() and (values == np.rint(values)).all():
        return values.astype(np.int64)
    return values


def _python(values: NDArray) -> list[Any]:
    return [None if is_missing(x) else x for x in values.tolist()]


def _like_array(values: NDArray, like: NDArray) -> NDArray:
    """Return values in the dtype of another array, or in one that holds them."""
    if values.dtype.kind == "O":
        items = values.ravel().tolist()
        if like.dtype.kind in "UT" and all(isinstance(x, str) for x in items):
            return np.array(values.tolist(), dtype=str if like.dtype.kind == "U" else like.dtype)
        return values.astype(bool) if like.dtype.kind == "b" and all(isinstance(x, bool) for x in items) else values
    if like.dtype.kind in "iu" and values.dtype.kind == "i" and _fits(values, like.dtype):
        return values.astype(like.dtype)
    return values.astype(like.dtype) if like.dtype.kind == "f" else values
