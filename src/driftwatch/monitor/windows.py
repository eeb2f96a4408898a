"""A table cut into windows, by rows or by time (layer 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch._checks import check_count
from driftwatch.errors import ConfigError, InputError

if TYPE_CHECKING:
    import datetime as dt

    from driftwatch.arrays.timestamps import Timestamps
    from driftwatch.monitor.periods import Period

__all__ = ["MAX_WINDOWS", "Cut", "Window", "by_rows", "by_time"]

NDArray = np.ndarray[Any, Any]

MAX_WINDOWS = 100_000  # beyond it a period is a mistake: seconds in place of days


@dataclass(frozen=True, slots=True)
class Window:
    """One window: the rows `order[first:last]` of a table, and when it begins and ends."""

    first: int
    last: int
    start: dt.datetime | int
    stop: dt.datetime | int


@dataclass(frozen=True, slots=True)
class Cut:
    """All windows of a table.

    Attributes
    ----------
    order : numpy array of integers
        Positions of the rows that have their place in time, in its order.
    windows : tuple of Window
    lag : int
        How many windows back the last one is that shares no row with a window.
    n_unused : int
        Rows at the end that fill no window.
    """

    order: NDArray
    windows: tuple[Window, ...]
    lag: int
    n_unused: int = 0

    def rows(self, window: Window) -> NDArray:
        """Return the positions of the rows of a window."""
        return self.order[window.first : window.last]

    def before(self, i: int, n_previous: int) -> NDArray | None:
        """Return the rows of the `n_previous` windows before window `i` that share none with it or with each other.

        None where there are not so many.
        """
        chosen = [i - self.lag * k for k in range(n_previous, 0, -1)]
        if chosen[0] < 0:
            return None
        return np.concatenate([self.rows(self.windows[j]) for j in chosen])


def by_rows(n_rows: int, window: int, step: int | None, times: Timestamps | None) -> Cut:
    """Return windows of `window` rows that begin every `step` rows, in the order of time where there are timestamps."""
    step = window if step is None else step
    check_count("window", window, "a positive number of rows")
    check_count("step", step, "a positive number of rows")
    order = np.arange(n_rows) if times is None else _in_order(times)
    _check_count((len(order) - window) // step + 1, "`step`")
    windows = tuple(
        Window(first, first + window, first, first + window) for first in range(0, len(order) - window + 1, step)
    )
    if not windows:
        raise InputError(f"a window has {window:,} rows, but there are {len(order):,}. Take a smaller window.")
    return Cut(order, windows, -(-window // step), len(order) - windows[-1].last)


def by_time(times: Timestamps, every: Period, length: Period | None) -> Cut:
    """Return windows of `length` (by default `every`) that begin every `every`, those without any row included.

    Raises
    ------
    ConfigError
        If the length is no multiple of `every`, or there are more windows than anybody wants.
    """
    n_steps = 1 if length is None else length.multiple_of(every)
    if n_steps is None:
        raise ConfigError(f"`window` must be a multiple of `every`, got {length and length.text!r} and {every.text!r}.")
    order = _in_order(times)
    if not order.size:
        raise InputError("every timestamp is missing, so there is no window. Name another column with `timestamp`.")
    index = every.index(times)[order]
    if (np.diff(index) < 0).any():  # a clock put back inside of a period that does not divide an hour
        again = np.argsort(index, kind="stable")
        order, index = order[again], index[again]
    low, high = int(index[0]), int(index[-1])
    _check_count(high - low + 1, "`every`")
    if high - low + 1 < n_steps:
        raise InputError(
            f"the rows lie in {high - low + 1} periods of {every.text}, fewer than the {n_steps} of a window. Take a "
            "shorter `window`."
        )
    edges = np.searchsorted(index, np.arange(low, high + 2)).tolist()
    windows = tuple(
        Window(edges[i], edges[i + n_steps], every.start(low + i, times), every.start(low + i + n_steps, times))
        for i in range(high - low + 2 - n_steps)
    )
    return Cut(order, windows, n_steps)


def _in_order(times: Timestamps) -> NDArray:
    """Return the positions of the rows that have a timestamp in the order of time, equal ones as they stand."""
    known = np.flatnonzero(~times.missing)
    return np.asarray(known[np.argsort(times.utc[known], kind="stable")])


def _check_count(n: int, name: str) -> None:
    if n > MAX_WINDOWS:
        raise ConfigError(f"{name} gives {n:,} windows, more than {MAX_WINDOWS:,}. Take a longer one.")
