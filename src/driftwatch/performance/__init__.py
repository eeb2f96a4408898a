"""What predictions are worth: measured where labels have arrived, estimated where they have not (layer 4)."""

from typing import TYPE_CHECKING

from driftwatch._lazy import attach

if TYPE_CHECKING:  # what `attach` gives at run time, for type checkers and editors
    from driftwatch.performance.comparison import compare
    from driftwatch.performance.estimation import estimate
    from driftwatch.performance.rows import Task
    from driftwatch.report.performance import Interval, MetricReport, PerformanceReport

__all__ = ["Interval", "MetricReport", "PerformanceReport", "Task", "compare", "estimate"]

__getattr__, __dir__ = attach(
    __name__,
    {
        "Interval": "driftwatch.report.performance",
        "MetricReport": "driftwatch.report.performance",
        "PerformanceReport": "driftwatch.report.performance",
        "Task": "driftwatch.performance.rows",
        "compare": "driftwatch.performance.comparison",
        "estimate": "driftwatch.performance.estimation",
    },
)
