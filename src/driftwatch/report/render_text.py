"""The report as a few lines of plain text (layer 4): the message of an assertion, a line in a log."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from driftwatch.report.text import ASCII, join_names, pad, printable, shorten, width_of, wrap
from driftwatch.report.wording import notes, sections, sentence, settings, verdict_line
from driftwatch.report.wording_performance import metric_sentence, performance_lines

if TYPE_CHECKING:
    from driftwatch.report.model import DriftReport
    from driftwatch.report.wording import Section

__all__ = ["render_text"]

WIDTH = 80
NAME_WIDTH = 28
MAX_FEATURES = 20  # a message is read, not searched
NAMES_SHOWN = 5
# Our own symbols stay ASCII, for this text ends in logs of any encoding; names keep their letters.
PLAIN = replace(ASCII, ascii_only=False)


def render_text(report: DriftReport) -> str:
    """Return the verdict, the drifted features and what could not be tested, in lines of at most 80 columns."""
    lines = wrap(verdict_line(report), WIDTH)
    for section in sections(report):
        lines += [section.title] if section.title else []
        lines += _section(section, report)
    for title, columns in notes(report):
        lines += wrap(f"{title}: {join_names(columns, NAMES_SHOWN, PLAIN)}", WIDTH, indent=2, glyphs=PLAIN)
    rows, *legs = settings(report, PLAIN)
    return "\n".join([*lines, rows, "; ".join(legs[:2]), *legs[2:]])


def _section(section: Section, report: DriftReport) -> list[str]:
    shown = section.drifted[:MAX_FEATURES]
    names = [shorten(printable(feature.name, PLAIN), NAME_WIDTH, PLAIN) for feature in shown]
    column = max(map(width_of, names), default=0)
    lines = []
    for name, feature in zip(names, shown, strict=True):
        lines += _entry(name, sentence(feature, report, PLAIN), column)
    if len(section.drifted) > len(shown):
        lines.append(f"  and {len(section.drifted) - len(shown):,} more")
    if section.title and not shown and section.fine:
        lines.append("  no drift")
    if section.untested:
        untested = join_names([feature.name for feature in section.untested], NAMES_SHOWN, PLAIN)
        lines += wrap(f"Not tested: {untested}", WIDTH, indent=2, glyphs=PLAIN)
    if section.performance is not None:
        for text in performance_lines(section.performance, PLAIN):
            lines += wrap(text, WIDTH, indent=2, glyphs=PLAIN)
        metrics = section.performance.metrics.values()
        column = max((width_of(metric.name) for metric in metrics), default=0)
        for metric in metrics:
            lines += _entry(metric.name, metric_sentence(metric, PLAIN), column)
    return lines


def _entry(name: str, text: str, column: int) -> list[str]:
    return wrap(text, WIDTH, first=f"  {pad(name, column)}  ", indent=column + 4, glyphs=PLAIN)
