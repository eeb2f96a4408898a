"""Stored checks as a table for a terminal (layer 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from driftwatch.report.text import pad, printable, shorten, width_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftwatch.report.text import Glyphs

__all__ = ["render_checks"]

STREAM, PLACE, VERDICT = 16, 16, 10
WORDS = {"no_drift": "no drift", "no_verdict": "no verdict"}


def render_checks(rows: Sequence[Mapping[str, Any]], *, width: int, glyphs: Glyphs) -> str:
    """Return one line for each check: its window, its verdict, and the features that drifted.

    Parameters
    ----------
    rows : sequence of mapping
        With `id`, `stream`, `scope`, `start`, `n_rows`, `verdict`, `n_features`, `n_drifted`, `drifted` and `reason`.
    width : int
        Terminal cells.
    glyphs : Glyphs
    """
    if not rows:
        return "no checks"
    several = len({row["stream"] for row in rows}) > 1
    number = max(len("id"), *(len(str(row["id"])) for row in rows))
    count = max(len("rows"), *(len(f"{row['n_rows']:,}") for row in rows))

    def line(cells: Mapping[str, str]) -> str:
        start = pad(cells["id"], number, right=True) + "  "
        if several:
            start += pad(shorten(printable(cells["stream"], glyphs), STREAM, glyphs), STREAM) + "  "
        start += pad(shorten(printable(cells["place"], glyphs), PLACE, glyphs), PLACE)
        start += "  " + pad(cells["n_rows"], count, right=True) + "  " + pad(cells["verdict"], VERDICT) + "  "
        return (start + shorten(printable(cells["found"], glyphs), max(8, width - width_of(start)), glyphs)).rstrip()

    head = {"id": "id", "stream": "stream", "place": "window (UTC)", "n_rows": "rows", "verdict": "verdict"}
    return "\n".join(
        [
            line({**head, "found": "drifted"}),
            *(
                line(
                    {
                        "id": str(row["id"]),
                        "stream": row["stream"],
                        "place": _place(row),
                        "n_rows": f"{row['n_rows']:,}",
                        "verdict": WORDS.get(row["verdict"], row["verdict"]),
                        "found": _found(row),
                    }
                )
                for row in rows
            ),
        ]
    )


def _place(row: Mapping[str, Any]) -> str:
    if isinstance(row["start"], str):
        return row["start"][:16].replace("T", " ")  # to the minute
    return f"{row['scope']}: row {row['start']:,}"


def _found(row: Mapping[str, Any]) -> str:
    if row["n_drifted"]:
        return f"{row['n_drifted']} of {row['n_features']}: {', '.join(row['drifted'])}"
    return str(row["reason"] or "")
