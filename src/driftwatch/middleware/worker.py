"""The one thread of a process (layer 5): started when it is needed, survives everything, and knows forks."""

from __future__ import annotations

import os
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from driftwatch.middleware.recorder import Recorder

__all__ = ["Worker"]

POLL = 0.1  # seconds between looks at an empty queue: waking the thread for each request would cost more than the tap
FLUSH_ROWS = 20_000  # rows that wait are stored sooner
MAX_PAUSE = 60.0  # seconds between tries to reach a store that is away
CLOSE_TIMEOUT = 15.0  # seconds that the last write may take

_WORKERS: weakref.WeakSet[Worker] = weakref.WeakSet()


class Worker:
    """Runs a recorder in a daemon thread.

    Parameters
    ----------
    recorder : Recorder
    flush_every : float
        Seconds.
    """

    def __init__(self, recorder: Recorder, flush_every: float) -> None:
        self.recorder = recorder
        self._flush_every = flush_every
        self._reset()
        _WORKERS.add(self)

    def _reset(self) -> None:
        self.is_running = False
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._flushed = threading.Condition()
        self._n_asked = self._n_answered = 0

    def start(self) -> None:
        """Start the thread unless it runs."""
        with self._lock:
            if not self.is_running:
                self._stopping = threading.Event()
                self._thread = threading.Thread(
                    target=self._run, args=(self._stopping,), name=f"driftwatch-{self.recorder.stream}", daemon=True
                )
                self.is_running = True
                self._thread.start()

    def flush(self, timeout: float = CLOSE_TIMEOUT) -> bool:
        """Have everything stored that has come until now; return whether that was done in time."""
        self.start()
        with self._flushed:
            self._n_asked += 1
            mine = self._n_asked
            return self._flushed.wait_for(lambda: self._n_answered >= mine, timeout)

    def close(self) -> None:
        """Store everything and end the thread, if it runs; the next `start` begins another one."""
        thread = self._thread
        self._stopping.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(CLOSE_TIMEOUT)

    def status(self) -> dict[str, Any]:
        """Return how the worker stands."""
        return {"running": self.is_running, **self.recorder.status()}

    def after_fork(self) -> None:
        """Begin anew in a forked child, which has no thread."""
        self._reset()
        self.recorder.after_fork()

    def _run(self, stopping: threading.Event) -> None:
        recorder, pause = self.recorder, self._flush_every
        due = time.monotonic() + pause
        while not stopping.is_set():
            n_read, asked = 0, self._n_asked
            try:
                n_read = recorder.drain()
                crowded = recorder.n_unsaved >= FLUSH_ROWS and pause == self._flush_every
                if asked > self._n_answered or crowded or time.monotonic() >= due:
                    done = recorder.flush()
                    pause = self._flush_every if done else min(MAX_PAUSE, 2 * pause)
                    due = time.monotonic() + pause
            except BaseException as error:  # noqa: BLE001 - whatever it is, watching goes on
                recorder.problem = f"{type(error).__name__}: {error}"
            self._answer(asked)
            if n_read:
                time.sleep(0)  # lets the event loop have the interpreter
            else:
                stopping.wait(POLL)
        recorder.flush(final=True)
        recorder.close()
        with self._lock:
            self.is_running = False
        self._answer(self._n_asked)

    def _answer(self, asked: int) -> None:
        if asked > self._n_answered:
            with self._flushed:
                self._n_answered = asked
                self._flushed.notify_all()


def _after_fork() -> None:
    for worker in list(_WORKERS):
        worker.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
