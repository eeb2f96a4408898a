"""Server-sent events (layer 5): the ids of new checks, looked for once for all who listen."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from driftwatch.dashboard.stored import run_dict
from driftwatch.errors import DriftwatchError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Receive, Scope, Send

    from driftwatch.store.model import Run

__all__ = ["KEPT", "EventStream", "Events"]

KEPT = 256  # checks that who comes back is still told of
MAX_LISTENERS = 64
HEARTBEAT = 15.0  # seconds: shorter than the patience of proxies
LIFETIME = 60.0  # seconds after which a client has to come back: a server that ends waits no longer than that
RETRY = 2_000  # milliseconds after which it comes back


class Events:
    """Tells listeners of new checks.

    Parameters
    ----------
    look : callable
        Returns the newest checks, the newest first; awaited while somebody listens, and only then.
    every : float
        Seconds between two looks.
    max_listeners : int
    heartbeat, lifetime : float
        Seconds.
    """

    def __init__(
        self,
        look: Callable[[], Awaitable[list[Run]]],
        *,
        every: float = 1.0,
        max_listeners: int = MAX_LISTENERS,
        heartbeat: float = HEARTBEAT,
        lifetime: float = LIFETIME,
    ) -> None:
        self._look, self._every = look, every
        self._max_listeners, self._heartbeat, self._lifetime = max_listeners, heartbeat, lifetime
        self._recent: deque[Run] = deque(maxlen=KEPT)
        self._is_failing = False
        self._wakers: set[asyncio.Event] = set()
        self._watcher: asyncio.Task[None] | None = None
        self._looked = asyncio.Event()
        self._closed = False
        self.n_listeners = 0

    @property
    def is_full(self) -> bool:
        """Whether nobody else can listen."""
        return self.n_listeners >= self._max_listeners

    def close(self) -> None:
        """End all streams soon; safe to call from a signal handler."""
        self._closed = True

    async def listen(
        self, last: int | None, send: Callable[[bytes], Awaitable[None]], gone: Callable[[], Awaitable[Any]]
    ) -> None:
        """Tell one client, until it leaves or its time is over.

        Parameters
        ----------
        last : int, optional
            The id of the last check that it knows of.
        send : callable
            Sends it text.
        gone : callable
            Returns when it has left.
        """
        waker = asyncio.Event()
        self._wakers.add(waker)
        self.n_listeners += 1
        leaving = asyncio.ensure_future(gone())
        try:
            if self._watcher is None or self._watcher.done():
                self._looked = asyncio.Event()
                self._watcher = asyncio.create_task(self._watch())
            await self._looked.wait()
            await self._tell(last, waker, leaving, send)
        finally:
            leaving.cancel()
            self.n_listeners -= 1
            self._wakers.discard(waker)
            if not self._wakers and self._watcher is not None:
                self._watcher.cancel()
                self._watcher = None
            with suppress(asyncio.CancelledError, Exception):
                await leaving

    async def _tell(
        self,
        last: int | None,
        waker: asyncio.Event,
        leaving: asyncio.Future[Any],
        send: Callable[[bytes], Awaitable[None]],
    ) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + self._lifetime
        heard = loop.time()
        newest = self._newest()
        if last is not None and (last > newest or self._is_beyond(last)):
            last = None
        start = _message("hello", {"newest": newest or None}, None if last is not None else newest)
        await send(f"retry: {RETRY}\n\n".encode() + start)
        told, failing = newest if last is None else last, False
        while not self._closed and not leaving.done() and loop.time() < end:
            waker.clear()
            if self._is_failing != failing:
                failing = self._is_failing
                await send(_message("problem" if failing else "recovered", {}))
            if told > self._newest():  # everything was dropped, and ids begin anew
                told = self._newest()
                await send(_message("reset", {}, told))
            for run in [run for run in self._recent if run.id > told]:
                await send(_message("run", run_dict(run), run.id))
                told = run.id
                heard = loop.time()
            if loop.time() - heard >= self._heartbeat:
                await send(b": still here\n\n")
                heard = loop.time()
            waiting = asyncio.ensure_future(waker.wait())
            pause = max(0.0, min(self._heartbeat, self._every, end - loop.time()))
            await asyncio.wait({waiting, leaving}, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()

    async def _watch(self) -> None:
        while True:
            await self._look_once()
            self._looked.set()
            await asyncio.sleep(self._every)

    async def _look_once(self) -> None:
        try:
            newest_first = await self._look()
        except DriftwatchError:
            changed, self._is_failing = not self._is_failing, True
        else:
            before = [run.id for run in self._recent]
            changed, self._is_failing = self._is_failing, False
            if before != [run.id for run in reversed(newest_first)]:
                self._recent = deque(reversed(newest_first), maxlen=KEPT)
                changed = True
        if changed:
            for waker in self._wakers:
                waker.set()

    def _newest(self) -> int:
        return self._recent[-1].id if self._recent else 0

    def _is_beyond(self, last: int) -> bool:
        """Return whether more came after that one than is kept."""
        return len(self._recent) == KEPT and last < self._recent[0].id - 1


class EventStream:
    """An answer that goes on until the client leaves.

    Parameters
    ----------
    events : Events
    last : int, optional
        The id of the last check that the client knows of.
    """

    def __init__(self, events: Events, last: int | None) -> None:
        self._events, self._last = events, last

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - as ASGI says
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),  # nginx would hold them back
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})

        async def sent(text: bytes) -> None:
            await send({"type": "http.response.body", "body": text, "more_body": True})

        async def gone() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        if scope["method"] != "HEAD":
            try:
                await self._events.listen(self._last, sent, gone)
            except OSError:  # how some servers say that the client has left
                return
        await send({"type": "http.response.body", "body": b""})


def _message(event: str, data: dict[str, Any], number: int | None = None) -> bytes:
    head = "" if number is None else f"id: {number}\n"
    return f"{head}event: {event}\ndata: {json.dumps(data)}\n\n".encode()
