"""Rows as aligned columns for a terminal (layer 5)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from driftwatch.cli.rendering import glyphs, terminal_width
from driftwatch.report.text import pad, printable, shorten, width_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

__all__ = ["FORMATS", "columns", "moment"]

FORMATS = ("table", "ndjson")
WIDEST = 40  # cells of a column that is not the last
NARROWEST = 8  # cells that every column has


def columns(names: Sequence[str], rows: Sequence[Mapping[str, Any]], *, whole: Collection[str] = ()) -> str:
    """Return a line for each row below one with the names; the last column takes what is left of the terminal.

    Where that is too little, the widest of the others give way, but for those that must be `whole`.
    """
    marks = glyphs()
    table = [[name.replace("_", " ") for name in names]]
    table += [[printable(str(row[name]), marks) for name in names] for row in rows]
    widths = [min(WIDEST, max(width_of(line[i]) for line in table)) for i in range(len(names) - 1)]
    elastic = [i for i, name in enumerate(names[:-1]) if name not in whole and widths[i] > NARROWEST]
    room = terminal_width() - 2 * len(widths) - NARROWEST
    while elastic and sum(widths) > room:
        widest = max(elastic, key=lambda i: widths[i])
        widths[widest] -= 1
        elastic = [i for i in elastic if widths[i] > NARROWEST]
    left = max(NARROWEST, terminal_width() - sum(widths) - 2 * len(widths))
    lines = []
    for line in table:
        cells = [pad(shorten(cell, width, marks), width) for cell, width in zip(line, widths, strict=False)]
        lines.append("  ".join([*cells, shorten(line[-1], left, marks)]).rstrip())
    return "\n".join(lines)


def moment(at: int) -> str:
    """Return a time as `2026-01-31 09:30`, in UTC."""
    return (dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=at)).strftime("%Y-%m-%d %H:%M")
