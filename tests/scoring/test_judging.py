"""What is stored beside a report: together with it, or not at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from driftwatch.scoring import ClosedWindow, Judge
from driftwatch.store import OpenWindow, SQLiteStore, WindowKey
from stream_counting import IdScorer, IdState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from driftwatch.store import Transaction

KEY = WindowKey(0, 10)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "driftwatch.db") as opened:
        state = IdScorer().count([{"id": 1}, {"id": 2}])
        with opened.transaction() as transaction:
            transaction.put_window_part("s", KEY, "a", state.to_bytes(), n_rows=2)
        yield opened


def judge(store: SQLiteStore, **hooks: Any) -> bool:
    return Judge("s", store, IdScorer(), **hooks)(OpenWindow(KEY, 2))


def outcomes(store: SQLiteStore) -> dict[str, int]:
    return {name: n for name, n in store.counters("s").items() if not name.startswith("check")}


def test_a_hook_writes_in_the_transaction_of_the_report(store: SQLiteStore) -> None:
    seen: list[ClosedWindow] = []

    def hook(transaction: Transaction, closed: ClosedWindow) -> None:
        seen.append(closed)
        transaction.count("s", {"alerts": 1})

    assert judge(store, with_report=hook)
    (closed,) = seen
    (run,) = store.runs("s")
    assert (closed.run_id, closed.key, closed.n_rows) == (run.id, KEY, 2)
    assert outcomes(store) == {"windows": 1, "alerts": 1}


def test_a_hook_that_fails_costs_its_own_part_and_is_counted(store: SQLiteStore) -> None:
    def hook(transaction: Transaction, _: ClosedWindow) -> None:
        transaction.count("s", {"alerts": 1})
        raise RuntimeError("a bad rule")

    assert judge(store, with_report=hook)
    (run,) = store.runs("s")
    assert json.loads(store.report(run.id)) == {"ids": [1, 2]}
    assert outcomes(store) == {"windows": 1, "failed_alerts": 1}


def test_a_window_that_someone_else_judged_meanwhile_calls_no_hook(store: SQLiteStore) -> None:
    class Slow(IdScorer):
        def score(self, state: IdState) -> Any:
            with store.transaction() as transaction:
                transaction.remove_window("s", KEY)
            return super().score(state)

    calls: list[object] = []
    judged = Judge("s", store, Slow(), with_report=lambda *_: calls.append(1), on_window=calls.append)
    assert not judged(OpenWindow(KEY, 2))
    assert (calls, store.runs("s")) == ([], [])
