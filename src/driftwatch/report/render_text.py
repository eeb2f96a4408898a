"""The report as a few lines of plain text (layer 4): the message of an assertion, a line in a log."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from driftwatch.report.text import ASCII, join_names, pad, printable, shorten, width_of, wrap
from driftwatch.report.wording import notes, sentence, settings, split, verdict_line

if TYPE_CHECKING:
    from driftwatch.report.model import DriftReport

__all__ = ["render_text"]

WIDTH = 80
NAME_WIDTH = 28
MAX_FEATURES = 20  # a message is read, not searched
NAMES_SHOWN = 5
# Our own symbols stay ASCII, for this text ends in logs of any encoding; names keep their letters.
PLAIN = replace(ASCII, ascii_only=False)


def render_text(report: DriftReport) -> str:
    """Return the verdict, the drifted features and what could not be tested, in lines of at most 80 columns."""
    drifted, _, untested = split(report)
    shown = drifted[:MAX_FEATURES]
    names = [shorten(printable(feature.name, PLAIN), NAME_WIDTH, PLAIN) for feature in shown]
    column = max(map(width_of, names), default=0)

    lines = wrap(verdict_line(report), WIDTH)
    for name, feature in zip(names, shown, strict=True):
        lines += wrap(
            sentence(feature, report, PLAIN), WIDTH, first=f"  {pad(name, column)}  ", indent=column + 4, glyphs=PLAIN
        )
    if len(drifted) > len(shown):
        lines.append(f"  and {len(drifted) - len(shown):,} more")
    if untested:
        names = [feature.name for feature in untested]
        lines += wrap(f"Not tested: {join_names(names, NAMES_SHOWN, PLAIN)}", WIDTH, indent=2, glyphs=PLAIN)
    for title, columns in notes(report):
        lines += wrap(f"{title}: {join_names(columns, NAMES_SHOWN, PLAIN)}", WIDTH, indent=2, glyphs=PLAIN)
    rows, *legs = settings(report, PLAIN)
    return "\n".join([*lines, rows, "; ".join(legs[:2]), *legs[2:]])
