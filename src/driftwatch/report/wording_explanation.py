"""What an explanation says in words (layer 4): shared by the renderers that write text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftwatch.report.text import NAME_WIDTH, UNICODE, number, percent, printable, probability, shorten
from driftwatch.report.wording import LABELS, LEVEL_WIDTH
from driftwatch.report.wording_attribution import (
    Item,
    contribution_words,
    direction_words,
    ranking_words,
    score_shift_words,
    separation_words,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch.report.explanation import (
        Cell,
        Condition,
        Decomposition,
        Explanation,
        FeatureExplanation,
        Flow,
        Segment,
        Segments,
        Term,
    )
    from driftwatch.report.text import Glyphs

__all__ = ["Part", "cell_words", "condition_words", "explanation_parts", "flow_words"]

FLOWS_SHOWN = 3
SMALL_FLOW = 0.1  # of everything that moved: smaller flows are not named
STANDS_OUT = 0.25  # share of a statistic from which on a single one of its terms is named
MOST_DIGITS = 17
MOST_REMAINS = 0.95  # of the drift outside a slice: nothing to tell
PARTS = {
    "features": "What moved",
    "segments": "Where the drift sits",
    "ranking": "Which drift matters",
    "score_shift": "Why the mean score changed",
    "contribution_drift": "What the model makes of it",
    "separation": "What tells both sides apart",
    "directions": "Where embeddings moved",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an explanation: its name, its title, a sentence, and items."""

    name: str
    title: str
    lead: str
    items: tuple[Item, ...]


def explanation_parts(explanation: Explanation, glyphs: Glyphs = UNICODE) -> list[Part]:
    """Return what an explanation says, part by part; those that could not be given say why."""
    found: list[tuple[str, str, list[Item]]] = []
    if explanation.features:
        found.append(("features", "", [_feature(name, of, glyphs) for name, of in explanation.features.items()]))
    if explanation.segments is not None:
        found.append(("segments", *_segments(explanation.segments, glyphs)))
    if explanation.ranking is not None:
        found.append(("ranking", *ranking_words(explanation.ranking, glyphs)))
    if explanation.score_shift is not None:
        found.append(("score_shift", *score_shift_words(explanation.score_shift, glyphs)))
    if explanation.contribution_drift is not None:
        found.append(("contribution_drift", *contribution_words(explanation.contribution_drift, glyphs)))
    if explanation.separation is not None:
        found.append(("separation", *separation_words(explanation.separation, glyphs)))
    if explanation.directions:
        items = [direction_words(name, of, glyphs) for name, of in explanation.directions.items()]
        found.append(("directions", "Rows at the ends of the direction in which the mean moved.", items))
    parts = [Part(part, PARTS[part], lead, tuple(items)) for part, lead, items in found]
    missing = [
        Part(part, PARTS.get(part) or _name(part, glyphs), f"Not given: {printable(reason, glyphs)}", ())
        for part, reason in explanation.reasons.items()
    ]
    return [*parts, *missing]


def flow_words(flow: Flow, glyphs: Glyphs = UNICODE) -> str:
    """Return which share of the values moved from where to where.

    Examples
    --------
    >>> from driftwatch.report.explanation import Cell, Flow
    >>> flow_words(Flow(0.18, Cell(2.0, 5.0), Cell(low=20.0)))
    '18% of the values moved from 2-5 to 20 or more'
    """
    share = f"{percent(flow.share)} of the values"
    if flow.source is None or flow.target is None:
        cell = flow.source or flow.target
        verb = "came to" if flow.source is None else "left"
        return f"{share} {verb} {'other levels' if cell is None else cell_words(cell, glyphs)}"
    return f"{share} moved from {cell_words(flow.source, glyphs)} to {cell_words(flow.target, glyphs)}"


def cell_words(cell: Cell | Term | Condition, glyphs: Glyphs = UNICODE) -> str:
    """Return an interval or a level in words.

    Examples
    --------
    >>> from driftwatch.report.explanation import Cell
    >>> cell_words(Cell(high=2.0)), cell_words(Cell(-3.0, 0.0)), cell_words(Cell(1998.1, 1998.4))
    ('below 2', '(-3 to 0)', '1998.1-1998.4')
    """
    if cell.label is not None:
        return f"'{shorten(printable(cell.label, glyphs), LEVEL_WIDTH, glyphs)}'"
    if cell.low is None or cell.high is None:
        if cell.low is not None:
            return f"{number(cell.low)} or more"
        return "any value" if cell.high is None else f"below {number(cell.high)}"
    low, high = _told_apart(cell.low, cell.high)
    return f"({low} to {high})" if cell.low < 0.0 else f"{low}-{high}"


def condition_words(conditions: Sequence[Condition], glyphs: Glyphs = UNICODE) -> str:
    """Return which rows are meant.

    Examples
    --------
    >>> from driftwatch.report.explanation import Condition
    >>> condition_words([Condition("city", label="Oslo"), Condition("age", missing=True)])
    "city 'Oslo' and age missing"
    """
    words = (
        f"{_name(condition.feature, glyphs)} {'missing' if condition.missing else cell_words(condition, glyphs)}"
        for condition in conditions
    )
    return " and ".join(words)


def _told_apart(low: float, high: float) -> tuple[str, str]:
    """Return both numbers with as few digits as tell them apart, three at least."""
    if number(low) != number(high):
        return number(low), number(high)
    digits = next((k for k in range(4, MOST_DIGITS) if f"{low:.{k}g}" != f"{high:.{k}g}"), MOST_DIGITS)
    return f"{low:.{digits}g}", f"{high:.{digits}g}"


def _name(name: str, glyphs: Glyphs) -> str:
    return shorten(printable(name, glyphs), NAME_WIDTH, glyphs)


def _feature(name: str, found: FeatureExplanation, glyphs: Glyphs) -> Item:
    moved = found.moved or 0.0
    named = [flow for flow in found.flows if flow.share >= SMALL_FLOW * moved][:FLOWS_SHOWN]
    lines = ["; ".join(flow_words(flow, glyphs) for flow in named)] if named else []
    lines += [text for item in found.decompositions if (text := _concentration(item, glyphs))]
    if not lines:
        lines.append(printable(found.reason or "nothing moved", glyphs))
    return Item(name, tuple(lines))


def _concentration(item: Decomposition, glyphs: Glyphs) -> str:
    """Return where most of a statistic comes from; nothing where it is spread evenly."""
    if item.value <= 0.0 or item.statistic == "chi2" or (item.statistic == "wasserstein" and item.by == "bin"):
        return ""
    place, term = max(enumerate(item.terms), key=lambda pair: pair[1].term)
    share = term.term / item.value
    if share < STANDS_OUT or len(item.terms) < 2:
        return ""
    where = _tenth(place, len(item.terms)) if item.by == "quantile" else cell_words(term, glyphs)
    return f"{LABELS[item.statistic]} {number(item.value)}, {percent(share)} of it from {where}"


def _tenth(place: int, n_parts: int) -> str:
    """Return a tenth of the values in words."""
    if place in {0, n_parts - 1}:
        return f"the {'lowest' if place == 0 else 'highest'} tenth of the values"
    ending = {1: "nd", 2: "rd"}.get(place, "th")
    return f"the {place + 1}{ending} tenth of the values"


def _segments(found: Segments, glyphs: Glyphs) -> tuple[str, list[Item]]:
    looked = f"{found.n_searched:,} slice{'' if found.n_searched == 1 else 's'} searched"
    if not (found.segments or found.local):
        return f"No slice stands out ({looked}).", []
    items = [Item(condition_words(one.conditions, glyphs), (_segment(one, glyphs),)) for one in found.segments]
    for local in found.local:
        words = (
            f"{_name(local.feature, glyphs)} moved there: by {number(local.inside)}, elsewhere by "
            f"{number(local.outside)} (total variation), p {probability(local.pvalue)}"
        )
        items.append(Item(condition_words(local.conditions, glyphs), (words,)))
    return f"{looked.capitalize()}, at level {found.alpha:g}.", items


def _segment(segment: Segment, glyphs: Glyphs) -> str:
    times = "new" if segment.lift is None else f"{number(segment.lift)} times"
    words = (
        f"{percent(segment.share_reference)} {glyphs.to} {percent(segment.share_current)} of the rows ({times}), "
        f"p {probability(segment.pvalue)}"
    )
    left = segment.remaining
    if left is None or left > MOST_REMAINS:
        return words
    return f"{words}; {percent(left)} of the drift remains outside"
