"""A worker in a process of its own, to be killed: `python -m kill_worker ADDRESS STORE`, with rows that have an `id`."""

from __future__ import annotations

import signal
import sys

from driftwatch.store import SQLiteStore
from driftwatch.streaming import Windows, Worker, open_source
from stream_counting import IdScorer

ROWS_OF_WINDOW = 700  # no divisor of what a test sends, so that windows stay open at the end

if __name__ == "__main__":
    address, path = sys.argv[1:]
    with SQLiteStore(path) as store:
        worker = Worker(
            open_source(address),
            store,
            IdScorer(),
            windows=Windows.by_rows(ROWS_OF_WINDOW),
            stream="s",
            commit_every=0.02,
            max_rows=150,
        )
        signal.signal(signal.SIGTERM, lambda *_: worker.stop())
        worker.run()
