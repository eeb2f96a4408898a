"""From the queue to the store and to reports (layer 5): everything that the worker thread does, without the thread."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from driftwatch.middleware.shared import SECOND, SLACK, SharedWindows
from driftwatch.scoring.judging import Judge

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch.middleware.collector import Batch, Collector
    from driftwatch.middleware.intake import Intake
    from driftwatch.middleware.shared import Written
    from driftwatch.profile.profile import Profile
    from driftwatch.report.model import DriftReport
    from driftwatch.scoring.judging import ClosedWindow
    from driftwatch.scoring.profile_scorer import ProfileScorer
    from driftwatch.scoring.windows import Windows
    from driftwatch.store.protocol import Store, Transaction
    from driftwatch.store.retention import Retention

__all__ = ["Alerts", "Recorder"]

SLICE = 64  # exchanges read at a time, so that the event loop gets the interpreter in between
MIXED = (
    "some worker processes count on another reference or in other windows than the one that began last, and what they count is "
    "dropped, as it does not add: load one saved profile in all of them"
)
STOP_ALERTS = 5.0  # seconds that messages on their way may take at the end


class Alerts(Protocol):
    """What an alert manager is to the middleware."""

    def __call__(self, transaction: Transaction, closed: ClosedWindow, /) -> object:
        """Store what follows from a report, together with it."""
        ...

    def start(self, store: Store, /) -> Any:
        """Start to send, and return a handle with `stop(timeout)`."""
        ...


class Recorder:
    """Reads what the event loop has put into the queue, stores it, and judges what is complete. Used by one thread.

    Parameters
    ----------
    stream : str
    intake : Intake
    collector : Collector
    profile : Profile
    windows : Windows
    scorer : ProfileScorer
    store : Store, path, URL or None
    alerts, on_window, clock
        As for `DriftMiddleware`.
    retention : Retention
        Called after each check.
    flush_every, lease_for : float

    Attributes
    ----------
    problem : str, optional
        Why nothing can be stored or judged, or why counts do not add.
    """

    def __init__(
        self,
        stream: str,
        intake: Intake,
        collector: Collector,
        *,
        profile: Profile,
        windows: Windows,
        scorer: ProfileScorer,
        store: Any,
        alerts: Alerts | None,
        on_window: Callable[[ClosedWindow], object] | None,
        flush_every: float,
        lease_for: float,
        retention: Retention,
        clock: Callable[[], float],
    ) -> None:
        self.stream = stream
        self.intake, self._collector = intake, collector
        self._profile, self._windows, self._scorer = profile, windows, scorer
        self.address, self._alerts, self._on_window = store, alerts, on_window
        self._flush_every, self._lease_for, self._clock = flush_every, lease_for, clock
        self._retention = retention
        self._folder: str | None = None
        self.store: Store | None = None
        self._reset()

    def _reset(self) -> None:
        self.shared = self._new_shared()
        self._judge: Judge | None = None
        self._sending: Any = None
        self._counted: Counter[str] = Counter()
        self.problem: str | None = None
        self.leads = False
        self.n_windows = self.n_failures = 0
        self.flushed_at: float | None = None
        self.last: ClosedWindow | None = None

    def _new_shared(self) -> SharedWindows:
        return SharedWindows(
            self.stream,
            self._profile,
            self._windows,
            since=int(self._clock() * SECOND),
            worker=f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}",
            flush_every=self._flush_every,
            lease_for=self._lease_for,
        )

    def after_fork(self) -> None:
        """Begin anew in a forked child: everything that was counted is the parent's."""
        self.intake.clear()
        self._collector.clear()
        if self._folder is not None:
            self._folder, self.store = None, None
        self._reset()

    @property
    def last_report(self) -> DriftReport | None:
        """The report of the last window that this process judged."""
        return None if self.last is None else self.last.scored.result

    @property
    def n_unsaved(self) -> int:
        """Rows that are read and not stored."""
        return self._collector.n_pending + self.shared.n_unsaved

    def drain(self) -> int:
        """Read some of what waits, and return how much that was."""
        exchanges = self.intake.take(SLICE)
        if exchanges:
            self._collector.add(exchanges)
        return len(exchanges)

    def flush(self, *, final: bool = False) -> bool:
        """Store everything that waits and judge what is complete; return whether that went well. Never raises."""
        try:
            self._flush(final=final)
        except BaseException as error:  # noqa: BLE001 - the thread goes on, and what waits is stored the next time
            self.problem = f"{type(error).__name__}: {error}"
            self.n_failures += 1
            if self.shared.timed and not final:
                self._keep_counts()
            return False
        self.flushed_at = self._clock()
        return True

    def close(self) -> None:
        """Let go of the store, if it was opened here."""
        self._stop_sending()
        store = self.store
        if store is not None and store is not self.address:
            with suppress(Exception):
                store.close()
            self.store = self._judge = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
            self.shared = self._new_shared()

    def totals(self) -> Counter[str]:
        """Return everything that was counted since the start of the process, by the names of the store."""
        collector, found = self._collector, Counter[str]()
        found["requests"] = self.intake.n_seen
        found["rows"], found["predictions"] = collector.n_rows, collector.n_predictions
        found["failed_flushes"] = self.n_failures
        for kind, reasons in (
            ("dropped", self.intake.dropped),
            ("dropped", collector.dropped),
            ("unpaired", collector.unpaired),
            ("dropped", self.shared.lost),
        ):
            found.update({f"{kind}_{reason}": n for reason, n in dict(reasons).items()})  # a copy in one step
        return found

    def status(self) -> dict[str, Any]:
        """Return how this process stands, from memory alone."""
        totals, last = self.totals(), self.last
        return {
            "stream": self.stream,
            "worker": self.shared.worker,
            "reference": self._scorer.fingerprint[:12],
            "problem": self.problem,
            "leads": self.leads,
            "requests": totals["requests"],
            "rows": totals["rows"],
            "predictions": totals["predictions"],
            "dropped": _reasons(totals, "dropped_"),
            "unpaired": _reasons(totals, "unpaired_"),
            "failed_flushes": self.n_failures,
            "queued": len(self.intake),
            "unsaved_rows": self.n_unsaved,
            "seconds_since_flush": None if self.flushed_at is None else max(0.0, self._clock() - self.flushed_at),
            "windows": self.n_windows,
            "last_window": None
            if last is None
            else {
                "start": last.key.start,
                "stop": last.key.stop,
                "rows": last.n_rows,
                "verdict": last.scored.verdict,
                "summary": last.scored.summary,
                "run": last.run_id,
            },
        }

    def _flush(self, *, final: bool) -> None:
        began = self._clock()
        written, store = self._write(final=final), self._opened()
        if self._judge is None:
            self._judge = Judge(
                self.stream,
                store,
                self._scorer,
                with_report=self._alerts,
                on_window=self._note_window,
                clock=self._clock,
            )
        for window in written.closed:
            self._judge(window)
            if not final and self._clock() - began >= self._flush_every:
                # checks take their time, and a kill must not cost the rows of all of it
                began = self._clock()
                self._write(final=False)
        if final and written.closed:
            self.shared.release(store)
        self.problem = MIXED if written.mixed else None
        if written.leads and not final:
            self._start_sending(store)
        else:
            self._stop_sending()

    def _write(self, *, final: bool) -> Written:
        before = self._clock()
        for _ in range(-(-len(self.intake) // SLICE)):
            self.drain()
        store, through = self._opened(), int(before * SECOND) - SLACK
        written = self.shared.flush(store, self._take, now=int(self._clock() * SECOND), through=through, final=final)
        self.leads = written.leads
        return written

    def _take(self) -> tuple[list[Batch], Counter[str]]:
        batches = self._collector.take()
        self._collector.stored()
        totals = self.totals()
        counts = totals - self._counted
        self._counted = totals
        return batches, counts

    def _keep_counts(self) -> None:
        with suppress(Exception):
            batches = self._collector.take()
            self._collector.stored()
            self.shared.keep(batches)

    def _note_window(self, closed: ClosedWindow) -> None:
        self.last = closed
        self.n_windows += 1
        if self.store is not None:
            self._retention(self.store, self.stream)
        if self._on_window is not None:
            with suppress(Exception):
                self._on_window(closed)

    def _opened(self) -> Store:
        if self.store is None:
            if hasattr(self.address, "transaction"):
                self.store = self.address
            else:
                from driftwatch.store.opening import open_store

                address = self.address
                if address is None:
                    self._folder = tempfile.mkdtemp(prefix="driftwatch-")
                    address = Path(self._folder) / "driftwatch.db"
                self.store = open_store(address)
        assert self.store is not None
        return self.store

    def _start_sending(self, store: Store) -> None:
        if self._alerts is not None and self._sending is None:
            try:
                self._sending = self._alerts.start(store)
            except Exception as error:  # noqa: BLE001 - windows are judged all the same, and it is tried again
                self.problem = f"alerts are not sent: {type(error).__name__}: {error}"

    def _stop_sending(self) -> None:
        sending, self._sending = self._sending, None
        if sending is not None:
            with suppress(Exception):
                sending.stop(STOP_ALERTS)


def _reasons(totals: Counter[str], prefix: str) -> dict[str, int]:
    return {name.removeprefix(prefix): n for name, n in sorted(totals.items()) if name.startswith(prefix)}
