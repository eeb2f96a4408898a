"""librdkafka's mock cluster in a process of its own: real connections, state in memory, no Apache Kafka."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import confluent_kafka

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MockCluster"]

N_PARTITIONS = 4  # of a topic that the cluster makes by itself
_SERVE = """
import sys
import confluent_kafka
owner = confluent_kafka.Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "ignored", "log_level": 2})
print(",".join(f"{b.host}:{b.port}" for b in owner.list_topics(timeout=10).brokers.values()), flush=True)
sys.stdin.read()
"""


@dataclass
class MockCluster:
    """One broker. It keeps about 4.5 MB of each partition."""

    servers: str = field(default="", init=False)
    _process: subprocess.Popen[str] | None = field(default=None, init=False)

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        self.servers = self._process.stdout.readline().strip()
        assert self.servers

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def send(self, topic: str, values: Sequence[bytes | None], *, partition: int = 0) -> None:
        """Send messages and wait until the broker has them."""
        producer = confluent_kafka.Producer({"bootstrap.servers": self.servers, "linger.ms": 5})
        producer.list_topics(topic, timeout=10)
        for value in values:
            producer.produce(topic, value, partition=partition)
            producer.poll(0)
        assert producer.flush(20) == 0

    def read(self, topic: str, n: int) -> list[Any]:
        """Return the first messages of partition 0 to 3 of a topic."""
        consumer = confluent_kafka.Consumer({"bootstrap.servers": self.servers, "group.id": "reader"})
        try:
            consumer.assign([confluent_kafka.TopicPartition(topic, i, 0) for i in range(N_PARTITIONS)])
            found: list[Any] = []
            for _ in range(100):
                found += [message for message in consumer.consume(n, 0.2) if message.error() is None]
                if len(found) >= n:
                    break
            return found
        finally:
            consumer.close()
