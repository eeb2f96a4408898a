"""Closed windows to stored reports (layer 4), each of them once."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftwatch.errors import StoreError
from driftwatch.scoring.scored import Scored
from driftwatch.store.model import Run

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch.scoring.scored import Scorer, State
    from driftwatch.store.model import OpenWindow, WindowKey
    from driftwatch.store.protocol import Store, Transaction

__all__ = ["ClosedWindow", "Judge"]


@dataclass(frozen=True, slots=True)
class ClosedWindow:
    """A window that has its report, as `on_window` gets it; `run_id` is the report's in the store."""

    stream: str
    key: WindowKey
    n_rows: int
    scored: Scored
    run_id: int = 0


class Judge:
    """Judges closed windows of a stream.

    Nothing is added to a closed window, so it may be judged outside of a transaction, and again after a kill; only who
    removes its counts stores the report.

    Parameters
    ----------
    stream : str
    store : Store
    scorer : Scorer
    with_report : callable, optional
        Called with the transaction that stores the report and the `ClosedWindow`, such as an `AlertManager`: what it
        stores is stored together with the report, and what it raises only costs its own part.
    on_window : callable, optional
        Called with each `ClosedWindow` after its report is stored.
    clock : callable
        Seconds after 1970.

    Attributes
    ----------
    newest : ClosedWindow, optional
        The last one that this object stored.
    """

    def __init__(
        self,
        stream: str,
        store: Store,
        scorer: Scorer,
        *,
        with_report: Callable[[Transaction, ClosedWindow], object] | None = None,
        on_window: Callable[[ClosedWindow], object] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._stream, self._store, self._scorer = stream, store, scorer
        self._with_report, self._on_window, self._clock = with_report, on_window, clock
        self.newest: ClosedWindow | None = None

    def __call__(self, window: OpenWindow) -> bool:
        """Store the report of a window; return whether nobody else did."""
        with self._store.transaction() as transaction:
            parts = transaction.window_parts(self._stream, window.key)
        if not parts:
            return False
        began = time.perf_counter()
        scored = self._score(parts)
        took = int((time.perf_counter() - began) * 1e6)
        try:
            closed = self._keep(window, scored, took, self._with_report)
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - what was to be stored beside the report must not cost the report
            closed = self._keep(window, scored, took, None)
        if closed is None:
            return False
        self.newest = closed
        if self._on_window is not None:
            self._on_window(closed)
        return True

    def _keep(
        self,
        window: OpenWindow,
        scored: Scored,
        took: int,
        with_report: Callable[[Transaction, ClosedWindow], object] | None,
    ) -> ClosedWindow | None:
        with self._store.transaction() as transaction:
            if not transaction.remove_window(self._stream, window.key):
                return None
            run = Run(self._stream, window.key, int(self._clock() * 1e6), window.n_rows, scored.verdict)
            closed = ClosedWindow(run.stream, run.key, run.n_rows, scored, transaction.add_run(run, scored.report))
            counts = {"windows": 1, f"checks_{scored.verdict}": 1, "check_microseconds": took}
            if with_report is not None:
                with_report(transaction, closed)
            elif self._with_report is not None:
                counts["failed_alerts"] = 1
            transaction.count(self._stream, counts)
        return closed

    def _score(self, parts: list[bytes]) -> Scored:
        try:
            state: State = self._scorer.load(parts[0])
            for part in parts[1:]:
                state += self._scorer.load(part)
            return self._scorer.score(state)
        except Exception as error:  # noqa: BLE001 - a check that fails is an outcome, and the stream goes on
            message = f"{type(error).__name__}: {error}"
            return Scored("error", json.dumps({"error": message}), f"the check failed: {message}")
