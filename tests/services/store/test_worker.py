"""A worker whose state is in PostgreSQL: every row in its window once, whatever happens to the server and to its host."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

from driftwatch.store import PostgreSQLStore
from driftwatch.streaming import MemoryBroker, MemorySource, Windows, Worker
from postgresql_server import PostgreSQLServer
from stream_counting import IdScorer, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

SECOND = 1_000_000
START = 1_699_999_200 * SECOND
N_ROWS = 3_000


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQLServer]:
    made = PostgreSQLServer()
    made.start()
    yield made
    made.remove()


def counted(store: PostgreSQLStore) -> Counter[int]:
    """Return which rows were counted, judged or not."""
    found: Counter[int] = Counter()
    for run in store.runs():
        found.update(rows_of(store.report(run.id)))
    with store.transaction() as transaction:
        for window in transaction.open_windows("memory"):
            for part in transaction.window_parts("memory", window.key):
                found += IdScorer().load(part).ids
    return found


@pytest.mark.parametrize("how", ["crash", "stop"])
def test_a_server_that_is_started_again_costs_no_row_and_doubles_none(server: PostgreSQLServer, how: str) -> None:
    broker = MemoryBroker()
    for number in range(N_ROWS):
        broker.send({"id": number}, time=START + number * SECOND // 10)
    rng = np.random.default_rng(0)
    with PostgreSQLStore(f"{server.url}?schema={how}", timeout=20.0) as store:
        worker = Worker(
            MemorySource(broker), store, IdScorer(), windows=Windows.by_time("10s"), commit_every=0.001, max_rows=40
        )
        worker.start()
        done = threading.Event()

        def interrupt() -> None:
            for _ in range(6):
                done.wait(float(rng.uniform(0.05, 0.3)))
                getattr(server, how)()
                server.start()

        interrupting = threading.Thread(target=interrupt)
        interrupting.start()
        while interrupting.is_alive() or worker.step(timeout=0):
            worker.step(timeout=0)
        done.set()
        interrupting.join()
        while worker.step(timeout=0):
            pass
        worker.commit()
        assert counted(store) == Counter(range(N_ROWS))
        starts = [run.key.start for run in store.runs()]
        assert len(starts) == len(set(starts)) == N_ROWS // 100 - 1


def test_two_workers_of_two_hosts_share_a_stream(server: PostgreSQLServer) -> None:
    broker = MemoryBroker()
    for number in range(N_ROWS):
        broker.send({"id": number}, time=START + number * SECOND // 10)
    address = f"{server.url}?schema=hosts"

    def work() -> None:
        with PostgreSQLStore(address, timeout=30.0) as store:  # its own connections, as on another host
            worker = Worker(
                MemorySource(broker),
                store,
                IdScorer(),
                windows=Windows.by_time("10s"),
                commit_every=0.001,
                max_rows=25,
                standby=0.0,
            )
            worker.start()
            while worker.step(timeout=0):
                pass
            worker.commit()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    with PostgreSQLStore(address) as store:
        assert counted(store) == Counter(range(N_ROWS))
