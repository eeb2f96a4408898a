"""Rows as a model takes them: its columns in its order, as the frame or the matrix that it was fitted on (layer 4)."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.arrays.column import NUMBER_LIKE
from driftwatch.arrays.namespace import to_host
from driftwatch.arrays.table import ArrayTable, ColumnTable, read_table
from driftwatch.errors import InputError, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["column_names", "matched", "model_rows", "n_rows_of"]


def n_rows_of(data: Any, *, role: str) -> int:
    """Return the number of rows of anything tabular."""
    return read_table(data, role=role).n_rows


def column_names(data: Any, *, role: str) -> list[str]:
    """Return the names of the columns; those of an array are `f0`, `f1`, ..."""
    return read_table(data, role=role).names


def matched(
    known: Sequence[str] | None, n_features: int | None, data: Any, features: Sequence[str] | None
) -> list[str]:
    """Return the columns of the reference that a model takes, in its order.

    Parameters
    ----------
    known : sequence of str, optional
        Names that the model was fitted with.
    n_features : int, optional
        Number of columns that it was fitted with.
    data : table
        The reference.
    features : sequence of str, optional
        The user's own answer.

    Raises
    ------
    InputError
        If columns are missing, or nothing says which of them the model takes.
    """
    names = column_names(data, role="reference")
    wanted = list(features) if features is not None else None
    if wanted is None and known is not None:
        # LightGBM writes its names with underscores for spaces
        respelled = {"_".join(name.split()): name for name in names} | {name: name for name in names}
        wanted = [respelled.get(name, name) for name in known]
    if wanted is None:
        wanted = names
    absent = [name for name in wanted if name not in set(names)]
    if absent:
        raise InputError(
            f"`reference` must have the columns that the model takes, but it has no {shown(absent)}. "
            "Rename the columns, or pass `features` in the order of the model."
        )
    if n_features is not None and len(wanted) != n_features:
        raise InputError(
            f"the model takes {n_features} columns, got {len(wanted)}: {shown(wanted)}. "
            "Pass `features` with the names of its columns, in its order."
        )
    return wanted


def model_rows(data: Any, names: Sequence[str], *, rows: NDArray[np.intp], framed: bool, role: str) -> Any:
    """Return some rows of the columns `names`: a pandas frame, or a matrix of float64.

    A frame is for models that were fitted on one (`framed`), and for columns that are no numbers.

    Raises
    ------
    InputError
        If a column is missing, or columns that are no numbers cannot be made into a frame.
    """
    absent = [name for name in names if name not in set(column_names(data, role=role))]
    if absent:
        raise InputError(f"`{role}` must have the columns of the model, but it has no {shown(absent)}. Rename them.")
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(data, pandas.DataFrame):
        places = {str(name): place for place, name in enumerate(data.columns)}
        frame = data.iloc[rows, [places[name] for name in names]]
        numeric = all(pandas.api.types.is_numeric_dtype(dtype) for dtype in frame.dtypes)
        return frame if framed or not numeric else frame.to_numpy(dtype=np.float64, na_value=np.nan)
    table = read_table(data, role=role)
    if all(table.storage_of(name) in NUMBER_LIKE for name in names):
        block = to_host(table.take(rows).block(list(names)))
        matrix = np.ascontiguousarray(block.T, dtype=np.float64)
        pandas = _pandas() if framed else None
        return matrix if pandas is None else pandas.DataFrame(matrix, columns=list(names))
    return _as_frame(data, role).iloc[rows][list(names)]


def _as_frame(data: Any, role: str) -> Any:
    import narwhals.stable.v2 as nw

    pandas = _pandas()
    if pandas is None or isinstance(data, ColumnTable | ArrayTable):
        raise InputError(
            f"`{role}` holds columns that are no numbers, and a model reads these from a pandas frame only. "
            "Pass a pandas frame as the model was fitted on."
        )
    if isinstance(data, Mapping):
        return pandas.DataFrame({str(name): values for name, values in data.items()})
    frame = nw.from_native(data)
    return (frame.collect() if isinstance(frame, nw.LazyFrame) else frame).to_pandas()


def _pandas() -> Any:
    try:
        import pandas as pd
    except ImportError:
        return None
    return pd
