"""What a process of its own does to a store: a spawned one imports this by name, and finds it on the path of the tests."""

from __future__ import annotations

import time
from pathlib import Path

from driftwatch.store import Position, open_store

__all__ = ["add_rows", "claim_all", "hang_inside"]


def add_rows(address: str, n: int) -> None:
    """Move the offset of partition 0 on by one, n times."""
    with open_store(address, timeout=30.0) as store:
        for _ in range(n):
            with store.transaction() as transaction:
                before = transaction.positions("s").get("0", Position(0))
                transaction.move("s", "0", Position(before.offset + 1), expected=before.offset or None)


def claim_all(address: str, told: str, now: int) -> None:
    """Claim letters one by one until there are none, and write their ids to the file `told`."""
    with open_store(address, timeout=30.0) as store, Path(told).open("w", encoding="utf-8") as file:
        while True:
            with store.transaction() as transaction:
                letters = transaction.claim(["team"], now=now, until=now + 1_000, limit=1)
            if not letters:
                return
            file.write(f"{letters[0].id}\n")


def hang_inside(address: str, told: str) -> None:
    """Write in a transaction that does not end, and make the file `told` when that is written."""
    with open_store(address) as store, store.transaction() as transaction:
        transaction.count("s", {"half": 1})
        Path(told).touch()
        time.sleep(600)
