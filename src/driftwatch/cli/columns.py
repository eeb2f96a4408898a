"""Rows as aligned columns for a terminal (layer 5)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from driftwatch.cli.rendering import glyphs, terminal_width
from driftwatch.report.text import pad, printable, shorten, width_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["FORMATS", "columns", "moment"]

FORMATS = ("table", "ndjson")
WIDEST = 40  # cells of a column that is not the last


def columns(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a line for each row below one with the names; the last column takes what is left of the terminal."""
    marks = glyphs()
    table = [[name.replace("_", " ") for name in names]]
    table += [[printable(str(row[name]), marks) for name in names] for row in rows]
    widths = [min(WIDEST, max(width_of(line[i]) for line in table)) for i in range(len(names) - 1)]
    left = max(8, terminal_width() - sum(widths) - 2 * len(widths))
    lines = []
    for line in table:
        cells = [pad(shorten(cell, width, marks), width) for cell, width in zip(line, widths, strict=False)]
        lines.append("  ".join([*cells, shorten(line[-1], left, marks)]).rstrip())
    return "\n".join(lines)


def moment(at: int) -> str:
    """Return a time as `2026-01-31 09:30`, in UTC."""
    return (dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=at)).strftime("%Y-%m-%d %H:%M")
