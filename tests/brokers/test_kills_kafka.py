"""Workers killed while 20,000 messages of a Kafka topic are counted: the totals are exact."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from driftwatch.store import SQLiteStore
from kafka_cluster import MockCluster
from killing import Kills, counted_ids

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.kills

N = 20_000
N_KILLS = 7


@pytest.fixture
def cluster() -> Iterator[MockCluster]:
    started = MockCluster()
    started.start()
    yield started
    started.stop()


def send(cluster: MockCluster, n: int) -> None:
    for partition in range(4):
        numbers = range(partition * n // 4, (partition + 1) * n // 4)
        cluster.send("t", [json.dumps({"id": i}).encode() for i in numbers] + [b"poison"], partition=partition)


def check(path: Path, n: int) -> None:
    with SQLiteStore(path) as store:
        assert counted_ids(store) == Counter(range(n))
        counters = store.counters("s")
    assert (counters["rows"], counters["messages"], counters["dead_letters"]) == (n, n + 4, 4)


def test_killed_workers_lose_nothing_and_count_nothing_twice(cluster: MockCluster, tmp_path: Path) -> None:
    send(cluster, N)
    kills = Kills(f"kafka://{cluster.servers}/t?share=no", tmp_path / "a.db")
    kills.run(N, N_KILLS, within=50)
    check(tmp_path / "a.db", N)
    assert kills.n_kills == N_KILLS


def test_killed_members_of_a_group_lose_nothing_and_count_nothing_twice(cluster: MockCluster, tmp_path: Path) -> None:
    """The cluster gives the partitions of a killed member to the next one when its session has ended."""
    send(cluster, 3_000)
    settings = "session.timeout.ms=6000&heartbeat.interval.ms=500"
    kills = Kills(f"kafka://{cluster.servers}/t?{settings}", tmp_path / "a.db")
    kills.run(3_000, 2, within=55)
    check(tmp_path / "a.db", 3_000)
    assert kills.n_kills == 2
