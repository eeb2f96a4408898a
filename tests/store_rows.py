"""What a process of its own does to a store: a spawned one imports this by name, and finds it on the path of the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.store import Position, SQLiteStore

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["add_rows"]


def add_rows(path: Path, n: int) -> None:
    """Move the offset of partition 0 on by one, n times."""
    with SQLiteStore(path) as store:
        for _ in range(n):
            with store.transaction() as transaction:
                before = transaction.positions("s").get("0", Position(0))
                transaction.move("s", "0", Position(before.offset + 1), expected=before.offset or None)
