"""The series of a store: the last check of each stream and no older one, and every counter."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest

from driftwatch.metrics import StoreMetrics
from driftwatch.metrics.catalog import SPECS
from driftwatch.scoring import Judge
from driftwatch.store import Letter, OpenWindow, Position, SQLiteStore, WindowKey
from metrics_samples import CREATED, add_check, fill
from report_samples import drifted, feature, report
from stream_counting import IdScorer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "driftwatch.db") as opened:
        yield opened


def values(metrics: StoreMetrics, name: str) -> dict[tuple[str, ...], float]:
    return {
        sample.labels: sample.value
        for family in metrics.families()
        if family.spec.name == f"driftwatch_{name}"
        for sample in family.samples
    }


def test_an_empty_store_has_the_version_only(store: SQLiteStore) -> None:
    assert [family.spec.name for family in StoreMetrics(store).families()] == ["driftwatch_build_info"]


def test_the_last_check_of_each_stream_is_exported(store: SQLiteStore) -> None:
    add_check(store, "a", report([drifted("x")]))
    add_check(store, "a", report([feature("x")]), created=CREATED + 1_500_000)
    add_check(store, "b", report([drifted("x")]))
    metrics = StoreMetrics(store)
    assert values(metrics, "dataset_drifted") == {("a",): 0, ("b",): 1}
    assert values(metrics, "last_check_timestamp_seconds") == {("a",): 1_700_000_001.5, ("b",): 1_700_000_000.0}
    assert values(metrics, "last_window_end_timestamp_seconds")["a",] == 1_700_000_000.0
    assert values(metrics, "window_rows") == {("a",): 1_000, ("b",): 1_000}
    results = values(metrics, "last_check_result")
    assert {labels for labels, value in results.items() if value} == {("a", "no_drift"), ("b", "drift")}
    assert len(results) == 8


def test_a_feature_that_is_gone_vanishes(store: SQLiteStore) -> None:
    metrics = StoreMetrics(store)
    add_check(store, "a", report([drifted("x"), feature("y")]))
    assert values(metrics, "feature_drifted") == {("a", "x"): 1, ("a", "y"): 0}
    add_check(store, "a", report([feature("y")]))
    assert values(metrics, "feature_drifted") == {("a", "y"): 0}


def test_a_stream_that_is_forgotten_vanishes(store: SQLiteStore) -> None:
    metrics = StoreMetrics(store)
    add_check(store, "a", report([feature("x")]))
    add_check(store, "b", report([feature("x")]))
    assert {labels[0] for labels in values(metrics, "feature_drifted")} == {"a", "b"}
    store.forget("a")
    assert {labels[0] for labels in values(metrics, "feature_drifted")} == {"b"}
    assert values(metrics, "rows_total") == {("b",): 1_000}


def test_pruned_checks_vanish_and_their_count_stays(store: SQLiteStore) -> None:
    metrics = StoreMetrics(store)
    add_check(store, "a", report([feature("x")]))
    store.prune(keep=0)
    assert values(metrics, "window_rows") == {}
    assert values(metrics, "checks_total")["a", "no_drift"] == 1


def test_a_failed_check_hides_the_older_one(store: SQLiteStore) -> None:
    add_check(store, "a", report([feature("x")]))
    add_check(store, "a", '{"error": "cannot judge"}')
    metrics = StoreMetrics(store)
    assert values(metrics, "last_check_result")["a", "error"] == 1
    assert values(metrics, "dataset_drifted") == {}
    assert values(metrics, "feature_drifted") == {}
    assert values(metrics, "last_report_unreadable") == {}  # there is none
    assert values(metrics, "checks_total") == {
        ("a", "drift"): 0,
        ("a", "no_drift"): 1,
        ("a", "no_verdict"): 0,
        ("a", "error"): 1,
    }


def test_a_report_of_another_form_is_said_and_costs_no_other_stream(store: SQLiteStore) -> None:
    add_check(store, "a", report([feature("x")]))
    with store.transaction() as transaction:
        transaction.put_window_part("ids", WindowKey(0, 10), "p", IdScorer().count([{"id": 1}]).to_bytes(), n_rows=1)
        transaction.register("ids", "{}")
    assert Judge("ids", store, IdScorer(), clock=lambda: 1_700_000_000.0)(OpenWindow(WindowKey(0, 10), 1))
    metrics = StoreMetrics(store)
    assert values(metrics, "last_report_unreadable") == {("a",): 0, ("ids",): 1}
    assert values(metrics, "last_check_result")["ids", "no_drift"] == 1
    assert values(metrics, "dataset_drifted") == {("a",): 0}


def test_a_judge_counts_its_verdicts_and_its_time(store: SQLiteStore) -> None:
    with store.transaction() as transaction:
        transaction.register("s", "{}")
        for i, row in enumerate(({"id": 1}, {"id": -1}, {"id": 2})):
            state = IdScorer().count([row])
            transaction.put_window_part("s", WindowKey(i, i + 1), "p", state.to_bytes(), n_rows=1)
    judge = Judge("s", store, IdScorer(), clock=lambda: 1_700_000_000.0)
    for i in range(3):
        assert judge(OpenWindow(WindowKey(i, i + 1), 1))
    metrics = StoreMetrics(store)
    counts = values(metrics, "checks_total")
    assert (counts["s", "no_drift"], counts["s", "error"], counts["s", "drift"]) == (2, 1, 0)
    assert values(metrics, "check_seconds_total")["s",] >= 0
    assert ("s", "check_microseconds") not in values(metrics, "events_total")


def test_windows_by_rows_have_no_end_in_time(store: SQLiteStore) -> None:
    add_check(store, "a", report([feature("x")]), key=WindowKey(0, 1_000, "partition 0"))
    add_check(store, "b", report([feature("x")]), key=WindowKey(10**15, 10**15 + 1, "all"))
    add_check(store, "c", report([feature("x")]), key=WindowKey(CREATED - 60, CREATED))
    assert values(StoreMetrics(store), "last_window_end_timestamp_seconds") == {("c",): 1_700_000_000.0}


def test_every_counter_is_exported_once(store: SQLiteStore) -> None:
    add_check(store, "a", report([feature("x")]))
    with store.transaction() as transaction:
        counts = {"late_rows": 3, "dead_letters": 2, "dropped_queue_full": 5, "duplicates": 7, "error": 1}
        transaction.count("a", counts)
    metrics = StoreMetrics(store)
    assert values(metrics, "rows_total") == {("a",): 1_000}
    assert values(metrics, "rows_dropped_total") == {
        ("a", "late"): 3,
        ("a", "dead_letter"): 2,
        ("a", "queue_full"): 5,
    }
    assert values(metrics, "events_total") == {("a", "duplicates"): 7, ("a", "error"): 1}
    assert values(metrics, "check_seconds_total") == {("a",): 0.0025}


def test_a_report_is_read_once(store: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    add_check(store, "a", report([feature("x")]))
    read: list[int] = []
    stored = store.report

    def reading(run_id: int) -> str:
        read.append(run_id)
        return stored(run_id)

    monkeypatch.setattr(store, "report", reading)
    metrics = StoreMetrics(store)
    first = metrics.families()
    again = metrics.families()
    assert len(read) == 1
    parts: list[list[Any]] = [[part for family in found for part in family.parts] for found in (first, again)]
    assert len(set(parts[0]) & set(parts[1])) > 10
    add_check(store, "a", report([drifted("x")]))
    assert values(metrics, "feature_drifted") == {("a", "x"): 1}
    assert len(read) == 2


def test_every_sample_has_a_value_for_each_label_and_a_finite_one(store: SQLiteStore) -> None:
    add_check(store, "a", report([drifted("x")]))
    for family in StoreMetrics(store, pvalues=True).families():
        assert family.samples
        for sample in family.samples:
            assert len(sample.labels) == len(family.spec.labels)
            assert math.isfinite(sample.value)


def test_letters_are_counted_by_receiver_and_state(store: SQLiteStore) -> None:
    with store.transaction() as transaction:
        for i, receiver in enumerate(["slack", "slack", "mail", "mail", "hook"]):
            transaction.enqueue(Letter(str(i), receiver, "{}", CREATED + i * 10**6, CREATED))
        transaction.settle("2", state="dead", now=CREATED, error="gone")
        transaction.settle("4", state="delivered", now=CREATED)
    metrics = StoreMetrics(store)
    assert values(metrics, "letters") == {
        ("hook", "waiting"): 0,
        ("hook", "delivered"): 1,
        ("hook", "dead"): 0,
        ("mail", "waiting"): 1,
        ("mail", "delivered"): 0,
        ("mail", "dead"): 1,
        ("slack", "waiting"): 2,
        ("slack", "delivered"): 0,
        ("slack", "dead"): 0,
    }
    assert values(metrics, "oldest_waiting_letter_timestamp_seconds") == {
        ("slack",): 1_700_000_000.0,
        ("mail",): 1_700_000_003.0,
    }


def test_every_family_of_the_catalog_can_have_samples(store: SQLiteStore) -> None:
    fill(store)
    assert [family.spec for family in StoreMetrics(store, pvalues=True).families()] == list(SPECS.values())


def test_how_far_a_stream_is_comes_from_all_of_its_partitions(store: SQLiteStore) -> None:
    with store.transaction() as transaction:
        transaction.register("a", "{}")
        transaction.register("new", "{}")
        transaction.set_watermark("a", CREATED)
        for partition, at in (("0", CREATED + 3_000_000), ("1", CREATED + 2_000_000), ("2", None)):
            transaction.move("a", partition, Position(1, event_time=at), expected=None)
        transaction.put_window_part("a", WindowKey(0, 10), "0", b"", n_rows=1)
    metrics = StoreMetrics(store)
    assert values(metrics, "event_timestamp_seconds") == {("a",): 1_700_000_003.0}
    assert values(metrics, "watermark_timestamp_seconds") == {("a",): 1_700_000_000.0}
    assert values(metrics, "open_windows") == {("a",): 1, ("new",): 0}


def test_how_far_a_stream_is_behind_is_what_its_workers_said_last(store: SQLiteStore) -> None:
    with store.transaction() as transaction:
        transaction.register("a", "{}")
        for partition, messages, at in (("0", 7, CREATED), ("1", 0, CREATED + 2_000_000)):
            transaction.put_note("lag/a", partition, json.dumps({"messages": messages, "at": at}))
    metrics = StoreMetrics(store)
    assert values(metrics, "lag_messages") == {("a", "0"): 7, ("a", "1"): 0}
    assert values(metrics, "lag_timestamp_seconds") == {("a",): 1_700_000_002.0}
    store.forget("a")
    assert store.notes("lag/a") == {}


def test_a_writer_does_not_hold_the_metrics_up(store: SQLiteStore) -> None:
    add_check(store, "a", report([feature("x")]))
    with store.transaction() as transaction, SQLiteStore(store.path, timeout=0.01) as other:
        transaction.count("a", {"rows": 1})
        assert values(StoreMetrics(other), "rows_total") == {("a",): 1_000}
