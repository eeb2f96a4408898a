"""What a disk does to a store: full, removed, without rights, damaged. Each is one error, and the store can be used after."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from driftwatch.errors import StoreError
from driftwatch.store import Baseline, Position, SQLiteStore, WindowKey
from store_contract import letter, run
from store_rows import write_beyond

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SPAWN = multiprocessing.get_context("spawn")
NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.db"


def fill(path: Path) -> None:
    with SQLiteStore(path) as store, store.transaction() as transaction:
        transaction.register("s", '{"a": 1}')
        transaction.set_watermark("s", 5)
        for i in range(20):
            transaction.move("s", str(i), Position(i), expected=None)
            transaction.put_window_part("s", WindowKey(i, i + 1), "0", os.urandom(300), n_rows=1)
            transaction.add_run(run("s", i), '{"text": "' + "many words " * 40 + '"}')
            transaction.enqueue(letter(str(i), created=i))
            transaction.put_note("alert", str(i), "{}")
        transaction.count("s", {"rows": 20})
        transaction.lease("judge", "me", now=0, until=9)
        transaction.put_baseline(Baseline("s", 1, 0, None, "", 1, "aa"), b"data")


def read_all(store: SQLiteStore) -> None:
    for found in store.runs():
        store.report(found.id)
    store.streams(), store.counters("s"), store.letters(), store.notes("alert"), store.leases(), store.baselines()
    with store.transaction() as transaction:
        transaction.positions("s")
        for window in transaction.open_windows("s"):
            transaction.window_parts("s", window.key)
        transaction.count("s", {"rows": 1})
    store.prune(keep=5)


def test_a_file_that_may_grow_no_more_costs_one_transaction(path: Path, tmp_path: Path) -> None:
    fill(path)
    told = tmp_path / "told"
    writer = SPAWN.Process(target=write_beyond, args=(str(path), path.stat().st_size + 50_000, str(told)))
    writer.start()
    writer.join(60)
    assert writer.exitcode == 0
    assert "free space, quotas and limits of file sizes" in told.read_text()
    with SQLiteStore(path) as store:
        assert (len(store.runs()), store.counters("after")) == (20, {"rows": 1})
        read_all(store)


def test_the_log_does_not_keep_the_space_of_one_large_transaction(path: Path) -> None:
    with SQLiteStore(path) as store:
        with store.transaction() as transaction:
            transaction.put_window_part("s", WindowKey(0, 1), "0", bytes(12 << 20), n_rows=1)
        for _ in range(3):
            with store.transaction() as transaction:
                transaction.count("s", {"rows": 1})
        assert path.with_name("a.db-wal").stat().st_size <= 5 << 20


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_was_removed_is_not_written_where_nobody_finds_it(path: Path, *, replaced: bool) -> None:
    with SQLiteStore(path) as store:
        path.unlink()
        if replaced:
            path.touch()
        with pytest.raises(StoreError, match="removed or replaced"), store.transaction():
            pass


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Return a folder that other users may enter, unlike those of pytest."""
    folder = Path(tempfile.mkdtemp(prefix="driftwatch-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def without_rights() -> Iterator[Callable[[], None]]:
    """Return what makes this process an ordinary user, as root may write everything, until the test ends."""
    own = os.geteuid()

    def drop() -> None:
        if own == 0:
            os.seteuid(NOBODY)

    yield drop
    os.seteuid(own)


@pytest.mark.parametrize("folder_too", [False, True])
def test_a_store_of_somebody_else_is_named(
    open_folder: Path, without_rights: Callable[[], None], *, folder_too: bool
) -> None:
    path = open_folder / "a.db"
    fill(path)
    path.chmod(0o444)
    if folder_too:
        open_folder.chmod(0o555)
    without_rights()
    try:
        with pytest.raises(StoreError, match="cannot be opened for writing"), SQLiteStore(path) as store:
            store.prune(keep=0)
    finally:
        if os.getuid() != 0:
            open_folder.chmod(0o777)


def test_a_folder_that_may_not_be_written_is_named(open_folder: Path, without_rights: Callable[[], None]) -> None:
    open_folder.chmod(0o555)
    without_rights()
    try:
        with pytest.raises(StoreError, match="folder must be writable"):
            SQLiteStore(open_folder / "a.db")
    finally:
        if os.getuid() != 0:
            open_folder.chmod(0o777)


@pytest.mark.parametrize("seed", range(40))
def test_damage_is_a_store_error_or_none(path: Path, seed: int) -> None:
    fill(path)
    rng = random.Random(seed)
    content = bytearray(path.read_bytes())
    for _ in range(rng.choice([1, 20, 2_000])):
        content[rng.randrange(len(content))] = rng.randrange(256)
    path.write_bytes(content)
    with suppress(StoreError), SQLiteStore(path) as store:
        read_all(store)


def test_damage_that_python_cannot_put_into_words_is_told(path: Path) -> None:
    fill(path)
    path.write_bytes(path.read_bytes().replace(b"settings TEXT", b"settings T\xc9XT"))
    with pytest.raises(StoreError, match="malformed database schema"):
        SQLiteStore(path)


def test_errors_of_the_caller_stay_what_they_are(path: Path) -> None:
    with SQLiteStore(path) as store, pytest.raises(UnicodeDecodeError), store.transaction():
        b"\xff".decode()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_file_that_was_cut_short_is_a_store_error(path: Path, share: float) -> None:
    fill(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    if share == 0.0:  # an empty file is a new store
        SQLiteStore(path).close()
        return
    with pytest.raises(StoreError, match="damaged"), SQLiteStore(path) as store:
        read_all(store)


def test_a_damaged_report_costs_that_report(path: Path) -> None:
    fill(path)
    with SQLiteStore(path) as store:
        store._connections.get().execute("UPDATE run SET report = x'00ff' WHERE id = 3")
        with pytest.raises(StoreError, match=r"check 3 .* is damaged"):
            store.report(3)
        assert "words" in store.report(4)


def test_a_damaged_offset_is_named(path: Path) -> None:
    fill(path)
    with SQLiteStore(path) as store:
        store._connections.get().execute("UPDATE position SET last = 'x' WHERE partition = '3'")
        with pytest.raises(StoreError, match="offset of partition '3' is damaged"), store.transaction() as transaction:
            transaction.positions("s")
