"""The explanation on the report's page in a real Chromium: every part, nothing of a name alive, on a phone and on paper."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import page_samples
import report_samples as samples
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
from explanation_samples import EXPLANATION

if TYPE_CHECKING:
    from pathlib import Path

    from browser import Browser

TITLES = [
    "What moved",
    "Where the drift sits",
    "Which drift matters",
    "Why the mean score changed",
    "What the model makes of it",
    "What tells both sides apart",
    "Where embeddings moved",
    "nearest",
]


def write(folder: Path, explanation: Explanation | None) -> str:
    path = folder / "report.html"
    replace(samples.realistic(), explanation=explanation).to_html(path)
    return path.as_uri()


def moved(label: str = "card") -> FeatureExplanation:
    quantiles = tuple(
        Term(abs(k - 3.0), k / 10, (k + 1) / 10, reference=1.0, current=k - 2.0, signed=k - 3.0) for k in range(10)
    )
    levels = (
        Term(0.1, label=label, reference=0.3, current=0.1, signed=-0.1),
        Term(0.1, label="cash", reference=0.1, current=0.3),
    )
    return FeatureExplanation(
        (
            Decomposition("wasserstein", "quantile", 27.0, quantiles),
            Decomposition("total_variation", "level", 0.2, levels),
        ),
        (Flow(0.18, Cell(2.0, 5.0), Cell(low=20.0)), Flow(0.05, Cell(label=label), None)),
        moved=0.23,
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_part_is_shown_and_accessible(browser: Browser, tmp_path: Path, scheme: str, width: int) -> None:
    explanation = replace(EXPLANATION, features={f"f{i}": moved() for i in range(9)})
    found = browser.call("explanation", "looked", url=write(tmp_path, explanation), scheme=scheme, width=width)
    assert found["violations"] == []
    assert found["overflow"] <= 0
    assert found["panels"] == TITLES
    assert "Not given: no rows" in found["text"]


def test_the_drawings_show_the_numbers_of_the_report(browser: Browser, tmp_path: Path) -> None:
    found = browser.call("explanation", "looked", url=write(tmp_path, replace(EXPLANATION, features={"km": moved()})))
    drawn = dict(found["drawings"])
    assert drawn["How far each tenth of the values moved, by its share of the distance"] == 10
    assert drawn["What each feature adds to the change of the mean score, with its interval"] == 1
    assert drawn["By how much the AUC falls without each feature, with its interval"] == 1
    assert found["widths"] == ["18%", "5%"]
    assert "2 to 5 → 20 or more" in found["text"]
    assert ["city 'Oslo' and age 3 or more", "0%", "10%", "new", "20%", "1e-9"] in found["tables"][0]
    assert ["price", "city missing", "0.4", "0", "0.001"] in found["tables"][1]


def test_levels_and_windows_are_drawn_too(browser: Browser, tmp_path: Path) -> None:
    by_bin = Decomposition("wasserstein", "bin", 3.0, (Term(1.0, high=2.0), Term(2.0, low=2.0)), error_bound=0.1)
    features = {
        "paid": replace(moved(), decompositions=moved().decompositions[1:]),
        "counted": FeatureExplanation((by_bin,)),
    }
    found = browser.call("explanation", "looked", url=write(tmp_path, Explanation(features)))
    assert [label for label, _ in found["drawings"]] == [
        "By how much the share of each level changed",
        "What each bin adds to the distance",
    ]


def test_names_do_nothing(browser: Browser, tmp_path: Path) -> None:
    names = [*page_samples.HOSTILE_NAMES]
    conditions = [(Condition(name, label=name),) for name in names]
    explanation = replace(
        EXPLANATION,
        features={name: moved(name) for name in names},
        segments=Segments(
            tuple(Segment(one, 1, 2, 0.1, 0.2, 0.01) for one in conditions),
            tuple(LocalDrift(name, one, 1, 2, 0.3, 0.1, 0.01) for name, one in zip(names, conditions, strict=True)),
            9,
            9,
            9,
            0.05,
            reason=names[1],
        ),
        reasons=dict.fromkeys(names, names[2]),
    )
    found = browser.call("explanation", "looked", url=write(tmp_path, explanation), width=390)
    assert found["elements"] == 0
    assert found["touched"] == [None, None]
    assert found["violations"] == []
    assert found["overflow"] <= 0


def test_paper_has_the_explanation(browser: Browser, tmp_path: Path) -> None:
    assert browser.call("explanation", "printed", url=write(tmp_path, EXPLANATION)) == TITLES


def test_a_report_without_one_has_no_such_part(browser: Browser, tmp_path: Path) -> None:
    assert browser.call("explanation", "looked", url=write(tmp_path, None))["panels"] == []
