"""From a report to the text that leaves the process (layer 5): picks the renderer and the place."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from driftwatch.cli.streams import STDIO, note, wants_color, write_data, write_file

if TYPE_CHECKING:
    from driftwatch.report.model import DriftReport

__all__ = ["deliver", "render"]

FALLBACK_WIDTH = 80  # cells, where standard output is no terminal and COLUMNS is not set


def render(
    report: DriftReport, format_name: str, *, width: int = FALLBACK_WIDTH, color: bool = False, ascii_only: bool = False
) -> str:
    """Return `report` in one of the formats of the settings; the last three arguments are for the table only."""
    match format_name:
        case "table":
            from driftwatch.report.render_table import render_table

            return render_table(report, width=width, color=color, ascii_only=ascii_only)
        case "json":
            return report.to_json(indent=2)
        case "markdown":
            return report.to_markdown()
        case "junit":
            from driftwatch.report.render_junit import render_junit

            return render_junit(report)
        case "github":
            from driftwatch.report.render_github import render_github

            return render_github(report)
    raise AssertionError(f"the settings let the format {format_name!r} through")


def deliver(report: DriftReport, format_name: str, *, output: str | None, quiet: bool) -> None:
    """Render `report` and write it to the file `output`, or to standard output unless `quiet`."""
    if output is not None and output != STDIO:
        write_file(output, render(report, format_name))
        if not quiet:
            note(f"wrote {output}")
    elif not quiet:
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        text = render(
            report,
            format_name,
            width=shutil.get_terminal_size((FALLBACK_WIDTH, 24)).columns,
            color=wants_color(sys.stdout),
            ascii_only=not encoding.lower().startswith("utf"),
        )
        write_data(text)
