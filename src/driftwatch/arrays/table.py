"""The door: anything tabular in, a `Table` out; no dataframe library is imported that the user did not bring (layer 1)."""

from __future__ import annotations

import collections
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import array_api_compat
import numpy as np

from driftwatch.arrays.column import EXACT_INTEGERS, Column, NarwhalsColumn, NumpyColumn
from driftwatch.arrays.namespace import device_of, move_to, namespace_of, to_host
from driftwatch.arrays.schema import Storage
from driftwatch.arrays.vectors import NUMBERS, VectorColumn, vectors_of_objects, vectors_of_series
from driftwatch.errors import InputError, InputTypeError, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch._typing import Array

__all__ = ["ArrayTable", "ColumnTable", "Table", "read_table"]

_ACCEPTED = (
    "a pandas, polars or pyarrow table (or another that narwhals reads), a mapping of names to columns, "
    "or a 2-D array (n_samples, n_features)"
)


@dataclass(frozen=True)
class ColumnTable:
    """Named columns of one length, each in the library it came in; values are extracted when they are asked for."""

    n_rows: int
    columns: Mapping[str, Column]

    @property
    def names(self) -> list[str]:
        """Column names in their order."""
        return list(self.columns)

    def column(self, name: str) -> Column:
        """Return one column."""
        return self.columns[name]

    def dtype_of(self, name: str) -> str:
        """Return the dtype that the column has in its own library, for messages."""
        return self.columns[name].dtype

    def storage_of(self, name: str) -> Storage:
        """Return what the column physically holds."""
        return self.columns[name].storage

    def is_single(self, name: str) -> bool:
        """Return whether the column is read as float32."""
        return self.columns[name].is_single

    def is_rounded(self, name: str) -> bool:
        """Return whether the column holds an integer that float64 cannot hold exactly."""
        return self.columns[name].is_rounded()

    def block(self, names: Sequence[str]) -> Array:
        """Return numeric columns as one contiguous float array `(len(names), n_rows)`, missing values as NaN.

        float32 if every column is, else float64.
        """
        rows = [self.columns[name].floats() for name in names]
        return rows[0][None, :] if len(rows) == 1 else np.stack(rows)

    def take(self, rows: slice | np.ndarray[Any, Any]) -> ColumnTable:
        """Return the table of a range of rows, or of rows by position."""
        columns = {name: column.take(rows) for name, column in self.columns.items()}
        return ColumnTable(_length(rows, self.n_rows), columns)

    def rows(self, name: str) -> Array:
        """Return a column of vectors as an array `(n_rows, d)` of its own library and device.

        Raises
        ------
        InputError
            If the column holds something else.
        """
        column = self.columns[name]
        if not isinstance(column, VectorColumn):
            raise InputError(
                f"vectors of one length are needed to compare it as embedding, but it holds {column.storage} "
                f"({column.dtype}); pass a 2-D array or a column of fixed-size lists"
            )
        return column.rows


@dataclass(frozen=True)
class ArrayTable:
    """A 2-D array of any array-API library: every column is numeric and stays on its device."""

    values: Array = field(repr=False)
    names: list[str]

    @property
    def n_rows(self) -> int:
        """Number of samples."""
        return int(self.values.shape[0])

    def column(self, name: str) -> Column:
        """Return one column, copied to the host: for features that are compared by levels."""
        return NumpyColumn(name, to_host(self.values[:, self._position[name]]))

    def dtype_of(self, name: str) -> str:  # noqa: ARG002 - one dtype for all
        """Return the dtype of the array."""
        return str(self.values.dtype)

    def storage_of(self, name: str) -> Storage:  # noqa: ARG002 - one dtype for all
        """Return that the array holds numbers, or booleans."""
        xp = namespace_of(self.values)
        return Storage.BOOLEAN if xp.isdtype(self.values.dtype, "bool") else Storage.NUMBER

    def is_single(self, name: str) -> bool:  # noqa: ARG002 - one dtype for all, kept as it is
        """Return that no column needs a block apart."""
        return False

    def is_rounded(self, name: str) -> bool:
        """Return whether the column holds an integer that float64 cannot hold exactly."""
        xp = namespace_of(self.values)
        if not xp.isdtype(self.values.dtype, "integral") or xp.iinfo(self.values.dtype).max <= EXACT_INTEGERS:
            return False
        column = self.values[:, self._position[name]]
        return int(xp.max(column)) > EXACT_INTEGERS or int(xp.min(column)) < -EXACT_INTEGERS

    def block(self, names: Sequence[str]) -> Array:
        """Return the columns `names` as an array `(len(names), n_rows)` of the array's own namespace and device."""
        xp = namespace_of(self.values)
        index = [self._position[name] for name in names]
        start, stop = index[0], index[-1] + 1
        if index == list(range(start, stop)):
            return xp.permute_dims(self.values[:, start:stop], (1, 0))
        chosen = xp.asarray(index, device=device_of(self.values))
        return xp.take(xp.permute_dims(self.values, (1, 0)), chosen, axis=0)

    def take(self, rows: slice | np.ndarray[Any, Any]) -> ArrayTable:
        """Return the table of a range of rows, or of rows by position."""
        if isinstance(rows, slice):
            return ArrayTable(self.values[rows, :], self.names)
        xp = namespace_of(self.values)
        return ArrayTable(xp.take(self.values, move_to(rows, like=self.values), axis=0), self.names)

    def rows(self, name: str) -> Array:
        """Return one column as vectors of one dimension, shape `(n_rows, 1)`."""
        position = self._position[name]
        return self.values[:, position : position + 1]

    @cached_property
    def _position(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.names)}


Table = ColumnTable | ArrayTable


def _length(rows: slice | np.ndarray[Any, Any], n_rows: int) -> int:
    return len(range(*rows.indices(n_rows))) if isinstance(rows, slice) else len(rows)


def read_table(data: Any, *, role: str = "data", min_rows: int = 1) -> Table:
    """Return any tabular object as a `Table`.

    Parameters
    ----------
    data : pandas, polars, pyarrow or other narwhals-readable table; mapping of names to columns; 2-D array
        Columns of a 2-D array are named `f0`, `f1`, ... A column of a mapping is 1-D, or 2-D `(n_samples, d)`: then each
        of its rows is one vector, an embedding.
    role : str
        What the data are, for messages: "reference" or "current".
    min_rows : int
        Fewer rows are an error; 0 where a batch may be empty.

    Raises
    ------
    InputTypeError
        If the object is none of these.
    InputError
        If there is no row or no column, names repeat, or columns differ in length.

    Examples
    --------
    >>> table = read_table({"age": [31, 44, None], "city": ["Rome", "Oslo", "Rome"]})
    >>> table.n_rows, table.names, table.block(["age"])
    (3, ['age', 'city'], array([[31., 44., nan]]))
    """
    if isinstance(data, ColumnTable | ArrayTable):
        return data
    if array_api_compat.is_array_api_obj(data):
        table: Table = _from_array(data, role)
    elif isinstance(data, Mapping):
        table = _from_mapping(data, role)
    else:
        table = _from_frame(data, role)
    if table.n_rows < min_rows or not table.names:
        raise InputError(
            f"`{role}` must have at least one row and one column, got {table.n_rows} rows and {len(table.names)} "
            "columns. Check the file or the query that produced it."
        )
    return table


def _from_array(data: Array, role: str) -> Table:
    if isinstance(data, np.ma.MaskedArray) and not data.dtype.names:
        data = _unmasked(data)
    if array_api_compat.is_torch_array(data):
        data = data.detach()  # a report has no gradient, and the graph would hold every intermediate array
    if isinstance(data, np.ndarray) and data.dtype.kind not in "biuf":
        if data.dtype.names:
            return _from_mapping({name: data[name] for name in data.dtype.names}, role)
        if data.ndim == 2:
            return _from_mapping({f"f{i}": data[:, i] for i in range(data.shape[1])}, role)
    if data.ndim == 1:
        data = data[:, None]
    if data.ndim != 2:
        raise InputError(
            f"`{role}` must be a 2-D array (n_samples, n_features), got shape {tuple(data.shape)}. Reshape it first."
        )
    return ArrayTable(data, [f"f{i}" for i in range(data.shape[1])])


def _unmasked(data: np.ma.MaskedArray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a masked array as a plain one, with NaN, NaT or None where it is masked."""
    kind, mask = data.dtype.kind, np.ma.getmaskarray(data)
    if kind in "iuf":
        return np.where(mask, np.float16(np.nan), data.data)
    if kind in "mM":
        return np.where(mask, np.array("NaT", data.dtype), data.data)
    values = data.data.astype(object)
    values[mask] = None
    return values


def _from_mapping(data: Mapping[Any, Any], role: str) -> Table:
    columns: dict[str, Column] = {}
    lengths: dict[str, int] = {}
    for key, values in data.items():
        name = str(key)
        if name in columns:
            raise _repeated([name], role)
        column, length = _column(name, values, role)
        columns[name], lengths[name] = column, length
    if len(set(lengths.values())) > 1:
        shortest, longest = min(lengths, key=lengths.__getitem__), max(lengths, key=lengths.__getitem__)
        raise InputError(
            f"`{role}` must have columns of one length, got {lengths[shortest]} values in {shortest!r} and "
            f"{lengths[longest]} in {longest!r}."
        )
    return ColumnTable(next(iter(lengths.values()), 0), columns)


def _column(name: str, values: Any, role: str) -> tuple[Column, int]:
    """Return one column of a mapping and its length."""
    import narwhals.stable.v2 as nw

    pyarrow = sys.modules.get("pyarrow")
    if pyarrow is not None and isinstance(values, pyarrow.Array):
        values = pyarrow.chunked_array([values])
    series = nw.from_native(values, allow_series=True, pass_through=True)
    if isinstance(series, nw.Series):
        return _series_column(name, series), len(series)
    if isinstance(values, str | bytes | Mapping) or series is not values:
        raise InputTypeError(
            f"`{role}` column {name!r} must be a sequence of values, got {type(values).__name__}. "
            "Pass a list, a 1-D array or a series."
        )
    if isinstance(values, np.ma.MaskedArray):
        values = _unmasked(values)
    if array_api_compat.is_array_api_obj(values):
        if values.ndim == 2 and _is_numeric(values) and values.shape[1] > 0:
            return VectorColumn(name, values), int(values.shape[0])
        values = to_host(values)
    array = values if isinstance(values, np.ndarray) else _array_of_list(name, values, role)
    if array.ndim != 1:
        raise InputError(
            f"`{role}` column {name!r} must be 1-D, or 2-D numbers of which each row is one vector, got shape "
            f"{array.shape} of {array.dtype}. Give each dimension a name, or reshape it to (n_samples, d)."
        )
    column = NumpyColumn(name, array)
    if column.storage is Storage.NESTED:
        vectors = vectors_of_objects(array.tolist())
        return (column if vectors is None else VectorColumn(name, vectors)), len(array)
    return column, len(array)


def _is_numeric(values: Array) -> bool:
    if isinstance(values, np.ndarray):
        return values.dtype.kind in "biuf"
    return bool(namespace_of(values).isdtype(values.dtype, NUMBERS))


def _series_column(name: str, series: Any) -> Column:
    vectors = vectors_of_series(series)
    if vectors is not None:
        return VectorColumn(name, vectors)
    column = NarwhalsColumn(name, series)
    if column.storage is Storage.NESTED:
        vectors = vectors_of_objects(column.objects)
    return column if vectors is None else VectorColumn(name, vectors)


def _array_of_list(name: str, values: Any, role: str) -> np.ndarray[Any, Any]:
    """Return a list as an array that keeps Python's types: numpy alone would turn [1, 'a'] into text."""
    try:
        items = list(values)
    except TypeError:
        raise InputTypeError(
            f"`{role}` column {name!r} must be a sequence of values, got {type(values).__name__}."
        ) from None
    kinds = {type(item) for item in items}
    if kinds and kinds <= {int, float}:
        try:
            return np.asarray(items)
        except OverflowError:
            pass  # an int beyond 64 bits stays a Python object
    array = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):  # one by one: a slice assignment would unpack rows of equal length
        array[i] = item
    return array


def _from_frame(data: Any, role: str) -> Table:
    import narwhals.stable.v2 as nw

    _refuse_repeated_names(data, role)
    frame = nw.from_native(data, pass_through=True)
    if frame is data and hasattr(data, "to_frame"):
        raise InputTypeError(
            f"`{role}` must be a table, got one column ({type(data).__name__}). Pass its `to_frame()`."
        )
    if frame is data and hasattr(data, "__arrow_c_stream__") and "pyarrow" in sys.modules:
        frame = nw.from_native(sys.modules["pyarrow"].table(data))
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    if not isinstance(frame, nw.DataFrame):
        raise InputTypeError(f"`{role}` must be {_ACCEPTED}; got {type(data).__name__}.")
    # by position: a name that is no string (pandas allows any) would be taken for an index
    named = zip(map(str, frame.columns), frame.iter_columns(), strict=True)
    return ColumnTable(len(frame), {name: _series_column(name, series) for name, series in named})


def _refuse_repeated_names(native: Any, role: str) -> None:
    """Raise on repeated column names; pandas and pyarrow allow them, and which one is meant cannot be known."""
    names = getattr(native, "column_names", None)
    if names is None and not hasattr(native, "collect"):  # a lazy frame would resolve its schema, and cannot repeat
        names = getattr(native, "columns", None)
    if names is None or callable(names):
        return
    counts = collections.Counter(str(name) for name in names)
    repeated = [name for name, count in counts.items() if count > 1]
    if repeated:
        raise _repeated(repeated, role)


def _repeated(names: Sequence[str], role: str) -> InputError:
    return InputError(f"`{role}` must have distinct column names, but these repeat: {shown(names)}. Rename them.")
