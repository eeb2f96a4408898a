"""Parts of a reference compared with the rest of it: what calibration and power are measured on (layer 4).

A window must never be compared with a reference that contains it, which would look alike by construction.
"""

from __future__ import annotations

import copy
import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from driftwatch.errors import ConfigError, InputError
from driftwatch.profile.profile import Profile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftwatch.arrays.table import Table
    from driftwatch.monitor.monitor import Monitor

__all__ = ["MAX_FOLDS", "MIN_WINDOWS", "Fold", "check_divisible", "folds", "n_folds", "refit", "spread", "starts"]

MAX_FOLDS = 10  # each costs one fit of the reference; with more of them a little less of it is left out at a time
MIN_WINDOWS = 5  # a reference must hold so many windows: four of them are then left to compare the fifth with


class Fold(NamedTuple):
    """A contiguous part of a table, the rows `[start, stop)`, and a monitor whose reference is the rest."""

    monitor: Monitor
    start: int
    stop: int


def refit(monitor: Monitor, table: Table) -> Monitor:
    """Return a monitor with the same settings and kinds of features, whose reference is another table of the same columns.

    Kinds are not inferred again: a few rows of integers in order would be taken for identifiers.

    Raises
    ------
    ConfigError
        If the monitor has labels of groups, which belong to the rows it was made of.
    """
    check_divisible(monitor)
    known = monitor.profile.features
    fitted = Profile.fit(
        table,
        kinds={name: feature.kind for name, feature in known.items()},
        names=[name for name in known if name in set(table.names)],
        block_size=monitor.plan.block_size,
        joint=monitor.profile.joint,
        max_embedding_rows=monitor.profile.max_embedding_rows,
    )
    features = {
        name: replace(known[name], problem=feature.problem or known[name].problem, flags=feature.flags)
        for name, feature in fitted.features.items()
    }
    other = copy.copy(monitor)
    other.profile = replace(fitted, features=features)
    other._rows = table  # noqa: SLF001 - a monitor made of another one
    other._performance = monitor._performance.refit(table)  # noqa: SLF001 - likewise
    return other


def check_divisible(monitor: Monitor) -> None:
    """Raise `ConfigError` if a monitor holds labels of groups, which no window of a table can bring along."""
    resampling = monitor.plan.resampling
    if resampling is not None and resampling.groups is not None and resampling.column is None:
        raise ConfigError(
            "windows of a table need its groups as a column, and this monitor was made with labels. Add them to the "
            "table, and pass groups='the name of the column'."
        )


def n_folds(n_rows: int, window: int) -> int:
    """Return the number of parts that `folds` makes of a table."""
    return min(MAX_FOLDS, n_rows // window)


def folds(monitor: Monitor, table: Table, *, window: int) -> Iterator[Fold]:
    """Yield contiguous parts of the table, each with a monitor fitted to all other rows.

    There are at most ten parts, each of at least one window.

    Raises
    ------
    InputError
        If the table has fewer rows than five windows.
    """
    n = table.n_rows
    if n < MIN_WINDOWS * window:
        raise InputError(
            f"a reference of at least {MIN_WINDOWS} windows is needed, {MIN_WINDOWS * window:,} rows for a window of "
            f"{window:,}, got {n:,} rows. Take a smaller window or a longer reference."
        )
    edges = np.linspace(0, n, n_folds(n, window) + 1).astype(int).tolist()
    for start, stop in itertools.pairwise(edges):
        rest = np.concatenate([np.arange(start), np.arange(stop, n)])
        yield Fold(refit(monitor, table.take(rest)), start, stop)


def starts(fold: Fold, *, window: int, count: int) -> list[int]:
    """Return where `count` windows of a fold start, spread evenly; they overlap where they must."""
    last = fold.stop - window
    if count == 1:
        return [(fold.start + last) // 2]
    return [int(start) for start in np.linspace(fold.start, last, count)]


def spread(count: int, parts: int) -> list[int]:
    """Return how many of `count` windows belong to each of the parts, as evenly as possible."""
    return [(count + part) // parts for part in reversed(range(parts))]
