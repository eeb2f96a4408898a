"""Reference and plan in, report out: the one place that orchestrates (layer 4)."""

from typing import TYPE_CHECKING

from driftwatch._lazy import attach

if TYPE_CHECKING:  # what `attach` gives at run time, for type checkers and editors
    from driftwatch.monitor.assertion import assert_no_drift
    from driftwatch.monitor.monitor import Monitor

__all__ = ["Monitor", "assert_no_drift"]

__getattr__, __dir__ = attach(
    __name__,
    {"Monitor": "driftwatch.monitor.monitor", "assert_no_drift": "driftwatch.monitor.assertion"},
)
