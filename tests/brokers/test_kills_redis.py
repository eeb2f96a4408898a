"""Workers and servers killed while 20,000 entries of a Redis stream are counted: the totals are exact."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from driftwatch.store import SQLiteStore
from killing import Kills, counted_ids
from redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.kills

N = 20_000
N_KILLS = 7


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    started = RedisServer(tmp_path)
    started.start()
    yield started
    started.kill()


def send(client: Any, numbers: range) -> None:
    with client.pipeline(transaction=False) as pipeline:
        for number in numbers:
            pipeline.xadd("s", {"data": json.dumps({"id": number})})
        pipeline.execute()


def test_killed_workers_lose_nothing_and_count_nothing_twice(server: RedisServer, tmp_path: Path) -> None:
    with server.client() as client:
        for first in range(0, N, 1_000):
            send(client, range(first, first + 1_000))
            client.xadd("s", {"data": "poison"})
    kills = Kills(f"{server.url}?stream=s", tmp_path / "a.db")
    kills.run(N, N_KILLS, within=50)

    with SQLiteStore(tmp_path / "a.db") as store:
        assert counted_ids(store) == Counter(range(N))
        counters = store.counters("s")
    assert (counters["rows"], counters["messages"], counters["dead_letters"]) == (N, N + N // 1_000, N // 1_000)
    assert kills.n_kills == N_KILLS


def test_a_killed_server_loses_nothing(server: RedisServer, tmp_path: Path) -> None:
    """The server is killed while it is written and read; what it acknowledged is in its append-only file."""
    kills = Kills(f"{server.url}?stream=s", tmp_path / "a.db")
    sent = 0
    failed = threading.Event()  # then no server may be started any more

    def produce() -> None:
        nonlocal sent
        for first in range(0, 8_000, 500):
            if first in {2_000, 4_000, 6_000}:
                until = time.monotonic() + 20
                while kills.rows() < first // 2 and time.monotonic() < until and not failed.is_set():
                    time.sleep(0.02)
                if failed.is_set():
                    return
                server.kill()
                time.sleep(0.2)
                server.start()
            with server.client() as client:
                send(client, range(first, first + 500))
            sent = first + 500

    producer = threading.Thread(target=produce)
    producer.start()
    try:
        kills.run(8_000, 0, within=50)
    except BaseException:
        failed.set()
        raise
    finally:
        producer.join(30)
    assert sent == 8_000
    with SQLiteStore(tmp_path / "a.db") as store:
        assert counted_ids(store) == Counter(range(8_000))
