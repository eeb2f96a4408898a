"""Workers of several hosts on one PostgreSQL: real processes that are killed, and a server that goes away meanwhile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from asgi import model
from driftwatch import Window
from driftwatch.store import open_store
from postgresql_server import PostgreSQLServer

if TYPE_CHECKING:
    from collections.abc import Iterator

PROFILE = model().profile
N_WORKERS, N_ROWS, WINDOW = 4, 330, 100

WORKER = """
import asyncio, sys
from asgi import echo, model, post, rows_like
from driftwatch.middleware import DriftMiddleware

address, seed, n = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
one = DriftMiddleware(
    echo, monitor=model(), features="$.features", predictions="$.prediction", window=100, store=address,
    flush_every=0.1, lease_for=1.0,
)

async def main():
    for row in rows_like(n, seed=seed):
        await post(one, {"features": row})
        await asyncio.sleep(0.002)

asyncio.run(main())
one.close()
"""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQLServer]:
    made = PostgreSQLServer()
    made.start()
    yield made
    made.remove()


def start(address: str, seed: int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, map(os.path.abspath, sys.path)))}
    return subprocess.Popen([sys.executable, "-c", WORKER, address, str(seed), str(N_ROWS)], env=environment)


def test_processes_fill_windows_together_and_each_row_is_in_one(server: PostgreSQLServer) -> None:
    address = f"{server.url}?schema=together"
    processes = [start(address, seed) for seed in range(N_WORKERS)]
    assert [process.wait(120) for process in processes] == [0] * N_WORKERS
    check(address, N_WORKERS * N_ROWS)


def test_a_killed_process_costs_what_it_had_not_written_and_nothing_is_counted_twice(server: PostgreSQLServer) -> None:
    address = f"{server.url}?schema=killed"
    processes = [start(address, seed) for seed in range(N_WORKERS)]
    with open_store(address) as store:
        until = time.monotonic() + 60
        while store.counters("http").get("rows", 0) < 200 and time.monotonic() < until:
            time.sleep(0.02)
    processes[0].kill()
    assert [process.wait(120) for process in processes][1:] == [0] * (N_WORKERS - 1)
    with open_store(address) as store:
        n_rows = store.counters("http")["rows"]
    assert (N_WORKERS - 1) * N_ROWS <= n_rows < N_WORKERS * N_ROWS
    check(address, n_rows)


def check(address: str, n_rows: int) -> None:
    """Every row is counted once: in a window of the right size that was judged, or in the one that is open."""
    with open_store(address) as store:
        assert store.counters("http")["rows"] == n_rows
        runs = store.runs("http")
        with store.transaction() as transaction:
            waiting = transaction.open_windows("http")
            window = next((one for one in waiting if one.key.stop > n_rows), None)
            total = Window(PROFILE)
            if window is not None:
                for part in transaction.window_parts("http", window.key):
                    total += Window.from_bytes(part, PROFILE)
        judged = {(run.key.start, run.key.stop, run.n_rows) for run in runs}
        unjudged = {(one.key.start, one.key.stop, one.n_rows) for one in waiting if one is not window}
        expected = {(start, start + WINDOW, WINDOW) for start in range(0, n_rows - WINDOW + 1, WINDOW)}
        assert judged | unjudged == expected
        assert len(judged) == len(runs)
        assert total.n_rows == n_rows % WINDOW
        assert all(json.loads(store.report(run.id))["n_current"] == WINDOW for run in runs)
