"""Windows over time: many checks of one table, against a reference that stays, moves or has a season (layer 4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from driftwatch._checks import check_count
from driftwatch.arrays.table import read_table
from driftwatch.arrays.timestamps import Timestamps, timestamps_of
from driftwatch.errors import ConfigError, InputError, UnknownNameError
from driftwatch.monitor.left_out import check_divisible, refit
from driftwatch.monitor.periods import DAY, HOUR, Period
from driftwatch.monitor.windows import Cut, Window, by_rows, by_time
from driftwatch.report.history import History, WindowReport, window_report
from driftwatch.report.model import Verdict

if TYPE_CHECKING:
    from driftwatch._typing import Progress
    from driftwatch.arrays.table import Table
    from driftwatch.monitor.monitor import Monitor

__all__ = ["AGAINST", "SEASONS", "over_time"]

AGAINST = ("reference", "previous", "season")
DAYS_OF_A_WEEK = 7

NDArray = np.ndarray[Any, Any]


class _Season(NamedTuple):
    """The unit of a season on the clock, and how many units make a whole."""

    unit: int
    n_units: int


SEASONS = {
    "hour": _Season(HOUR, 24),
    "weekday": _Season(DAY, DAYS_OF_A_WEEK),
    "weekday_hour": _Season(HOUR, 24 * DAYS_OF_A_WEEK),
}


def over_time(
    monitor: Monitor,
    frame: Any,
    *,
    timestamp: str | None,
    every: Any,
    window: Any,
    step: int | None,
    against: str,
    n_previous: int,
    season: str,
    timezone: str | None,
    min_rows: int | None,
    keep_reports: bool,
    progress: Progress | None,
) -> History:
    """Return the history of a table: `Monitor.over_time` says what the parameters mean."""
    _check_choice("against", against, AGAINST)
    _check_choice("season", season, SEASONS)
    check_count("n_previous", n_previous)
    check_count("min_rows", 1 if min_rows is None else min_rows)
    check_divisible(monitor)
    table = read_table(frame, role="frame")
    times = None if timestamp is None else _times(table, timestamp, timezone)
    cut = _cut(table, times, every, window, step)
    seasons = None
    if against == "season":
        seasons = _Seasons.build(
            monitor, cut, times, timestamp=timestamp, timezone=timezone, season=season, every=every
        )

    judge = _Judge(monitor, table, cut, min_rows or monitor.plan.min_samples, keep_reports=keep_reports)
    windows = []
    for i, place in enumerate(cut.windows):
        if against == "previous":
            found = judge.previous(i, n_previous)
        elif seasons is not None:
            found = judge.season(place, seasons)
        else:
            found = judge.window(place, monitor)
        windows.append(found)
        if progress is not None:
            progress(1)
    n_missing = 0 if times is None else int(np.count_nonzero(times.missing))
    return History(tuple(windows), against, monitor.plan.alpha, n_missing, cut.n_unused)


def _check_choice(name: str, value: object, known: Any) -> None:
    if value not in list(known):
        raise UnknownNameError.from_names(f"value of `{name}`", [str(value)], known)


def _times(table: Table, name: str, timezone: str | None) -> Timestamps:
    if name not in table.names:
        raise UnknownNameError.from_names("column in `timestamp`", [name], table.names)
    return timestamps_of(table.column(name), zone=timezone)


def _cut(table: Table, times: Timestamps | None, every: Any, window: Any, step: int | None) -> Cut:
    if every is None:
        if window is None:
            raise ConfigError("windows need `every` (a period, with `timestamp`) or `window` (a number of rows).")
        return by_rows(table.n_rows, window, step, times)
    if times is None:
        raise ConfigError("`every` needs the column of times: pass its name as `timestamp`.")
    if step is not None:
        raise ConfigError("`step` is for windows of rows. With `every`, pass `window` as a longer period to slide it.")
    return by_time(times, Period.parse(every, name="every"), window and Period.parse(window, name="window"))


@dataclass(slots=True)
class _Judge:
    """Compares windows of a table with a monitor, and says why where it cannot."""

    monitor: Monitor
    table: Table
    cut: Cut
    min_rows: int
    keep_reports: bool

    def window(self, place: Window, monitor: Monitor) -> WindowReport:
        rows = self.cut.rows(place)
        if len(rows) < self.min_rows:
            what = "no rows" if not len(rows) else f"{len(rows)} row{'s' if len(rows) > 1 else ''}"
            return self.blank(place, f"{what}, at least {self.min_rows} are needed")
        return window_report(*_place(place), monitor.check(self.table.take(rows)), keep=self.keep_reports)

    def previous(self, i: int, n_previous: int) -> WindowReport:
        place, rows = self.cut.windows[i], self.cut.before(i, n_previous)
        if rows is None:
            return self.blank(
                place, f"fewer than {n_previous} windows before it" if n_previous > 1 else "no window before it"
            )
        if len(rows) < self.min_rows:
            return self.blank(place, f"{len(rows)} rows before it, at least {self.min_rows} are needed")
        if place.last - place.first < self.min_rows:
            return self.window(place, self.monitor)
        return self.window(place, refit(self.monitor, self.table.take(rows)))

    def season(self, place: Window, seasons: _Seasons) -> WindowReport:
        rows = seasons.reference_rows(place)
        if place.last - place.first < self.min_rows:
            return self.window(place, self.monitor)
        if len(rows) < self.min_rows:
            return self.blank(
                place, f"{len(rows)} rows of its season in the reference, at least {self.min_rows} are needed"
            )
        return self.window(place, seasons.monitor_for(place))

    def blank(self, place: Window, reason: str) -> WindowReport:
        return WindowReport(*_place(place), place.last - place.first, Verdict.NO_VERDICT, reason)


def _place(place: Window) -> tuple[str | int, str | int]:
    start, stop = place.start, place.stop
    return (start if isinstance(start, int) else start.isoformat(), stop if isinstance(stop, int) else stop.isoformat())


@dataclass(slots=True)
class _Seasons:
    """The reference's rows by season, and a monitor for each season that a window asked for."""

    monitor: Monitor
    rows: Table
    of_row: NDArray
    of_window: dict[int, int]
    fitted: dict[int, Monitor] = field(default_factory=dict)

    @classmethod
    def build(
        cls,
        monitor: Monitor,
        cut: Cut,
        times: Timestamps | None,
        *,
        timestamp: str | None,
        timezone: str | None,
        season: str,
        every: Any,
    ) -> _Seasons:
        rows = monitor._rows  # noqa: SLF001 - held for this
        if timestamp is None or times is None or every is None:
            raise ConfigError("a seasonal reference needs windows of time: pass `timestamp` and `every`.")
        if rows is None:
            raise InputError("a seasonal reference needs the reference's rows. Make the monitor with keep_rows=True.")
        if timestamp not in rows.names:
            raise InputError(
                f"a seasonal reference needs the column {timestamp!r} in the reference too, which has none. Pass the "
                "reference with it, and choose what is compared with `features`."
            )
        unit, n_units = SEASONS[season]
        period = Period.parse(every, name="every")
        if cut.lag > 1 or period.months or unit % period.size:
            raise ConfigError(
                f"a window must lie within one {season.replace('_', ' and ')}, got every={every!r}. Take "
                f"{'1h' if unit == HOUR else '1d'} or a part of it, and no longer `window`."
            )
        own = timestamps_of(rows.column(timestamp), zone=timezone)
        if (own.zone is None) != (times.zone is None):
            raise InputError(f"the timestamps of {timestamp!r} must have a time zone in both tables or in neither.")
        of_row = np.where(own.missing, -1, _season(own.wall, unit, n_units))
        wall = times.wall
        of_window = {
            place.first: int(_season(wall[cut.rows(place)[:1]], unit, n_units)[0])
            for place in cut.windows
            if place.last > place.first
        }
        return cls(monitor, rows, of_row, of_window)

    def reference_rows(self, place: Window) -> NDArray:
        return np.flatnonzero(self.of_row == self.of_window.get(place.first, -2))

    def monitor_for(self, place: Window) -> Monitor:
        season = self.of_window[place.first]
        if season not in self.fitted:
            self.fitted[season] = refit(self.monitor, self.rows.take(self.reference_rows(place)))
        return self.fitted[season]


def _season(wall: NDArray, unit: int, n_units: int) -> NDArray:
    return np.asarray((wall // unit) % n_units)
