"""Reports of checks that no stream made, such as those of a nightly job, put beside the others (layer 4)."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from driftwatch.errors import ConfigError
from driftwatch.scoring.judging import ClosedWindow
from driftwatch.scoring.scored import Scored, summary_of
from driftwatch.store.model import Run, WindowKey
from driftwatch.store.over_time import microseconds

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from driftwatch.report.model import DriftReport
    from driftwatch.store.protocol import Store, Transaction

__all__ = ["keep_report"]

SETTINGS = json.dumps({"made by": "check"})  # what a stream of such checks is entered with


def keep_report(
    store: Store,
    stream: str,
    report: DriftReport,
    *,
    start: dt.datetime | None = None,
    stop: dt.datetime | None = None,
    with_report: Callable[[Transaction, ClosedWindow], object] | None = None,
    clock: Callable[[], float] = time.time,
) -> int:
    """Store a report as a check of a stream, and return the id that it has from then on.

    Parameters
    ----------
    store : Store
    stream : str
        A name for checks that are to be seen one after the other, of one reference.
    report : DriftReport
    start, stop : datetime, optional
        The time that the rows are of, by default the moment of storing. Without a time zone, local time.
    with_report : callable, optional
        As for `Judge`, such as an `AlertManager`.
    clock : callable
        Seconds after 1970.

    Raises
    ------
    ConfigError
        If the stream is one of messages or of a service, or the time ends before it begins.
    StoreError
        If it cannot be stored.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from driftwatch import Monitor
    >>> from driftwatch.store import SQLiteStore
    >>> report = Monitor({"age": [float(i) for i in range(100)]}).check({"age": [float(i) for i in range(50, 150)]})
    >>> with tempfile.TemporaryDirectory() as folder, SQLiteStore(pathlib.Path(folder) / "driftwatch.db") as store:
    ...     number = keep_report(store, "nightly", report)
    ...     Monitor.history(store, "nightly").drifted[0].drifted
    ('age',)
    """
    now = int(clock() * 1e6)
    begin, end = microseconds(start), microseconds(stop)
    begin = (now if end is None else end) if begin is None else begin
    end = max(begin, now) if end is None else end
    if end < begin:
        raise ConfigError(f"`stop` must not be before `start`, got {start} and {stop}.")
    verdict = report.verdict.value
    scored = Scored(verdict, report.to_json(), summary_of(report), report)
    with store.transaction() as transaction:
        if transaction.register(stream, SETTINGS) != SETTINGS:
            raise ConfigError(
                f"stream {stream!r} is one of messages or of a service, which stores its own checks. Give these another name."
            )
        run = Run(stream, WindowKey(begin, end), now, report.n_current, verdict)
        number = transaction.add_run(run, scored.report)
        if with_report is not None:
            with_report(transaction, ClosedWindow(stream, run.key, run.n_rows, scored, number))
        transaction.count(stream, {"windows": 1, "rows": run.n_rows, f"checks_{verdict}": 1})
    return number
