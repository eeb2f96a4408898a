"""Closed windows to stored reports (layer 5), each of them once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftwatch.store.model import Run
from driftwatch.streaming.scoring import Scored

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch.store.model import OpenWindow, WindowKey
    from driftwatch.store.protocol import Store
    from driftwatch.streaming.scoring import Scorer, State

__all__ = ["ClosedWindow", "Judge"]


@dataclass(frozen=True, slots=True)
class ClosedWindow:
    """A window that has its report, as `on_window` gets it."""

    stream: str
    key: WindowKey
    n_rows: int
    scored: Scored


class Judge:
    """Judges closed windows of a stream.

    Nothing is added to a closed window, so it may be judged outside of a transaction, and again after a kill; only who
    removes its counts stores the report.

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
        on_window: Callable[[ClosedWindow], object] | None,
        clock: Callable[[], float],
    ) -> None:
        self._stream, self._store, self._scorer = stream, store, scorer
        self._on_window, self._clock = on_window, clock
        self.newest: ClosedWindow | None = None

    def __call__(self, window: OpenWindow) -> bool:
        """Store the report of a window; return whether nobody else did."""
        with self._store.transaction() as transaction:
            parts = transaction.window_parts(self._stream, window.key)
        if not parts:
            return False
        scored = self._score(parts)
        with self._store.transaction() as transaction:
            is_ours = transaction.remove_window(self._stream, window.key)
            if is_ours:
                run = Run(self._stream, window.key, int(self._clock() * 1e6), window.n_rows, scored.verdict)
                transaction.add_run(run, scored.report)
                transaction.count(self._stream, {"windows": 1})
        if is_ours:
            self.newest = ClosedWindow(self._stream, window.key, window.n_rows, scored)
            if self._on_window is not None:
                self._on_window(self.newest)
        return is_ours

    def _score(self, parts: list[bytes]) -> Scored:
        try:
            state: State = self._scorer.load(parts[0])
            for part in parts[1:]:
                state += self._scorer.load(part)
            return self._scorer.score(state)
        except Exception as error:  # noqa: BLE001 - a check that fails is an outcome, and the stream goes on
            message = f"{type(error).__name__}: {error}"
            return Scored("error", json.dumps({"error": message}), f"the check failed: {message}")
