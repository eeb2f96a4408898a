"""The collector in a registry of `prometheus_client`, whose own page is held against our text."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from driftwatch.errors import MissingExtraError, StoreError
from driftwatch.metrics import DriftCollector, render_metrics
from driftwatch.store import SQLiteStore
from metrics_samples import add_check, hostile_report
from report_samples import drifted, report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "driftwatch.db") as opened:
        yield opened


def test_the_page_of_a_registry_says_the_same_as_ours(store: SQLiteStore) -> None:
    add_check(store, "a", hostile_report())
    add_check(store, "b", '{"error": "no"}')
    registry = CollectorRegistry()
    registry.register(DriftCollector(store))
    theirs, ours = (
        {
            (family.name, family.type, family.documentation): sorted(
                family.samples, key=lambda sample: (sample.name, sorted(sample.labels.items()))
            )
            for family in text_string_to_metric_families(text.decode())
        }
        for text in (generate_latest(registry), render_metrics(store))
    )
    assert theirs == ours


def test_it_lives_beside_metrics_of_the_service(store: SQLiteStore) -> None:
    registry = CollectorRegistry()
    Gauge("mine", "of the service", registry=registry).set(1)
    registry.register(DriftCollector(store))
    assert b"mine 1.0" in generate_latest(registry)


def test_series_that_are_gone_vanish(store: SQLiteStore) -> None:
    registry = CollectorRegistry()
    registry.register(DriftCollector(store))
    add_check(store, "a", report([drifted("x")]))
    assert b'feature="x"' in generate_latest(registry)
    add_check(store, "a", report([drifted("y")]))
    page = generate_latest(registry)
    assert b'feature="x"' not in page
    assert b'feature="y"' in page


def test_registering_does_not_need_the_store_and_a_broken_one_fails_the_page(store: SQLiteStore) -> None:
    registry = CollectorRegistry()
    store.close()
    store.path.write_bytes(b"not a store" * 100)
    registry.register(DriftCollector(store))
    with pytest.raises(StoreError):
        generate_latest(registry)


def test_without_the_library_it_says_what_to_type(store: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(MissingExtraError, match=r"prometheus-client.*pip install 'driftwatch\[prometheus\]'"):
        DriftCollector(store)
