"""The same metrics for OpenTelemetry, through its API package (layer 4); where they go is up to the SDK of the service."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from driftwatch._version import version
from driftwatch.errors import MissingExtraError
from driftwatch.metrics.catalog import SPECS
from driftwatch.metrics.model import Kind
from driftwatch.metrics.of_report import DEFAULT_TOP
from driftwatch.metrics.of_store import StoreMetrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation

    from driftwatch.metrics.model import Family
    from driftwatch.store.protocol import Store

__all__ = ["observe_store"]

SAME_COLLECTION = 1.0  # seconds: an SDK asks instrument by instrument, and the store is read once for all of them


def observe_store(
    store: Store,
    meter_provider: MeterProvider | None = None,
    *,
    top: int | None = DEFAULT_TOP,
    pvalues: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Register an observable instrument for every family of metrics.

    Each collection tells what the store holds then; series that are gone from it are not told any more. Where the store cannot
    be read, the SDK logs it and the collection has no series of ours. Call it once: instruments cannot be taken back.

    Parameters
    ----------
    store : Store
    meter_provider : MeterProvider, optional
        The global one by default.
    top, pvalues
        As for `StoreMetrics`. SDKs keep to a limit of series of one instrument, often 2,000.
    clock : callable
        Seconds.

    Raises
    ------
    MissingExtraError
        If the API of OpenTelemetry is not installed.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from driftwatch.store import SQLiteStore
    >>> with tempfile.TemporaryDirectory() as folder, SQLiteStore(pathlib.Path(folder) / "driftwatch.db") as store:
    ...     observe_store(store)  # goes nowhere, as no SDK was set up
    """
    try:
        from opentelemetry import metrics
    except ModuleNotFoundError as error:
        raise MissingExtraError.for_feature("observe_store", package="opentelemetry-api", extra="otel") from error
    snapshot = _Snapshot(StoreMetrics(store, top=top, pvalues=pvalues), clock)
    meter = metrics.get_meter("driftwatch", version(), meter_provider)
    makers = {Kind.COUNTER: meter.create_observable_counter, Kind.GAUGE: meter.create_observable_gauge}
    for spec in SPECS.values():
        callback = _callback(spec.name, snapshot, metrics.Observation)
        makers[spec.kind](spec.dotted, [callback], spec.unit, spec.help)


def _callback(
    name: str, snapshot: _Snapshot, observation: Callable[..., Observation]
) -> Callable[[CallbackOptions], Iterable[Observation]]:
    def observe(_: Any) -> Iterable[Observation]:
        family = snapshot.get(name)
        if family is None:
            return []
        labels = family.spec.labels
        return [observation(s.value, dict(zip(labels, s.labels, strict=True))) for s in family.samples]

    return observe


class _Snapshot:
    """The families as they were when the collection began."""

    def __init__(self, metrics: StoreMetrics, clock: Callable[[], float]) -> None:
        self._metrics, self._clock = metrics, clock
        self._lock = threading.Lock()
        self._families: dict[str, Family] = {}
        self._asked: set[str] = set()
        self._read_at: float | None = None

    def get(self, name: str) -> Family | None:
        """Return a family, of a new reading where this one has told it already or is old."""
        with self._lock:
            now = self._clock()
            if self._read_at is None or name in self._asked or now - self._read_at > SAME_COLLECTION:
                # where reading fails, the one who asked says so, and the others have nothing to say
                self._families, self._asked, self._read_at = {}, set(), now
                self._asked.add(name)
                self._families = {family.spec.name: family for family in self._metrics.families()}
            self._asked.add(name)
            return self._families.get(name)
