"""One column of a table, whatever library it came from: what it stores, its values as floats, its levels (layer 1)."""

from __future__ import annotations

import datetime as dt
import decimal
import itertools
import numbers
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.arrays.arrow import floats_of_arrow
from driftwatch.arrays.schema import Storage
from driftwatch.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Column", "Levels", "NarwhalsColumn", "NumpyColumn", "level_label"]

NDArray = np.ndarray[Any, Any]
EXACT_INTEGERS = 2**53  # beyond it float64 skips integers
MICROSECONDS = 1e6
_TICKS = {"s": 1.0, "ms": 1e3, "us": MICROSECONDS, "ns": 1e9}  # in a second
_SECOND = np.timedelta64(1, "s")
_OBJECTS = "OT"  # dtype kinds whose missing values are Python objects
_ARROW_CASTS = {"string_view": "large_string", "decimal256": "float64"}  # Arrow computes little with these
NUMBER_LIKE = frozenset({Storage.NUMBER, Storage.BOOLEAN, Storage.DURATION, Storage.EMPTY})

_TYPE_STORAGE: tuple[tuple[tuple[type, ...], Storage], ...] = (
    ((str,), Storage.STRING),
    ((bool, np.bool_), Storage.BOOLEAN),
    ((numbers.Real, decimal.Decimal), Storage.NUMBER),
    ((dt.timedelta, np.timedelta64), Storage.DURATION),
    ((dt.date, dt.time, np.datetime64), Storage.TIME),
    ((list, tuple, dict, set, np.ndarray, bytes), Storage.NESTED),
)


@dataclass(frozen=True, slots=True)
class Levels:
    """How often each level occurs, by label, and how many values are missing."""

    counts: dict[str, int]
    n_missing: int


class Column(ABC):
    """A column and the three views that the rest of the library takes of it. Use `NarwhalsColumn` or `NumpyColumn`."""

    name: str
    storage: Storage
    dtype: str

    @abstractmethod
    def floats(self) -> NDArray:
        """Return the values as float32 or float64, shape `(n,)`, missing ones as NaN.

        Raises
        ------
        InputError
            If the values are not numbers.
        """

    @abstractmethod
    def levels(self) -> Levels:
        """Return the counts of the distinct values by label."""

    def codes(self) -> tuple[NDArray, list[str]]:
        """Return the level of every row as an index into the labels, -1 where missing, shape `(n,)`; and the labels."""
        labels: dict[str, int] = {}
        values = self.to_list()
        codes = (-1 if is_missing(value) else labels.setdefault(level_label(value), len(labels)) for value in values)
        return np.fromiter(codes, dtype=np.int64, count=len(values)), list(labels)

    @abstractmethod
    def sample(self, n: int) -> list[Any]:
        """Return the first `n` values that are not missing, as Python objects."""

    @abstractmethod
    def to_list(self) -> list[Any]:
        """Return the values as Python objects, missing ones as the library has them."""

    @abstractmethod
    def take(self, rows: slice | NDArray) -> Column:
        """Return the column of a range of rows, or of rows by position."""

    def instants(self) -> tuple[NDArray, NDArray, str | None] | None:
        """Return microseconds since the epoch `(n,)`, where they are missing `(n,)`, and the zone if there is one.

        None if the column does not store dates or timestamps; its values may be text or objects that stand for some.
        """
        return None

    @property
    @abstractmethod
    def integral(self) -> bool:
        """Whether the column stores integers."""

    @property
    @abstractmethod
    def is_single(self) -> bool:
        """Whether `floats` returns float32, which holds every value of the column."""

    @abstractmethod
    def n_missing(self) -> int:
        """Return the number of missing values, for columns whose values are not compared."""

    def is_rounded(self) -> bool:
        """Return whether some integer is too large for float64 to hold exactly."""
        return False

    def require_numbers(self) -> None:
        """Raise `InputError` unless the column holds what `floats` can return."""
        if self.storage not in NUMBER_LIKE:
            raise InputError(
                f"numbers are needed to compare it as numeric, but it holds {self.storage} ({self.dtype}); "
                "give it another kind, or convert it first"
            )


def level_label(value: object) -> str:
    """Return the label of a level: the same for 1, 1.0 and Decimal(1), whichever library stored it.

    Examples
    --------
    >>> level_label(1.0), level_label(True), level_label("a")
    ('1', 'True', 'a')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, numbers.Real | decimal.Decimal) and value == value and abs(value) != float("inf"):  # noqa: PLR0124
        whole = int(value)  # type: ignore[arg-type]  # numbers.Real promises __trunc__ only
        return str(whole) if value == whole else str(value)
    return str(value)


def is_missing(value: object) -> bool:
    """Return whether a Python object stands for a missing value (None, NaN, NaT, pandas.NA)."""
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    if isinstance(value, decimal.Decimal):
        return value.is_nan()  # a signalling NaN raises when it is compared
    if isinstance(value, np.datetime64 | np.timedelta64):
        return bool(np.isnat(value))
    return isinstance(value, float | np.floating) and bool(value != value)  # noqa: PLR0124


def storage_of_objects(values: Iterable[object]) -> tuple[Storage, str]:
    """Return what Python objects have in common, and the names of their types for a message."""
    types = {type(value) for value in values if not is_missing(value)}
    if not types:
        return Storage.EMPTY, "no values"
    found = set()
    for kind in types:
        found.add(next((storage for classes, storage in _TYPE_STORAGE if issubclass(kind, classes)), Storage.NESTED))
    names = ", ".join(sorted(kind.__name__ for kind in types))
    return (found.pop() if len(found) == 1 else Storage.MIXED), names


def floats_of_objects(values: Sequence[Any]) -> NDArray:
    """Return Python numbers, booleans or durations (in seconds) as float64, missing ones as NaN."""
    out = np.empty(len(values), dtype=np.float64)
    for i, value in enumerate(values):
        if is_missing(value):
            out[i] = np.nan
        elif isinstance(value, dt.timedelta):
            out[i] = value.total_seconds()
        elif isinstance(value, np.timedelta64):
            out[i] = value / _SECOND
        else:
            out[i] = float(value)
    return out


class NumpyColumn(Column):
    """A column of a mapping: a 1-D NumPy array of any dtype, Python objects included."""

    def __init__(self, name: str, values: NDArray) -> None:
        self.name = name
        self._values = values
        self.dtype = str(values.dtype)
        self.storage = self._storage()

    def _storage(self) -> Storage:
        kind = self._values.dtype.kind
        if kind == "O":
            storage, self.dtype = storage_of_objects(self._values.tolist())
            return storage
        if kind == "T" and self.n_missing() == len(self._values):
            return Storage.EMPTY
        known = {
            "b": Storage.BOOLEAN,
            "M": Storage.TIME,
            "m": Storage.DURATION,
            "U": Storage.STRING,
            "T": Storage.STRING,
        }
        return Storage.NUMBER if kind in "iuf" else known.get(kind, Storage.NESTED)

    @property
    def integral(self) -> bool:
        return self._values.dtype.kind in "iu"

    @property
    def is_single(self) -> bool:
        return self._values.dtype in (np.float16, np.float32)

    def floats(self) -> NDArray:
        self.require_numbers()
        kind = self._values.dtype.kind
        if kind == "O":
            return floats_of_objects(self._values.tolist())
        if kind == "m":
            seconds = self._values.astype("m8[us]").astype(np.float64) / MICROSECONDS
            return np.where(np.isnat(self._values), np.nan, seconds)
        return np.asarray(self._values, dtype=np.float32 if self.is_single else np.float64)

    def levels(self) -> Levels:
        if self._values.dtype.kind in _OBJECTS:
            present = [level_label(value) for value in self._values.tolist() if not is_missing(value)]
            return Levels(dict(Counter(present)), len(self._values) - len(present))
        values = self._values
        if values.dtype.kind in "fmM":
            values = values[~(np.isnan(values) if values.dtype.kind == "f" else np.isnat(values))]
        if values.dtype.kind in "mM":
            values = values.astype(f"{values.dtype.kind}8[us]")  # finer units have no Python type, so no label
        distinct, counts = np.unique(values, return_counts=True)
        labelled: Counter[str] = Counter()
        for value, count in zip(distinct.tolist(), counts.tolist(), strict=True):
            labelled[level_label(value)] += count
        return Levels(dict(labelled), len(self._values) - len(values))

    def codes(self) -> tuple[NDArray, list[str]]:
        if self._values.dtype.kind not in "biuU":
            return super().codes()
        distinct, codes = np.unique(self._values, return_inverse=True)
        return codes, [level_label(value) for value in distinct.tolist()]

    def sample(self, n: int) -> list[Any]:
        return _first_present(self._values, n)

    def to_list(self) -> list[Any]:
        values = self._values
        if values.dtype.kind in "mM":
            values = values.astype(f"{values.dtype.kind}8[us]")  # finer units have no Python type
        return list(values.tolist())

    def take(self, rows: slice | NDArray) -> NumpyColumn:
        return NumpyColumn(self.name, self._values[rows])

    def instants(self) -> tuple[NDArray, NDArray, str | None] | None:
        if self._values.dtype.kind != "M":
            return None
        return self._values.astype("M8[us]").astype(np.int64), np.isnat(self._values), None

    def n_missing(self) -> int:
        if self._values.dtype.kind in _OBJECTS:
            return sum(is_missing(value) for value in self._values.tolist())
        return int(np.count_nonzero(self._values != self._values)) if self._values.dtype.kind in "fcmM" else 0

    def is_rounded(self) -> bool:
        if self._values.dtype.kind == "O":
            return any(isinstance(value, int) and abs(value) > EXACT_INTEGERS for value in self._values.tolist())
        return self.integral and self._values.size > 0 and _beyond_exact(self._values.min(), self._values.max())


class NarwhalsColumn(Column):
    """A column of a dataframe that narwhals reads: pandas, polars, pyarrow, modin, cudf."""

    def __init__(self, name: str, series: Any) -> None:
        self.name = name
        self._series = _readable(series)
        self._type = self._series.dtype  # narwhals derives it at every access
        self.dtype = _dtype_name(self._series, self._type)
        self.storage = self._storage()

    def _storage(self) -> Storage:
        import narwhals.stable.v2 as nw

        dtype = self._type
        if dtype.is_numeric():
            return Storage.NUMBER
        if isinstance(dtype, nw.String | nw.Categorical | nw.Enum):
            return Storage.EMPTY if self._series.null_count() == len(self._series) else Storage.STRING
        simple = ((nw.Boolean, Storage.BOOLEAN), (nw.Duration, Storage.DURATION), (nw.Datetime, Storage.TIME))
        more = ((nw.Date, Storage.TIME), (nw.Time, Storage.TIME))
        for kind, storage in (*simple, *more):
            if isinstance(dtype, kind):
                return storage
        if isinstance(dtype, nw.Object):
            storage, self.dtype = storage_of_objects(self._objects)
            return storage
        if self._series.null_count() == len(self._series):
            return Storage.EMPTY
        return Storage.NESTED

    @cached_property
    def _objects(self) -> list[Any]:
        """The values of an object column, converted once."""
        values: list[Any] = self._series.to_list()
        return values

    @property
    def objects(self) -> list[Any]:
        """The values of a column of Python objects; none of any other column."""
        return self._objects if self._is_object else []

    @property
    def _is_object(self) -> bool:
        import narwhals.stable.v2 as nw

        return isinstance(self._type, nw.Object)

    @property
    def integral(self) -> bool:
        return bool(self._type.is_integer())

    @property
    def is_single(self) -> bool:
        return self.dtype in {"Float16", "Float32"}

    def floats(self) -> NDArray:
        import narwhals.stable.v2 as nw

        self.require_numbers()
        if self.storage is Storage.EMPTY:
            return np.full(len(self._series), np.nan)
        if self._is_object:
            return floats_of_objects(self._objects)
        series = self._series
        wanted = np.float32 if self.is_single else np.float64
        if self.storage is Storage.DURATION and series.implementation.is_pyarrow():
            native = series.to_native()
            return floats_of_arrow(native.cast("int64"), np.float64) / _TICKS[native.type.unit]
        if self.storage is Storage.DURATION:
            return NarwhalsColumn(self.name, series.dt.total_microseconds()).floats() / MICROSECONDS
        if isinstance(self._type, nw.Decimal):
            series = series.cast(nw.Float64)
        if self.storage is Storage.BOOLEAN and (series.null_count() or series.implementation.is_pyarrow()):
            return floats_of_objects(series.to_list())
        if series.implementation.is_pyarrow():
            return floats_of_arrow(series.to_native(), wanted)
        return np.asarray(series.to_numpy(), dtype=wanted)

    def levels(self) -> Levels:
        if self._is_object:
            return NumpyColumn(self.name, np.asarray([*self._objects, None], dtype=object)[:-1]).levels()
        series = self._series.drop_nulls()
        labelled: Counter[str] = Counter()
        table = series.value_counts(sort=False)
        for value, count in zip(table[:, 0].to_list(), table[:, 1].to_list(), strict=True):
            if count and not is_missing(value):  # pandas counts unused categories too
                labelled[level_label(value)] += count
        return Levels(dict(labelled), len(self._series) - labelled.total())

    def sample(self, n: int) -> list[Any]:
        return _first_present(self._objects if self._is_object else self._series.drop_nulls().head(n).to_list(), n)

    def to_list(self) -> list[Any]:
        return list(self._series.to_list())

    def take(self, rows: slice | NDArray) -> NarwhalsColumn:
        return NarwhalsColumn(self.name, self._series[rows])

    def instants(self) -> tuple[NDArray, NDArray, str | None] | None:
        import narwhals.stable.v2 as nw

        dtype = self._series.dtype
        if not isinstance(dtype, nw.Datetime | nw.Date):
            return None
        series = self._series.cast(nw.Datetime("us")) if isinstance(dtype, nw.Date) else self._series
        ticks = NarwhalsColumn(self.name, series.dt.timestamp("us")).floats()  # exact until the year 2255
        missing = np.isnan(ticks)
        return np.where(missing, 0.0, ticks).astype(np.int64), missing, getattr(dtype, "time_zone", None)

    def n_missing(self) -> int:
        return sum(map(is_missing, self._objects)) if self._is_object else int(self._series.null_count())

    def is_rounded(self) -> bool:
        return self.integral and len(self._series) > 0 and _beyond_exact(self._series.min(), self._series.max())


def _beyond_exact(low: Any, high: Any) -> bool:
    return not is_missing(low) and not is_missing(high) and (int(low) < -EXACT_INTEGERS or int(high) > EXACT_INTEGERS)


def _first_present(values: Iterable[Any], n: int) -> list[Any]:
    return list(itertools.islice((value for value in values if not is_missing(value)), n))


def _readable(series: Any) -> Any:
    """Return the series in a type that narwhals computes with: dense, and of one of the common Arrow types."""
    import narwhals.stable.v2 as nw

    native = series.to_native()
    if isinstance(series.dtype, nw.Unknown) and hasattr(native, "sparse"):
        return nw.from_native(native.sparse.to_dense(), series_only=True)
    arrow_type = str(getattr(native, "type", "")).partition("(")[0]
    if arrow_type in _ARROW_CASTS:
        return nw.from_native(native.cast(_ARROW_CASTS[arrow_type]), series_only=True)
    return series


def _dtype_name(series: Any, dtype: Any) -> str:
    """Return the name of the dtype for messages: the library's own where narwhals has none."""
    import narwhals.stable.v2 as nw

    if not isinstance(dtype, nw.Unknown):
        return str(dtype)
    native = series.to_native()
    return str(getattr(native, "dtype", None) or getattr(native, "type", "unknown"))
