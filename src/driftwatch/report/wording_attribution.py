"""What an explanation says of models, classifiers and embeddings in words (layer 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftwatch.report.text import NAME_WIDTH, join_names, number, printable, probability, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from driftwatch.report.attribution import (
        ContributionDrift,
        ContributionTest,
        DriftDirection,
        ImportanceRanking,
        OutputShift,
        RankedFeature,
        RowExample,
        ScoreShift,
        Separation,
    )
    from driftwatch.report.performance import Interval
    from driftwatch.report.text import Glyphs

__all__ = [
    "Item",
    "contribution_words",
    "direction_words",
    "ranking_words",
    "score_shift_words",
    "separation_words",
]

NAMES_SHOWN = 5
ROWS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Item:
    """One thing of a part: what it is about, which may be a name that somebody else wrote, and what is said of it."""

    name: str
    lines: tuple[str, ...]


def ranking_words(found: ImportanceRanking, glyphs: Glyphs) -> tuple[str, list[Item]]:
    """Return features by drift times importance, and what importance is unknown or of no use."""
    items = [Item(ranked.feature, (_product(ranked),)) for ranked in found.features[:ROWS_SHOWN]]
    asides = [
        f"{text}: {join_names(names, NAMES_SHOWN, glyphs)}"
        for text, names in (("not in the report", found.unknown), ("of no known importance", found.without))
        if names
    ]
    return "; ".join([f"Importance by {printable(found.source, glyphs)}", *asides]) + ".", items


def _product(ranked: RankedFeature) -> str:
    factors = f"effect {number(ranked.effect)} times importance {number(ranked.importance)}"
    return f"{factors} is {number(ranked.product)}{', drifted' if ranked.drift_detected else ''}"


def score_shift_words(found: ScoreShift, glyphs: Glyphs) -> tuple[str, list[Item]]:
    """Return the features that moved the mean score; of several outputs the one that changed most."""
    if not found.outputs:
        return printable(found.reason or "", glyphs), []
    output = max(found.outputs, key=lambda one: abs(one.change.value))
    return _change(output, found, glyphs), [
        Item(shift.feature, (f"{_signed(shift.shift)}",)) for shift in output.features[:ROWS_SHOWN]
    ]


def _change(output: OutputShift, found: ScoreShift, glyphs: Glyphs) -> str:
    which = "" if len(found.outputs) == 1 else f" of {printable(output.output, glyphs)}"
    change = f"{number(output.reference)} {glyphs.to} {number(output.current)}, {_signed(output.change)}"
    caution = f" {printable(found.reason, glyphs)}" if found.reason else ""
    scale, method = printable(found.scale, glyphs), printable(found.method, glyphs)
    return f"Mean {scale}{which}: {change}. The features add up to it ({method}).{caution}"


def contribution_words(found: ContributionDrift, glyphs: Glyphs) -> tuple[str, list[Item]]:
    """Return whose contributions drifted."""
    drifted = [test for test in found.tests if test.drift_detected]
    several = len({test.output for test in found.tests}) > 1
    items = [Item(test.feature, (_contribution(test, glyphs, name_output=several),)) for test in drifted[:ROWS_SHOWN]]
    lead = f"{len(drifted):,} of {len(found.tests):,} contributions drifted ({printable(found.method, glyphs)})."
    if found.separation is not None:
        lead += f" A classifier on all of them: AUC {_range(found.separation.auc)}."
    return lead, items


def _contribution(test: ContributionTest, glyphs: Glyphs, *, name_output: bool) -> str:
    output = f"to {printable(test.output, glyphs)} " if name_output else ""
    found = f"effect {number(test.effect)}, p {probability(test.pvalue_adjusted)}"
    return f"contribution {output}{test.direction or 'changed'}, {found}"


def separation_words(found: Separation, glyphs: Glyphs) -> tuple[str, list[Item]]:
    """Return how well a classifier tells both sides apart, and by which features."""
    lead = (
        f"A classifier ({printable(found.classifier, glyphs)}) tells current from reference rows with AUC "
        f"{_range(found.auc)}, p {probability(found.pvalue)}."
    )
    if found.reason:
        lead += f" {printable(found.reason, glyphs)}"
    return lead, [
        Item(one.feature, (f"without it the AUC falls by {_range(one.drop)}",)) for one in found.features[:ROWS_SHOWN]
    ]


def direction_words(name: str, found: DriftDirection, glyphs: Glyphs) -> Item:
    """Return which rows lie at the ends of the direction in which an embedding moved."""
    sides = (
        ("gone", found.gone),
        ("new", found.new),
        ("typical of the reference", found.typical_reference),
        ("typical now", found.typical_current),
    )
    lines = [f"AUC {number(found.auc)} along it, means {number(found.distance)} apart"]
    lines += [f"{title}: {', '.join(_rows(rows, glyphs))}" for title, rows in sides if rows]
    return Item(name, tuple(lines))


def _rows(rows: Sequence[RowExample], glyphs: Glyphs) -> Iterator[str]:
    for one in rows:
        label = "" if one.label is None else f" {shorten(printable(one.label, glyphs), NAME_WIDTH, glyphs)}"
        yield f"row {one.row:,}{label}"


def _range(interval: Interval) -> str:
    ends = "" if interval.low is None else f" ({number(interval.low)} to {number(interval.high)})"
    return f"{number(interval.value)}{ends}"


def _signed(interval: Interval) -> str:
    return ("+" if interval.value > 0.0 else "") + _range(interval)
