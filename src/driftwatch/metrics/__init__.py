"""What a store or a report says, as metrics (layer 4): one model of the series, and a renderer for each system."""

from typing import TYPE_CHECKING

from driftwatch._lazy import attach

if TYPE_CHECKING:  # what `attach` gives at run time, for type checkers and editors
    from driftwatch.metrics.client import DriftCollector
    from driftwatch.metrics.model import Family, Kind, Part, Sample, Spec
    from driftwatch.metrics.of_report import report_families
    from driftwatch.metrics.of_store import StoreMetrics
    from driftwatch.metrics.otel import observe_store
    from driftwatch.metrics.otel_spans import check_spans
    from driftwatch.metrics.prometheus import CONTENT_TYPE, PrometheusText, render_metrics, render_text

__all__ = [
    "CONTENT_TYPE",
    "DriftCollector",
    "Family",
    "Kind",
    "Part",
    "PrometheusText",
    "Sample",
    "Spec",
    "StoreMetrics",
    "check_spans",
    "observe_store",
    "render_metrics",
    "render_text",
    "report_families",
]

_MODEL = "driftwatch.metrics.model"
_PROMETHEUS = "driftwatch.metrics.prometheus"
__getattr__, __dir__ = attach(
    __name__,
    {
        "CONTENT_TYPE": _PROMETHEUS,
        "DriftCollector": "driftwatch.metrics.client",
        "Family": _MODEL,
        "Kind": _MODEL,
        "Part": _MODEL,
        "PrometheusText": _PROMETHEUS,
        "Sample": _MODEL,
        "Spec": _MODEL,
        "StoreMetrics": "driftwatch.metrics.of_store",
        "check_spans": "driftwatch.metrics.otel_spans",
        "observe_store": "driftwatch.metrics.otel",
        "render_metrics": _PROMETHEUS,
        "render_text": _PROMETHEUS,
        "report_families": "driftwatch.metrics.of_report",
    },
)
