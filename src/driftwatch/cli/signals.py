"""Signals that end a command which runs until it is stopped (layer 5)."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["stopped_by_signals"]


@contextmanager
def stopped_by_signals(stop: Callable[[], object]) -> Iterator[list[int]]:
    """Call `stop` on the first SIGTERM or SIGINT, a second one has its usual effect; gives the numbers that came."""
    came: list[int] = []
    before: dict[int, Any] = {}

    def caught(number: int, _: object) -> None:
        came.append(number)
        stop()
        signal.signal(number, before[number])

    for number in (signal.SIGTERM, signal.SIGINT):
        before[number] = signal.signal(number, caught)
    try:
        yield came
    finally:
        for changed, handler in before.items():
            signal.signal(changed, handler)
