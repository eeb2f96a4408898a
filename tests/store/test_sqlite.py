"""The embedded store: what is stored together, what several processes see, and what each failure says."""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from driftwatch.errors import ConfigError, StoreError
from driftwatch.store import OpenWindow, Position, Run, SQLiteStore, WindowKey
from driftwatch.store._filesystem import NETWORK_FILESYSTEMS, filesystem_of, is_network
from driftwatch.store._migrations import APPLICATION_ID, VERSION
from store_contract import StoreContract, letter, run

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def address(tmp_path: Path) -> str:
    return str(tmp_path / "driftwatch.db")


@pytest.fixture
def store(address: str) -> Iterator[SQLiteStore]:
    with SQLiteStore(address) as opened:
        yield opened


class TestContract(StoreContract):
    pass


def test_prune_gives_the_space_back(store: SQLiteStore) -> None:
    with store.transaction() as transaction:
        for _ in range(50):
            transaction.add_run(run(), os.urandom(5_000).hex())
    before = sqlite3.connect(store.path)
    (pages,) = before.execute("PRAGMA page_count").fetchone()
    store.prune(keep=0)
    (after,) = before.execute("PRAGMA page_count").fetchone()
    before.close()
    assert after < pages / 4


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


def test_connections_of_ended_threads_are_closed_when_another_is_opened(store: SQLiteStore) -> None:
    store.close()
    left_over = sqlite3.connect(store.path, check_same_thread=False)
    store._connections._held[-1] = left_over
    store.counters("s")
    assert -1 not in store._connections._held
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        left_over.execute("SELECT 1")


def test_connections_of_a_store_that_nobody_has_are_closed(store: SQLiteStore) -> None:
    forgotten = SQLiteStore(store.path)
    connection = forgotten._connections.get()
    del forgotten
    gc.collect()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_opens_the_store_again(store: SQLiteStore) -> None:
    with store.transaction() as transaction:
        transaction.count("s", {"rows": 1})
    inherited = store._connections._held
    child = os.fork()
    if child == 0:
        try:
            with store.transaction() as transaction:
                transaction.count("s", {"rows": 1})
            status = 0 if store._connections._held is not inherited else 1
            store.close()
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    assert ended == 0
    with store.transaction() as transaction:
        transaction.count("s", {"rows": 1})
    assert store.counters("s") == {"rows": 3}


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
    connection = store._connections.get()
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StoreError, match="no space left"), store.transaction() as transaction:
        transaction.add_run(run(), os.urandom(100_000).hex())
    assert store.runs() == []
    with store.transaction() as transaction:
        transaction.count("s", {"rows": 1})


def test_a_store_that_may_only_be_read_is_named(store: SQLiteStore) -> None:
    store._connections.get().execute("PRAGMA query_only = ON")
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


GOLDEN = Path(__file__).parent / "golden"


def test_a_file_of_version_1_is_brought_up_to_date_with_all_that_it_held(address: str) -> None:
    shutil.copyfile(GOLDEN / "version_1.db", address)
    with SQLiteStore(address) as store:
        with store.transaction() as transaction:
            assert transaction.register("orders", "new") == '{"window": 300}'
            assert transaction.positions("orders") == {
                "0": Position(2**70, 3, 6, 299, idle=True),
                "1": Position(7, 1, 2),
            }
            assert transaction.open_windows("orders") == [OpenWindow(WindowKey(0, 300), 8)]
            assert transaction.window_parts("orders", WindowKey(0, 300)) == [b"counts", b"more"]
            assert transaction.watermark("orders") == 299
            assert transaction.enqueue(letter())
        (kept,) = store.runs()
        assert kept == Run("orders", WindowKey(-300, 0), 1_700_000_000_000_000, 7, "drift", kept.id)
        assert store.report(kept.id) == '{"verdict": "drift"}'
        assert store.counters("orders") == {"late_rows": 2, "windows": 1}


def test_an_old_file_gets_the_tables_that_a_new_one_has(tmp_path: Path) -> None:
    shutil.copyfile(GOLDEN / "version_1.db", tmp_path / "old.db")
    tables = []
    for name in ("old.db", "new.db"):
        SQLiteStore(tmp_path / name).close()
        plain = sqlite3.connect(tmp_path / name)
        tables.append(plain.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall())
        plain.close()
    assert tables[0] == tables[1]
