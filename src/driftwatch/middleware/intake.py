"""What the event loop hands to the worker thread (layer 5): bodies by reference, and counts of what was dropped."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Exchange", "Intake"]


class Exchange(NamedTuple):
    """One request and its response.

    Attributes
    ----------
    time : float
        When the response was complete, seconds after 1970.
    request_headers, response_headers : sequence of pairs of bytes
    request : list of bytes
        The parts of the body.
    response : list of bytes or str
        The parts of the body, or the reason why they were not kept.
    """

    time: float
    request_headers: Sequence[tuple[bytes, bytes]]
    request: list[bytes]
    response_headers: Sequence[tuple[bytes, bytes]]
    response: list[bytes] | str
    size: int


class Intake:
    """A bounded queue between one event loop and one thread, without a lock: each number has one writer.

    Parameters
    ----------
    max_length : int
        Exchanges that wait at most.
    max_bytes : int
        Bytes of bodies that they hold at most.

    Attributes
    ----------
    dropped : Counter of str
        Requests that were not looked at, by reason. They only grow.
    """

    __slots__ = ("_given", "_queue", "_taken", "dropped", "max_bytes", "max_length", "n_seen")

    def __init__(self, max_length: int, max_bytes: int) -> None:
        self.max_length, self.max_bytes = max_length, max_bytes
        self._queue: deque[Exchange] = deque()
        self.clear()

    def __len__(self) -> int:
        return len(self._queue)

    def clear(self) -> None:
        """Forget everything: after a fork it is the parent's."""
        self._queue.clear()
        self._given, self._taken, self.n_seen = 0, 0, 0
        self.dropped: Counter[str] = Counter()

    def offer(self, exchange: Exchange) -> None:
        """Take an exchange, or drop it if the worker is behind. Called by the event loop."""
        if len(self._queue) >= self.max_length or self._given - self._taken > self.max_bytes:
            self.dropped["queue_full"] += 1
            return
        self._given += exchange.size
        self._queue.append(exchange)

    def take(self, limit: int) -> list[Exchange]:
        """Return the oldest exchanges. Called by the worker."""
        found = [self._queue.popleft() for _ in range(min(limit, len(self._queue)))]
        self._taken += sum(exchange.size for exchange in found)
        return found
