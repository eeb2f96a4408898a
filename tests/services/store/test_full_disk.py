"""An SQLite store on a real disk that is full."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from driftwatch.errors import StoreError
from driftwatch.store import Run, SQLiteStore, WindowKey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a disk of a chosen size needs the right to mount one")
    yield folder
    subprocess.run(["umount", folder], check=True)


def use_up(folder: Path) -> Path:
    rest = folder / "rest"
    try:
        with rest.open("ab", buffering=0) as file:
            while True:
                file.write(bytes(4096))
    except OSError:
        return rest


def add(store: SQLiteStore, size: int = 10) -> None:
    with store.transaction() as transaction:
        transaction.add_run(Run("s", WindowKey(0, 1), 0, 1, "drift"), os.urandom(size).hex())


def test_a_full_disk_costs_what_is_stored_on_it_then_and_nothing_else(disk: Path) -> None:
    with SQLiteStore(disk / "a.db") as store:
        add(store)
        rest = use_up(disk)
        with pytest.raises(StoreError, match="no space left"):
            add(store, 100_000)
        assert len(store.runs()) == 1
        assert len(store.report(store.runs()[0].id)) == 20
        rest.unlink()
        add(store, 100_000)
        assert len(store.runs()) == 2


def test_a_store_on_a_full_disk_is_not_opened_and_keeps_what_it_has(disk: Path) -> None:
    with SQLiteStore(disk / "a.db") as store:
        add(store)
    rest = use_up(disk)
    for name in ("a.db", "b.db"):  # an index of the log must be made, for readers too
        with pytest.raises(StoreError, match="no space left"):
            SQLiteStore(disk / name)
    rest.unlink()
    with SQLiteStore(disk / "a.db") as store:
        add(store)
        assert store.prune(keep=1) == 1
