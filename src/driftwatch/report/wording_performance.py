"""What a report says of performance in words (layer 4): shared by all renderers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.report.text import UNICODE, decimals, printable, probability

if TYPE_CHECKING:
    from driftwatch.report.performance import Interval, MetricReport, PerformanceReport
    from driftwatch.report.text import Glyphs

__all__ = ["METRIC_CELLS", "metric_cells", "metric_sentence", "performance_lines"]

# The columns of a table for a page, in the order of `metric_cells`, and where they are aligned.
METRIC_CELLS = {"Reference": "left", "Current": "left", "Drop": "right", "p": "right", "Verdict": "left"}


def performance_lines(performance: PerformanceReport, glyphs: Glyphs = UNICODE) -> list[str]:
    """Return what the metrics are about: the columns, how many rows have labels, and what an estimate rests on."""
    columns = f"{printable(performance.prediction, glyphs)} against {printable(performance.target, glyphs)}"
    rows = f"{performance.n_labelled:,} of {performance.n_current:,} rows labelled"
    word = "Estimated performance" if performance.estimated else "Performance"
    lines = [f"{word} of {columns}, {rows}, intervals of {performance.level:.0%}"]
    if performance.estimated:
        lines.append(f"An estimate, never an alarm. It assumes that {performance.assumption}.")
    elif performance.reason is not None:
        lines.append(f"No verdict on the performance: {printable(performance.reason, glyphs)}.")
    return lines


def metric_sentence(metric: MetricReport, glyphs: Glyphs = UNICODE) -> str:
    """Return both values of a metric with their intervals, the drop and its p-value."""
    before, after, drop, p, _ = metric_cells(metric, glyphs)
    parts = [f"{before} {glyphs.to} {after}"]
    if drop:
        parts.append(f"drop {drop}")
    if p:
        parts.append(f"p {p}")
    if metric.reason is not None:
        parts.append(printable(metric.reason, glyphs))
    return ", ".join(parts)


def metric_cells(metric: MetricReport, glyphs: Glyphs = UNICODE) -> list[str]:
    """Return one row of a table for a page, after the name: plain text that the renderer escapes."""
    p = metric.pvalue if metric.pvalue_adjusted is None else metric.pvalue_adjusted
    return [
        _interval(metric.reference, glyphs),
        _interval(metric.current, glyphs),
        _drop(metric),
        "" if p is None else probability(p),
        "dropped" if metric.drop_detected else printable(metric.reason or ("" if p is None else "ok"), glyphs),
    ]


def _interval(interval: Interval | None, glyphs: Glyphs) -> str:
    if interval is None:
        return glyphs.off
    ends = "" if interval.low is None else f" [{decimals(interval.low)}, {decimals(interval.high)}]"
    return decimals(interval.value) + ends


def _drop(metric: MetricReport) -> str:
    if metric.drop is None:
        return ""
    return f"{100.0 * metric.drop:.1f}%" if metric.relative else f"{metric.drop:.3f}"
