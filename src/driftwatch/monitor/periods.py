"""Periods of time such as "1d", and the windows of a clock that instants fall into (layer 4)."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.arrays.timestamps import EPOCH, MICROSECOND, SECOND
from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from driftwatch.arrays.timestamps import Timestamps

__all__ = ["DAY", "HOUR", "Period"]

NDArray = np.ndarray[Any, Any]

MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
MONDAY = 4 * DAY  # 1970 began on a Thursday; its first Monday was the 5th

_UNITS = {"s": SECOND, "min": MINUTE, "h": HOUR, "d": DAY, "w": WEEK}
_PERIOD = re.compile(r"(?P<count>[1-9]\d*)\s*(?P<unit>s|min|h|d|w|mo)")


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time on the clock: days, weeks and months begin at midnight, weeks on Monday.

    Attributes
    ----------
    text : str
        As it was written.
    size : int
        Microseconds; 0 for months, which differ.
    months : int
    origin : int
        Microseconds after the epoch at which one of the periods begins.
    """

    text: str
    size: int
    months: int = 0
    origin: int = 0

    @classmethod
    def parse(cls, value: object, *, name: str) -> Period:
        """Return the period of a text such as "15min", "1h", "1d", "2w" or "1mo", or of a timedelta.

        Raises
        ------
        ConfigError
            If it is no period; the message says `name`.

        Examples
        --------
        >>> Period.parse("1d", name="every").size == DAY
        True
        """
        if isinstance(value, dt.timedelta) and value > dt.timedelta(0):
            size = value // MICROSECOND
            return cls(str(value), size, origin=MONDAY if size % WEEK == 0 else 0)
        found = _PERIOD.fullmatch(value.strip()) if isinstance(value, str) else None
        if found is None:
            raise ConfigError(f"`{name}` must be a period such as '15min', '1h', '1d', '1w' or '1mo', got {value!r}.")
        count, unit = int(found["count"]), found["unit"]
        if unit == "mo":
            return cls(found[0], 0, months=count)
        return cls(found[0], count * _UNITS[unit], origin=MONDAY if unit == "w" else 0)

    def multiple_of(self, other: Period) -> int | None:
        """Return how many of the other period this one is; None if it is no whole number of them."""
        if self.months and other.months:
            return self.months // other.months if self.months % other.months == 0 else None
        if self.months or other.months or self.size % other.size:
            return None
        return self.size // other.size

    @property
    def _runs_on(self) -> bool:
        """Whether periods follow each other without a jump when clocks are put back, as hours do and days do not."""
        return not self.months and HOUR % self.size == 0

    def index(self, times: Timestamps) -> NDArray:
        """Return the number of the period that each instant falls into, shape `(n,)`; periods count up with time."""
        if self.months:
            return np.asarray(times.wall.view("M8[us]").astype("M8[M]").astype(np.int64) // self.months)
        if self._runs_on:
            return np.asarray((times.utc + times.offset % self.size) // self.size)
        return np.asarray((times.wall - self.origin) // self.size)

    def start(self, index: int, times: Timestamps) -> dt.datetime:
        """Return when a period begins, with the zone of the timestamps if they have one."""
        if self.months:
            year, month = divmod(index * self.months, 12)
            return dt.datetime(1970 + year, month + 1, 1, tzinfo=times.zone)
        if self._runs_on and times.zone is not None:
            fraction = int(times.offset[0]) % self.size if times.offset.size else 0
            return (EPOCH + (index * self.size - fraction) * MICROSECOND).astimezone(times.zone)
        wall = EPOCH + (index * self.size + self.origin) * MICROSECOND
        return wall.replace(tzinfo=times.zone)
