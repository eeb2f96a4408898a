"""The embedded store: what is stored together, what several processes see, and what each failure says."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import sqlite3
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from driftwatch.errors import ConfigError, StoreConflictError, StoreError, StoreLockedError
from driftwatch.store import OpenWindow, Position, Run, SQLiteStore, WindowKey
from driftwatch.store._filesystem import NETWORK_FILESYSTEMS, filesystem_of, is_network
from driftwatch.store._migrations import APPLICATION_ID, VERSION
from store_rows import add_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = WindowKey(0, 300)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "driftwatch.db") as opened:
        yield opened


def run(stream: str = "s", created: int = 0, key: WindowKey = KEY) -> Run:
    return Run(stream, key, created, n_rows=7, verdict="drift")


def test_what_a_transaction_wrote_is_there_for_the_next_process(tmp_path: Path) -> None:
    at = Position(2**70, n_messages=3, n_rows=6, event_time=299, idle=True)
    with SQLiteStore(tmp_path / "a.db") as store, store.transaction() as transaction:
        assert transaction.register("s", "{}") == "{}"
        transaction.move("s", "0", at, expected=None)
        transaction.put_window_part("s", KEY, "0", b"counts", n_rows=6)
        transaction.set_watermark("s", 299)
        transaction.count("s", {"late_rows": 2, "nothing": 0})

    with SQLiteStore(tmp_path / "a.db") as store, store.transaction() as transaction:
        assert transaction.positions("s") == {"0": at}
        assert transaction.window_part("s", KEY, "0") == b"counts"
        assert transaction.open_windows("s") == [OpenWindow(KEY, 6)]
        assert transaction.watermark("s") == 299
        assert store.counters("s") == {"late_rows": 2}
        assert store.streams() == ["s"]


def test_a_transaction_that_raises_stores_nothing(store: SQLiteStore) -> None:
    def half() -> None:
        with store.transaction() as transaction:
            transaction.count("s", {"rows": 1})
            raise KeyError

    with pytest.raises(KeyError):
        half()
    assert store.counters("s") == {}
    with store.transaction() as transaction:  # and the next one is not hindered
        transaction.count("s", {"rows": 1})
    assert store.counters("s") == {"rows": 1}


def test_settings_of_a_stream_stay_those_it_began_with(store: SQLiteStore) -> None:
    with store.transaction() as transaction:
        transaction.register("s", "first")
        assert transaction.register("s", "second") == "first"


@pytest.mark.parametrize(("stored", "expected"), [(5, None), (5, 4), (None, 4)])
def test_moving_from_where_the_partition_is_not_is_a_conflict(
    store: SQLiteStore, stored: int | None, expected: int | None
) -> None:
    if stored is not None:
        with store.transaction() as transaction:
            transaction.move("s", "0", Position(stored), expected=None)

    def count_and_move() -> None:
        with store.transaction() as transaction:
            transaction.count("s", {"rows": 1})
            transaction.move("s", "0", Position(9), expected=expected)

    with pytest.raises(StoreConflictError, match="another worker"):
        count_and_move()
    assert store.counters("s") == {}


def test_parts_of_a_window_are_kept_apart_and_removed_together(store: SQLiteStore) -> None:
    other = WindowKey(300, 600)
    with store.transaction() as transaction:
        for part in ("1", "0"):
            transaction.put_window_part("s", KEY, part, part.encode(), n_rows=2)
        transaction.put_window_part("s", KEY, "0", b"new", n_rows=5)
        transaction.put_window_part("s", other, "0", b"x", n_rows=1)
        assert transaction.window_parts("s", KEY) == [b"new", b"1"]
        assert transaction.open_windows("s") == [OpenWindow(KEY, 9), OpenWindow(other, 1)]
        assert transaction.remove_window("s", KEY)
        assert not transaction.remove_window("s", KEY)
        assert transaction.open_windows("s") == [OpenWindow(other, 1)]


def test_windows_of_a_scope_are_their_own(store: SQLiteStore) -> None:
    scoped = WindowKey(0, 300, "0")
    with store.transaction() as transaction:
        transaction.put_window_part("s", KEY, "0", b"a", n_rows=1)
        transaction.put_window_part("s", scoped, "0", b"b", n_rows=2)
        assert transaction.window_parts("s", scoped) == [b"b"]
        assert len(transaction.open_windows("s")) == 2


def test_runs_come_newest_first_with_their_reports(store: SQLiteStore) -> None:
    with store.transaction() as transaction:
        transaction.add_run(run("s", 1), '{"n": 1}')
        transaction.add_run(run("t", 2, WindowKey(1, 2, "0")), '{"n": 2}')
    newest, oldest = store.runs()

    assert (newest.stream, newest.key, newest.created, newest.n_rows, newest.verdict) == (
        "t",
        WindowKey(1, 2, "0"),
        2,
        7,
        "drift",
    )
    assert [found.id for found in store.runs("s")] == [oldest.id]
    assert [found.id for found in store.runs(limit=1)] == [newest.id]
    assert store.report(oldest.id) == '{"n": 1}'


def test_a_report_that_is_not_there_says_so(store: SQLiteStore) -> None:
    with pytest.raises(StoreError, match="no check 3"):
        store.report(3)


def test_prune_drops_the_old_and_keeps_the_newest_of_each_stream(store: SQLiteStore) -> None:
    with store.transaction() as transaction:
        for created in range(5):
            transaction.add_run(run("s", created), "{}")
        transaction.add_run(run("t", 0), "{}")

    assert store.prune(before=2) == 3
    assert [found.created for found in store.runs("s")] == [4, 3, 2]
    assert store.prune(keep=1) == 2
    assert [found.created for found in store.runs("s")] == [4]


def test_prune_gives_the_space_back(store: SQLiteStore) -> None:
    with store.transaction() as transaction:
        for _ in range(50):
            transaction.add_run(run(), os.urandom(5_000).hex())
    before = sqlite3.connect(store.path)
    (pages,) = before.execute("PRAGMA page_count").fetchone()
    store.prune(keep=0)
    (after,) = before.execute("PRAGMA page_count").fetchone()
    before.close()
    assert after < pages / 5


@pytest.mark.parametrize("options", [{}, {"before": 1, "keep": 1}, {"keep": -1}])
def test_prune_wants_one_bound(store: SQLiteStore, options: dict[str, int]) -> None:
    with pytest.raises(ConfigError):
        store.prune(**options)


def test_forget_drops_a_stream_and_keeps_its_checks(store: SQLiteStore) -> None:
    with store.transaction() as transaction:
        for name in ("s", "t"):
            transaction.register(name, "{}")
            transaction.move(name, "0", Position(1), expected=None)
            transaction.put_window_part(name, KEY, "0", b"", n_rows=1)
            transaction.count(name, {"rows": 1})
            transaction.add_run(run(name), "{}")
    store.forget("s")

    with store.transaction() as transaction:
        assert (transaction.positions("s"), transaction.open_windows("s"), store.counters("s")) == ({}, [], {})
        assert len(transaction.positions("t")) == len(transaction.open_windows("t")) == 1
    assert store.streams() == ["t"]
    assert len(store.runs("s")) == 1


def test_processes_that_open_a_new_store_at_once_take_turns(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=add_rows, args=(tmp_path / "a.db", 25)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    with SQLiteStore(tmp_path / "a.db") as store, store.transaction() as transaction:
        assert transaction.positions("s") == {"0": Position(75)}


def test_a_store_that_another_one_is_making_is_no_file_of_another_program(tmp_path: Path) -> None:
    failed: list[Exception] = []
    for i in range(30):
        barrier = threading.Barrier(4)

        def open_at_once(path: Path = tmp_path / f"{i}.db", barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            try:
                SQLiteStore(path).close()
            except StoreError as error:
                failed.append(error)

        threads = [threading.Thread(target=open_at_once) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []


def test_threads_have_connections_of_their_own(store: SQLiteStore) -> None:
    def add() -> None:
        for _ in range(20):
            with store.transaction() as transaction:
                transaction.count("s", {"rows": 1})

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.counters("s") == {"rows": 80}


def test_connections_of_ended_threads_are_closed_when_another_is_opened(store: SQLiteStore) -> None:
    store.close()
    left_over = sqlite3.connect(store.path, check_same_thread=False)
    store._connections[-1] = left_over
    store.counters("s")
    assert -1 not in store._connections
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        left_over.execute("SELECT 1")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_opens_the_store_again(store: SQLiteStore) -> None:
    with store.transaction() as transaction:
        transaction.count("s", {"rows": 1})
    inherited = store._connections
    child = os.fork()
    if child == 0:
        try:
            with store.transaction() as transaction:
                transaction.count("s", {"rows": 1})
            status = 0 if store._connections is not inherited else 1
            store.close()
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    assert ended == 0
    with store.transaction() as transaction:
        transaction.count("s", {"rows": 1})
    assert store.counters("s") == {"rows": 3}


def test_a_closed_store_opens_again_when_it_is_used(store: SQLiteStore) -> None:
    store.close()
    assert store.counters("s") == {}


def test_readers_do_not_wait_for_a_writer(store: SQLiteStore) -> None:
    with store.transaction() as transaction, SQLiteStore(store.path, timeout=0.01) as other:
        transaction.count("s", {"rows": 1})
        assert other.counters("s") == {}


def test_a_lock_that_stays_is_named(store: SQLiteStore) -> None:
    with (
        store.transaction(),
        SQLiteStore(store.path, timeout=0.01) as other,
        pytest.raises(StoreLockedError, match=r"0\.01 s"),
        other.transaction(),
    ):
        pass


def test_a_new_file_is_known_by_its_header(store: SQLiteStore) -> None:
    plain = sqlite3.connect(store.path)
    (application,) = plain.execute("PRAGMA application_id").fetchone()
    (version,) = plain.execute("PRAGMA user_version").fetchone()
    (mode,) = plain.execute("PRAGMA journal_mode").fetchone()
    plain.close()
    assert (application, version, mode) == (APPLICATION_ID, VERSION, "wal")


def alter(path: Path, statement: str) -> None:
    with SQLiteStore(path):
        pass
    plain = sqlite3.connect(path)
    plain.execute(statement)
    plain.commit()
    plain.close()


def test_a_newer_version_is_refused(tmp_path: Path) -> None:
    alter(tmp_path / "a.db", "PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="version 99"):
        SQLiteStore(tmp_path / "a.db")


def test_a_file_of_another_program_is_refused_and_untouched(tmp_path: Path) -> None:
    plain = sqlite3.connect(tmp_path / "a.db")
    plain.execute("CREATE TABLE notes (x)")
    plain.commit()
    plain.close()
    before = (tmp_path / "a.db").read_bytes()
    with pytest.raises(StoreError, match="another program"):
        SQLiteStore(tmp_path / "a.db")
    assert (tmp_path / "a.db").read_bytes() == before


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"a,b\n1,2\n" * 500)
    with pytest.raises(StoreError, match="not a store, or is damaged"):
        SQLiteStore(tmp_path / "a.db")


def test_a_damaged_page_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with SQLiteStore(path) as store, store.transaction() as transaction:
        for _ in range(20):
            transaction.add_run(run(), os.urandom(3_000).hex())
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"), SQLiteStore(path) as store:
        store.prune(keep=0)


def test_a_full_disk_is_named_and_costs_one_transaction(store: SQLiteStore) -> None:
    connection = store._connection()
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StoreError, match="no space left"), store.transaction() as transaction:
        transaction.add_run(run(), os.urandom(100_000).hex())
    assert store.runs() == []
    with store.transaction() as transaction:
        transaction.count("s", {"rows": 1})


def test_a_store_that_may_only_be_read_is_named(store: SQLiteStore) -> None:
    store._connection().execute("PRAGMA query_only = ON")
    with pytest.raises(StoreError, match="opened for writing"):
        store.prune(keep=0)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no folder here in which even root may make no file")
def test_a_folder_that_takes_no_files_is_named() -> None:
    with pytest.raises(StoreError, match="must be writable"):
        SQLiteStore("/proc/driftwatch.db")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no folder"):
        SQLiteStore(tmp_path / "missing" / "a.db")


@pytest.mark.parametrize("path", ["", ":memory:"])
def test_a_store_needs_a_file(path: str) -> None:
    with pytest.raises(ConfigError, match="`path`"):
        SQLiteStore(path)


def test_a_timeout_is_positive(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`timeout`"):
        SQLiteStore(tmp_path / "a.db", timeout=0)


def test_a_store_is_not_pickled(store: SQLiteStore) -> None:
    with pytest.raises(TypeError, match="pass its path"):
        pickle.dumps(store)


@pytest.mark.parametrize("kind", sorted(NETWORK_FILESYSTEMS))
def test_network_file_systems_are_refused_with_advice(tmp_path: Path, kind: str) -> None:
    with pytest.raises(StoreError, match="local disk"):
        SQLiteStore(tmp_path / "a.db", filesystem=lambda _: kind)
    assert not (tmp_path / "a.db").exists()


def test_the_file_system_is_that_of_the_deepest_mount(tmp_path: Path) -> None:
    shared = tmp_path / "two words"
    (shared / "deep").mkdir(parents=True)
    escaped = str(shared).replace(" ", r"\040")
    mounts = tmp_path / "mounts"
    mounts.write_text(
        f"/dev/a / ext4 rw 0 0\nhost:/b {escaped} nfs4 rw 0 0\nbad line\n/dev/c {escaped}/de xfs rw 0 0\n"
    )
    assert filesystem_of(shared / "deep", mounts=mounts) == "nfs4"
    assert filesystem_of(tmp_path, mounts=mounts) == "ext4"
    assert is_network("nfs4")
    assert not is_network("ext4")


def test_a_system_without_a_table_of_mounts_is_trusted(tmp_path: Path) -> None:
    assert filesystem_of(tmp_path, mounts=tmp_path / "none") is None
    assert not is_network(None)
