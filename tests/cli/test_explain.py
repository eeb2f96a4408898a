"""`driftwatch explain`: a check with what moved, in every format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from cli_runs import Run


@pytest.fixture(autouse=True)
def _files(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name, n, scale in (("before", 2_000, 5.0), ("after", 1_500, 9.0)):
        rows = zip(rng.exponential(scale, n), rng.normal(size=n), rng.choice(["Oslo", "Rome"], n), strict=True)
        lines = ["km,age,city", *(f"{km},{age},{city}" for km, age, city in rows)]
        (tmp_path / f"{name}.csv").write_text("\n".join(lines))


def test_the_table_says_what_moved_within_80_columns(run: Run) -> None:
    outcome = run("explain", "before.csv", "after.csv")
    assert (outcome.code, outcome.err) == (0, "")
    assert "What moved" in outcome.out
    assert "of the values moved from" in outcome.out
    assert max(map(len, outcome.out.splitlines())) <= 80


def test_json_holds_the_explanation_of_the_features_that_drifted(run: Run) -> None:
    found = json.loads(run("explain", "before.csv", "after.csv", "--format", "json").out)
    assert list(found["explanation"]["features"]) == ["km"]
    assert [part["statistic"] for part in found["explanation"]["features"]["km"]["decompositions"]] == [
        "psi",
        "wasserstein",
        "wasserstein",
    ]


def test_a_saved_explanation_renders_as_the_fresh_one(run: Run) -> None:
    run("explain", "before.csv", "after.csv", "--format", "json", "--output", "report.json")
    fresh = run("explain", "before.csv", "after.csv", "--format", "markdown").out
    assert run("report", "report.json", "--format", "markdown").out == fresh
    assert "### What moved\n\n- `km`:" in fresh


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], 0),
        (["--fail-on", "none"], 0),
        (["--fail-on", "drift"], 1),
        (["--fail-on", "drift", "--features", "age"], 0),
    ],
    ids=["default", "none", "drift", "no-drift"],
)
def test_exit_codes(run: Run, options: list[str], code: int) -> None:
    assert run("explain", "before.csv", "after.csv", "--quiet", *options).code == code


@pytest.mark.parametrize("top", ["0", "-1", "many"])
def test_top_must_be_a_whole_number(run: Run, top: str) -> None:
    outcome = run("explain", "before.csv", "after.csv", f"--top={top}")
    assert outcome.code == 2
    assert "`--top` must be a whole number of 1 or more" in outcome.error


def test_standard_input_is_one_side_only(run: Run) -> None:
    outcome = run("explain", "-", "-")
    assert outcome.code == 2
    assert "one side only" in outcome.error


def test_what_is_only_unreadable_ends_with_2(run: Run) -> None:
    assert run("explain", "before.csv", "nowhere.csv").code == 2


def test_no_segments_leaves_the_search_out(run: Run) -> None:
    assert "Where the drift sits" in run("explain", "before.csv", "after.csv").out
    assert "Where the drift sits" not in run("explain", "before.csv", "after.csv", "--no-segments").out


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("weights.json", '{"km": 1, "age": 3.0}'),
        ("weights.csv", "feature,weight\nkm,1\n\nage,3"),
        ("bare.csv", "km,1\nage,3\n"),
    ],
)
def test_importance_comes_from_a_file(run: Run, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    found = json.loads(run("explain", "before.csv", "after.csv", "--importance", name, "--format", "json").out)
    shares = {one["feature"]: one["importance"] for one in found["explanation"]["ranking"]["features"]}
    assert shares == {"km": 0.25, "age": 0.75}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("weights.json", "[1, 2]"),
        ("weights.json", '{"km": true}'),
        ("weights.json", '{"km": '),
        ("weights.csv", "km\nage"),
        ("weights.csv", "feature,weight\nkm,1\nage,much"),
        ("weights.csv", "km,-1"),
    ],
    ids=["list", "true", "cut-off", "one-field", "word", "negative"],
)
def test_an_importance_that_is_none_ends_with_2(run: Run, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    outcome = run("explain", "before.csv", "after.csv", "--importance", name)
    assert outcome.code == 2
    assert "number" in outcome.error


@pytest.mark.parametrize("name", ["model.pkl", "nowhere.txt"])
def test_a_model_that_cannot_be_read_ends_with_2(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "model.pkl").write_bytes(b"cos\nsystem\n")
    outcome = run("explain", "before.csv", "after.csv", "--model", name)
    assert outcome.code == 2
    assert "pickles are not read" in outcome.error or "not there" in outcome.error


def test_a_separation_is_made_where_it_was_asked_for(run: Run) -> None:
    pytest.importorskip("sklearn", reason="the classifier is scikit-learn's")
    outcome = run("explain", "before.csv", "after.csv", "--separation", "--no-segments")
    assert "What tells both sides apart" in outcome.out
