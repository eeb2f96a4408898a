"""Dask: a DataFrame counted partition by partition, and its windows merged in a tree (layer 5)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from driftwatch.distributed.protocol import (
    FAN_IN,
    as_monitor,
    compared_columns,
    count_partition,
    merge_partitions,
    merge_windows,
    reduce,
)
from driftwatch.errors import InputTypeError, MissingExtraError

if TYPE_CHECKING:
    from driftwatch.monitor.monitor import Monitor
    from driftwatch.profile.profile import Profile
    from driftwatch.profile.window import Window
    from driftwatch.report.model import DriftReport

__all__ = ["check", "count"]


def check(frame: Any, reference: Monitor | Profile, *, fan_in: int = FAN_IN) -> DriftReport:
    """Compare a Dask DataFrame with a reference: the report of the same rows in one process.

    Parameters
    ----------
    frame : dask.dataframe.DataFrame
        Nothing of it is shuffled or collected. Columns that the reference does not compare are not read.
    reference : Monitor or Profile
        A profile is judged with the default settings of `Monitor.from_profile`.
    fan_in : int
        Windows that one task merges.

    Raises
    ------
    InputTypeError
        If one of the two is something else.
    NoCommonFeaturesError
        If they have no column in common.
    MissingExtraError
        If Dask is not installed.
    """
    monitor = as_monitor(reference)
    return monitor.check(count(frame, monitor.profile, fan_in=fan_in))


def count(frame: Any, profile: Profile, *, fan_in: int = FAN_IN) -> Window:
    """Return the window of a Dask DataFrame, on whatever scheduler Dask is set to; arguments as for `check`.

    The bytes of the profile go to each worker once.
    """
    try:
        import dask
        from dask import dataframe
    except ImportError as error:
        feature = "counting a Dask DataFrame"
        raise MissingExtraError.for_feature(feature, package="dask[dataframe]", extra="dask") from error
    if not isinstance(frame, dataframe.DataFrame):
        raise InputTypeError(
            f"`frame` must be a Dask DataFrame, got {type(frame).__name__}. "
            "Make one with dask.dataframe.read_parquet or from_pandas, or check tables in memory with `Monitor.check`."
        )
    columns, others = compared_columns(profile, list(frame.columns))
    sent = dask.delayed(profile.to_bytes())
    counted = dask.delayed(_count, pure=True)
    merged = partial(dask.delayed(merge_partitions, pure=True), sent)
    parts = [counted(sent, part) for part in frame[columns].to_delayed()]
    (result,) = dask.compute(reduce(parts, merged, fan_in=fan_in))
    return merge_windows(profile, [result]).update(others) if others else merge_windows(profile, [result])


def _count(profile: bytes, part: Any) -> bytes:
    return count_partition(profile, [part])
