"""Characters and numbers as people read them (layer 4): safe names, widths, short numbers, small histograms.

Feature names and category levels are data that somebody else wrote. Every renderer passes them through `printable`.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "ASCII",
    "UNICODE",
    "Glyphs",
    "compact",
    "decimals",
    "join_names",
    "number",
    "pad",
    "percent",
    "printable",
    "probability",
    "shorten",
    "sparklines",
    "width_of",
    "wrap",
]

SPARK_CELLS = 10  # deciles fit; more numeric bins are folded, more levels are left out
NAME_WIDTH = 40  # of a name in running text
SMALLEST_SHOWN = 1e-99  # smaller p-values do not differ to a reader, and the column stays six wide


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters beyond ASCII that a text renderer uses, so that all of them have a fallback.

    `bars` must run from low to high; `moves` are arrows by direction, each at most two cells wide.
    """

    ascii_only: bool
    to: str
    dot: str
    at_least: str
    ellipsis: str
    yes: str
    no: str
    off: str
    rule: str
    bars: str
    moves: Mapping[str, str] = field(default_factory=dict)


UNICODE = Glyphs(
    ascii_only=False,
    to="→",
    dot="·",
    at_least="≥",
    ellipsis="…",
    yes="✓",
    no="·",
    off="–",  # noqa: RUF001 - an en dash is meant
    rule="─",
    bars="▁▂▃▄▅▆▇█",
    moves={
        "up": "↑",
        "down": "↓",
        "wider": "←→",
        "narrower": "→←",
        "changed": "≠",
        "more missing": "↑",
        "fewer missing": "↓",
    },
)
ASCII = Glyphs(
    ascii_only=True,
    to="->",
    dot="|",
    at_least=">=",
    ellipsis="...",
    yes="x",
    no=".",
    off="-",
    rule="-",
    bars="_.-:=+*#",
    moves={
        "up": "^",
        "down": "v",
        "wider": "<>",
        "narrower": "><",
        "changed": "!=",
        "more missing": "^",
        "fewer missing": "v",
    },
)


def printable(text: str, glyphs: Glyphs = UNICODE) -> str:
    r"""Return the text on one line with every character that could act on a terminal or a parser written as an escape.

    These are control and format characters (line breaks, ANSI escapes, bidirectional overrides), lone surrogates,
    and separators other than the space.

    Examples
    --------
    >>> print(printable("red\x1b[31m"), printable("café", ASCII))
    red\x1b[31m caf\xe9
    """
    if not text.isprintable():
        text = "".join(char if char.isprintable() else _escape(char) for char in text)
    return text.encode("ascii", "backslashreplace").decode() if glyphs.ascii_only else text


def width_of(text: str) -> int:
    """Return the number of terminal cells that the text takes."""
    return len(text) if text.isascii() else sum(_cells(char) for char in text)


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Return the text filled with spaces to `width` cells, on the left where it is to stand `right`."""
    fill = " " * (width - width_of(text))
    return fill + text if right else text + fill


def shorten(text: str, width: int, glyphs: Glyphs = UNICODE) -> str:
    """Return the text in at most `width` cells, cut in the middle: names differ at their ends.

    Examples
    --------
    >>> shorten("customer_average_basket_value_eur", 20)
    'customer_…_value_eur'
    """
    if width_of(text) <= width:
        return text
    room = max(0, width - len(glyphs.ellipsis))
    tail = _head(text[::-1], (room + 1) // 2)[::-1]
    return _head(text, room - width_of(tail)) + glyphs.ellipsis + tail


def wrap(text: str, width: int, *, first: str = "", indent: int = 0, glyphs: Glyphs = UNICODE) -> list[str]:
    """Return `first` and the words of the text in lines of at most `width` cells, the later ones indented.

    The standard library's wrapper counts characters, not cells.
    """
    lines, room = [first], width - indent
    for word in text.split():
        fitting = shorten(word, room, glyphs)
        gap = " " if lines[-1] and not lines[-1].endswith(" ") else ""
        if width_of(lines[-1] + gap + fitting) > width:
            lines.append(" " * indent + fitting)
        else:
            lines[-1] += gap + fitting
    return lines


def join_names(names: Sequence[str], limit: int, glyphs: Glyphs = UNICODE) -> str:
    """Return the first `limit` names, safe to print, and how many more there are."""
    text = ", ".join(shorten(printable(name, glyphs), NAME_WIDTH, glyphs) for name in names[:limit])
    return f"{text} and {len(names) - limit:,} more" if len(names) > limit else text


def number(value: float | None, *, missing: str = "-") -> str:
    """Return a number with three significant digits.

    Examples
    --------
    >>> number(0.41234), number(1234.5), number(15.0), number(2.5e-7)
    ('0.412', '1234', '15', '2.5e-07')
    """
    if value is None:
        return missing
    if 999.5 <= abs(value) < 999_999.5:
        return f"{value:.0f}"  # no thousands separator: 1998 may be a year
    return f"{value:.3g}"


def decimals(value: float | None, *, missing: str = "-") -> str:
    """Return a number for a column: three decimals below ten, so that the points stand under each other.

    Examples
    --------
    >>> decimals(1.0), decimals(0.01412), decimals(812.4)
    ('1.000', '0.014', '812')
    """
    return f"{value:.3f}" if value is not None and abs(value) < 9.9995 else number(value, missing=missing)


def probability(value: float | None, *, missing: str = "-") -> str:
    """Return a p-value in at most six characters.

    Examples
    --------
    >>> probability(0.0321), probability(1.4e-12), probability(0.0)
    ('0.032', '1e-12', '<1e-99')
    """
    if value is None:
        return missing
    if value < SMALLEST_SHOWN:
        return f"<{SMALLEST_SHOWN:.0e}"
    return f"{value:.3f}" if value >= 0.001 else f"{value:.0e}"


def percent(share: float) -> str:
    """Return a share as a percentage.

    Examples
    --------
    >>> percent(0.3125), percent(0.004), percent(0.0)
    ('31%', '0.4%', '0%')
    """
    return f"{100 * share:.1f}%" if 0 < share < 0.1 else f"{100 * share:.0f}%"


def compact(count: int) -> str:
    """Return a count in at most four characters up to a billion.

    Examples
    --------
    >>> compact(999), compact(1_234), compact(10_000), compact(2_500_000)
    ('999', '1.2k', '10k', '2.5M')
    """
    for size, unit in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        # 999,999 is 1.0M, not 1000k
        if count >= size * 0.9995:
            return f"{count / size:.1f}{unit}" if count < 9.95 * size else f"{count / size:.0f}{unit}"
    return str(count)


def sparklines(reference: Sequence[int], current: Sequence[int], *, fold: bool, glyphs: Glyphs = UNICODE) -> list[str]:
    """Return both sides as bars of their shares on one common scale, so that heights compare.

    Parameters
    ----------
    reference, current : sequence of int
        Counts on the same cells.
    fold : bool
        Whether neighbouring cells may be drawn as one (bins of a number); else the cells beyond the tenth are left out.
    glyphs : Glyphs
        The bars.

    Examples
    --------
    >>> sparklines([10, 20, 10], [0, 0, 40], fold=True)
    ['▃▅▃', '▁▁█']
    """
    step = -(-len(reference) // SPARK_CELLS) if fold else 1
    sides = []
    for counts in (reference, current):
        total = sum(counts) or 1
        folded = [sum(counts[start : start + step]) for start in range(0, len(counts), step or 1)]
        sides.append([count / total for count in folded[:SPARK_CELLS]])
    # an even spread stands at half height: full blocks across the line would shout that nothing happened
    highest = max([share for side in sides for share in side] + [2 / max(1, len(sides[0]))])
    top = len(glyphs.bars) - 1
    return ["".join(glyphs.bars[round(share / highest * top)] for share in side) for side in sides]


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode()


def _cells(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def _head(text: str, width: int) -> str:
    used = 0
    for position, char in enumerate(text):
        used += _cells(char)
        if used > width:
            return text[:position]
    return text
