"""The report as a small piece of HTML (layer 4): escaped, no scripts, no style sheet, for viewers that run nothing."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from driftwatch.report.model import Verdict
from driftwatch.report.text import printable, shorten
from driftwatch.report.wording import CELLS, cells, notes, sections, settings, verdict_line
from driftwatch.report.wording_performance import METRIC_CELLS, metric_cells, performance_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch.report.model import DriftReport, FeatureReport
    from driftwatch.report.wording import Section

__all__ = ["ranked_table", "render_html"]

MAX_ROWS = 50  # of each sort: a notebook keeps its output in the file
TEXT_WIDTH = 200  # a name or a reason of any length must not fill the page
COLORS = {Verdict.DRIFT: "#b60205", Verdict.NO_DRIFT: "#0e8a16", Verdict.NO_VERDICT: "#b08800"}
# MathJax, which notebooks run over their output, would take dollar signs in a name for a formula.
CLASSES = "driftwatch-report tex2jax_ignore mathjax_ignore"
HEAD = ("Feature", *CELLS)


def render_html(report: DriftReport) -> str:
    """Return an HTML fragment whose first line is the verdict; the drifted features and the others unfold below it."""
    parts = []
    for section in sections(report):
        parts += [f"<h4>{section.title}</h4>"] if section.title else []
        parts += _section(section, report)
    for title, names in notes(report):
        parts += [f"<p>{title}: {', '.join(_text(name) for name in names[:MAX_ROWS])}</p>", *_more(names)]
    parts += [f"<p><small>{' · '.join(_text(text) for text in settings(report))}</small></p>"]
    verdict = f'<strong style="color:{COLORS[report.verdict]}">{_text(verdict_line(report))}</strong>'
    return f'<details class="{CLASSES}"><summary>{verdict} <small>As plain tables</small></summary>{"".join(parts)}</details>'


def ranked_table(report: DriftReport, limit: int) -> str:
    """Return the first features of the ranking as one table, those that could not be tested among them."""
    ranked = report.ranked()
    more = [f"<p>… and {len(ranked) - limit:,} more</p>"] if len(ranked) > limit else []
    return "".join([_table(HEAD, [_row(feature, report) for feature in ranked[:limit]]), *more])


def _section(section: Section, report: DriftReport) -> list[str]:
    drifted, fine, untested = section.drifted, section.fine, section.untested
    parts = []
    if drifted:
        parts += [_table(HEAD, [_row(feature, report) for feature in drifted[:MAX_ROWS]]), *_more(drifted)]
    if untested:
        rows = [[_text(f.name), _text(f.status.value), _text(f.reason or "")] for f in untested[:MAX_ROWS]]
        parts += [_table(("Not tested", "Status", "Reason"), rows), *_more(untested)]
    if fine:
        table = _table(HEAD, [_row(feature, report) for feature in fine[:MAX_ROWS]])
        parts += [f"<details><summary>Without drift: {len(fine):,}</summary>", table, *_more(fine), "</details>"]
    if section.performance is not None:
        parts += [f"<p>{escape(line)}</p>" for line in performance_lines(section.performance)]
        rows = [[_text(m.name), *map(_text, metric_cells(m))] for m in section.performance.metrics.values()]
        parts += [_table(("Metric", *METRIC_CELLS), rows)] if rows else []
    return parts


def _row(feature: FeatureReport, report: DriftReport) -> list[str]:
    name = _text(feature.name)
    first = f"<strong>{name}</strong>" if feature.drift_detected else name
    return [first, *map(_text, cells(feature, report))]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    titles = "".join(f"<th>{title}</th>" for title in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"


def _more(items: Sequence[object]) -> list[str]:
    return [f"<p>… and {len(items) - MAX_ROWS:,} more</p>"] if len(items) > MAX_ROWS else []


def _text(text: str) -> str:
    return escape(shorten(printable(text), TEXT_WIDTH))
