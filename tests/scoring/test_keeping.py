"""Reports that no stream made, kept beside the others."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pytest

from driftwatch import DriftReport, Monitor
from driftwatch.errors import ConfigError
from driftwatch.scoring import ClosedWindow, keep_report
from driftwatch.store import Run, SQLiteStore, WindowKey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from driftwatch.store import Transaction

NOW = 1_800_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "a.db") as opened:
        yield opened


@pytest.fixture(scope="module")
def report() -> DriftReport:
    rng = np.random.default_rng(0)
    return Monitor({"age": rng.normal(40, 9, 500)}).check({"age": rng.normal(80, 9, 200)})


def test_a_report_is_a_check_of_its_stream(store: SQLiteStore, report: DriftReport) -> None:
    number = keep_report(store, "nightly", report, clock=lambda: NOW)
    at = NOW * 1_000_000
    assert store.runs() == [Run("nightly", WindowKey(at, at), at, 200, "drift", number)]
    assert DriftReport.from_json(store.report(number)) == report
    assert store.counters("nightly") == {"checks_drift": 1, "rows": 200, "windows": 1}
    assert store.streams() == ["nightly"]


def test_the_time_that_the_rows_are_of_can_be_said(store: SQLiteStore, report: DriftReport) -> None:
    day = dt.datetime(2026, 1, 31, tzinfo=dt.UTC)
    keep_report(store, "nightly", report, start=day, stop=day + dt.timedelta(days=1))
    keep_report(store, "nightly", report, start=day, clock=lambda: NOW)
    keep_report(store, "nightly", report, stop=day)
    wanted = [("2026-01-31", "2026-02-01"), ("2026-01-31", "2027-01-15"), ("2026-01-31", "2026-01-31")]
    found = Monitor.history(store).windows
    assert [(str(window.start)[:10], str(window.stop)[:10]) for window in found] == wanted
    with pytest.raises(ConfigError, match="`stop`"):
        keep_report(store, "nightly", report, start=day, stop=day - dt.timedelta(days=1))


def test_what_belongs_to_the_report_is_stored_with_it(store: SQLiteStore, report: DriftReport) -> None:
    seen: list[ClosedWindow] = []

    def hook(transaction: Transaction, closed: ClosedWindow) -> None:
        transaction.put_note("seen", closed.stream, closed.scored.summary)
        seen.append(closed)

    number = keep_report(store, "nightly", report, with_report=hook)
    assert [(closed.run_id, closed.scored.result) for closed in seen] == [(number, report)]
    assert store.notes("seen") == {"nightly": "drift in 1 of 1 features: age"}


def test_the_stream_of_a_service_is_not_mixed_with_checks(store: SQLiteStore, report: DriftReport) -> None:
    with store.transaction() as transaction:
        transaction.register("orders", '{"windows": 300}')
    with pytest.raises(ConfigError, match="another name"):
        keep_report(store, "orders", report)
    assert store.runs() == []
