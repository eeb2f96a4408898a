"""What a process of its own does to a store: a spawned one imports this by name, and finds it on the path of the tests."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

from driftwatch.errors import StoreError
from driftwatch.store import Position, Run, WindowKey, open_store

__all__ = ["add_rows", "claim_all", "hang_inside", "write_beyond"]


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


def write_beyond(address: str, limit: int, told: str) -> None:
    """Write more than a file of this process may hold, the error into the file `told`, and then a little."""
    with open_store(address) as store:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        try:
            with store.transaction() as transaction:
                large = os.urandom(4 * limit).hex()
                transaction.add_run(Run("s", WindowKey(0, 1), 0, 1, "drift"), large)
        except StoreError as error:
            Path(told).write_text(str(error), "utf-8")
        with store.transaction() as transaction:
            transaction.count("after", {"rows": 1})
