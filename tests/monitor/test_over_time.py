"""Windows over time: which rows they hold, what they are compared with, and what becomes of them."""

from __future__ import annotations

import datetime as dt
import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from driftwatch import Monitor
from driftwatch.detectors import KSDetector
from driftwatch.errors import ConfigError, InputError, MissingExtraError, UnknownNameError
from driftwatch.report.model import Verdict

if TYPE_CHECKING:
    from driftwatch.report.history import History

RNG = np.random.default_rng(0)
MONITOR = Monitor({"x": RNG.normal(size=500)}, detectors=[KSDetector()])
START = dt.datetime.fromisoformat("2024-01-01")  # a Monday


def hourly(n: int, start: dt.datetime = START, step: dt.timedelta = dt.timedelta(hours=1)) -> list[dt.datetime]:
    return [start + i * step for i in range(n)]


def frame(times: list[Any], x: Any = None) -> dict[str, Any]:
    return {"t": times, "x": np.random.default_rng(1).normal(size=len(times)) if x is None else x}


def verdicts(history: History) -> list[str]:
    return [window.verdict.value for window in history.windows]


def test_windows_of_rows_tumble_and_the_rest_is_counted() -> None:
    history = MONITOR.over_time({"x": np.arange(103.0)}, window=25, keep_reports=True)
    assert [(w.start, w.stop, w.n_rows) for w in history.windows] == [
        (0, 25, 25),
        (25, 50, 25),
        (50, 75, 25),
        (75, 100, 25),
    ]
    assert history.n_unused == 3
    low = [w.report.features["x"].current.minimum for w in history.windows if w.report]  # type: ignore[union-attr]
    assert low == [0.0, 25.0, 50.0, 75.0]


def test_windows_of_rows_slide() -> None:
    history = MONITOR.over_time({"x": np.arange(100.0)}, window=40, step=30)
    assert [(w.start, w.stop) for w in history.windows] == [(0, 40), (30, 70), (60, 100)]


def test_a_window_is_what_a_check_of_its_rows_says() -> None:
    x = np.random.default_rng(2).normal(0.5, 1.0, 120)
    history = MONITOR.over_time({"x": x}, window=40, keep_reports=True)
    for i, window in enumerate(history.windows):
        alone = MONITOR.check({"x": x[40 * i : 40 * (i + 1)]})
        assert window.report is not None
        assert window.report.features == alone.features
        assert window.verdict is alone.verdict
        assert window.statistics is not None
        assert window.statistics["x"]["ks"] == alone.features["x"].tests["ks"].statistic
        assert window.statistics["x"]["effect"] == alone.features["x"].effect


def test_rows_are_put_into_the_order_of_time() -> None:
    times, x = hourly(60), np.arange(60.0)
    mixed = np.random.default_rng(3).permutation(60)
    history = MONITOR.over_time(frame([times[i] for i in mixed], x[mixed]), timestamp="t", window=20, keep_reports=True)
    ends = [(w.report.features["x"].current.minimum, w.report.features["x"].current.maximum) for w in history.windows]  # type: ignore[union-attr]
    assert ends == [(0.0, 19.0), (20.0, 39.0), (40.0, 59.0)]


@pytest.mark.parametrize(
    ("every", "starts", "counts"),
    [
        ("1d", ["2024-01-01", "2024-01-02", "2024-01-03"], [24, 24, 12]),
        ("12h", ["2024-01-01", "2024-01-01T12", "2024-01-02", "2024-01-02T12", "2024-01-03"], [12] * 5),
        ("1w", ["2024-01-01"], [60]),
        ("2w", ["2023-12-25"], [60]),
        ("1mo", ["2024-01-01"], [60]),
        (dt.timedelta(days=2), ["2023-12-31", "2024-01-02"], [24, 36]),
    ],
)
def test_windows_of_time_begin_on_the_clock(every: Any, starts: list[str], counts: list[int]) -> None:
    history = MONITOR.over_time(frame(hourly(60)), timestamp="t", every=every)
    assert [w.start for w in history.windows] == [dt.datetime.fromisoformat(s).isoformat() for s in starts]
    assert [w.n_rows for w in history.windows] == counts
    assert [w.stop for w in history.windows][:-1] == [w.start for w in history.windows][1:]


def test_months_have_their_own_lengths() -> None:
    history = MONITOR.over_time(frame(hourly(91, step=dt.timedelta(days=1))), timestamp="t", every="1mo")
    assert [w.n_rows for w in history.windows] == [31, 29, 31]
    assert history.windows[1].start == "2024-02-01T00:00:00"


def test_windows_of_time_slide_by_every() -> None:
    history = MONITOR.over_time(frame(hourly(5 * 24)), timestamp="t", every="1d", window="3d")
    assert [(w.start[8:10], w.n_rows) for w in history.windows] == [("01", 72), ("02", 72), ("03", 72)]  # type: ignore[index]


def test_a_gap_has_windows_without_rows_and_says_so() -> None:
    times = hourly(24) + hourly(24, START + dt.timedelta(days=3)) + hourly(1, START + dt.timedelta(days=4))
    history = MONITOR.over_time(frame(times), timestamp="t", every="1d")
    assert [w.n_rows for w in history.windows] == [24, 0, 0, 24, 1]
    reasons = [w.reason for w in history.windows]
    assert reasons[1] == "no rows, at least 10 are needed"
    assert reasons[4] == "1 row, at least 10 are needed"
    assert [w.verdict is Verdict.NO_VERDICT for w in history.windows] == [False, True, True, False, True]


def test_fewest_rows_can_be_set() -> None:
    data = frame(hourly(60))
    assert verdicts(MONITOR.over_time(data, timestamp="t", every="1d", min_rows=13))[-1] == "no_verdict"
    assert verdicts(MONITOR.over_time(data, timestamp="t", every="1d", min_rows=12))[-1] != "no_verdict"


def test_missing_timestamps_are_counted_and_in_no_window() -> None:
    times: list[Any] = hourly(48)
    times[5] = times[30] = None
    history = MONITOR.over_time(frame(times), timestamp="t", every="1d")
    assert history.n_missing_timestamps == 2
    assert [w.n_rows for w in history.windows] == [23, 23]


def test_window_whose_values_are_missing_has_no_verdict_and_the_reason() -> None:
    x = np.random.default_rng(1).normal(size=48)
    x[24:43] = np.nan
    window = MONITOR.over_time(frame(hourly(48), x), timestamp="t", every="1d").windows[1]
    assert window.statistics is not None
    assert window.statistics["x"]["missing_share"] == 19 / 24
    assert window.verdict is Verdict.DRIFT  # the missing share itself moved


PARIS = "Europe/Paris"


def in_paris(*, kind: str, n: int = 72, start: str = "2024-03-30") -> Any:
    """Return hours across the night of 31 March 2024, which has 23 hours in Paris."""
    index = pd.date_range(start, periods=n, freq="h", tz=PARIS)
    x = np.zeros(n)
    if kind == "pandas":
        return pd.DataFrame({"t": index, "x": x})
    if kind == "polars":
        return pl.DataFrame({"t": pl.Series(index.tz_convert("UTC").tolist()).dt.convert_time_zone(PARIS), "x": x})
    if kind == "pyarrow":
        return pa.table({"t": pa.array(index.tz_convert("UTC").tolist(), pa.timestamp("ms", PARIS)), "x": x})
    if kind == "text":
        return {"t": [t.isoformat() for t in index], "x": x}
    return {"t": index.to_pydatetime().tolist(), "x": x}


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow", "text", "objects"])
def test_days_of_a_zone_with_summer_time_have_23_hours(kind: str) -> None:
    timezone = PARIS if kind in {"text", "objects"} else None
    history = MONITOR.over_time(in_paris(kind=kind), timestamp="t", every="1d", timezone=timezone)
    assert [w.n_rows for w in history.windows] == [24, 23, 24, 1]
    assert [w.start for w in history.windows][1:3] == ["2024-03-31T00:00:00+01:00", "2024-04-01T00:00:00+02:00"]


def test_the_zone_of_the_caller_wins() -> None:
    history = MONITOR.over_time(in_paris(kind="pandas"), timestamp="t", every="1d", timezone="UTC")
    assert [w.n_rows for w in history.windows] == [1, 24, 24, 23]
    assert history.windows[0].start == "2024-03-29T00:00:00+00:00"


def test_the_hour_that_comes_twice_is_two_windows() -> None:
    times = pd.date_range("2024-10-27 00:00", periods=30 * 12, freq="5min", tz="UTC").tz_convert(PARIS)
    history = MONITOR.over_time({"t": times.to_series(), "x": np.zeros(360)}, timestamp="t", every="1h")
    assert {w.n_rows for w in history.windows} == {12}
    starts = [w.start for w in history.windows]
    assert starts[:2] == ["2024-10-27T02:00:00+02:00", "2024-10-27T02:00:00+01:00"]
    assert len(set(starts)) == 30


def test_hours_of_a_zone_with_half_an_hour_begin_on_its_own_clock() -> None:
    times = pd.date_range("2024-01-01 00:00", periods=120, freq="5min", tz="Asia/Kolkata")
    history = MONITOR.over_time({"t": times.to_series(), "x": np.zeros(120)}, timestamp="t", every="1h")
    assert [w.n_rows for w in history.windows] == [12] * 10
    assert history.windows[0].start == "2024-01-01T00:00:00+05:30"


@pytest.mark.parametrize(
    "times",
    [
        np.array(hourly(48), dtype="M8[ns]"),
        np.array([t.isoformat() for t in hourly(48)]),
        pd.Series(hourly(48)),
        pl.Series(hourly(48)),
        pa.array(hourly(48)),
        pd.Series(hourly(48)).astype("str"),
    ],
)
def test_timestamps_of_every_library(times: Any) -> None:
    history = MONITOR.over_time(frame(times), timestamp="t", every="1d")
    assert [(w.start, w.n_rows) for w in history.windows] == [("2024-01-01T00:00:00", 24), ("2024-01-02T00:00:00", 24)]


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow", "objects"])
def test_dates_make_days(kind: str) -> None:
    days: Any = [(START + dt.timedelta(days=i // 20)).date() for i in range(40)]
    days = {"polars": pl.Series, "pyarrow": pa.array, "pandas": pd.Series, "objects": list}[kind](days)
    assert [w.n_rows for w in MONITOR.over_time(frame(days), timestamp="t", every="1d").windows] == [20, 20]


def moving(n: int = 400) -> np.ndarray[Any, Any]:
    return np.random.default_rng(4).normal(np.repeat([0.0, 3.0, 3.0, 3.0], n // 4), 1.0)


def test_previous_window_is_the_reference() -> None:
    x = moving()
    assert verdicts(MONITOR.over_time({"x": x}, window=100)) == ["no_drift", "drift", "drift", "drift"]
    history = MONITOR.over_time({"x": x}, window=100, against="previous")
    assert verdicts(history) == ["no_verdict", "drift", "no_drift", "no_drift"]
    assert history.windows[0].reason == "no window before it"
    oracle = Monitor({"x": x[100:200]}, detectors=[KSDetector()]).check({"x": x[200:300]})
    assert history.windows[2].statistics is not None
    assert history.windows[2].statistics["x"]["ks"] == oracle.features["x"].tests["ks"].statistic
    assert history.windows[2].n_reference == 100


def test_previous_windows_share_no_row_with_the_window() -> None:
    x = np.arange(300.0)
    history = MONITOR.over_time({"x": x}, window=60, step=20, against="previous", n_previous=2, keep_reports=True)
    judged = [w for w in history.windows if w.report is not None]
    assert [w.start for w in judged] == [120, 140, 160, 180, 200, 220, 240]
    for window in judged:
        assert window.n_reference == 120
        assert window.report is not None
        side = window.report.features["x"].reference
        assert side is not None
        assert isinstance(window.start, int)
        assert (side.minimum, side.maximum) == (window.start - 120, window.start - 1)


def test_previous_days_slide_without_overlap() -> None:
    history = MONITOR.over_time(
        frame(hourly(24 * 6)), timestamp="t", every="1d", window="2d", against="previous", keep_reports=True
    )
    assert [w.verdict is Verdict.NO_VERDICT for w in history.windows] == [True, True, False, False, False]
    assert {w.n_reference for w in history.windows[2:]} == {48}


def test_kinds_are_those_of_the_reference_in_a_short_window_too() -> None:
    rng = np.random.default_rng(0)
    monitor = Monitor({"k": rng.integers(0, 100, 500)})
    rising = np.arange(300)  # by itself this would be taken for a row number
    history = monitor.over_time({"k": rising}, window=100, against="previous", keep_reports=True)
    assert history.windows[1].report is not None
    assert history.windows[1].report.features["k"].kind == "numeric"


def weekly(weeks: int, seed: int) -> dict[str, Any]:
    """Return hours whose mean is 5 on weekends."""
    times = hourly(weeks * 7 * 24)
    level = np.array([5.0 if t.weekday() >= 5 else 0.0 for t in times])
    return {"t": times, "x": np.random.default_rng(seed).normal(level, 1.0)}


def test_season_compares_with_the_same_weekday() -> None:
    reference, data = weekly(4, 0), weekly(2, 1)
    monitor = Monitor(reference, features=["x"], detectors=[KSDetector()])
    assert "drift" in verdicts(monitor.over_time(data, timestamp="t", every="1d"))
    history = monitor.over_time(data, timestamp="t", every="1d", against="season")
    assert verdicts(history) == ["no_drift"] * 14
    assert {w.n_reference for w in history.windows} == {4 * 24}
    data["x"][5 * 24 : 6 * 24] = 0.0  # a Saturday that looks like a weekday
    assert verdicts(monitor.over_time(data, timestamp="t", every="1d", against="season"))[5] == "drift"


def test_rows_of_the_reference_without_a_timestamp_have_no_season() -> None:
    reference = weekly(4, 0)
    reference["t"][::2] = [None] * (len(reference["t"]) // 2)
    monitor = Monitor(reference, features=["x"], detectors=[KSDetector()])
    history = monitor.over_time(weekly(1, 1), timestamp="t", every="1d", against="season")
    assert {w.n_reference for w in history.windows} == {2 * 24}


@pytest.mark.parametrize(("season", "n_reference"), [("hour", 28 * 12), ("weekday_hour", 4 * 12)])
def test_season_of_hours(season: str, n_reference: int) -> None:
    times = hourly(28 * 24 * 12, step=dt.timedelta(minutes=5))
    x = np.random.default_rng(0).normal(size=len(times)) + np.array([t.hour for t in times])
    monitor = Monitor({"t": times, "x": x}, features=["x"], detectors=[KSDetector()], alpha=1e-4)
    data = {"t": times[: 24 * 12], "x": x[: 24 * 12]}
    history = monitor.over_time(data, timestamp="t", every="1h", against="season", season=season)
    assert verdicts(history) == ["no_drift"] * 24
    assert {w.n_reference for w in history.windows} == {n_reference}


def test_season_that_the_reference_does_not_have_gives_the_reason() -> None:
    monitor = Monitor({"t": hourly(24), "x": np.zeros(24)}, features=["x"])
    history = monitor.over_time(frame(hourly(49)), timestamp="t", every="1d", against="season")
    assert [w.reason for w in history.windows][1:] == [
        "0 rows of its season in the reference, at least 10 are needed",
        "1 row, at least 10 are needed",
    ]


def test_history_is_a_long_table() -> None:
    monitor = Monitor({"x": RNG.normal(size=300), "c": RNG.choice(["a", "b"], 300)})
    data = {"x": RNG.normal(size=150), "c": RNG.choice(["a", "b"], 150)}
    history = monitor.over_time(data, window=50)
    rows = history.rows()
    assert [(row["window"], row["feature"]) for row in rows] == [(i, name) for i in range(3) for name in ("x", "c")]
    assert {"start", "stop", "n_rows", "effect", "pvalue_adjusted", "ks", "chi2", "psi"} <= set(rows[0])
    assert rows[0]["chi2"] is None
    assert all(list(row) == list(rows[0]) for row in rows)
    assert json.loads(json.dumps(history.to_dict()))["statistics"] == rows
    for library in ("pandas", "polars", "pyarrow"):
        table = history.to_frame(library)
        assert table.shape[0] == 6
        assert type(table).__module__.startswith(library)


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_a_table_of_a_library_that_is_not_there_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    history = MONITOR.over_time({"x": np.zeros(200)}, window=100)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError, match=rf"pip install {library}$"):  # no extra brings them all
        history.to_frame(library)


def test_level_over_all_windows_is_stated() -> None:
    history = MONITOR.over_time({"x": np.random.default_rng(0).normal(size=400)}, window=100)
    assert history.summary().splitlines() == [
        f"{len(history.drifted)} of 4 judged windows drifted, 4 in all.",
        "Each window is judged by itself at level 0.05: without any drift up to 0.2 of 4 may be alarms.",
    ]
    assert history.drift_detected == bool(history.drifted)


def test_history_can_be_drawn() -> None:
    pytest.importorskip("matplotlib", reason="drawing needs matplotlib, which users bring")
    history = MONITOR.over_time({"x": moving()}, window=50)
    ax = history.plot()
    assert ax.get_ylabel() == "effect (filled: drift)"
    assert len(ax.lines[0].get_xdata()) == 8
    assert list(ax.lines[1].get_xdata()) == [i for i, v in enumerate(verdicts(history)) if v == "drift"]
    assert history.plot("ks", features=["x"], ax=ax) is ax
    with pytest.raises(ConfigError, match="no window has a statistic 'psi'"):
        history.plot("psi")


def test_progress_is_called_for_each_window() -> None:
    seen: list[int] = []
    MONITOR.over_time({"x": np.zeros(100)}, window=20, progress=seen.append)
    assert seen == [1] * 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "windows need `every`"),
        ({"every": "1d"}, "`every` needs the column of times"),
        ({"window": 0}, "`window` must be a positive number of rows"),
        ({"window": 10, "step": 0}, "`step` must be a positive number of rows"),
        ({"timestamp": "t", "every": "1 day"}, "`every` must be a period"),
        ({"timestamp": "t", "every": "1d", "step": 3}, "`step` is for windows of rows"),
        ({"timestamp": "t", "every": "2d", "window": "3d"}, "`window` must be a multiple of `every`"),
        ({"timestamp": "t", "every": "1d", "window": 5}, "`window` must be a period"),
        ({"timestamp": "t", "every": "1d", "timezone": "Europe/Paris"}, "have no zone"),
        ({"window": 10, "against": "season"}, "a seasonal reference needs windows of time"),
        ({"window": 10, "n_previous": 0}, "`n_previous` must be a positive integer"),
        ({"window": 10, "min_rows": 0}, "`min_rows` must be a positive integer"),
    ],
)
def test_wrong_settings_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        MONITOR.over_time(frame(hourly(40)), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": 10, "against": "last"}, "unknown value of `against`: 'last'"),
        ({"window": 10, "season": "moon"}, "unknown value of `season`: 'moon'"),
        ({"timestamp": "time", "every": "1d"}, "unknown column in `timestamp`: 'time'"),
    ],
)
def test_unknown_words_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UnknownNameError, match=message):
        MONITOR.over_time(frame(hourly(40)), **options)


def test_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigError, match="must be the name of a time zone"):
        MONITOR.over_time(in_paris(kind="pandas"), timestamp="t", every="1d", timezone="Europe/Pariss")


def test_period_far_too_short_is_refused() -> None:
    data = frame([START, START + dt.timedelta(days=30)])
    with pytest.raises(ConfigError, match="`every` gives 2,592,001 windows"):
        MONITOR.over_time(data, timestamp="t", every="1s")


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (list(range(20)), "'t' must hold timestamps, dates or ISO text"),
        (["yesterday"] * 20, "got 'yesterday'"),
        ([None] * 20, "every timestamp is missing"),
        ([*hourly(19), dt.datetime(2024, 1, 1, tzinfo=dt.UTC)], "must all have a time zone or none of them"),
    ],
)
def test_timestamps_that_are_none_are_refused(times: list[Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        MONITOR.over_time(frame(times), timestamp="t", every="1d")


def test_window_longer_than_the_data_is_refused() -> None:
    with pytest.raises(InputError, match="a window has 50 rows, but there are 40"):
        MONITOR.over_time(frame(hourly(40)), window=50)
    with pytest.raises(InputError, match="the rows lie in 2 periods of 1d, fewer than the 7"):
        MONITOR.over_time(frame(hourly(40)), timestamp="t", every="1d", window="7d")


def test_seasonal_reference_needs_rows_and_their_times() -> None:
    data = frame(hourly(40))
    with pytest.raises(InputError, match="needs the column 't' in the reference too"):
        MONITOR.over_time(data, timestamp="t", every="1d", against="season")
    bare = Monitor(weekly(2, 0), features=["x"], keep_rows=False)
    with pytest.raises(InputError, match="keep_rows=True"):
        bare.over_time(data, timestamp="t", every="1d", against="season")
    monitor = Monitor(weekly(2, 0), features=["x"])
    for options in ({"every": "1w"}, {"every": "1d", "window": "2d"}, {"every": "1d", "season": "hour"}):
        with pytest.raises(ConfigError, match="a window must lie within one"):
            monitor.over_time(data, timestamp="t", against="season", **options)  # type: ignore[arg-type]
    aware = frame([t.replace(tzinfo=dt.UTC) for t in hourly(40)])
    with pytest.raises(InputError, match="in both tables or in neither"):
        monitor.over_time(aware, timestamp="t", every="1d", against="season")
