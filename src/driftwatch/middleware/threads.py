"""A blocking call beside an event loop, whichever library runs it (layer 5)."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["in_thread"]

T = TypeVar("T")


async def in_thread(call: Callable[[], T]) -> T:
    """Return what `call()` returns, called in another thread where asyncio or trio runs."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        trio = sys.modules.get("trio")  # a server that runs on it has imported it
        if trio is None:
            return call()
        found: T = await trio.to_thread.run_sync(call)
        return found
    return await asyncio.to_thread(call)
