"""Messages per second through a worker: 30 numbers as JSON, counted on a profile, from each broker that can be had.

    python benchmarks/streams.py [--messages 50000] [--json FILE]

Redis: `redis-server` from the path. Kafka: librdkafka's mock cluster in a process of its own, which is no Apache Kafka. The
broker in memory says what is left without one. Server and worker share the machine.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch import Profile
from driftwatch.store import SQLiteStore
from driftwatch.streaming import MemoryBroker, MemorySource, ProfileScorer, Windows, Worker

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch.streaming import Source

N_FEATURES = 30
MAX_KAFKA = 12_000  # a partition of the mock keeps 4.5 MB


def messages(n: int) -> list[bytes]:
    rows = np.random.default_rng(0).normal(size=(n, N_FEATURES)).round(4).tolist()
    return [json.dumps({f"f{i}": value for i, value in enumerate(row)}).encode() for row in rows]


def redis_source(values: list[bytes], folder: Path, stack: ExitStack) -> Source:
    from driftwatch.streaming import RedisSource
    from redis_server import RedisServer

    server = RedisServer(folder)
    server.start()
    stack.callback(server.kill)
    with server.client() as client, client.pipeline(transaction=False) as pipeline:
        for value in values:
            pipeline.xadd("s", {"data": value})
        pipeline.execute()
    return RedisSource(server.url, "s")


def kafka_source(values: list[bytes], folder: Path, stack: ExitStack) -> Source:
    del folder
    from driftwatch.streaming import KafkaSource
    from kafka_cluster import MockCluster

    cluster = MockCluster()
    cluster.start()
    stack.callback(cluster.stop)
    for partition in range(4):
        cluster.send("t", values[partition::4], partition=partition)
    return KafkaSource(cluster.servers, "t", share=False)


def memory_source(values: list[bytes], folder: Path, stack: ExitStack) -> Source:
    del folder, stack
    broker = MemoryBroker()
    for value in values:
        broker.send(value)
    return MemorySource(broker)


SOURCES: dict[str, Callable[[list[bytes], Path, ExitStack], Source]] = {
    "memory": memory_source,
    "redis": redis_source,
    "kafka": kafka_source,
}


def measure(name: str, values: list[bytes]) -> dict[str, Any]:
    profile = Profile.fit({f"f{i}": np.random.default_rng(i).normal(size=10_000) for i in range(N_FEATURES)})
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store = stack.enter_context(SQLiteStore(folder / "a.db"))
        source = SOURCES[name](values, folder, stack)
        worker = Worker(source, store, ProfileScorer(profile), windows=Windows.by_rows(10_000), stream=name)
        worker.start()
        began, cpu = time.perf_counter(), time.process_time()
        done = 0
        while done < len(values):
            done += worker.step()
        worker.commit()
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        assert store.counters(name)["rows"] == len(values)
        source.close()
    return {
        "source": name,
        "messages": len(values),
        "per_second": len(values) / seconds,
        "cpu_us": cpu / len(values) * 1e6,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--sources", nargs="+", choices=SOURCES, default=list(SOURCES))
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    values = messages(arguments.messages)
    found = []
    for name in arguments.sources:
        try:
            found.append(measure(name, values[: 4 * MAX_KAFKA] if name == "kafka" else values))
        except ImportError as error:
            print(f"{name:8} left out: {error}")
            continue
        each = found[-1]
        print(
            f"{name:8} {each['messages']:8,} messages  {each['per_second']:10,.0f} /s  {each['cpu_us']:6.1f} us of CPU each"
        )
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
