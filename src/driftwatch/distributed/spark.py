"""Spark: a DataFrame counted by `mapInArrow`, one state a partition, and the states merged in a tree (layer 5)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from driftwatch._checks import check_count
from driftwatch.distributed.protocol import (
    FAN_IN,
    as_monitor,
    compared_columns,
    count_partition,
    merge_partitions,
    merge_windows,
    read_profile,
)
from driftwatch.errors import InputTypeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

    from driftwatch.monitor.monitor import Monitor
    from driftwatch.profile.profile import Profile
    from driftwatch.profile.window import Window
    from driftwatch.report.model import DriftReport

__all__ = ["check", "count"]

STATE = "state"
VALUES_AT_ONCE = 4_000_000  # Arrow batches of Spark have 10,000 rows, and a window adds all its cells for each


def check(frame: Any, reference: Monitor | Profile, *, n_reducers: int = FAN_IN) -> DriftReport:
    """Compare a Spark DataFrame with a reference: the report of the same rows in one process.

    Parameters
    ----------
    frame : pyspark.sql.DataFrame
        No row is shuffled or collected, and columns that the reference does not compare are not
        read. Workers need driftwatch and pyarrow in their Python.
    reference : Monitor or Profile
        A profile is judged with the default settings of `Monitor.from_profile`.
    n_reducers : int
        Tasks that the states of all partitions are merged in; the driver merges so many.

    Raises
    ------
    InputTypeError
        If one of the two is something else.
    NoCommonFeaturesError
        If they have no column in common.
    """
    monitor = as_monitor(reference)
    return monitor.check(count(frame, monitor.profile, n_reducers=n_reducers))


def count(frame: Any, profile: Profile, *, n_reducers: int = FAN_IN) -> Window:
    """Return the window of a Spark DataFrame; arguments as for `check`.

    The bytes of the profile are part of the function that Spark broadcasts.
    """
    check_count("n_reducers", n_reducers, "an integer of at least 1", least=1)
    if not (hasattr(frame, "mapInArrow") and hasattr(frame, "toArrow")):
        raise InputTypeError(
            f"`frame` must be a DataFrame of Spark 4 or newer, got {type(frame).__name__}. "
            "Make one with spark.read.parquet, or check tables in memory with `Monitor.check`."
        )
    columns, others = compared_columns(profile, frame.columns)
    quoted = ("`" + name.replace("`", "``") + "`" for name in columns)
    # mapInArrow takes `a.b` for the field b of a
    plain = frame.selectExpr(*(f"{name} AS c{i}" for i, name in enumerate(quoted)))
    sent = profile.to_bytes()
    states = plain.mapInArrow(partial(_counted, sent, columns), f"{STATE} binary")
    merged = states.repartition(n_reducers).mapInArrow(partial(_merged, sent), f"{STATE} binary")
    window = merge_windows(profile, [row[STATE] for row in merged.collect()])
    return window.update(others) if others else window


def _counted(profile: bytes, columns: list[str], batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield the counts of a partition as one row."""
    reference = read_profile(profile)
    tables = (_with_vectors(table.rename_columns(columns), reference) for table in _joined(batches))
    yield _row(count_partition(reference, tables))


def _merged(profile: bytes, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield the counts of several partitions as one row."""
    yield _row(merge_partitions(profile, (state.as_py() for batch in batches for state in batch.column(0))))


def _row(state: bytes) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.RecordBatch.from_pydict({STATE: [state]}, schema=pa.schema([(STATE, pa.binary())]))


def _with_vectors(table: pa.Table, profile: Profile) -> pa.Table:
    """Return the table with its embeddings as lists of one size, which Spark has no type for."""
    import pyarrow as pa

    for name, lines in profile.summary.projections.items():
        if name in table.column_names and pa.types.is_list(table.schema.field(name).type):
            column = table[name]
            try:
                vectors = column.cast(pa.list_(column.type.value_type, lines.n_dimensions))
            except pa.ArrowInvalid:  # of other lengths: the report says that the type changed
                continue
            table = table.set_column(table.column_names.index(name), name, vectors)
    return table


def _joined(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Yield the batches as tables that are large enough to be worth it."""
    import pyarrow as pa

    waiting: list[pa.RecordBatch] = []
    n_values = 0
    for batch in batches:
        waiting.append(batch)
        n_values += batch.num_rows * batch.num_columns
        if n_values >= VALUES_AT_ONCE:
            yield pa.Table.from_batches(waiting)
            waiting, n_values = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting)
