"""Names on the way back from OpenTelemetry: the exporter for Prometheus makes the names of the catalog of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import prometheus_client
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client.parser import text_string_to_metric_families

from driftwatch.metrics import observe_store, render_metrics
from driftwatch.store import SQLiteStore
from metrics_samples import fill

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ADDED = ("otel_scope_name", "otel_scope_version", "otel_scope_schema_url")
Key = tuple[str, tuple[tuple[str, str], ...]]


def ours(page: str) -> Iterator[tuple[Key, float]]:
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            if sample.name.startswith("driftwatch_"):
                labels = tuple(sorted((k, v) for k, v in sample.labels.items() if k not in ADDED))
                yield (sample.name, labels), sample.value


def test_both_ways_to_prometheus_give_the_same_series(tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / "driftwatch.db") as store:
        fill(store)
        provider = MeterProvider([PrometheusMetricReader()], shutdown_on_exit=False)
        observe_store(store, provider)
        exported = dict(ours(prometheus_client.generate_latest(prometheus_client.REGISTRY).decode()))
        provider.shutdown()
        assert exported == dict(ours(render_metrics(store).decode()))
    assert len(exported) > 40
