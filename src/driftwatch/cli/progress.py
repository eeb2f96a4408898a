"""A progress bar on standard error (layer 5) that appears only when the work takes longer than a second."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import Progress, TaskID

__all__ = ["DelayedProgress"]

DELAY_SECONDS = 1.0  # quicker work needs no bar, and rich is not even imported for it


class DelayedProgress:
    """Shows the phase that the work is in, once `delay` has passed; does nothing when not `enabled`.

    Parameters
    ----------
    enabled : bool
        Whether standard error is a terminal that somebody looks at.
    delay : float
        Seconds before the bar appears.
    """

    def __init__(self, *, enabled: bool, delay: float = DELAY_SECONDS) -> None:
        self._enabled = enabled
        self._timer = threading.Timer(delay, self._show)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._phase = self._unit = ""
        self._total: int | None = None
        self._done = 0
        self._closed = False

    def __enter__(self) -> Self:
        if self._enabled:
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            self._closed = True
            if self._bar is not None:
                self._bar.stop()

    @property
    def enabled(self) -> bool:
        """Whether somebody looks."""
        return self._enabled

    def phase(self, name: str, total: int | None = None, *, unit: str = "") -> None:
        """Begin a phase; without a `total` it is shown as a spinner. With a `unit` the pieces are shown as numbers."""
        with self._lock:
            self._phase, self._total, self._done, self._unit = name, total, 0, unit
            if self._bar is not None:
                self._restart_task()

    def advance(self, n: int = 1, /) -> None:
        """Count `n` more pieces of the phase as done."""
        with self._lock:
            self._done += n
            if self._bar is not None and self._task is not None:
                self._bar.update(self._task, completed=self._done, pieces=self._pieces())

    def _show(self) -> None:
        # this runs in the timer's thread: an exception here would print a traceback, and a bar is never worth one
        with suppress(Exception), self._lock:
            if self._closed:
                return
            from rich.console import Console
            from rich.progress import (
                BarColumn,
                Progress,
                SpinnerColumn,
                TaskProgressColumn,
                TextColumn,
                TimeElapsedColumn,
                TimeRemainingColumn,
            )

            bar = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                TaskProgressColumn(),
                TextColumn("{task.fields[pieces]}", markup=False),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            bar.start()
            self._bar = bar
            self._restart_task()

    def _restart_task(self) -> None:
        assert self._bar is not None
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(self._phase, total=self._total, completed=self._done, pieces=self._pieces())

    def _pieces(self) -> str:
        """Return how many pieces are done, of how many."""
        if not self._unit:
            return ""
        of = "" if self._total is None else f" of {self._total:,}"
        return f"{self._done:,}{of} {self._unit}"
