"""Kafka, on the mock cluster of librdkafka."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from driftwatch.errors import ConfigError, SourceError
from driftwatch.store import SQLiteStore
from driftwatch.streaming import DeadLetter, KafkaSource, Message, Windows, Worker
from kafka_cluster import MockCluster
from stream_counting import IdScorer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

HOUR = Windows.by_time("1h")
_topics = itertools.count()


@pytest.fixture(scope="module")
def cluster() -> Iterator[MockCluster]:
    started = MockCluster()
    started.start()
    yield started
    started.stop()


@pytest.fixture
def topic() -> str:
    return f"t{next(_topics)}"


class Begin:
    """A listener that knows some offsets."""

    def __init__(self, known: Mapping[str, int] | None = None) -> None:
        self.known, self.initial, self.n_revoked = known or {}, dict[str, int](), 0

    def assigned(self, initial: Mapping[str, int]) -> Mapping[str, int]:
        self.initial = dict(initial)
        return {**initial, **self.known}

    def revoked(self, partitions: object) -> None:
        self.n_revoked += partitions is not None


def values(n: int, start: int = 0) -> list[bytes | None]:
    return [json.dumps({"id": number}).encode() for number in range(start, start + n)]


def poll(source: KafkaSource, n: int) -> list[Message]:
    """Return the next `n` messages."""
    found: list[Message] = []
    for _ in range(60):
        found += source.poll(n - len(found), 0.5)
        if len(found) >= n:
            break
    return found


def ids(messages: list[Message]) -> list[int]:
    return [json.loads(message.value or b"")["id"] for message in messages]


def test_messages_come_in_order_from_where_the_store_stands(cluster: MockCluster, topic: str) -> None:
    cluster.send(topic, values(10))
    source, begin = KafkaSource(cluster.servers, topic, group=topic), Begin({"0": 3})
    source.start(begin)
    messages = poll(source, 6)
    assert begin.initial == {"0": -1, "1": -1, "2": -1, "3": -1}
    assert ids(messages) == [4, 5, 6, 7, 8, 9]
    assert [message.offset for message in messages] == [4, 5, 6, 7, 8, 9]
    assert abs((messages[0].time or 0) / 1e6 - time.time()) < 120

    source.seek({"0": 6, "1": -1, "2": -1, "3": -1})
    assert source.lag()["0"] == 3
    assert ids(poll(source, 3)) == [7, 8, 9]
    for _ in range(20):
        source.poll(1, 0.2)
        if source.lag() == dict.fromkeys("0123", 0):
            break
    assert source.lag() == dict.fromkeys("0123", 0)
    source.commit({"0": 9})
    source.close()
    assert begin.n_revoked == 1


def test_a_source_that_shares_nothing_has_every_partition_at_once(cluster: MockCluster, topic: str) -> None:
    cluster.send(topic, values(3), partition=2)
    source, begin = KafkaSource(cluster.servers, topic, group=topic, share=False), Begin({"2": 0})
    source.start(begin)
    assert begin.initial == dict.fromkeys("0123", -1)
    assert ids(poll(source, 2)) == [1, 2]
    source.commit({"2": 2})
    source.seek({"2": 1})
    assert ids(poll(source, 1)) == [2]
    source.close()


def test_latest_begins_after_what_is_there(cluster: MockCluster, topic: str) -> None:
    cluster.send(topic, values(5))
    source, begin = KafkaSource(cluster.servers, topic, group=topic, start="latest"), Begin()
    source.start(begin)
    while not begin.initial:
        source.poll(1, 0.2)
    cluster.send(topic, values(1, start=5))
    assert begin.initial["0"] == 4
    assert ids(poll(source, 1)) == [5]
    source.close()


def test_a_stored_offset_beyond_the_end_is_an_error(cluster: MockCluster, topic: str) -> None:
    cluster.send(topic, values(5))
    source = KafkaSource(cluster.servers, topic, group=topic)
    source.start(Begin({"0": 100}))
    with pytest.raises(SourceError, match="another one now"):
        poll(source, 1)
    source.close()


def test_dead_letters_go_to_a_topic_with_reason_and_origin(cluster: MockCluster, topic: str) -> None:
    source = KafkaSource(cluster.servers, topic, group=topic, dead_letters="dead-{topic}")
    source.dead_letter([DeadLetter(Message("2", 7, b"\xff"), "no \udcff good"), DeadLetter(Message("0", 0, None), "-")])
    found = {message.value(): dict(message.headers()) for message in cluster.read(f"dead-{topic}", 2)}
    assert found[b"\xff"] == {"reason": rb"no \udcff good", "source": f"{topic} 2 7".encode()}
    assert set(found) == {b"\xff", None}
    source.close()


def counted(store: SQLiteStore, stream: str) -> Counter[int]:
    found: Counter[int] = Counter()
    with store.transaction() as transaction:
        for window in transaction.open_windows(stream):
            for part in transaction.window_parts(stream, window.key):
                found += IdScorer().load(part).ids
    return found


def test_partitions_are_handed_over_and_every_message_is_counted_once(
    cluster: MockCluster, topic: str, tmp_path: Path
) -> None:
    for partition in range(4):
        cluster.send(topic, values(500, start=1_000 * partition), partition=partition)
    store = SQLiteStore(tmp_path / "a.db")
    workers = [
        Worker(
            KafkaSource(
                cluster.servers, topic, group=topic, settings={"session.timeout.ms": 6000, "heartbeat.interval.ms": 300}
            ),
            store,
            IdScorer(),
            windows=HOUR,
            commit_every=0.1,
            standby=0.1,
            stream="s",
        )
        for _ in range(2)
    ]
    threads = [threading.Thread(target=worker.run) for worker in workers]
    threads[0].start()
    until = time.monotonic() + 40
    while time.monotonic() < until and store.counters("s").get("rows", 0) < 2_000:
        time.sleep(0.1)
    threads[1].start()  # half of the partitions move
    while time.monotonic() < until and not workers[1].status()["partitions"]:
        time.sleep(0.1)
    assert len(workers[0].status()["partitions"]) + len(workers[1].status()["partitions"]) == 4
    for partition in range(4):
        cluster.send(topic, values(500, start=1_000 * partition + 500), partition=partition)
    while time.monotonic() < until and store.counters("s").get("rows", 0) < 4_000:
        time.sleep(0.1)
    for worker in workers:
        worker.stop()
    for thread in threads:
        thread.join(20)
    assert counted(store, "s") == Counter(range(4_000))
    assert store.counters("s")["rows"] == 4_000
    store.close()


def test_brokers_that_are_not_there_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("driftwatch.streaming.kafka.TIMEOUT", 0.3)
    source = KafkaSource("127.0.0.1:1", "t")
    with pytest.raises(SourceError, match="Check the servers"):
        source.start(Begin())
    with pytest.raises(SourceError, match="1 dead letters"):
        source.dead_letter([DeadLetter(Message("0", 0, b""), "-")])
    source.close()


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"start": "middle"}, "`start`"),
        ({"settings": {"enable.auto.commit": "true"}}, "enable.auto.commit"),
        ({"settings": {"no.such.thing": "1"}}, "refused by librdkafka"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        KafkaSource("127.0.0.1:1", "t", **options)
