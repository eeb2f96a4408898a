"""Which windows a row is in: against a plain loop over all of them."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.errors import ConfigError
from driftwatch.streaming import Windows

SECOND = 1_000_000


def windows_by_loop(windows: Windows, at: list[int]) -> dict[tuple[int, int], list[int]]:
    """Try every window around each row."""
    found: dict[tuple[int, int], list[int]] = {}
    for i, moment in enumerate(at):
        near = (moment - windows.origin) // windows.step
        for number in range(near - windows.size // windows.step - 2, near + 3):
            start = windows.origin + number * windows.step
            if start <= moment < start + windows.size and not (windows.by == "rows" and number < 0):
                found.setdefault((start, start + windows.size), []).append(i)
    return found


@given(
    step=st.integers(1, 20),
    extra=st.integers(0, 60),
    origin=st.integers(-5, 5),
    by=st.sampled_from(["time", "rows"]),
    at=st.lists(st.integers(-100, 100), min_size=1, max_size=30),
)
def test_every_row_is_in_exactly_the_windows_around_it(
    step: int, extra: int, origin: int, by: str, at: list[int]
) -> None:
    windows = Windows(step + extra, step, origin=0 if by == "rows" else origin, by=by)
    at = [abs(moment) for moment in at] if by == "rows" else at
    found = {(start, stop): rows.tolist() for start, stop, rows in windows.assign(np.asarray(at))}
    assert found == windows_by_loop(windows, at)


def test_windows_of_five_minutes_begin_on_the_clock() -> None:
    at = np.array([dt.datetime(2024, 5, 6, 10, minute, tzinfo=dt.UTC).timestamp() * SECOND for minute in (4, 5, 9)])
    windows = Windows.by_time("5m")
    starts = [
        dt.datetime.fromtimestamp(start / SECOND, dt.UTC).minute for start, _, _ in windows.assign(at.astype(int))
    ]
    assert starts == [0, 5]


def test_weeks_begin_on_monday() -> None:
    sunday = int(dt.datetime(2024, 5, 5, 12, tzinfo=dt.UTC).timestamp()) * SECOND
    ((start, stop, _),) = Windows.by_time("1w").assign(np.array([sunday]))
    assert dt.datetime.fromtimestamp(start / SECOND, dt.UTC).strftime("%a %H") == "Mon 00"
    assert start < sunday < stop


@pytest.mark.parametrize(("text", "seconds"), [("5m", 300), ("15min", 900), ("30s", 30), ("2h", 7200), ("1d", 86400)])
def test_periods_are_read(text: str, seconds: int) -> None:
    assert Windows.by_time(text).size == seconds * SECOND
    assert Windows.by_time("1s", "10s", lateness=text).lateness == seconds * SECOND


def test_a_window_is_closed_when_the_stream_is_complete_to_its_end_and_the_lateness() -> None:
    windows = Windows.by_time("10s", lateness="5s")
    assert not windows.is_closed(10 * SECOND, None)
    assert not windows.is_closed(10 * SECOND, 15 * SECOND - 1)
    assert windows.is_closed(10 * SECOND, 15 * SECOND)


@pytest.mark.parametrize("value", ["1mo", "0m", "fast", "-5m", 5, "", "5 m x"])
def test_what_is_no_period_is_refused(value: object) -> None:
    with pytest.raises(ConfigError, match="`every`"):
        Windows.by_time(value)  # type: ignore[arg-type]


def test_rows_must_be_in_a_window_and_in_few() -> None:
    with pytest.raises(ConfigError, match="in none"):
        Windows.by_time("10s", "5s")
    with pytest.raises(ConfigError, match="more than 100"):
        Windows.by_time("1s", "5min")
    with pytest.raises(ConfigError, match="in none"):
        Windows.by_rows(5, 6)


@pytest.mark.parametrize("options", [(0,), (5, 0), (True,), (2.5,)])
def test_rows_are_a_positive_number(options: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match="positive number of rows"):
        Windows.by_rows(*options)
