"""Kills a worker at random points until everything is counted, and adds up what the store then holds."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftwatch.store import SQLiteStore
from kill_worker import ROWS_OF_WINDOW
from stream_counting import IdScorer, rows_of

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Kills", "counted_ids"]


def counted_ids(store: SQLiteStore) -> Counter[int]:
    """Return how often each id was counted: in the reports and in the windows that are open."""
    found: Counter[int] = Counter()
    keys = [run.key for run in store.runs("s")]
    assert len(set(keys)) == len(keys), "a window was judged twice"
    for run in store.runs("s"):
        assert run.n_rows == ROWS_OF_WINDOW
        found.update(rows_of(store.report(run.id)))
    with store.transaction() as transaction:
        for window in transaction.open_windows("s"):
            for part in transaction.window_parts("s", window.key):
                found += IdScorer().load(part).ids
    return found


@dataclass
class Kills:
    """Runs workers one after the other on one store.

    Parameters
    ----------
    address : str
    path : Path
        Of the store.
    seed : int
        Of the points at which workers are killed.
    """

    address: str
    path: Path
    seed: int = 0
    n_kills: int = 0

    def start(self) -> subprocess.Popen[bytes]:
        # the path of this process, so that the same driftwatch is found wherever it is installed
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, map(os.path.abspath, sys.path)))}
        return subprocess.Popen(
            [sys.executable, "-m", "kill_worker", self.address, str(self.path)],
            env=environment,
            stdin=subprocess.DEVNULL,
        )

    def rows(self) -> int:
        if not self.path.exists():
            return 0
        with SQLiteStore(self.path, timeout=20) as store:
            return store.counters("s").get("rows", 0)

    def run(self, n_rows: int, n_kills: int, *, within: float) -> None:
        """Kill `n_kills` workers while they count, let the last one finish, and stop it."""
        until = time.monotonic() + within
        rng = random.Random(self.seed)
        # each worker dies after it has counted a random part of what would be its share
        share = n_rows // (n_kills + 1)
        worker = self.start()
        try:
            while (done := self.rows()) < n_rows:
                assert time.monotonic() < until, f"{done} of {n_rows} rows after {self.n_kills} kills"
                assert worker.poll() is None, "the worker ended by itself"
                if self.n_kills < n_kills and done > self.n_kills * share + rng.randrange(share // 4, share):
                    time.sleep(rng.random() * 0.05)
                    worker.kill()
                    worker.wait()
                    self.n_kills += 1
                    worker = self.start()
                time.sleep(0.01)
            worker.terminate()
            assert worker.wait(20) == 0
        finally:
            if worker.poll() is None:
                worker.kill()
                worker.wait()
