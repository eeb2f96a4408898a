"""The same metrics for a registry of `prometheus_client` (layer 4): the one file that knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.errors import MissingExtraError
from driftwatch.metrics.model import Kind
from driftwatch.metrics.of_report import DEFAULT_TOP
from driftwatch.metrics.of_store import StoreMetrics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

    from driftwatch.store.protocol import Store

__all__ = ["DriftCollector"]


class DriftCollector:
    """A collector for the registry of a service that has one: `REGISTRY.register(DriftCollector(store))`.

    Each scrape yields what the store holds then, so what is gone from it is gone from the page. In prometheus_client's
    multiprocess mode custom collectors are not asked; all processes share the store, so serve `render_metrics(store)`
    there.

    Parameters
    ----------
    store : Store
    top, pvalues
        As for `StoreMetrics`.

    Raises
    ------
    MissingExtraError
        If prometheus_client is not installed.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from prometheus_client import CollectorRegistry
    >>> from driftwatch.store import SQLiteStore
    >>> with tempfile.TemporaryDirectory() as folder, SQLiteStore(pathlib.Path(folder) / "driftwatch.db") as store:
    ...     registry = CollectorRegistry()
    ...     registry.register(DriftCollector(store))
    ...     [metric.name for metric in registry.collect()]
    ['driftwatch_build_info']
    """

    def __init__(self, store: Store, *, top: int | None = DEFAULT_TOP, pvalues: bool = False) -> None:
        try:
            from prometheus_client import core
        except ModuleNotFoundError as error:
            raise MissingExtraError.for_feature(
                "DriftCollector", package="prometheus-client", extra="prometheus"
            ) from error
        self._core = core
        self._metrics = StoreMetrics(store, top=top, pvalues=pvalues)

    def describe(self) -> list[Metric]:
        """Return nothing: registering must not need the store, and names are ours alone by their prefix."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield the families that have samples now.

        Raises
        ------
        StoreError
            If the store cannot be read; the page of the registry then fails.
        """
        makers = {Kind.COUNTER: self._core.CounterMetricFamily, Kind.GAUGE: self._core.GaugeMetricFamily}
        for family in self._metrics.families():
            spec = family.spec
            metric = makers[spec.kind](spec.name, spec.help, labels=spec.labels)
            for sample in family.samples:
                metric.add_sample(spec.name, dict(zip(spec.labels, sample.labels, strict=True)), sample.value)
            yield metric
