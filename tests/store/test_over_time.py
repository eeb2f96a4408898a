"""Stored checks as one table: the reports that went in are the oracle."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pytest

from driftwatch import Monitor
from driftwatch.errors import ConfigError, UnknownNameError
from driftwatch.report.history import statistics_of
from driftwatch.report.model import Verdict
from driftwatch.store import Run, SQLiteStore, WindowKey, history

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from driftwatch import DriftReport

HOUR = 3_600_000_000
START = 1_700_000_000_000_000 // HOUR * HOUR


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "a.db") as opened:
        yield opened


@pytest.fixture(scope="module")
def reports() -> list[DriftReport]:
    rng = np.random.default_rng(0)
    monitor = Monitor({"age": rng.normal(40, 9, 500), "price": rng.normal(5, 1, 500)})
    return [
        monitor.check({"age": rng.normal(40 + shift, 9, 200), "price": rng.normal(5, 1, 200)}) for shift in (0, 0, 30)
    ]


def fill(store: SQLiteStore, reports: list[DriftReport], stream: str = "orders") -> None:
    with store.transaction() as transaction:
        for i, report in enumerate(reports):
            at = START + i * HOUR
            run = Run(stream, WindowKey(at, at + HOUR), at + HOUR, report.n_current, str(report.verdict))
            transaction.add_run(run, report.to_json())


def test_every_stored_check_is_a_window_in_the_order_of_time(store: SQLiteStore, reports: list[DriftReport]) -> None:
    fill(store, reports)
    found = history(store, "orders", keep_reports=True)

    assert [window.start for window in found.windows] == [f"2023-11-14T{hour}:00:00+00:00" for hour in (22, 23)] + [
        "2023-11-15T00:00:00+00:00"
    ]
    assert [window.verdict for window in found.windows] == [report.verdict for report in reports]
    assert found.windows[2].drifted == ("age",)
    assert found.windows[2].statistics == {
        name: statistics_of(feature) for name, feature in reports[2].features.items()
    }
    assert [window.report for window in found.windows] == reports
    assert found.alpha == reports[0].alpha
    assert len(found.rows()) == 6


def test_a_monitor_reads_a_store_by_its_address(store: SQLiteStore, reports: list[DriftReport]) -> None:
    fill(store, reports)
    assert Monitor.history(store.path) == history(store, "orders")


def test_the_newest_checks_and_those_of_a_time_can_be_asked_for(store: SQLiteStore, reports: list[DriftReport]) -> None:
    fill(store, reports)
    stored = [dt.datetime.fromtimestamp((START + (i + 1) * HOUR) / 1e6, dt.UTC) for i in range(3)]

    def starts(**options: object) -> list[object]:
        return [window.start for window in history(store, "orders", **options).windows]  # type: ignore[arg-type]

    every = starts()
    assert starts(last=1) == every[2:]
    assert starts(since=stored[1]) == every[1:]
    assert starts(until=stored[1]) == every[:1]
    # in the zone of somebody else it is the same time
    assert starts(since=stored[1].astimezone(dt.timezone(dt.timedelta(hours=5)))) == every[1:]


def test_windows_by_rows_have_numbers(store: SQLiteStore, reports: list[DriftReport]) -> None:
    with store.transaction() as transaction:
        run = Run("orders", WindowKey(200, 400, "0"), START, 200, "no_drift")
        transaction.add_run(run, reports[0].to_json())
    (window,) = history(store).windows
    assert (window.start, window.stop) == (200, 400)


def test_a_check_that_failed_stands_with_its_error(store: SQLiteStore) -> None:
    with store.transaction() as transaction:
        transaction.add_run(Run("orders", WindowKey(0, HOUR), HOUR, 9, "error"), '{"error": "ValueError: no"}')
        transaction.add_run(Run("orders", WindowKey(HOUR, 2 * HOUR), HOUR, 9, "error"), "[]")
    failed, unreadable = history(store).windows
    assert (failed.verdict, failed.n_rows, failed.reason) == (Verdict.NO_VERDICT, 9, "the check failed: ValueError: no")
    assert unreadable.reason == "the stored report cannot be read"


def test_one_of_several_streams_is_named(store: SQLiteStore, reports: list[DriftReport]) -> None:
    fill(store, reports[:1])
    fill(store, reports[:1], "returns")
    with pytest.raises(ConfigError, match="'orders', 'returns'"):
        history(store)
    assert len(history(store, "returns").windows) == 1
    with pytest.raises(UnknownNameError, match="did you mean 'orders'"):
        history(store, "order")


def test_a_stream_without_checks_and_an_empty_store_have_no_windows(store: SQLiteStore) -> None:
    assert history(store).windows == ()
    with store.transaction() as transaction:
        transaction.register("orders", "{}")
    assert history(store, "orders").windows == ()


def test_last_is_a_number(store: SQLiteStore) -> None:
    with pytest.raises(ConfigError, match="`last`"):
        history(store, last=0)
