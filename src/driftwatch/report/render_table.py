"""The report as a table for a terminal (layer 4). Rich is needed for colour alone, and only then imported.

The layout is computed here rather than by a Rich table: a drifted feature takes two lines, the second one across all
columns, and a plain file needs no Rich at all.
"""

from __future__ import annotations

import io
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from driftwatch.errors import MissingExtraError
from driftwatch.report.model import Verdict
from driftwatch.report.text import (
    ASCII,
    UNICODE,
    compact,
    decimals,
    join_names,
    pad,
    printable,
    probability,
    shorten,
    width_of,
    wrap,
)
from driftwatch.report.wording import headline, histograms, moved, notes, sections, settings, verdict_line
from driftwatch.report.wording_explanation import explanation_parts
from driftwatch.report.wording_performance import METRIC_CELLS, metric_cells, performance_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from driftwatch.report.model import DriftReport, FeatureReport
    from driftwatch.report.performance import MetricReport, PerformanceReport
    from driftwatch.report.text import Glyphs
    from driftwatch.report.wording import Headline, Section
    from driftwatch.report.wording_explanation import Part

__all__ = ["MAX_ROWS", "print_table", "render_table"]

MAX_ROWS = 20  # of features; the drifted ones are all shown, however many there are
MIN_WIDTH = 60  # a narrower terminal wraps the lines itself
MAX_WIDTH = 120  # lines longer than that are hard to follow with the eye
KIND_FROM = 100  # width from which the kind has its own column
N_FROM = 72  # width from which n has its own column
GAP = "  "
NAMES_SHOWN = 5
REASON_INDENT = 16  # after the longest status, "insufficient"
MIN_NAME = 8
ITEM_WIDTH = 24  # of a name beside what is said of it
ITEM_INDENT = 6  # of what is said below a longer one
METRIC_INDENT = 6  # after the verdict on a metric

STYLES = {Verdict.DRIFT: "bold red", Verdict.NO_DRIFT: "bold green", Verdict.NO_VERDICT: "bold yellow"}


class Span(NamedTuple):
    """A piece of a line and its Rich style; the empty style is the terminal's own."""

    text: str
    style: str = ""


class Column(NamedTuple):
    """One column: its title, its cells in row order and on which side they stand."""

    title: str
    cells: list[Span]
    right: bool = False


Line = list[Span]


def render_table(
    report: DriftReport,
    *,
    width: int = 80,
    color: bool = False,
    ascii_only: bool = False,
    max_rows: int | None = MAX_ROWS,
) -> str:
    """Return the report as a table for a terminal or a text file, without a line break at the end.

    Parameters
    ----------
    report : DriftReport
        The report.
    width : int
        Cells in a line, at least 60.
    color : bool
        Whether to write ANSI colours; needs rich.
    ascii_only : bool
        Whether to stay within ASCII.
    max_rows : int or None
        Rows of tested features to fill up to, after the drifted ones, which are all shown. None shows all features.

    Raises
    ------
    MissingExtraError
        If colour is wanted and rich is not installed.
    """
    lines = _layout(report, width, ASCII if ascii_only else UNICODE, max_rows)
    if not color:
        return "\n".join("".join(span.text for span in line).rstrip() for line in lines)
    try:
        from rich.console import Console
    except ImportError as error:
        raise MissingExtraError.for_feature("a coloured table", package="rich", extra="cli") from error
    console = Console(
        file=io.StringIO(), force_terminal=True, color_system="standard", no_color=False, legacy_windows=False
    )
    with console.capture() as capture:
        _print(lines, console)
    return capture.get().removesuffix("\n")


def print_table(report: DriftReport, console: Console, *, max_rows: int | None = MAX_ROWS) -> None:
    """Print the report on a Rich console: its width, its colours, and ASCII where its encoding knows no more.

    Parameters
    ----------
    report : DriftReport
        The report.
    console : rich.console.Console
        Where to print.
    max_rows : int or None
        As in `render_table`.
    """
    # legacy Windows consoles draw blocks in a code page that Python does not report
    ascii_only = console.legacy_windows or not console.encoding.lower().replace("-", "").startswith("utf")
    _print(_layout(report, console.width, ASCII if ascii_only else UNICODE, max_rows), console)


def _print(lines: Sequence[Line], console: Console) -> None:
    from rich.text import Text

    # Text is literal: square brackets in a name are no markup, ":smile:" stays as it is
    text = Text("\n").join(Text.assemble(*line) for line in lines)
    console.print(text, soft_wrap=True, highlight=False)


def _layout(report: DriftReport, width: int, glyphs: Glyphs, max_rows: int | None) -> list[Line]:
    width = min(max(width, MIN_WIDTH), MAX_WIDTH)
    lines = [[Span(line, STYLES[report.verdict])] for line in wrap(verdict_line(report), width)]
    for section in sections(report):
        lines += [[], [Span(section.title, "bold")]] if section.title else []
        lines += _section(section, report, width, glyphs, max_rows)
    if report.explanation is not None:
        for part in explanation_parts(report.explanation, glyphs):
            lines += [[], *_part(part, width, glyphs)]
    lines.append([])
    for title, names in notes(report):
        text = join_names(names, NAMES_SHOWN, glyphs)
        lines += [[Span(line, "yellow")] for line in wrap(text, width, first=f"{title}: ", indent=2, glyphs=glyphs)]
    rows, *legs = settings(report, glyphs)
    ending = [rows, f" {glyphs.dot} ".join(legs[:2]), *legs[2:]]
    return [*lines, *([Span(line, "dim")] for line in ending)]


def _section(section: Section, report: DriftReport, width: int, glyphs: Glyphs, max_rows: int | None) -> list[Line]:
    drifted, fine = section.drifted, section.fine
    shown = fine if max_rows is None else fine[: max(0, max_rows - len(drifted))]
    hidden = len(fine) - len(shown)
    lines: list[Line] = []
    if drifted or shown:
        lines += [[], *_rows([*drifted, *shown], report, width, glyphs)]
    if hidden:
        others = "more" if drifted or shown else "features"
        lines.append([Span(f"{glyphs.ellipsis} and {hidden:,} {others} without drift", "dim")])
    if section.untested:
        lines += [[], *_untested(section.untested, width, glyphs, max_rows)]
    if section.performance is not None:
        lines += [[], *_performance(section.performance, width, glyphs)]
    return lines


def _part(part: Part, width: int, glyphs: Glyphs) -> list[Line]:
    """Return a part of the explanation: what is said of each item beside its name, or below where a name is long."""
    lines: list[Line] = [[Span(part.title, "bold")]]
    lines += [[Span(line, "dim")] for line in (wrap(part.lead, width, glyphs=glyphs) if part.lead else [])]
    names = [printable(item.name, glyphs) for item in part.items]
    column = max(map(width_of, names), default=0)
    beside = column <= ITEM_WIDTH
    indent = len(GAP) + column + len(GAP) if beside else ITEM_INDENT
    for item, name in zip(part.items, names, strict=True):
        first = f"{GAP}{pad(name, column)}{GAP}"
        if not beside:
            lines += [[Span(line)] for line in wrap(name, width, first=GAP, indent=len(GAP), glyphs=glyphs)]
        for place, text in enumerate(item.lines):
            start = first if beside and place == 0 else " " * indent
            lines += [[Span(line)] for line in wrap(text, width, first=start, indent=indent, glyphs=glyphs)]
    return lines


def _performance(performance: PerformanceReport, width: int, glyphs: Glyphs) -> list[Line]:
    lines = [[Span(line, "dim")] for text in performance_lines(performance, glyphs) for line in wrap(text, width)]
    metrics = list(performance.metrics.values())
    if not metrics:
        return lines
    rows = [metric_cells(metric, glyphs)[:-1] for metric in metrics]
    titles = list(METRIC_CELLS)[:-1]
    columns = [
        Column("", [_metric_verdict(metric, glyphs) for metric in metrics]),
        Column("metric", [Span(metric.name, "bold" if metric.drop_detected else "") for metric in metrics]),
        *(
            Column(title.lower(), [Span(row[i]) for row in rows], METRIC_CELLS[title] == "right")
            for i, title in enumerate(titles)
        ),
        Column("sig", [Span(_leg(metric.significant, glyphs)) for metric in metrics]),
        Column("mat", [Span(_leg(metric.material, glyphs)) for metric in metrics]),
    ]
    widths = [max(width_of(text) for text in (c.title, *(span.text for span in c.cells))) for c in columns]
    lines.append(_line([Span(column.title, "dim") for column in columns], columns, widths))
    for position, metric in enumerate(metrics):
        lines.append(_line([column.cells[position] for column in columns], columns, widths))
        if metric.reason is not None:
            text = wrap(
                printable(metric.reason, glyphs), width, first=" " * METRIC_INDENT, indent=METRIC_INDENT, glyphs=glyphs
            )
            lines += [[Span(line, "yellow")] for line in text]
    return lines


def _metric_verdict(metric: MetricReport, glyphs: Glyphs) -> Span:
    if metric.drop_detected:
        return Span("drop", "bold red")
    return Span("ok", "green") if metric.material is not None else Span(glyphs.off)


def _rows(features: Sequence[FeatureReport], report: DriftReport, width: int, glyphs: Glyphs) -> list[Line]:
    columns = _columns(features, width, glyphs)
    widths = [
        max(width_of(text) for text in (column.title, *(span.text for span in column.cells))) for column in columns
    ]
    lines = [_line([Span(column.title, "dim") for column in columns], columns, widths)]
    drawings = [_histogram(feature, glyphs) if feature.drift_detected else [] for feature in features]
    drawn = max(map(_width, drawings))
    indent = Span(" " * (widths[0] + len(GAP)))
    for position, feature in enumerate(features):
        lines.append(_line([column.cells[position] for column in columns], columns, widths))
        if feature.drift_detected:
            drawing = drawings[position]
            fill = Span(" " * (drawn - _width(drawing)) + (GAP if drawn else ""))
            lines += _details([indent, *drawing, fill], feature, report, width, glyphs)
    return lines


def _line(cells: Sequence[Span], columns: Sequence[Column], widths: Sequence[int]) -> Line:
    line: Line = []
    for cell, column, width in zip(cells, columns, widths, strict=True):
        line += [Span(pad(cell.text, width, right=column.right), cell.style), Span(GAP)]
    return line[:-1]


def _columns(features: Sequence[FeatureReport], width: int, glyphs: Glyphs) -> list[Column]:
    mains = [headline(feature, glyphs) for feature in features]
    tones = ["" if feature.drift_detected else "dim" for feature in features]

    def plain(title: str, texts: Sequence[str], *, right: bool = False) -> Column:
        return Column(title, [Span(text, tone) for text, tone in zip(texts, tones, strict=True)], right)

    verdicts = [Span("drift", "bold red") if feature.drift_detected else Span("ok", "green") for feature in features]
    after = [
        plain("", [glyphs.moves.get(feature.direction or "", "") for feature in features]),
        plain("statistic", _statistics(mains, glyphs)),
        plain(
            "p", [probability(None if main is None else main.pvalue, missing=glyphs.off) for main in mains], right=True
        ),
        plain("effect", [decimals(feature.effect, missing=glyphs.off) for feature in features], right=True),
        plain("sig", [_leg(feature.significant, glyphs) for feature in features]),
        plain("mat", [_leg(feature.material, glyphs) for feature in features]),
    ]
    if width >= N_FROM:
        pairs = [f"{compact(feature.n_reference)}/{compact(feature.n_current)}" for feature in features]
        after.append(plain("n ref/cur", pairs, right=True))
    if width >= KIND_FROM:
        after.insert(0, plain("kind", [printable(feature.kind, glyphs) for feature in features]))

    taken = sum(max(width_of(text) for text in (c.title, *(span.text for span in c.cells))) for c in after)
    room = max(MIN_NAME, width - taken - len("drift") - len(GAP) * (len(after) + 1))
    names = [
        Span(shorten(printable(feature.name, glyphs), room, glyphs), "bold" if feature.drift_detected else "")
        for feature in features
    ]
    return [Column("", verdicts), Column("feature", names), *after]


def _statistics(mains: Sequence[Headline | None], glyphs: Glyphs) -> list[str]:
    labels = ["" if main is None else main.label for main in mains]
    values = ["" if main is None else decimals(main.statistic, missing=glyphs.off) for main in mains]
    left, right = max(map(width_of, labels)), max(map(width_of, values))
    return [f"{pad(label, left)} {pad(value, right, right=True)}" for label, value in zip(labels, values, strict=True)]


def _leg(decision: bool | None, glyphs: Glyphs) -> str:
    mark = glyphs.off if decision is None else glyphs.yes if decision else glyphs.no
    return f" {mark}"


def _histogram(feature: FeatureReport, glyphs: Glyphs) -> Line:
    bars = histograms(feature, glyphs)
    return [Span(bars[0], "dim"), Span(f" {glyphs.to} ", "dim"), Span(bars[1], "cyan")] if bars else []


def _details(start: Line, feature: FeatureReport, report: DriftReport, width: int, glyphs: Glyphs) -> list[Line]:
    """Return the second line of a drifted feature: after the histograms, what moved in the feature's own unit."""
    main = headline(feature, glyphs)
    words = [moved(feature, report, glyphs), printable(feature.reason or "", glyphs)]
    if main is not None and (cut := main.cut(report)):
        words.append(cut)
    first, *rest = wrap("; ".join(filter(None, words)), width - _width(start), glyphs=glyphs)
    return [[*start, Span(first)], *([Span(" " * _width(start) + text)] for text in rest)]


def _width(line: Line) -> int:
    return sum(width_of(span.text) for span in line)


def _untested(features: Sequence[FeatureReport], width: int, glyphs: Glyphs, max_rows: int | None) -> list[Line]:
    """Return the features without a verdict, those with the same status and reason together."""

    def outcome(feature: FeatureReport) -> tuple[str, str]:
        return feature.status.value, feature.reason or ""

    lines: list[Line] = [[Span("Not tested", "bold")]]
    groups = [(key, [*group]) for key, group in groupby(sorted(features, key=outcome), key=outcome)]
    for (status, reason), group in groups[:max_rows]:
        names = join_names([feature.name for feature in group], NAMES_SHOWN, glyphs)
        text = f"{names}: {printable(reason, glyphs)}" if reason else names
        first, *rest = wrap(text, width, first=f"  {status:<12}  ", indent=REASON_INDENT, glyphs=glyphs)
        lines += [
            [Span(first[:REASON_INDENT], "yellow"), Span(first[REASON_INDENT:])],
            *([Span(line)] for line in rest),
        ]
    if hidden := sum(len(group) for _, group in groups[len(groups) if max_rows is None else max_rows :]):
        lines.append([Span(f"  {glyphs.ellipsis} and {hidden:,} more", "dim")])
    return lines
