"""Runs of Arrow tables: cut and joined to one size, and rows drawn from them (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from driftwatch.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["combined", "drawn", "resized"]

COMPACT_AT = 2  # times as many rows as are wanted may pile up before those that are out are dropped


def resized(tables: Iterable[pa.Table], n_values: int) -> Iterator[pa.Table]:
    """Yield the same rows in tables of `n_values` values, or fewer where types change; one without rows passes as it is."""
    waiting: list[pa.Table] = []
    n_waiting = 0
    for table in tables:
        if table.num_rows == 0:
            yield table
            continue
        if waiting and not waiting[0].schema.equals(table.schema):
            yield pa.concat_tables(waiting)
            waiting, n_waiting = [], 0
        size = max(1, n_values // table.num_columns)
        start = 0
        while n_waiting + table.num_rows - start >= size:
            stop = start + size - n_waiting
            yield pa.concat_tables([*waiting, table.slice(start, stop - start)])
            waiting, n_waiting, start = [], 0, stop
        if start < table.num_rows:
            waiting.append(table.slice(start))
            n_waiting += table.num_rows - start
    if waiting:
        yield pa.concat_tables(waiting)


def drawn(tables: Iterable[pa.Table], n_rows: int, rng: np.random.Generator) -> list[pa.Table]:
    """Return `n_rows` rows of a run at random, in their order; all of them where there are fewer.

    Each row draws a number, and those with the smallest ones stay: O(n_rows) memory, whatever the length of the run.
    """
    kept: list[tuple[pa.Table, np.ndarray[tuple[int], np.dtype[np.float64]]]] = []
    limit, n_kept = 1.0, 0
    for table in tables:
        keys = rng.random(table.num_rows)
        chosen = np.flatnonzero(keys < limit)
        if not len(chosen):
            continue
        kept.append((table if len(chosen) == len(keys) else table.take(chosen), keys[chosen]))
        n_kept += len(chosen)
        if n_kept > COMPACT_AT * n_rows:
            kept, limit = _smallest(kept, n_rows)
            n_kept = n_rows
    return [table for table, _ in (_smallest(kept, n_rows)[0] if n_kept > n_rows else kept)]


def _smallest(
    kept: list[tuple[pa.Table, np.ndarray[tuple[int], np.dtype[np.float64]]]], n_rows: int
) -> tuple[list[tuple[pa.Table, np.ndarray[tuple[int], np.dtype[np.float64]]]], float]:
    """Return the rows with the smallest numbers, and the largest of these."""
    limit = float(np.partition(np.concatenate([keys for _, keys in kept]), n_rows - 1)[n_rows - 1])
    left = []
    for table, keys in kept:
        chosen = np.flatnonzero(keys <= limit)
        if len(chosen):
            left.append((table.take(chosen), keys[chosen]))
    return left, limit


def combined(tables: list[pa.Table]) -> pa.Table:
    """Return tables as one: with all of their columns, in a type that holds the values of all, or as text."""
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException:
        pass
    types: dict[str, set[pa.DataType]] = {}
    for table in tables:
        for field in table.schema:
            if not pa.types.is_null(field.type):
                types.setdefault(field.name, set()).add(field.type)
    mixed = {name for name, found in types.items() if len(found) > 1 and not _promotable(found)}
    return pa.concat_tables([_as_text(table, mixed) for table in tables], promote_options="permissive")


def _promotable(types: set[pa.DataType]) -> bool:
    try:
        pa.unify_schemas([pa.schema([("x", kind)]) for kind in types], promote_options="permissive")
    except pa.ArrowException:
        return False
    return True


def _as_text(table: pa.Table, names: set[str]) -> pa.Table:
    for i, field in enumerate(table.schema):
        if field.name in names:
            column = table.column(i)
            if pa.types.is_dictionary(field.type):
                column = column.cast(field.type.value_type)
            try:
                table = table.set_column(i, field.name, column.cast(pa.string()))
            except pa.ArrowException:
                raise InputError(
                    f"the column {field.name!r} holds {field.type} in one file and another type elsewhere. "
                    "Leave it out, or convert it to one type."
                ) from None
    return table
