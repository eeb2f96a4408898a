"""An explanation in words: intervals, shares, names that somebody else wrote."""

from __future__ import annotations

from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from driftwatch.report import render
from driftwatch.report.explanation import (
    Cell,
    Condition,
    Decomposition,
    Explanation,
    FeatureExplanation,
    Flow,
    LocalDrift,
    Segment,
    Segments,
    Term,
)
from driftwatch.report.text import ASCII, width_of
from driftwatch.report.wording_explanation import cell_words, condition_words, explanation_parts, flow_words
from explanation_samples import EXPLANATION
from report_samples import realistic

NASTY = "<img src=x onerror=alert(1)>\x1b[31m\n| `a` @you"


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (Cell(), "any value"),
        (Cell(high=2.5), "below 2.5"),
        (Cell(low=2.5), "2.5 or more"),
        (Cell(2.0, 5.0), "2-5"),
        (Cell(-24.0, 19.0), "(-24 to 19)"),
        (Cell(1e6, 1e6 + 1.0), "1000000-1000001"),
        (Cell(0.1, 0.1 + 1e-12), "0.1-0.100000000001"),
        (Cell(label="UA"), "'UA'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_cells_in_words(cell: Cell, words: str) -> None:
    assert cell_words(cell) == words


@pytest.mark.parametrize(
    ("flow", "words"),
    [
        (Flow(0.18, Cell(2.0, 5.0), Cell(low=20.0)), "18% of the values moved from 2-5 to 20 or more"),
        (Flow(0.04, Cell(label="card"), None), "4.0% of the values left 'card'"),
        (Flow(0.25, None, Cell(label="cash")), "25% of the values came to 'cash'"),
        (Flow(0.25, None, None), "25% of the values came to other levels"),
    ],
    ids=["numbers", "lost", "gained", "unknown"],
)
def test_flows_in_words(flow: Flow, words: str) -> None:
    assert flow_words(flow) == words


def test_conditions_in_words() -> None:
    conditions = (Condition("city", label="Oslo"), Condition("hour", low=18.0))
    assert condition_words(conditions) == "city 'Oslo' and hour 18 or more"
    assert condition_words((Condition("age", missing=True),)) == "age missing"


def _said(explanation: Explanation) -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    return {
        part.title: [("", (part.lead,)), *((item.name, item.lines) for item in part.items)]
        for part in explanation_parts(explanation)
    }


def test_a_feature_says_its_flows_and_where_a_statistic_comes_from() -> None:
    terms = (Term(0.9, high=2.0), Term(0.1, low=2.0))
    quantiles = tuple(Term(value, k / 10, (k + 1) / 10) for k, value in enumerate([0.0] * 9 + [3.0]))
    found = FeatureExplanation(
        (Decomposition("psi", "bin", 1.0, terms), Decomposition("wasserstein", "quantile", 3.0, quantiles)),
        (Flow(0.3, Cell(high=2.0), Cell(low=2.0)), Flow(0.01, Cell(low=9.0), Cell(low=2.0))),
        moved=0.31,
    )
    (_, item) = _said(Explanation({"km": found}))["What moved"]
    assert item == (
        "km",
        (
            "30% of the values moved from below 2 to 2 or more",
            "PSI 1, 90% of it from below 2",
            "W1 3, 100% of it from the highest tenth of the values",
        ),
    )


def test_a_feature_without_parts_says_why() -> None:
    (_, item) = _said(Explanation({"text": FeatureExplanation(reason="no line")}))["What moved"]
    assert item == ("text", ("no line",))


def test_segments_say_both_shares_and_what_remains() -> None:
    segment = Segment((Condition("city", label="Oslo"),), 10, 30, 0.04, 0.11, 1e-12, lift=2.75, remaining=0.31)
    local = LocalDrift("price", (Condition("city", missing=True),), 30, 40, 0.34, 0.02, 0.004)
    said = _said(Explanation(segments=Segments((segment,), (local,), 120, 250, 273, 0.05)))["Where the drift sits"]
    assert said == [
        ("", ("120 slices searched, at level 0.05.",)),
        ("city 'Oslo'", ("4.0% → 11% of the rows (2.75 times), p 1e-12; 31% of the drift remains outside",)),
        ("city missing", ("price moved there: by 0.34, elsewhere by 0.02 (total variation), p 0.004",)),
    ]


def test_a_search_that_found_nothing_says_so_in_the_singular() -> None:
    said = _said(Explanation(segments=Segments((), (), 1, 250, 273, 0.05)))["Where the drift sits"]
    assert said == [("", ("No slice stands out (1 slice searched).",))]


def test_a_slice_that_the_reference_has_not_is_new() -> None:
    segment = Segment((Condition("city", label="Oslo"),), 0, 30, 0.0, 0.11, 1e-12)
    (_, (_, lines)) = _said(Explanation(segments=Segments((segment,), (), 120, 250, 273, 0.05)))["Where the drift sits"]
    assert "(new)" in lines[0]


def test_every_part_is_said_and_a_missing_one_with_its_reason() -> None:
    said = _said(EXPLANATION)
    assert list(said) == [
        "What moved",
        "Where the drift sits",
        "Which drift matters",
        "Why the mean score changed",
        "What the model makes of it",
        "What tells both sides apart",
        "Where embeddings moved",
        "nearest",
    ]
    assert said["nearest"] == [("", ("Not given: no rows",))]


@pytest.mark.parametrize("format_name", ["table", "markdown"])
def test_names_of_others_do_nothing_in_a_rendered_explanation(format_name: str) -> None:
    found = FeatureExplanation(flows=(Flow(0.3, Cell(label=NASTY), None),), moved=0.3, reason=NASTY)
    segment = Segment((Condition(NASTY, label=NASTY),), 0, 30, 0.0, 0.11, 1e-12)
    explanation = replace(
        EXPLANATION, features={NASTY: found}, segments=Segments((segment,), (), 1, 9, 9, 0.05), reasons={NASTY: NASTY}
    )
    text = render(replace(realistic(), explanation=explanation), format_name)

    assert "\x1b" not in text
    if format_name == "markdown":
        tokens = MarkdownIt("commonmark").parse(text)
        assert {"html_inline", "link_open"}.isdisjoint(
            child.type for token in tokens for child in token.children or () if child.content != "<!-- -->"
        )
    else:
        assert max(map(width_of, text.splitlines())) <= 80


def test_ascii_stays_ascii() -> None:
    for part in explanation_parts(EXPLANATION, ASCII):
        assert "".join((part.title, part.lead, *(line for item in part.items for line in item.lines))).isascii()
