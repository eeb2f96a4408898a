"""`driftwatch demo`: the main job on the data inside the package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from driftwatch import datasets

if TYPE_CHECKING:
    from pathlib import Path

    from cli_runs import Run


@pytest.mark.parametrize("name", datasets.names())
def test_demo_shows_a_table_and_says_what_to_try_next(run: Run, name: str) -> None:
    outcome = run("demo", name)
    assert outcome.code == 0
    assert outcome.out.startswith("Drift detected: ")
    assert len(outcome.err.splitlines()) == 2
    assert f"`driftwatch demo {name}`" not in outcome.err
    assert "driftwatch check reference.csv current.csv" in outcome.err


def test_demo_shows_flights_by_default(run: Run) -> None:
    assert run("demo") == run("demo", "flights")


def test_demo_ignores_the_settings_of_the_folder(run: Run, tmp_path: Path) -> None:
    expected = run("demo").out
    (tmp_path / "driftwatch.toml").write_text('format = "json"\nmin_effect = 0.9\n')
    assert run("demo").out == expected
