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
