"""Many workers on one store: merged windows are those of one process over the same rows, judged once."""

from __future__ import annotations

import asyncio
import itertools
import json
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asgi import echo, model, post, rows_like
from driftwatch import DriftReport, Monitor, Profile, Window
from driftwatch.errors import StoreError
from driftwatch.middleware import DriftMiddleware
from driftwatch.middleware.shared import space_of
from driftwatch.middleware.worker import Worker
from driftwatch.scoring.columns import columns_of
from driftwatch.store import SQLiteStore
from stream_counting import Clock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from driftwatch.middleware.recorder import Recorder
    from driftwatch.store import Transaction

WATCHED = model()
PROFILE = WATCHED.profile


@pytest.fixture(autouse=True)
def _no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Worker, "start", lambda _: None)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "driftwatch.db") as opened:
        yield opened


def worker(store: Any, clock: Any, **options: Any) -> DriftMiddleware:
    defaults: dict[str, Any] = {
        "features": "$.features",
        "predictions": "$.prediction",
        "window": 10,
        "monitor": WATCHED,
    }
    return DriftMiddleware(echo, store=store, clock=clock, **{**defaults, **options})


def recorder(middleware: DriftMiddleware) -> Recorder:
    return middleware._worker.recorder


def send(middleware: DriftMiddleware, rows: Sequence[dict[str, Any]]) -> None:
    async def many() -> None:
        for row in rows:
            await post(middleware, {"features": row})

    asyncio.run(many())


def whole(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "score": row["f0"]} for row in rows]


def offline(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The check of the same rows as one table, which is the oracle."""
    return content(
        Monitor.from_profile(PROFILE, roles={"score": "prediction"}).check(columns_of(whole(rows), PROFILE)).to_json()
    )


def content(report: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(report)
    found.pop("created_at")
    return found


def reports(store: SQLiteStore) -> dict[tuple[int, int], dict[str, Any]]:
    found = {}
    for run in store.runs("http"):
        key = (run.key.start, run.key.stop)
        assert key not in found, "judged twice"
        assert run.verdict != "error", store.report(run.id)
        found[key] = content(store.report(run.id))
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.booleans()), min_size=3, max_size=14))
def test_windows_by_rows_are_whole_whatever_worker_had_the_rows(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int, bool]]
) -> None:
    clock, feed = Clock(), iter(rows_like(500))
    with SQLiteStore(tmp_path_factory.mktemp("store") / "driftwatch.db") as store:
        workers = [worker(store, clock) for _ in range(4)]
        waiting: list[list[dict[str, Any]]] = [[] for _ in workers]
        stored: list[dict[str, Any]] = []
        for number, n, writes in [*steps, *((i, 0, True) for i in range(4))]:
            rows = list(itertools.islice(feed, n))
            send(workers[number], rows)
            waiting[number] += rows
            if writes:
                assert recorder(workers[number]).flush(), recorder(workers[number]).problem
                stored += waiting[number]
                waiting[number] = []
            clock.now += 1.0
        clock.now += 60.0  # the lease of whoever had it is over
        assert recorder(workers[0]).flush()
        found = reports(store)
    assert sorted(found) == [(start, start + 10) for start in range(0, len(stored) - 9, 10)]
    for (start, stop), report in found.items():
        assert report == offline(stored[start:stop])


def test_windows_of_time_are_whole_whatever_worker_had_the_rows(store: SQLiteStore) -> None:
    clock = Clock()
    clock.now = 1_700_000_000.0 - 1_700_000_000.0 % 60
    begin, rows = int(clock.now), rows_like(60)
    workers = [worker(store, clock, window="1m") for _ in range(3)]
    by_window: dict[int, list[dict[str, Any]]] = {}
    for i, row in enumerate(rows):
        by_window.setdefault(int(clock.now - begin) // 60, []).append(row)
        send(workers[i % 3], [row])
        clock.now += 5.0
        for one in workers:
            assert recorder(one).flush()
    for _ in range(20):
        clock.now += 5.0
        for one in workers:
            assert recorder(one).flush()
    found = reports(store)
    assert len(found) == len(by_window) == 5
    for number, expected in by_window.items():
        start = (begin + 60 * number) * 1_000_000
        assert found[start, start + 60_000_000] == offline(expected)
    assert store.counters("http")["rows"] == 60
    assert "late_rows" not in store.counters("http")


def test_a_window_of_time_waits_for_a_worker_that_is_alive_and_slow(store: SQLiteStore) -> None:
    clock = Clock()
    clock.now = 1_700_000_090.0  # ten seconds before the window ends
    slow, fast = worker(store, clock, window="1m"), worker(store, clock, window="1m")
    for one in (slow, fast):
        assert recorder(one).flush()
    send(slow, rows_like(3))
    clock.now += 25.0  # beyond the end of the window, and the slow one has not written since
    assert recorder(fast).flush()
    clock.now += 0.1
    assert recorder(fast).flush()
    assert reports(store) == {}
    assert recorder(slow).flush()
    clock.now += 20.0
    for one in (slow, fast):
        assert recorder(one).flush()
    ((_, report),) = reports(store).items()
    assert report == offline(rows_like(3))


def test_a_worker_that_died_is_waited_for_no_longer_and_its_late_rows_are_counted(store: SQLiteStore) -> None:
    clock = Clock()
    clock.now = 1_700_000_040.0
    gone, other = worker(store, clock, window="1m"), worker(store, clock, window="1m")
    send(other, rows_like(3))
    for one in (gone, other):
        assert recorder(one).flush()
    send(gone, rows_like(2))
    clock.now += 120.0
    assert recorder(other).flush()
    assert len(reports(store)) == 1
    assert recorder(gone).flush()  # it was not dead after all
    assert len(reports(store)) == 1
    assert store.counters("http")["late_rows"] == 2


def test_the_lease_goes_to_another_worker_when_its_holder_dies(store: SQLiteStore) -> None:
    clock = Clock()
    first, second = worker(store, clock), worker(store, clock)
    assert recorder(first).flush()
    send(second, rows_like(25))
    assert recorder(second).flush()
    assert (recorder(first).leads, recorder(second).leads) == (True, False)
    assert reports(store) == {}
    clock.now += 16.0
    assert recorder(second).flush()
    assert recorder(second).leads
    assert sorted(reports(store)) == [(0, 10), (10, 20)]
    assert recorder(first).flush()
    assert not recorder(first).leads


def test_rows_are_stored_between_checks_that_take_long(store: SQLiteStore) -> None:
    clock, stored = Clock(), list[int]()

    def slow(_: object) -> None:
        stored.append(store.counters("http")["rows"])
        clock.now += 6.0  # more than `flush_every`
        send(middleware, rows_like(3, len(stored)))

    middleware = worker(store, clock, on_window=slow)
    send(middleware, rows_like(30))
    assert recorder(middleware).flush()
    assert stored == [30, 33, 36]


def test_a_worker_that_ends_gives_the_lease_back_and_is_no_longer_listed(store: SQLiteStore) -> None:
    clock = Clock()
    first, second = worker(store, clock), worker(store, clock)
    send(first, rows_like(14))
    assert recorder(first).flush(final=True)
    assert sorted(reports(store)) == [(0, 10)]
    assert (store.leases(), store.notes(space_of("http"))) == ([], {})
    send(second, rows_like(20, seed=2)[:6])
    assert recorder(second).flush()
    assert reports(store)[10, 20] == offline([*rows_like(14)[10:], *rows_like(20, seed=2)[:6]])


class Alerts:
    """Notes what an alert manager is told."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def __call__(self, transaction: Transaction, closed: Any) -> None:
        self.events.append(("window", closed.key.start, closed.scored.result.verdict.value))
        transaction.count("http", {"alerts": 1})

    def start(self, _: Any) -> Alerts:
        self.events.append("start")
        return self

    def stop(self, timeout: float) -> None:
        self.events.append(("stop", timeout > 0))


def test_alerts_are_stored_with_the_report_and_sent_by_who_leads(store: SQLiteStore) -> None:
    clock, alerts, silent = Clock(), Alerts(), Alerts()
    leader, other = worker(store, clock, alerts=alerts), worker(store, clock, alerts=silent)
    send(leader, rows_like(10, shift=4.0))
    assert recorder(leader).flush()
    send(other, rows_like(10))
    assert recorder(other).flush()
    assert silent.events == []
    assert alerts.events == [("window", 0, "drift"), "start"]
    assert store.counters("http")["alerts"] == 1
    clock.now += 16.0
    assert recorder(other).flush()
    assert [event[:2] if event != "start" else event for event in silent.events] == [("window", 10), "start"]
    assert recorder(leader).flush()
    assert alerts.events[-1] == ("stop", True)


class Breaking:
    """A store whose next transactions fail, before or after they are stored."""

    def __init__(self, store: SQLiteStore) -> None:
        self._store = store
        self.plan: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        todo = self.plan.pop(0) if self.plan else "store"
        if todo == "away":
            raise StoreError("away")
        with self._store.transaction() as transaction:
            yield transaction
            if todo == "lost":
                raise StoreError("the disk is full")
        if todo == "stored, but who knows":
            raise StoreError("the connection broke")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.sampled_from(["store", "away", "lost", "stored, but who knows"])), max_size=14
    ),
    st.sampled_from([10, "1m"]),
)
def test_whatever_fails_every_row_is_stored_once(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str]], window: int | str
) -> None:
    clock, feed = Clock(), iter(rows_like(200))
    clock.now = 1_700_000_040.0
    rows: list[dict[str, Any]] = []
    with SQLiteStore(tmp_path_factory.mktemp("store") / "driftwatch.db") as real:
        store = Breaking(real)
        one = worker(store, clock, window=window)
        for n, what in steps:
            new = list(itertools.islice(feed, n))
            send(one, new)
            rows += new
            store.plan = [what]
            recorder(one).flush()
        store.plan = []
        assert recorder(one).flush()
        assert recorder(one).n_unsaved == 0
        counters = real.counters("http")
        assert counters.get("rows", 0) == counters.get("requests", 0) == len(rows)
        total = Window(PROFILE)
        with real.transaction() as transaction:
            for open_window in transaction.open_windows("http"):
                for part in transaction.window_parts("http", open_window.key):
                    total += Window.from_bytes(part, PROFILE)
        judged = sum(run.n_rows for run in real.runs("http"))
        assert judged + total.n_rows == len(rows)
        if rows:
            expected = Window(PROFILE).update(columns_of(whole(rows[judged:]), PROFILE))
            assert total.to_bytes() == expected.to_bytes()


def test_counts_wait_in_memory_while_the_store_is_away(store: SQLiteStore) -> None:
    clock = Clock()
    clock.now = 1_700_000_040.0
    breaking = Breaking(store)
    one = worker(breaking, clock, window="1m", max_pending=50)
    for i in range(20):  # more rows than may wait: they are counts by then
        breaking.plan = ["away"]
        send(one, rows_like(10, seed=i))
        assert not recorder(one).flush()
    status = one.status()
    assert status["problem"] == "StoreError: away"
    assert (status["unsaved_rows"], status["failed_flushes"], status["dropped"]) == (200, 20, {})
    assert recorder(one).flush()
    assert one.status()["problem"] is None
    assert store.counters("http")["rows"] == 200


@pytest.mark.parametrize("window", [10, "1m"])
def test_a_new_reference_takes_over_and_what_the_old_one_counts_is_dropped_and_said(
    store: SQLiteStore, window: int | str
) -> None:
    clock = Clock()
    clock.now = 1_700_000_041.0
    other = Monitor.from_profile(Profile.fit({"f0": [float(i) for i in range(100)]}))
    old = worker(store, clock, window=window)
    send(old, rows_like(4))
    assert recorder(old).flush()
    clock.now += 1.0
    new = worker(store, clock, window=window, monitor=other)
    for one in (new, old):
        send(one, rows_like(10))
        assert recorder(one).flush()
        assert recorder(one).flush()
    assert "does not add" in old.status()["problem"]
    clock.now += 20.0
    assert recorder(old).flush()
    assert recorder(new).flush()
    assert recorder(new).leads
    assert "does not add" in new.status()["problem"]
    clock.now += 100.0
    assert recorder(new).flush()
    assert new.status()["problem"] is None
    (run,) = store.runs("http")
    assert run.n_rows == 10
    if window == 10:
        assert run.key.start == 10  # beside the window that the old one had begun
    assert DriftReport.from_json(store.report(run.id)).n_reference == 100
    assert store.counters("http")["dropped_old_reference"] == 14
    again = worker(store, clock, window=window)  # the old version is brought back
    send(again, rows_like(10))
    assert recorder(again).flush()
    clock.now += 100.0
    assert recorder(again).flush()
    assert len(store.runs("http")) == 2
    assert content(store.report(store.runs("http")[0].id)) == offline(rows_like(10))


def test_a_damaged_store_is_a_problem_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "driftwatch.db").write_bytes(b"no database at all" * 100)
    one = worker(tmp_path / "driftwatch.db", Clock())
    send(one, rows_like(3))
    assert not recorder(one).flush()
    assert "is not a store" in one.status()["problem"]
    assert one.status()["unsaved_rows"] == 3


def test_a_locked_store_is_a_problem_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "driftwatch.db"
    store = SQLiteStore(path, timeout=0.05)
    one = worker(store, Clock())
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    send(one, rows_like(3))
    assert not recorder(one).flush()
    assert "StoreLockedError" in one.status()["problem"]
    holder.close()
    assert recorder(one).flush()
    assert store.counters("http")["rows"] == 3
    store.close()


def test_a_process_without_a_store_judges_by_itself_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    one = worker(None, Clock())
    send(one, rows_like(25))
    assert recorder(one).flush()
    assert one.last_report is not None
    assert one.status()["last_window"]["start"] == 10
    assert one.last_report.to_json() == DriftReport.from_json(one.last_report.to_json()).to_json()
    assert len(list(tmp_path.iterdir())) == 1
    recorder(one).flush(final=True)
    recorder(one).close()
    assert list(tmp_path.iterdir()) == []
    send(one, rows_like(10, seed=5))  # the app is started again in the same process
    assert recorder(one).flush()
    assert content(one.last_report.to_json()) == offline(rows_like(10, seed=5))
    recorder(one).close()


def test_values_that_only_the_window_refuses_are_lost_alone(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = Window.update

    def picky(self: Window, batch: Any) -> Window:
        if 7.0 in list(batch["f0"]):
            raise ValueError("seven")
        return update(self, batch)

    monkeypatch.setattr(Window, "update", picky)
    one = worker(store, Clock())
    rows = rows_like(10)
    send(one, [*rows[:4], {**rows[4], "f0": 7.0}, *rows[5:]])
    assert recorder(one).flush()
    assert one.status()["dropped"] == {"uncountable": 1}
    (report,) = reports(store).values()
    monkeypatch.undo()
    assert report == offline([*rows[:4], *rows[5:]])
