"""How long checks are kept."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from driftwatch.errors import ConfigError, StoreLockedError
from driftwatch.store import Retention, Run, SQLiteStore, WindowKey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECOND = 1_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "a.db") as opened:
        with opened.transaction() as transaction:
            for stream in ("orders", "returns"):
                for i in range(10):
                    transaction.add_run(Run(stream, WindowKey(i, i + 1), i * SECOND, 1, "no_drift"), "{}")
        yield opened


def created(store: SQLiteStore, stream: str = "orders") -> list[int]:
    return [run.created // SECOND for run in store.runs(stream)]


def test_a_number_of_checks_of_the_stream_is_kept_and_others_stay(store: SQLiteStore) -> None:
    assert Retention(keep=3)(store, "orders") == 7
    assert created(store) == [9, 8, 7]
    assert len(created(store, "returns")) == 10


def test_what_is_older_goes(store: SQLiteStore) -> None:
    assert Retention(max_age=dt.timedelta(seconds=4), clock=lambda: 10.0)(store, "orders") == 6
    assert created(store) == [9, 8, 7, 6]


def test_of_two_bounds_the_narrower_one_holds(store: SQLiteStore) -> None:
    Retention(keep=2, max_age=dt.timedelta(seconds=4), clock=lambda: 10.0)(store, "orders")
    assert created(store) == [9, 8]


def test_without_a_bound_everything_stays(store: SQLiteStore) -> None:
    retention = Retention()
    assert not retention.bounded
    assert retention(store, "orders") == 0
    assert len(created(store)) == 10


def test_it_works_now_and_then(store: SQLiteStore) -> None:
    now = 0.0
    retention = Retention(keep=3, every=60.0, clock=lambda: now)
    assert retention(store, "orders") == 7
    with store.transaction() as transaction:
        transaction.add_run(Run("orders", WindowKey(10, 11), 10 * SECOND, 1, "no_drift"), "{}")
    now = 59.0
    assert retention(store, "orders") == 0
    now = 60.0
    assert retention(store, "orders") == 1


def test_a_store_that_is_locked_is_tidied_the_next_time(store: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(**_: Any) -> int:
        raise StoreLockedError("not now")

    now = 0.0
    retention = Retention(keep=3, clock=lambda: now)
    with monkeypatch.context() as patch:
        patch.setattr(store, "prune", locked)
        assert retention(store, "orders") == 0
    assert isinstance(retention.problem, StoreLockedError)
    now = 60.0
    assert retention(store, "orders") == 7
    assert retention.problem is None


@pytest.mark.parametrize("options", [{"keep": 0}, {"keep": 1.5}, {"max_age": dt.timedelta(0)}])
def test_bounds_are_positive(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="must be"):
        Retention(**options)
