"""Rendered answers, kept as long as they hold (layer 5): nothing is read from the store twice, and never in the event loop."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from driftwatch._version import version

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from concurrent.futures import Future

__all__ = ["Answer", "Answers"]

T = TypeVar("T")

MAX_BYTES = 64 << 20  # of answers that are kept
MAX_ENTRY = 16 << 20  # a larger one is made anew each time
N_THREADS = 4  # each has a connection of its own to the store


class Answer(NamedTuple):
    """A body, and what tells whether it is still the same."""

    etag: str
    body: bytes


class Answers:
    """Makes answers in threads, each once for all who ask at the same time, and keeps them.

    Parameters
    ----------
    mark : callable
        Returns what changes whenever a check is stored: as long as it does not, neither do answers about checks.
    fresh : float
        Seconds for which a mark, and an answer about anything else, is not looked at again.
    clock : callable
        Seconds that never go back.
    """

    def __init__(
        self,
        mark: Callable[[], object],
        *,
        fresh: float = 1.0,
        max_bytes: int = MAX_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._mark, self._fresh, self._max_bytes, self._clock = mark, fresh, max_bytes, clock
        self._kept: OrderedDict[Hashable, tuple[str, float, Answer]] = OrderedDict()
        self._n_bytes = 0
        self._marked = ("", float("-inf"))
        self._running: dict[Hashable, Future[Any]] = {}
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None

    async def about_checks(self, key: Hashable, make: Callable[[], bytes], *, known: str | None = None) -> Answer:
        """Return an answer that holds until a check is stored or dropped.

        Parameters
        ----------
        key : hashable
            What was asked for.
        make : callable
            Renders it; called in a thread.
        known : str, optional
            What the client says that it has (`If-None-Match`): where that holds, nothing is made, and the body is empty.
        """
        mark = await self.current_mark()
        etag = f'"{mark}"'
        if known is not None and etag in known:
            return Answer(etag, b"")
        return await self._answer(key, mark, lambda: Answer(etag, make()))

    async def of_now(self, key: Hashable, make: Callable[[], bytes]) -> Answer:
        """Return an answer that changes without a check, such as the state of alerts; made again after `fresh` seconds."""

        def with_digest() -> Answer:
            body = make()
            return Answer(f'"{_digest(body)}"', body)

        return await self._answer(key, "", with_digest)

    async def in_thread(self, call: Callable[[], T]) -> T:
        """Return what a call returns, called beside the event loop."""
        return await asyncio.wrap_future(self._pool().submit(call))

    def close(self) -> None:
        """Let the threads go; a later call starts new ones."""
        with self._lock:
            threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown(wait=True)

    @property
    def size(self) -> tuple[int, int]:
        """How many answers are kept, and their bytes."""
        return len(self._kept), self._n_bytes

    async def current_mark(self) -> str:
        """Return what stands for the checks of the store, looked at once in `fresh` seconds."""
        mark, at = self._marked
        if self._clock() - at <= self._fresh:
            return mark
        return await self._once("mark", self._look)

    def _look(self) -> str:
        mark = _digest(repr((version(), self._mark())).encode())
        self._marked = mark, self._clock()
        return mark

    async def _answer(self, key: Hashable, mark: str, make: Callable[[], Answer]) -> Answer:
        with self._lock:
            found = self._kept.get(key)
            if found is not None and self._holds(found, mark):
                self._kept.move_to_end(key)
                return found[2]

        def kept() -> Answer:
            made = make()
            self._keep(key, (mark, self._clock(), made))
            return made

        return await self._once((key, mark), kept)

    def _holds(self, kept: tuple[str, float, Answer], mark: str) -> bool:
        return kept[0] == mark and (bool(mark) or self._clock() - kept[1] <= self._fresh)

    def _keep(self, key: Hashable, entry: tuple[str, float, Answer]) -> None:
        with self._lock:
            before = self._kept.pop(key, None)
            self._n_bytes -= 0 if before is None else len(before[2].body)
            if len(entry[2].body) > MAX_ENTRY:
                return
            self._kept[key] = entry
            self._n_bytes += len(entry[2].body)
            while self._n_bytes > self._max_bytes:
                _, dropped = self._kept.popitem(last=False)
                self._n_bytes -= len(dropped[2].body)

    async def _once(self, key: Hashable, call: Callable[[], T]) -> T:
        """Return what a call returns, called once for all who wait for it."""
        with self._lock:
            future = self._running.get(key)
        if future is None:
            future = self._pool().submit(call)
            with self._lock:
                self._running[key] = future
            future.add_done_callback(lambda _: self._done(key))
        # shielded: a client that leaves must not take the answer from the others
        found: T = await asyncio.shield(asyncio.wrap_future(future))
        return found

    def _done(self, key: Hashable) -> None:
        with self._lock:
            self._running.pop(key, None)

    def _pool(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(N_THREADS, "driftwatch-dashboard")
            return self._threads


def _digest(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()[:24]
