"""One connection for each thread of this process (layer 4)."""

from __future__ import annotations

import os
import threading
import weakref
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ThreadConnections"]


class _Closable(Protocol):
    def close(self) -> object: ...


C = TypeVar("C", bound=_Closable)

# Of a parent process: closing one in a forked child would drop the locks of the parent, or end its session on the server,
# so nothing may collect them.
_INHERITED: list[object] = []


class ThreadConnections(Generic[C]):
    """Opens a connection for each thread that asks, and new ones in a forked child; closes them when nobody has it any more.

    Parameters
    ----------
    opened : callable
        Returns a new connection.
    """

    def __init__(self, opened: Callable[[], C]) -> None:
        self._opened = opened
        self._begin()

    def get(self) -> C:
        """Return the connection of this thread."""
        self._notice_fork()
        own = threading.get_ident()
        found = self._held.get(own)
        if found is None:
            found = self._opened()
            with self._lock:
                alive = {thread.ident for thread in threading.enumerate()}
                for ended in [ident for ident in self._held if ident not in alive]:
                    self._held.pop(ended).close()
                self._held[own] = found
        return found

    def drop(self) -> None:
        """Close the connection of this thread."""
        self._notice_fork()
        with self._lock:
            found = self._held.pop(threading.get_ident(), None)
        if found is not None:
            found.close()

    def close(self) -> None:
        """Close the connections of this process; a later `get` opens a new one."""
        self._notice_fork()
        with self._lock:
            _close(self._held)

    def _notice_fork(self) -> None:
        if self._pid != os.getpid():
            _INHERITED.append(self._held)
            self._unused.detach()
            self._begin()

    def _begin(self) -> None:
        self._held: dict[int, C] = {}
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._unused = weakref.finalize(self, _close, self._held)
        self._unused.atexit = False  # threads that outlive the main one may be using theirs then


def _close(held: dict[int, C]) -> None:
    while held:
        held.popitem()[1].close()
