"""One pool of threads for functions that release the GIL, shared by every primitive of the process (layer 2)."""

from __future__ import annotations

import os
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NUM_THREADS_VARIABLE", "n_threads", "over_blocks"]

NUM_THREADS_VARIABLE = "DRIFTWATCH_NUM_THREADS"
MIN_VALUES_PER_THREAD = 1 << 16  # waking a thread costs about 50 microseconds, sorting these values 300
BLOCKS_PER_THREAD = 4  # a thread that another process disturbs leaves its share to the others


class _Pool:
    """The executor of this process, made on first use."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the executor: a forked child inherits none of its threads, and perhaps a lock that is held for ever."""
        self._lock = threading.Lock()
        self._executor: ThreadPoolExecutor | None = None

    def get(self) -> ThreadPoolExecutor:
        """Return the executor."""
        with self._lock:
            if self._executor is None:
                self._executor = ThreadPoolExecutor(max(n_threads() - 1, 1), thread_name_prefix="driftwatch")
            return self._executor


_pool = _Pool()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.reset)


def n_threads() -> int:
    """Return how many threads a primitive may use: the variable `DRIFTWATCH_NUM_THREADS`, or the available cores.

    Raises
    ------
    ConfigError
        If the variable is set and not a positive integer.
    """
    given = os.environ.get(NUM_THREADS_VARIABLE, "").strip()
    if given:
        if not given.isdecimal() or int(given) < 1:
            raise ConfigError(
                f"`{NUM_THREADS_VARIABLE}` must be a positive integer, got {given!r}. Set 1 for one thread."
            )
        return int(given)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def over_blocks(work: Callable[[int, int], None], n: int, n_values: int) -> None:
    """Call `work(start, stop)` for blocks that cover `range(n)`, in several threads where it pays.

    Parameters
    ----------
    work : callable
        Releases the GIL for most of its time, and writes to nothing that another block writes to.
    n : int
        Rows or samples to cover.
    n_values : int
        The number of values in all of them together: little work stays in the calling thread.
    """
    workers = min(n_threads(), n, n_values // MIN_VALUES_PER_THREAD)
    if workers <= 1:
        work(0, n)
        return
    n_blocks = min(n, BLOCKS_PER_THREAD * workers)
    blocks = deque((n * b // n_blocks, n * (b + 1) // n_blocks) for b in range(n_blocks))

    def drain() -> None:
        while True:
            try:
                start, stop = blocks.popleft()
            except IndexError:  # nothing is left
                return
            work(start, stop)

    executor = _pool.get()
    others = [executor.submit(drain) for _ in range(workers - 1)]
    try:
        drain()
    finally:
        blocks.clear()  # if this thread failed, the others stop after the block they are at
        for future in others:
            future.result()
