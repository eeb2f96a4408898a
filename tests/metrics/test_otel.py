"""OpenTelemetry: what the SDK's readers in memory get is the oracle."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import Gauge, InMemoryMetricReader, Sum
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from driftwatch.errors import MissingExtraError, StoreError
from driftwatch.metrics import StoreMetrics, check_spans, observe_store
from driftwatch.metrics.catalog import SPECS
from driftwatch.metrics.model import Kind
from driftwatch.metrics.otel import _Snapshot
from driftwatch.scoring import ClosedWindow, Scored
from driftwatch.store import SQLiteStore, WindowKey
from metrics_samples import add_check, fill
from report_samples import drifted, feature, report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "driftwatch.db") as opened:
        yield opened


class Observed:
    """A reader, and the provider that it reads."""

    def __init__(self, store: SQLiteStore, **options: Any) -> None:
        self.now = 0.0
        self.reader = InMemoryMetricReader()
        self.provider = MeterProvider([self.reader], shutdown_on_exit=False)
        observe_store(store, self.provider, clock=lambda: self.now, **options)

    def metrics(self) -> dict[str, Any]:
        self.now += 60.0
        data = self.reader.get_metrics_data()
        if data is None:
            return {}
        (resource,) = data.resource_metrics
        (scope,) = resource.scope_metrics
        assert scope.scope.name == "driftwatch"
        return {metric.name: metric for metric in scope.metrics}


def test_every_sample_is_observed_with_its_value(store: SQLiteStore) -> None:
    fill(store)
    found = Observed(store, pvalues=True).metrics()
    families = StoreMetrics(store, pvalues=True).families()
    assert {family.spec.dotted for family in families} == set(found)
    for family in families:
        metric = found[family.spec.dotted]
        points = {tuple(p.attributes[label] for label in family.spec.labels): p.value for p in metric.data.data_points}
        assert points == {sample.labels: sample.value for sample in family.samples}
        assert (metric.unit, metric.description) == (family.spec.unit, family.spec.help)


def test_counters_are_cumulative_sums_and_the_rest_gauges(store: SQLiteStore) -> None:
    fill(store)
    found = Observed(store, pvalues=True).metrics()
    for spec in SPECS.values():
        data = found[spec.dotted].data
        assert isinstance(data, Sum if spec.kind is Kind.COUNTER else Gauge)
        if isinstance(data, Sum):
            assert data.is_monotonic


def test_names_have_dots_and_no_units() -> None:
    names = {spec.dotted for spec in SPECS.values()}
    assert {"driftwatch.feature.drift.score", "driftwatch.rows", "driftwatch.last.check.timestamp"} <= names
    assert len(names) == len(SPECS)
    assert SPECS["feature_drift_score"].unit == "{score}"


def test_a_collection_reads_the_store_once(store: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store)
    observed = Observed(store)
    read: list[int] = []
    streams = store.streams

    def counted() -> list[str]:
        read.append(1)
        return streams()

    monkeypatch.setattr(store, "streams", counted)
    observed.metrics()
    observed.metrics()
    assert len(read) == 2


def test_two_collections_within_a_second_are_two_readings(store: SQLiteStore) -> None:
    add_check(store, "a", report([drifted("x")]))
    observed = Observed(store)
    observed.metrics()
    add_check(store, "a", report([feature("x")]))
    observed.now -= 60.0
    (point,) = observed.metrics()["driftwatch.dataset.drifted"].data.data_points
    assert point.value == 0


def test_an_sdk_that_asks_for_some_instruments_only_hears_nothing_old(store: SQLiteStore) -> None:
    add_check(store, "a", report([drifted("x")]))
    now = [0.0]
    snapshot = _Snapshot(StoreMetrics(store), lambda: now[0])
    assert snapshot.get("driftwatch_window_rows")
    add_check(store, "a", report([feature("x")]))
    now[0] += 60.0
    family = snapshot.get("driftwatch_dataset_drifted")
    assert family is not None
    assert [sample.value for sample in family.samples] == [0]


def test_series_that_are_gone_are_not_told_any_more(store: SQLiteStore) -> None:
    add_check(store, "a", report([drifted("x"), feature("y")]))
    observed = Observed(store)
    assert len(observed.metrics()["driftwatch.feature.drifted"].data.data_points) == 2
    add_check(store, "a", report([drifted("y")]))
    (point,) = observed.metrics()["driftwatch.feature.drifted"].data.data_points
    assert (point.attributes["feature"], point.value) == ("y", 1)


def test_a_store_that_cannot_be_read_tells_nothing_old_and_is_logged_once(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    add_check(store, "a", report([drifted("x")]))
    observed = Observed(store)
    assert observed.metrics()

    def broken() -> list[str]:
        raise StoreError("damaged")

    with monkeypatch.context() as patch:
        patch.setattr(store, "streams", broken)
        assert observed.metrics() == {}
    assert sum("damaged" in str(record.exc_info) for record in caplog.records) == 1
    assert observed.metrics()["driftwatch.dataset.drifted"]


def closed(scored: Scored) -> ClosedWindow:
    return ClosedWindow("shop", WindowKey(0, 10), 1_000, scored, 7)


@pytest.fixture
def spans() -> tuple[TracerProvider, InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider, exporter


def test_a_check_is_a_span_with_an_event_for_each_drifted_feature(
    spans: tuple[TracerProvider, InMemorySpanExporter],
) -> None:
    found = report([drifted("price"), feature("age"), drifted("gap", effect=None, direction=None)])
    check_spans(spans[0])(closed(Scored("drift", "{}", "drift in 2", found)))
    (span,) = spans[1].get_finished_spans()
    assert span.name == "driftwatch.check"
    assert dict(span.attributes or {}) == {
        "model": "shop",
        "driftwatch.verdict": "drift",
        "driftwatch.rows": 1_000,
        "driftwatch.run": 7,
        "driftwatch.window.start": 0,
        "driftwatch.window.stop": 10,
        "driftwatch.features": 3,
        "driftwatch.features.drifted": 2,
    }
    assert [(event.name, dict(event.attributes or {})) for event in span.events] == [
        ("driftwatch.drift", {"feature": "price", "effect": 0.411, "direction": "up"}),
        ("driftwatch.drift", {"feature": "gap", "effect": 0.0}),
    ]
    assert span.status.status_code is StatusCode.UNSET


def test_many_drifted_features_do_not_flood_a_span(spans: tuple[TracerProvider, InMemorySpanExporter]) -> None:
    found = report([drifted(f"f{i}") for i in range(400)])
    check_spans(spans[0])(closed(Scored("drift", "{}", "drift", found)))
    (span,) = spans[1].get_finished_spans()
    assert len(span.events) == 50
    assert (span.attributes or {})["driftwatch.features.drifted"] == 400


def test_a_failed_check_is_a_span_with_an_error(spans: tuple[TracerProvider, InMemorySpanExporter]) -> None:
    check_spans(spans[0])(closed(Scored("error", "{}", "the check failed: no")))
    (span,) = spans[1].get_finished_spans()
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "the check failed: no")


def test_without_the_library_it_says_what_to_type(store: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(MissingExtraError, match=r"opentelemetry-api.*pip install 'driftwatch\[otel\]'"):
        observe_store(store)
    with pytest.raises(MissingExtraError, match=r"opentelemetry-api.*pip install 'driftwatch\[otel\]'"):
        check_spans()
