"""The worker on a broker in memory: every row in its windows once, whatever is cut off, sent again or handed over."""

from __future__ import annotations

import itertools
import json
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.errors import (
    ConfigError,
    SourceError,
    StoreConflictError,
    StoreError,
    StoreLockedError,
    StoreUnavailableError,
)
from driftwatch.store import SQLiteStore, WindowKey
from driftwatch.streaming import ClosedWindow, DeadLetter, MemoryBroker, MemorySource, Windows, Worker
from stream_counting import Clock, IdScorer, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SECOND = 1_000_000
START = 1_699_999_200 * SECOND  # a multiple of ten minutes, a little before the clock of the tests
TEN = Windows.by_time("10s")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "driftwatch.db") as opened:
        yield opened


def worker_on(broker: MemoryBroker, store: SQLiteStore, **options: Any) -> Worker:
    source = options.pop("source", None) or MemorySource(broker, partitions=options.pop("partitions", None))
    scorer = options.pop("scorer", None) or IdScorer()
    defaults: dict[str, Any] = {"windows": TEN, "clock": Clock(), "standby": 0.0}
    made = Worker(source, store, scorer, **{**defaults, **options})
    made.start()
    return made


def drain(worker: Worker) -> None:
    """Read until nothing is left, then commit."""
    while worker.step(timeout=0):
        pass
    worker.commit()


def send(broker: MemoryBroker, number: int, seconds: float, *, partition: int = 0, **more: Any) -> None:
    broker.send({"id": number, **more}, partition=partition, time=START + round(seconds * SECOND))


def counted(store: SQLiteStore, stream: str = "memory") -> dict[WindowKey, Counter[int]]:
    """Return which rows each window has, judged or open."""
    found: dict[WindowKey, Counter[int]] = {}
    for run in store.runs(stream):
        assert run.key not in found, "judged twice"
        found[run.key] = Counter(rows_of(store.report(run.id)))
        assert run.n_rows == found[run.key].total()
    with store.transaction() as transaction:
        for window in transaction.open_windows(stream):
            assert window.key not in found, "counted after it was judged"
            found[window.key] = Counter()
            for part in transaction.window_parts(stream, window.key):
                found[window.key] += IdScorer().load(part).ids
            assert window.n_rows == found[window.key].total()
    return found


def key(start: float, stop: float) -> WindowKey:
    return WindowKey(START + round(start * SECOND), START + round(stop * SECOND))


def test_a_window_is_judged_once_when_the_stream_has_passed_its_end(store: SQLiteStore) -> None:
    broker, closed = MemoryBroker(), list[ClosedWindow]()
    worker = worker_on(broker, store, on_window=closed.append)
    for number, second in enumerate((0, 3, 9.999)):
        send(broker, number, second)
    drain(worker)
    assert closed == []

    send(broker, 3, 10)
    drain(worker)
    drain(worker)
    (window,) = closed
    assert (window.stream, window.key, window.n_rows, window.scored.verdict) == ("memory", key(0, 10), 3, "no_drift")
    (run,) = store.runs()
    assert (run.key, run.n_rows, run.verdict) == (key(0, 10), 3, "no_drift")
    assert rows_of(store.report(run.id)) == [0, 1, 2]
    assert counted(store) == {key(0, 10): Counter([0, 1, 2]), key(10, 20): Counter([3])}


def test_late_rows_are_waited_for_as_long_as_asked_and_then_counted_as_late(store: SQLiteStore) -> None:
    broker = MemoryBroker()
    worker = worker_on(broker, store, windows=Windows.by_time("10s", lateness="5s"))
    for number, second in enumerate((1, 14, 2)):  # the last is out of order and within the lateness
        send(broker, number, second)
        drain(worker)
    assert len(store.runs()) == 0
    send(broker, 3, 15)
    drain(worker)
    send(broker, 4, 3)
    drain(worker)

    (run,) = store.runs()
    assert rows_of(store.report(run.id)) == [0, 2]
    assert store.counters("memory")["late_rows"] == 1
    assert store.counters("memory")["rows"] == 5


def test_a_row_that_is_late_for_one_sliding_window_is_in_the_others(store: SQLiteStore) -> None:
    broker = MemoryBroker()
    worker = worker_on(broker, store, windows=Windows.by_time("10s", "20s"))
    send(broker, 0, 10)
    drain(worker)  # closes [-10, 10)
    send(broker, 1, 5)
    drain(worker)
    assert counted(store) == {key(0, 20): Counter([0, 1]), key(10, 30): Counter([0])}
    assert store.counters("memory")["late_rows"] == 1


def test_the_slowest_partition_holds_windows_open_and_a_silent_one_does_not(store: SQLiteStore) -> None:
    broker, clock = MemoryBroker(2), Clock()
    worker = worker_on(broker, store, clock=clock, idle_after=60)
    send(broker, 0, 1, partition=0)
    send(broker, 1, 2, partition=1)
    send(broker, 2, 40, partition=0)
    drain(worker)
    assert store.runs() == []

    clock.now += 59
    send(broker, 3, 41, partition=0)
    drain(worker)
    assert store.runs() == []
    clock.now += 1
    drain(worker)
    assert [run.key for run in store.runs()] == [key(0, 10)]
    assert worker.status()["partitions"]["1"]["idle"]

    send(broker, 4, 35, partition=1)  # it comes back: it is waited for again
    drain(worker)
    assert not worker.status()["partitions"]["1"]["idle"]


def test_a_partition_that_never_had_a_message_is_waited_for_until_it_is_idle(store: SQLiteStore) -> None:
    broker, clock = MemoryBroker(2), Clock()
    worker = worker_on(broker, store, clock=clock, idle_after=60)
    send(broker, 0, 1)
    send(broker, 1, 30)
    drain(worker)
    assert store.runs() == []
    clock.now += 61
    send(broker, 2, 31)
    drain(worker)
    assert len(store.runs()) == 1


def test_a_silent_partition_with_messages_that_wait_is_not_idle(store: SQLiteStore) -> None:
    class Stuck(MemorySource):
        def lag(self) -> dict[str, int | None]:
            return {**super().lag(), "1": 5}

    broker, clock = MemoryBroker(2), Clock()
    worker = worker_on(broker, store, clock=clock, idle_after=60, source=Stuck(broker))
    send(broker, 0, 1)
    send(broker, 1, 30)
    drain(worker)
    clock.now += 100
    drain(worker)
    assert store.runs() == []


def test_the_last_window_of_a_quiet_stream_closes_by_the_clock(store: SQLiteStore) -> None:
    broker, clock = MemoryBroker(), Clock(START / SECOND + 3)
    worker = worker_on(broker, store, clock=clock, idle_after=5)
    send(broker, 0, 1)
    drain(worker)
    clock.now = START / SECOND + 14.9
    drain(worker)
    assert store.runs() == []
    clock.now += 0.1
    drain(worker)
    assert [run.key for run in store.runs()] == [key(0, 10)]


@pytest.mark.parametrize("later", [False, True])
def test_a_partition_that_was_idle_before_a_restart_is_waited_for(store: SQLiteStore, *, later: bool) -> None:
    class AsAGroup(MemorySource):
        """Takes its partitions on while it is polled."""

        def start(self, listener: Any) -> None:
            self._listener = listener

        def poll(self, max_messages: int, timeout: float) -> Any:
            if not self._after:
                self.assign(["0"])
            return super().poll(max_messages, timeout)

    broker, clock = MemoryBroker(), Clock(START / SECOND + 3)
    worker = worker_on(broker, store, clock=clock, idle_after=5)
    send(broker, 0, 1)
    drain(worker)
    clock.now += 5.5
    drain(worker)
    assert worker.status()["partitions"]["0"]["idle"]

    send(broker, 1, 9)  # while nobody reads
    clock.now += 10
    source = AsAGroup(broker) if later else MemorySource(broker)
    drain(worker_on(broker, store, clock=clock, idle_after=5, source=source))
    assert counted(store) == {key(0, 10): Counter([0, 1])}
    assert store.runs() == []


def test_data_that_is_played_again_is_not_closed_by_the_clock(store: SQLiteStore) -> None:
    broker, clock = MemoryBroker(), Clock(START / SECOND + 1e6)
    worker = worker_on(broker, store, clock=clock, idle_after=5)
    send(broker, 0, 1)
    drain(worker)
    clock.now += 60
    drain(worker)
    send(broker, 1, 2)
    drain(worker)
    assert counted(store) == {key(0, 10): Counter([0, 1])}
    assert "late_rows" not in store.counters("memory")


def test_nothing_closes_while_the_broker_is_away(store: SQLiteStore) -> None:
    broker, clock, told = MemoryBroker(), Clock(START / SECOND + 3), list[str | None]()
    worker = worker_on(broker, store, clock=clock, idle_after=5, on_problem=told.append)
    send(broker, 0, 1)
    drain(worker)
    broker.away = True
    clock.now += 20
    drain(worker)
    assert store.runs() == []
    assert worker.status()["problem"] == "the broker is away"
    assert worker.status()["partitions"]["0"]["lag"] is None
    assert told == ["the broker is away"]
    broker.away = False
    drain(worker)
    assert told == ["the broker is away", None]


def test_windows_by_rows_are_cut_in_each_partition(store: SQLiteStore) -> None:
    broker = MemoryBroker(2)
    worker = worker_on(broker, store, windows=Windows.by_rows(3, 2))
    broker.send([{"id": number} for number in range(5)], partition=0)
    broker.send({"id": 10}, partition=1)
    drain(worker)
    assert counted(store) == {
        WindowKey(0, 3, "0"): Counter([0, 1, 2]),
        WindowKey(2, 5, "0"): Counter([2, 3, 4]),
        WindowKey(4, 7, "0"): Counter([4]),
        WindowKey(0, 3, "1"): Counter([10]),
    }
    assert [run.key for run in store.runs()] == [WindowKey(2, 5, "0"), WindowKey(0, 3, "0")]


class Crash(BaseException):
    """Stands for `kill -9`."""


class CrashingStore(SQLiteStore):
    """A store whose process dies at the chosen transactions, before or after they are stored."""

    crashes: Iterator[str] = itertools.repeat("")

    def transaction(self) -> Any:
        fate = next(self.crashes)
        if fate == "before":
            raise Crash
        return _Dying(super().transaction(), fate)


class _Dying:
    def __init__(self, inner: Any, fate: str) -> None:
        self.inner, self.fate = inner, fate

    def __enter__(self) -> Any:
        return self.inner.__enter__()

    def __exit__(self, *exc: object) -> Any:
        if self.fate == "within" and exc[0] is None:
            self.inner.__exit__(Crash, Crash(), None)
            raise Crash
        done = self.inner.__exit__(*exc)
        if self.fate == "after" and exc[0] is None:
            raise Crash
        return done


@settings(max_examples=60)
@given(data=st.data())
def test_every_row_is_in_its_windows_once_whatever_happens(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    windows = data.draw(st.sampled_from([TEN, Windows.by_time("5s", "15s"), Windows.by_rows(4), Windows.by_rows(4, 2)]))
    timed = windows.by == "time"
    n_partitions = data.draw(st.integers(1, 3))
    broker = MemoryBroker(n_partitions)
    places = data.draw(st.lists(st.tuples(st.integers(0, n_partitions - 1), st.integers(0, 60)), max_size=40))
    for number, (partition, second) in enumerate(places):
        if second % 7 == 6:
            broker.send(b"{", partition=partition)
        send(broker, number, second, partition=partition, **({"bad": 1} if second % 11 == 10 else {}))
    windows = Windows(windows.size, windows.step, 100 * SECOND if timed else 0, windows.origin, windows.by)
    fates = data.draw(st.lists(st.sampled_from(["", "", "", "before", "within", "after"]), max_size=30))
    store = CrashingStore(tmp_path_factory.mktemp("store") / "a.db")
    CrashingStore.crashes = itertools.chain(fates, itertools.repeat(""))
    size = data.draw(st.integers(1, 12))
    rng = np.random.default_rng(data.draw(st.integers(0, 100)))
    source: MemorySource | None = None
    worker: Worker | None = None
    done = False
    while not done:
        try:
            if worker is None or source is None:
                source = MemorySource(broker)
                worker = worker_on(broker, store, source=source, windows=windows, max_rows=size)
            if rng.random() < 0.3:
                given_up = [str(i) for i in range(n_partitions) if rng.random() < 0.5]
                source.revoke(given_up)
                source.assign(given_up)
            done = worker.step(timeout=0) == 0 and rng.random() < 0.3
            if rng.random() < 0.3 or done:
                worker.commit()
                done = done and source.lag() == dict.fromkeys(source.lag(), 0)
        except Crash:
            worker = source = None  # and with them everything that was not stored

    good = [(n, p, s) for n, (p, s) in enumerate(places) if s % 11 != 10]
    if timed:
        ids = [n for n, _, _ in good]
        at = np.array([START + s * SECOND for _, _, s in good], dtype=np.int64)
        expected = (
            {WindowKey(a, b): Counter([ids[i] for i in rows]) for a, b, rows in windows.assign(at)} if good else {}
        )
    else:
        expected = {}
        for name in range(n_partitions):
            ids = [n for n, p, _ in good if p == name]
            chosen = windows.assign(np.arange(len(ids))) if ids else ()
            expected |= {WindowKey(a, b, str(name)): Counter([ids[i] for i in rows]) for a, b, rows in chosen}
    assert counted(store) == expected
    counters = store.counters("memory")
    assert counters.get("rows", 0) == len(good)
    assert counters.get("messages", 0) == sum(map(len, broker.partitions.values()))
    assert counters.get("messages", 0) - counters.get("dead_letters", 0) == len(good)
    assert counters.get("late_rows", 0) == 0
    if not timed:
        assert len(store.runs()) == sum(each.total() == windows.size for each in expected.values())
    store.close()


def test_two_workers_on_one_partition_count_every_message_once(store: SQLiteStore) -> None:
    broker = MemoryBroker()
    first, second = worker_on(broker, store), worker_on(broker, store)
    for number in range(10):
        send(broker, number, number / 10)
    first.step(timeout=0)
    second.step(timeout=0)
    first.commit()
    send(broker, 10, 1)
    second.commit()  # loses, and reads again from where the first one stands
    drain(second)
    drain(first)

    assert counted(store) == {key(0, 10): Counter(range(11))}
    assert store.counters("memory")["conflicts"] >= 1
    assert store.counters("memory")["rows"] == 11


def test_a_worker_that_was_ahead_of_the_faster_one_reads_the_rest_again(store: SQLiteStore) -> None:
    broker = MemoryBroker()
    first, second = worker_on(broker, store), worker_on(broker, store)
    send(broker, 0, 0)
    first.step(timeout=0)
    send(broker, 1, 0)
    second.step(timeout=0)
    first.commit()
    second.commit()
    drain(second)
    assert counted(store) == {key(0, 10): Counter([0, 1])}


def test_workers_that_share_the_partitions_judge_a_window_of_all_of_them_once(store: SQLiteStore) -> None:
    broker = MemoryBroker(2)
    workers = [worker_on(broker, store, partitions=[str(i)]) for i in range(2)]
    for number in range(8):
        send(broker, number, number, partition=number % 2)
    for partition in range(2):
        send(broker, 100 + partition, 10, partition=partition)
    for worker in workers:
        drain(worker)
    (run,) = store.runs()
    assert rows_of(store.report(run.id)) == list(range(8))


def test_a_window_that_two_workers_judge_at_once_has_one_report(store: SQLiteStore) -> None:
    class Interrupted(IdScorer):
        def score(self, state: Any) -> Any:
            other.commit()  # another process finds the same window closed, and is faster
            return super().score(state)

    broker, closed = MemoryBroker(), list[ClosedWindow]()
    other = worker_on(broker, store)
    worker = worker_on(broker, store, scorer=Interrupted(), on_window=closed.append)
    send(broker, 0, 0)
    send(broker, 1, 10)
    drain(worker)
    assert [run.key for run in store.runs()] == [key(0, 10)]
    assert store.counters("memory")["windows"] == 1
    assert closed == []


def test_messages_that_come_again_are_counted_as_such(store: SQLiteStore) -> None:
    broker = MemoryBroker()
    source = MemorySource(broker)
    worker = worker_on(broker, store, source=source)
    send(broker, 0, 0)
    drain(worker)
    source.seek({"0": -1})
    drain(worker)
    assert counted(store) == {key(0, 10): Counter([0])}
    assert store.counters("memory")["duplicates"] == 1


def test_poison_goes_to_the_dead_letters_and_the_rest_is_counted(store: SQLiteStore) -> None:
    broker = MemoryBroker()
    worker = worker_on(broker, store)
    for number in range(20):
        send(broker, number, 0, **({"bad": True} if number in {3, 4, 17} else {}))
    broker.send(b"not json", time=START)
    broker.send(None, time=START)
    drain(worker)

    assert counted(store) == {key(0, 10): Counter(set(range(20)) - {3, 4, 17})}
    assert [letter.message.offset for letter in broker.dead] == [20, 21, 3, 4, 17]
    assert {letter.reason.partition(":")[0] for letter in broker.dead} == {
        "not readable",
        "no content",
        "not countable",
    }
    assert store.counters("memory") == {"dead_letters": 5, "messages": 22, "rows": 17}


def test_all_rows_of_a_message_are_counted_or_none(store: SQLiteStore) -> None:
    broker = MemoryBroker()
    worker = worker_on(broker, store, windows=Windows.by_rows(2))
    broker.send([{"id": 1}, {"id": 2}, {"id": 3, "bad": 1}])
    broker.send([{"id": 4}, {"id": 5}])
    drain(worker)
    assert counted(store) == {WindowKey(0, 2, "0"): Counter([4, 5])}


def test_rows_that_can_only_be_counted_apart_are(store: SQLiteStore) -> None:
    broker = MemoryBroker()
    worker = worker_on(broker, store, scorer=IdScorer(not_together=True))
    for number in range(4):
        send(broker, number, 0, kind=number % 2)
    drain(worker)
    assert counted(store) == {key(0, 10): Counter(range(4))}
    assert broker.dead == []


def test_dead_letters_that_cannot_be_sent_are_counted_and_stall_nothing(store: SQLiteStore) -> None:
    class Mute(MemorySource):
        def dead_letter(self, letters: Sequence[DeadLetter]) -> None:
            raise SourceError(f"cannot send {len(letters)}")

    broker = MemoryBroker()
    worker = worker_on(broker, store, source=Mute(broker))
    broker.send(b"?", time=START)
    send(broker, 1, 0)
    drain(worker)
    assert store.counters("memory") == {"dead_letters": 1, "dead_letters_unsent": 1, "messages": 2, "rows": 1}


def test_a_time_in_the_future_closes_nothing(store: SQLiteStore) -> None:
    broker, clock = MemoryBroker(), Clock(START / SECOND)
    worker = worker_on(broker, store, clock=clock, max_ahead=60)
    send(broker, 0, 1)
    send(broker, 1, 60)
    send(broker, 2, 60.1)
    drain(worker)
    assert [letter.message.offset for letter in broker.dead] == [2]


def test_a_field_of_the_rows_can_say_their_time(store: SQLiteStore) -> None:
    broker = MemoryBroker()
    worker = worker_on(broker, store, timestamp="at", timestamp_unit="ms")
    broker.send([{"id": 0, "at": START // 1000}, {"id": 1, "at": START // 1000 + 10_000}])
    drain(worker)
    assert counted(store) == {key(0, 10): Counter([0]), key(10, 20): Counter([1])}


def test_a_decoder_of_the_user_is_used(store: SQLiteStore) -> None:
    broker = MemoryBroker()
    worker = worker_on(broker, store, decode=lambda value: {"id": len(value)})
    broker.send(b"12345", time=START)
    drain(worker)
    assert counted(store) == {key(0, 10): Counter([5])}


def test_a_check_that_fails_is_stored_as_such(store: SQLiteStore) -> None:
    broker, closed = MemoryBroker(), list[ClosedWindow]()
    worker = worker_on(broker, store, windows=Windows.by_rows(1), on_window=closed.append)
    broker.send({"id": -1})
    broker.send({"id": 2})
    drain(worker)
    second, first = store.runs()
    assert (first.verdict, second.verdict) == ("error", "no_drift")
    assert json.loads(store.report(first.id)) == {"error": "RuntimeError: cannot judge"}
    assert "cannot judge" in closed[0].scored.summary


def test_a_window_that_had_closed_before_a_kill_is_judged_at_the_start(store: SQLiteStore) -> None:
    broker = MemoryBroker()
    worker = worker_on(broker, store)
    send(broker, 0, 0)
    drain(worker)
    with store.transaction() as transaction:  # as it is when the process dies between the commit and the check
        transaction.set_watermark("memory", START + 10 * SECOND)
    worker_on(broker, store)
    assert [run.key for run in store.runs()] == [key(0, 10)]


def test_a_stream_goes_on_with_its_own_settings_only(store: SQLiteStore) -> None:
    broker = MemoryBroker()
    worker_on(broker, store)
    worker_on(broker, store)
    for other in ({"windows": Windows.by_rows(5)}, {"scorer": IdScorer("another")}, {"timestamp": "at"}):
        with pytest.raises(ConfigError, match="other settings"):
            worker_on(broker, store, **other)
        worker_on(broker, store, stream=f"new {list(other)}", **other)


def test_the_broker_is_told_after_the_commit(store: SQLiteStore) -> None:
    broker = MemoryBroker()
    worker = worker_on(broker, store)
    send(broker, 0, 0)
    worker.step(timeout=0)
    assert broker.committed == {}
    worker.commit()
    assert broker.committed == {"0": 0}


def test_rows_are_committed_by_the_clock_or_by_their_number(store: SQLiteStore) -> None:
    broker, clock = MemoryBroker(), Clock()
    worker = worker_on(broker, store, clock=clock, commit_every=2, max_rows=3)
    send(broker, 0, 0)
    worker.step(timeout=0)
    assert broker.committed == {}
    clock.now += 2
    worker.step(timeout=0)
    assert broker.committed == {"0": 0}
    for number in range(1, 4):
        send(broker, number, 0)
    worker.step(timeout=0)
    assert broker.committed == {"0": 3}


def test_messages_without_rows_fill_the_memory_too(store: SQLiteStore) -> None:
    broker = MemoryBroker()
    worker = worker_on(broker, store, clock=Clock(), commit_every=3_600, max_rows=3)
    for value in (b"?", b"[]", None, b"?"):
        broker.send(value, time=START)
    assert worker.step(timeout=0) == 3
    assert broker.committed == {"0": 2}


class Locked(SQLiteStore):
    """A store that another process has locked for a while."""

    n_refused = 0
    error: type[StoreError] = StoreLockedError

    def transaction(self) -> Any:
        if self.n_refused:
            self.n_refused -= 1
            raise self.error("not now")
        return super().transaction()


@pytest.mark.parametrize("error", [StoreLockedError, StoreUnavailableError])
def test_a_store_that_is_locked_or_away_for_a_while_costs_nothing(tmp_path: Path, error: type[StoreError]) -> None:
    broker, clock = MemoryBroker(), Clock()
    with Locked(tmp_path / "a.db") as store:
        store.error = error
        worker = worker_on(broker, store, clock=clock, max_rows=2)
        for number in range(10):
            send(broker, number, 0)
        store.n_refused = 5
        for _ in range(20):
            worker.step(timeout=0)
            assert worker.status()["uncommitted_rows"] <= 2
        worker.commit()
        assert counted(store) == {key(0, 10): Counter(range(10))}


def test_a_store_that_stays_locked_ends_the_worker(tmp_path: Path) -> None:
    broker, clock = MemoryBroker(), Clock()
    with Locked(tmp_path / "a.db") as store:
        worker = worker_on(broker, store, clock=clock)
        store.n_refused = 1_000
        send(broker, 0, 0)
        for _ in range(10):
            clock.now += 2
            worker.step(timeout=0)
        clock.now += 2
        with pytest.raises(StoreLockedError):
            worker.step(timeout=0)


def test_partitions_are_given_up_even_where_the_store_is_locked(tmp_path: Path) -> None:
    broker = MemoryBroker()
    with Locked(tmp_path / "a.db") as store:
        source = MemorySource(broker)
        worker = worker_on(broker, store, source=source)
        send(broker, 0, 0)
        worker.step(timeout=0)
        store.n_refused = 1
        source.revoke(["0"])
        source.assign(["0"])
        drain(worker)
        assert counted(store) == {key(0, 10): Counter([0])}


def test_a_source_that_cannot_start_is_closed(store: SQLiteStore) -> None:
    class Broken(MemorySource):
        closed = False

        def start(self, listener: object) -> None:
            raise SourceError(f"no {listener is not None}")

        def close(self) -> None:
            self.closed = True

    source = Broken(MemoryBroker())
    with pytest.raises(SourceError):
        Worker(source, store, IdScorer(), windows=TEN).run()
    assert source.closed


def test_stop_ends_the_run_and_stores_what_was_read(store: SQLiteStore) -> None:
    broker = MemoryBroker()
    source = MemorySource(broker)
    worker = Worker(source, store, IdScorer(), windows=TEN, commit_every=3_600, clock=Clock())
    for number in range(5):
        send(broker, number, 0)

    class Stopping(MemorySource):
        def poll(self, max_messages: int, timeout: float) -> Any:
            found = super().poll(max_messages, timeout / 100)
            if not found:
                worker.stop()
            return found

    source.__class__ = Stopping
    thread = threading.Thread(target=worker.run)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
    assert counted(store) == {key(0, 10): Counter(range(5))}


def test_how_far_a_worker_is_behind_is_stored_now_and_then(store: SQLiteStore) -> None:
    broker, clock = MemoryBroker(), Clock()
    for number in range(3):
        send(broker, number, 0)
    worker = worker_on(broker, store, clock=clock)  # asks for the first time when it commits what it found
    asked = int(clock.now * 1e6)
    assert {name: json.loads(text) for name, text in store.notes("lag/memory").items()} == {
        "0": {"messages": 3, "at": asked}
    }
    drain(worker)
    clock.now += 14
    worker.commit()
    assert json.loads(store.notes("lag/memory")["0"])["messages"] == 3
    clock.now += 1
    worker.commit()
    assert json.loads(store.notes("lag/memory")["0"]) == {"messages": 0, "at": asked + 15_000_000}


def test_the_status_says_how_the_stream_stands(store: SQLiteStore) -> None:
    broker, clock = MemoryBroker(), Clock()
    worker = worker_on(broker, store, clock=clock)
    assert worker.status()["last_window"] is None
    send(broker, 0, 0)
    send(broker, 1, 12)
    drain(worker)
    send(broker, 2, 13)
    clock.now += 3
    status = worker.status()

    assert json.loads(json.dumps(status)) == status
    assert status["partitions"]["0"] == {
        "offset": 1,
        "messages": 2,
        "rows": 2,
        "event_time": START + 12 * SECOND,
        "idle": False,
        "lag": 1,
    }
    assert (status["stream"], status["problem"], status["open_windows"]) == ("memory", None, 1)
    assert (status["watermark"], status["seconds_since_commit"]) == (START + 12 * SECOND, 3.0)
    assert {name: n for name, n in status["counters"].items() if name != "check_microseconds"} == {
        "messages": 2,
        "rows": 2,
        "windows": 1,
        "checks_no_drift": 1,
    }
    assert status["last_window"]["rows"] == 1
    assert status["last_window"]["stop"] == START + 10 * SECOND


@pytest.mark.parametrize(
    "options",
    [{"commit_every": 0}, {"max_rows": 0}, {"idle_after": -1}, {"max_ahead": -1}, {"standby": float("nan")}],
)
def test_options_out_of_range_are_refused(store: SQLiteStore, options: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(options))):
        worker_on(MemoryBroker(), store, **options)


def test_offsets_that_moved_in_between_store_nothing(store: SQLiteStore) -> None:
    broker = MemoryBroker()
    worker = worker_on(broker, store)
    send(broker, 0, 0)
    worker.step(timeout=0)
    with store.transaction() as transaction:
        known = transaction.positions("memory")["0"]
        transaction.move("memory", "0", type(known)(50), expected=known.offset)
    worker.commit()
    assert counted(store) == {}
    with pytest.raises(StoreConflictError), store.transaction() as transaction:
        transaction.move("memory", "0", known, expected=0)
