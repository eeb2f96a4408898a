"""New values in a series of the library, and where it can hold them of the dtype, of another series (layer 1)."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

__all__ = ["series_like"]

NDArray = np.ndarray[Any, Any]


def series_like(native: Any, values: NDArray | None, rows: NDArray | None) -> Any:
    """Return `values` as a series like `native`, or its rows at the positions `rows`; None if it is no series.

    Parameters
    ----------
    native : pandas, polars or pyarrow column
    values : numpy array, shape (n,), optional
        Floats with NaN, or Python objects with None, where missing.
    rows : numpy array of integers, optional
        Positions, where there are no values.
    """
    import narwhals.stable.v2 as nw

    pyarrow = sys.modules.get("pyarrow")
    chunked, single = native, False
    if pyarrow is not None and isinstance(native, pyarrow.Array):
        chunked, single = pyarrow.chunked_array([native]), True
    series = nw.from_native(chunked, allow_series=True, pass_through=True)
    if not isinstance(series, nw.Series):
        return None
    if values is None:
        new = series[rows].to_native() if rows is not None else series.to_native()
    elif series.implementation.is_polars():
        new = _polars(series, values)
    elif series.implementation.is_pyarrow():
        new = _pyarrow(series, values)
    else:
        new = _pandas(series, values)
    return new.combine_chunks() if single else new


def _whole(values: NDArray) -> bool:
    """Return whether every value that is not missing is an integer."""
    present = values[~np.isnan(values)] if values.dtype.kind == "f" else values
    return bool(np.isfinite(present).all() and (present == np.rint(present)).all())


def _polars(series: Any, values: NDArray) -> Any:
    import narwhals.stable.v2 as nw
    import polars as pl

    native = series.to_native()
    if values.dtype.kind == "O":
        new = pl.Series(native.name, values.tolist())
        fits = not isinstance(series.dtype, nw.Enum) or set(new.drop_nulls()) <= set(series.dtype.categories)
        return new.cast(native.dtype) if fits else new
    new = pl.Series(native.name, values, nan_to_null=True)
    keep = series.dtype.is_float() or (series.dtype.is_integer() and _whole(values))
    return new.cast(native.dtype) if keep else new


def _pyarrow(series: Any, values: NDArray) -> Any:
    import pyarrow as pa

    kind = series.to_native().type
    if values.dtype.kind == "O":
        if pa.types.is_dictionary(kind):
            return pa.chunked_array([pa.array(values.tolist(), kind.value_type).dictionary_encode()])
        return pa.chunked_array([pa.array(values.tolist(), kind)])
    new = pa.array(values, mask=np.isnan(values))  # a mask: pyarrow would import pandas to look for NaN itself
    keep = series.dtype.is_float() or (series.dtype.is_integer() and _whole(values))
    return pa.chunked_array([new.cast(kind) if keep else new])


def _pandas(series: Any, values: NDArray) -> Any:
    native = series.to_native()
    build = series.__native_namespace__().Series
    if values.dtype.kind == "O":
        new = build(values.tolist(), index=native.index, name=native.name, dtype=object)
        levels = getattr(native.dtype, "categories", None)
        if levels is not None:
            known = set(levels) >= {x for x in values.tolist() if x is not None}
            return new.astype(native.dtype if known else "category")
        mixed = native.dtype == bool and any(x is None for x in values.tolist())
        return new if mixed else new.astype(native.dtype)
    new = build(values, index=native.index, name=native.name)
    whole_fits = series.dtype.is_integer() and _whole(values)
    nullable = not isinstance(native.dtype, np.dtype)
    if series.dtype.is_float() or (whole_fits and (nullable or not np.isnan(values).any())):
        return new.astype(native.dtype)
    return new.astype("Float64") if nullable and series.dtype.is_integer() else new
