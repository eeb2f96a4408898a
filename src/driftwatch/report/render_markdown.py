"""The report as GitHub-flavoured Markdown (layer 4): for a pull request, a job summary, a wiki page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from driftwatch.report.text import printable, shorten
from driftwatch.report.wording import CELLS, cells, notes, sections, settings, verdict_line
from driftwatch.report.wording_explanation import explanation_parts
from driftwatch.report.wording_performance import METRIC_CELLS, metric_cells, performance_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from driftwatch.report.model import DriftReport, FeatureReport
    from driftwatch.report.wording import Section
    from driftwatch.report.wording_explanation import Part

__all__ = ["render_markdown"]

# A comment on GitHub ends at 65,536 characters; a row takes about 200 of them.
MAX_DRIFTED = 100
MAX_OTHERS = 50
NAME_WIDTH = 80
RULES = {"left": "---", "right": "---:", "center": ":---:"}

# What means something inside a line; web addresses become links without any markup.
PUNCTUATION = re.compile(r"([\\`*_{}\[\]<>#|~&$]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
# Mentions and issue numbers are made after Markdown is parsed, so that a backslash does not stop them.
REFERENCES = re.compile(r"(@|\\#)")


def render_markdown(report: DriftReport) -> str:
    """Return the report as Markdown: the verdict, a table of the drifted features, the others folded away."""
    parts = [f"## {_prose(verdict_line(report))}"]
    for section in sections(report):
        parts += [f"### {section.title}"] if section.title else []
        parts += _section(section, report)
    if report.explanation is not None:
        for part in explanation_parts(report.explanation):
            parts += _part(part)
    for title, names in notes(report):
        columns = ", ".join(map(_code, names[:MAX_OTHERS]))
        parts += [f"{title}: {columns}", *_more(len(names) - MAX_OTHERS, "columns")]
    parts.append(" · ".join(_prose(text) for text in settings(report)))
    return "\n\n".join(parts) + "\n"


def _section(section: Section, report: DriftReport) -> list[str]:
    drifted, fine, untested = section.drifted, section.fine, section.untested
    parts = []
    if drifted:
        parts.append(_table(drifted[:MAX_DRIFTED], report))
        parts += _more(len(drifted) - MAX_DRIFTED, "with drift")
    if untested:
        rows = [[_code(f.name), f.status.value, _prose(printable(f.reason or ""))] for f in untested[:MAX_OTHERS]]
        parts.append(_lines([["Not tested", "Status", "Reason"], ["---", "---", "---"], *rows]))
        parts += _more(len(untested) - MAX_OTHERS, "not tested")
    if fine:
        parts.append(f"<details><summary>Without drift: {len(fine):,}</summary>")
        parts.append(_table(fine[:MAX_OTHERS], report))
        parts += [*_more(len(fine) - MAX_OTHERS, "without drift"), "</details>"]
    if section.performance is not None:
        parts += map(_prose, performance_lines(section.performance))
        metrics = section.performance.metrics.values()
        if metrics:
            rows = [[_code(metric.name), *map(_prose, metric_cells(metric))] for metric in metrics]
            parts.append(
                _lines([["Metric", *METRIC_CELLS], ["---", *map(RULES.__getitem__, METRIC_CELLS.values())], *rows])
            )
    return parts


def _part(part: Part) -> list[str]:
    items = part.items[:MAX_OTHERS]
    bullets = "\n".join(f"- {_code(item.name)}: {_prose('; '.join(item.lines))}" for item in items)
    written = [
        f"### {_prose(part.title)}",
        _prose(part.lead),
        bullets,
        *_more(len(part.items) - MAX_OTHERS, "of these"),
    ]
    return [text for text in written if text]


def _table(features: Iterable[FeatureReport], report: DriftReport) -> str:
    rows = [[_code(feature.name), *map(_prose, cells(feature, report))] for feature in features]
    return _lines([["Feature", *CELLS], ["---", *map(RULES.__getitem__, CELLS.values())], *rows])


def _lines(rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _code(text: str) -> str:
    """Return a name as a code span, the one place where GitHub acts on nothing: no emphasis, links or mentions."""
    text = shorten(printable(text), NAME_WIDTH)
    fence = "`" * (1 + max(map(len, re.findall(r"`+", text)), default=0))
    # a code span loses one space on both sides, and may not begin or end with a backtick
    padding = " " if not text or text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{padding}{text}{padding}{fence}".replace("|", r"\|")


def _prose(text: str) -> str:
    """Return text that Markdown shows as it stands."""
    return REFERENCES.sub(r"\1<!-- -->", PUNCTUATION.sub(r"\\\1", text))


def _more(count: int, what: str) -> list[str]:
    return [f"… and {count:,} more {what}"] if count > 0 else []
