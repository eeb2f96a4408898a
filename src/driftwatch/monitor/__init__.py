"""Reference and plan in, report out: the one place that orchestrates (layer 4)."""

from driftwatch._lazy import attach

__all__ = ["Monitor", "assert_no_drift"]

__getattr__, __dir__ = attach(
    __name__,
    {"Monitor": "driftwatch.monitor.monitor", "assert_no_drift": "driftwatch.monitor.assertion"},
)
