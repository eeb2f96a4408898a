"""Stored checks of a stream as one table over time (layer 4)."""

from __future__ import annotations

import datetime as dt
import json
import os
from contextlib import nullcontext
from typing import TYPE_CHECKING

from driftwatch._checks import check_count
from driftwatch.errors import ConfigError
from driftwatch.report.history import History, WindowReport, window_report
from driftwatch.report.history_json import window_report_from_dict
from driftwatch.report.model import DriftReport, Verdict
from driftwatch.store.opening import open_store

if TYPE_CHECKING:
    from driftwatch.store.model import Run
    from driftwatch.store.protocol import Store

__all__ = ["history", "microseconds", "place_of", "stored_window", "written"]

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)


def history(
    store: Store | str | os.PathLike[str],
    stream: str | None = None,
    *,
    last: int | None = None,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    below: int | None = None,
    keep_reports: bool = False,
) -> History:
    """Return the stored checks of a stream, in the order in which they were stored.

    Parameters
    ----------
    store : Store or path-like
        A store, or the address of one.
    stream : str, optional
        Its name in the store; not needed where there is only one with checks.
    last : int, optional
        The newest so many. All by default.
    since, until : datetime, optional
        Checks that were stored at or after the one time and before the other. Without a time zone, local time.
    below : int, optional
        Checks with an id below this one.
    keep_reports : bool
        Keep the whole `DriftReport` of each check.

    Returns
    -------
    History
        A check that failed has no verdict, and the error as its reason.

    Raises
    ------
    ConfigError
        If the store has checks of several streams and none was named, or of none with that name.
    StoreError
        If the store cannot be read.

    Examples
    --------
    >>> import numpy as np, tempfile, pathlib
    >>> from driftwatch import Monitor
    >>> from driftwatch.store import Run, SQLiteStore, WindowKey, history
    >>> report = Monitor({"age": np.arange(100.0)}).check({"age": np.arange(50.0, 150.0)})
    >>> with tempfile.TemporaryDirectory() as folder, SQLiteStore(pathlib.Path(folder) / "driftwatch.db") as store:
    ...     with store.transaction() as transaction:
    ...         run = Run("orders", WindowKey(0, 3_600_000_000), 3_600_000_000, 100, str(report.verdict))
    ...         _ = transaction.add_run(run, report.to_json())
    ...     history(store, "orders").window_rows()[0]["drifted"]
    'age'
    """
    if last is not None:
        check_count("last", last)
    opened = open_store(store) if isinstance(store, str | os.PathLike) else nullcontext(store)
    with opened as held:
        runs = held.runs(stream, limit=last, since=microseconds(since), until=microseconds(until), below=below)
        names = sorted({run.stream for run in runs})
        if len(names) > 1:
            raise ConfigError(f"the store has checks of several streams: {', '.join(map(repr, names))}. Name one.")
        if not runs and stream is not None:
            _check_known(held, stream)
        windows, alpha = [], None
        for run in reversed(runs):
            window, alpha = stored_window(run, held.report(run.id), keep_report=keep_reports)
            windows.append(window)
    return History(tuple(windows), "reference", alpha)


def stored_window(run: Run, report: str, *, keep_report: bool = False) -> tuple[WindowReport, float | None]:
    """Return what a stored check found, and the level that it was judged at.

    Parameters
    ----------
    run : Run
    report : str
        JSON, as it is stored.
    keep_report : bool
    """
    start, stop = place_of(run, run.key.start), place_of(run, run.key.stop)
    try:
        if keep_report:
            found = DriftReport.from_json(report)
            return window_report(start, stop, found, keep=True), found.alpha
        data = json.loads(report)
        return window_report_from_dict(start, stop, data), data.get("alpha")
    except ValueError:  # an InputError is one
        return WindowReport(start, stop, run.n_rows, Verdict.NO_VERDICT, _problem(report)), None


def place_of(run: Run, at: int) -> str | int:
    """Return a time in ISO format, or a number of rows: windows by rows have a scope."""
    return written(at) if run.key.is_time else at


def written(at: int) -> str:
    """Return a time of a store in ISO format."""
    return (EPOCH + at * MICROSECOND).isoformat()


def microseconds(at: dt.datetime | None) -> int | None:
    """Return a time as a store has it."""
    return None if at is None else (at.astimezone(dt.UTC) - EPOCH) // MICROSECOND


def _problem(report: str) -> str:
    try:
        return f"the check failed: {json.loads(report)['error']}"
    except (ValueError, TypeError, KeyError):
        return "the stored report cannot be read"


def _check_known(store: Store, stream: str) -> None:
    known = sorted({run.stream for run in store.runs()} | set(store.streams()))
    if stream not in known:
        from driftwatch.errors import UnknownNameError

        raise UnknownNameError.from_names("stream", [stream], known)
