"""From a report to the text that leaves the process (layer 5): picks the place, and for a terminal the look."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from driftwatch.cli.streams import STDIO, note, wants_color, write_data, write_file
from driftwatch.report.render import render
from driftwatch.report.render_table import render_table
from driftwatch.report.text import ASCII, UNICODE

if TYPE_CHECKING:
    from driftwatch.report.history import History
    from driftwatch.report.model import DriftReport
    from driftwatch.report.text import Glyphs

__all__ = ["deliver", "glyphs", "terminal_width"]

FALLBACK_WIDTH = 80  # cells, where standard output is no terminal and COLUMNS is not set


def deliver(
    report: DriftReport, format_name: str, *, output: str | None, quiet: bool, history: History | None = None
) -> None:
    """Render `report` and write it to the file `output`, or to standard output unless `quiet`.

    Parameters
    ----------
    report : DriftReport
    format_name : str
    output : str, optional
        A path, or `-` for standard output.
    quiet : bool
    history : History, optional
        Earlier checks, which a page shows too.
    """

    def text() -> str:
        return report.to_html(history=history) if format_name == "html" else render(report, format_name)

    if output is not None and output != STDIO:
        write_file(output, text())
        if not quiet:
            note(f"wrote {output}")
    elif not quiet:
        write_data(_for_terminal(report) if format_name == "table" else text())


def terminal_width() -> int:
    """Return how many cells a line of standard output has."""
    return shutil.get_terminal_size((FALLBACK_WIDTH, 24)).columns


def glyphs() -> Glyphs:
    """Return the characters that standard output can show."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return UNICODE if encoding.lower().startswith("utf") else ASCII


def _for_terminal(report: DriftReport) -> str:
    return render_table(report, width=terminal_width(), color=wants_color(sys.stdout), ascii_only=glyphs() is ASCII)
