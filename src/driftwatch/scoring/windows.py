"""Which windows a row belongs to, and when they are complete (layer 4): by time or by count, side by side or sliding."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch._checks import check_count
from driftwatch.errors import ConfigError
from driftwatch.monitor.periods import Period

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

__all__ = ["MAX_OVERLAP", "Windows", "fixed_period"]

NDArray = np.ndarray[Any, Any]

MAX_OVERLAP = 100  # windows that a row is in: each costs as much as counting it once
_MINUTES = re.compile(r"\s*(\d+)\s*m\s*")


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of a stream, made by `Windows.by_time` or `Windows.by_rows`.

    Attributes
    ----------
    size, step : int
        Length of a window, and from the start of one to that of the next: microseconds, or rows.
    lateness : int
        How long after its end a window waits for rows that come late.
    origin : int
        Where one of the windows begins.
    by : str
        `time` or `rows`.
    """

    size: int
    step: int
    lateness: int = 0
    origin: int = 0
    by: str = "time"

    @classmethod
    def by_time(
        cls,
        every: str | dt.timedelta,
        window: str | dt.timedelta | None = None,
        *,
        lateness: str | dt.timedelta | None = None,
    ) -> Windows:
        """Return windows of the clock, in UTC: those of days begin at midnight, those of weeks on Monday.

        Parameters
        ----------
        every : str or timedelta
            From the start of one window to that of the next, such as "5m", "1h" or "1d".
        window : str or timedelta, optional
            Length of a window, `every` by default; longer ones slide.
        lateness : str or timedelta, optional
            How long after its end a window waits for rows that come late. Not at all by default.

        Raises
        ------
        ConfigError
            If one of them is no period of a fixed length, or a row would be in more than 100 windows or in none.

        Examples
        --------
        >>> Windows.by_time("5m").size
        300000000
        """
        step = fixed_period("every", every)
        size = step if window is None else fixed_period("window", window)
        late = 0 if lateness is None else fixed_period("lateness", lateness).size
        return _checked(cls(size.size, step.size, late, step.origin), "every")

    @classmethod
    def by_rows(cls, window: int, step: int | None = None) -> Windows:
        """Return windows of a number of rows, counted in each partition by itself.

        The order of rows of different partitions is nobody's, so windows across them would not come out the same twice.

        Parameters
        ----------
        window : int
            Rows of a window.
        step : int, optional
            From the start of one window to that of the next, `window` by default.

        Examples
        --------
        >>> Windows.by_rows(1_000, 100).step
        100
        """
        step = window if step is None else step
        check_count("window", window, "a positive number of rows")
        check_count("step", step, "a positive number of rows")
        return _checked(cls(window, step, by="rows"), "step")

    @property
    def settings(self) -> str:
        """What the windows are, as JSON."""
        return json.dumps([self.by, self.size, self.step, self.lateness, self.origin])

    def assign(self, at: NDArray) -> Iterator[tuple[int, int, NDArray]]:
        """Return `(start, stop, rows)` of every window that holds one of the rows.

        Parameters
        ----------
        at : numpy array of integers, shape (n,)
            Time of each row, or its number in the partition.
        """
        newest = np.unique((at - self.origin) // self.step)
        numbers = np.unique(np.concatenate([newest - back for back in range(-(-self.size // self.step))]))
        for start in (numbers * self.step + self.origin).tolist():
            rows = np.flatnonzero((at >= start) & (at < start + self.size))
            if rows.size and (start >= 0 or self.by == "time"):
                yield start, start + self.size, rows

    def is_closed(self, stop: int, watermark: int | None) -> bool:
        """Return whether a window that ends at `stop` takes no more rows when the stream is complete to `watermark`."""
        return watermark is not None and stop + self.lateness <= watermark


def _checked(windows: Windows, name: str) -> Windows:
    if windows.step > windows.size:
        raise ConfigError(f"`{name}` is longer than the window, so rows in between would be in none. Shorten it.")
    if -(-windows.size // windows.step) > MAX_OVERLAP:
        raise ConfigError(f"`{name}` puts a row into more than {MAX_OVERLAP} windows. Take a longer one.")
    return windows


def fixed_period(name: str, value: object) -> Period:
    """Return the period of a timedelta, or of a text such as "30s", "5m", "1h", "7d" or "4w".

    Raises
    ------
    ConfigError
        If it is none, or has no fixed length; the message says `name`.
    """
    found = _MINUTES.fullmatch(value) if isinstance(value, str) else None
    period = Period.parse(value if found is None else f"{found[1]}min", name=name)
    if period.months:
        raise ConfigError(f"`{name}` must have a fixed length, and months have not, got {value!r}. Take '30d' or '4w'.")
    return period
