"""Redis streams, on a real server."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from driftwatch.errors import ConfigError, SourceError
from driftwatch.store import SQLiteStore
from driftwatch.streaming import DeadLetter, Message, RedisSource, Windows, Worker
from redis_server import RedisServer
from stream_counting import IdScorer, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

ROWS = Windows.by_rows(4)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    started = RedisServer(tmp_path_factory.mktemp("redis"))
    started.start()
    yield started
    started.kill()


@pytest.fixture
def client(server: RedisServer) -> Iterator[Any]:
    with server.client() as made:
        made.flushall()
        yield made


class Begin:
    """A listener that knows some offsets."""

    def __init__(self, known: Mapping[str, int] | None = None) -> None:
        self.known = known or {}

    def assigned(self, initial: Mapping[str, int]) -> Mapping[str, int]:
        return {**initial, **self.known}

    def revoked(self, partitions: object) -> None:
        raise AssertionError(partitions)


def send(client: Any, number: int, stream: str = "s") -> str:
    return str(client.xadd(stream, {"data": json.dumps({"id": number})}).decode())


def ids(messages: Any) -> list[int]:
    return [json.loads(message.value)["id"] for message in messages]


def test_entries_come_in_order_and_from_where_the_store_stands(server: RedisServer, client: Any) -> None:
    for number in range(5):
        send(client, number)
    source = RedisSource(server.url, "s")
    source.start(Begin())
    first = source.poll(2, 0.1)
    assert ids(first) == [0, 1]
    assert ids(source.poll(10, 0.1)) == [2, 3, 4]
    assert list(source.poll(10, 0.01)) == []
    source.seek({"s": first[0].offset})
    assert ids(source.poll(10, 0.1)) == [1, 2, 3, 4]
    source.close()

    again = RedisSource(server.url, "s")
    again.start(Begin({"s": first[1].offset}))
    assert ids(again.poll(10, 0.1)) == [2, 3, 4]
    again.close()


def test_the_time_of_an_entry_is_that_of_its_id(server: RedisServer, client: Any) -> None:
    client.xadd("s", {"data": b"{}"}, id="1700000000000-3")
    source = RedisSource(server.url, "s")
    source.start(Begin())
    (message,) = source.poll(1, 0.1)
    source.close()
    assert message == Message("s", (1_700_000_000_000 << 64) + 3, b"{}", 1_700_000_000_000_000)


def test_latest_begins_after_what_is_there(server: RedisServer, client: Any) -> None:
    send(client, 0)
    source = RedisSource(server.url, ["s", "empty"], start="latest")
    source.start(Begin())
    send(client, 1)
    send(client, 2, "empty")
    assert sorted(ids(source.poll(10, 0.1))) == [1, 2]
    source.close()


def test_another_field_can_hold_the_message(server: RedisServer, client: Any) -> None:
    client.xadd("s", {"body": b"{}"})
    client.xadd("s", {"data": b"[]"})
    source = RedisSource(server.url, "s", field="body")
    source.start(Begin())
    assert [message.value for message in source.poll(10, 0.1)] == [b"{}", None]
    source.close()


def test_the_group_follows_what_is_stored_and_tells_the_lag(server: RedisServer, client: Any) -> None:
    entries = [send(client, number) for number in range(10)]
    source = RedisSource(server.url, "s", group="g")
    source.start(Begin())
    assert source.lag() == {"s": 10}
    messages = source.poll(4, 0.1)
    source.commit({"s": messages[-1].offset})
    (group,) = client.xinfo_groups("s")
    assert group["last-delivered-id"].decode() == entries[3]
    assert group["lag"] == 6
    assert source.lag() == {"s": 6}
    source.poll(10, 0.1)
    assert source.lag() == {"s": 0}
    source.close()


def test_dead_letters_go_to_a_stream_with_reason_and_origin(server: RedisServer, client: Any) -> None:
    source = RedisSource(server.url, "s", dead_letters="dead of {stream}")
    source.start(Begin())
    source.dead_letter(
        [DeadLetter(Message("s", (5 << 64) + 1, b"\xff"), "no \udcff good"), DeadLetter(Message("s", 0, None), "-")]
    )
    (_, first), (_, second) = client.xrange("dead of s")
    assert first == {b"data": b"\xff", b"reason": rb"no \udcff good", b"source": b"s 5-1"}
    assert second[b"data"] == b""
    source.close()


def test_a_worker_counts_everything_once(server: RedisServer, client: Any, tmp_path: Path) -> None:
    for number in range(10):
        send(client, number)
    client.xadd("s", {"data": b"?"})
    with SQLiteStore(tmp_path / "a.db") as store:
        for _ in range(2):  # the second one finds nothing new
            worker = Worker(RedisSource(server.url, "s"), store, IdScorer(), windows=ROWS)
            worker.start()
            for _ in range(3):
                worker.step(timeout=0.01)
            worker.commit()
            status = worker.status()
            worker.stop()
        runs = store.runs()
        found = Counter(number for run in runs for number in rows_of(store.report(run.id)))
        assert found == Counter(range(8))
        assert status["counters"].pop("check_microseconds") > 0
        assert status["counters"] == {
            "dead_letters": 1,
            "messages": 11,
            "rows": 10,
            "windows": 2,
            "checks_no_drift": 2,
        }
        assert status["partitions"]["s"]["lag"] == 0
        assert client.xlen("s:dead") == 1


def test_a_server_that_is_away_is_waited_for(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    server.start()
    try:
        with server.client() as client:
            send(client, 0)
        source = RedisSource(server.url, "s")
        source.start(Begin())
        assert ids(source.poll(10, 0.1)) == [0]
        server.kill()
        assert list(source.poll(10, 0.1)) == []
        assert source.problem
        assert source.lag() == {"s": None}
        source.commit({"s": 1})
        with pytest.raises(SourceError, match="dead letter"):
            source.dead_letter([DeadLetter(Message("s", 0, b""), "-")])
        server.start()
        with server.client() as client:
            send(client, 1)
        found = next(messages for _ in range(200) if (messages := source.poll(10, 0.1)))
        assert ids(found) == [1]
        assert not source.problem
        source.close()
    finally:
        server.kill()


def test_a_server_that_is_not_there_at_the_start_is_an_error() -> None:
    source = RedisSource("redis://127.0.0.1:1", "s")
    with pytest.raises(SourceError, match="Check the address"):
        source.start(Begin())
    source.close()


def test_a_key_that_is_no_stream_is_an_error(server: RedisServer, client: Any) -> None:
    client.set("s", "text")
    source = RedisSource(server.url, "s")
    with pytest.raises(SourceError, match="WRONGTYPE"):
        source.start(Begin())
    source.close()


@pytest.mark.parametrize(
    ("url", "streams", "options"),
    [
        ("http://localhost", "s", {}),
        ("redis://localhost", [], {}),
        ("redis://localhost", ["s", "s"], {}),
        ("redis://localhost", "s", {"start": "middle"}),
    ],
)
def test_options_that_make_no_sense_are_refused(url: str, streams: Any, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        RedisSource(url, streams, **options)


def test_the_url_and_its_password_are_not_in_the_name() -> None:
    source = RedisSource("redis://user:secret@localhost", "s")
    assert "secret" not in source.name + repr(source)
    source.close()
