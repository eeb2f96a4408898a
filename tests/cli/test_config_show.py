"""`driftwatch config show`: the settings in force and where each was set."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from driftwatch.config import Settings, load_settings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from cli_runs import Run


def sources(text: str) -> dict[str, str]:
    """Return the comment of each line by its key."""
    lines = (line.partition("  # ") for line in text.splitlines())
    return {line.partition(" = ")[0].strip("# "): comment for line, _, comment in lines}


def test_each_value_names_its_source(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.driftwatch]\nmin_samples = 20\nalpha = 0.2\n")
    (tmp_path / "driftwatch.toml").write_text('alpha = 0.1\n[features."net price"]\nkind = "numeric"\n')
    (tmp_path / "ci.toml").write_text("thresholds = { psi = 0.2 }\n")
    monkeypatch.setenv("DRIFTWATCH_MIN_EFFECT", "0.1")
    outcome = run("config", "show", "--config", "ci.toml")
    assert (outcome.code, outcome.err) == (0, "")
    found = sources(outcome.out)
    assert found["alpha"] == f"{tmp_path}/driftwatch.toml"
    assert found["min_samples"] == f"{tmp_path}/pyproject.toml [tool.driftwatch]"
    assert found["min_effect"] == "environment DRIFTWATCH_MIN_EFFECT"
    assert found["thresholds.psi"] == "ci.toml"
    assert found['features."net price".kind'] == f"{tmp_path}/driftwatch.toml"
    assert found["correction"] == "default"
    assert found["include: every feature"] == "default"
    assert found["detectors: the usual ones"] == "default"


def test_output_is_a_settings_file_that_gives_the_same_settings(run: Run, tmp_path: Path) -> None:
    (tmp_path / "driftwatch.toml").write_text(
        'alpha = "none"\njoint = { "a b" = ["x", "é"], c = ["x", "y"] }\nblock_length = "auto"\ngroups = "u"\nseed = 4\n'
        'n_permutations = 9\nblock_size = 7\npvalues = "permutation"\nconfidence = 0.9\ndetectors = ["ks"]\ninclude = ["a", "é"]\nexclude = ["b\\"c"]\nthresholds = { psi = 1e-5, ks = 3 }\n'
        'roles = { "a b" = "target" }\nperformance = { positive = true, metrics = ["f1"], min_drop = { f1 = 0.1 } }\n'
        '[features."a.b"]\nweight = 2\nignore = true\nthresholds = { ks = 0.5 }\nrole = "weight"\n'
    )
    before = load_settings({}, {}, tmp_path).settings
    (tmp_path / "shown.toml").write_text(run("config", "show").out, encoding="utf-8")
    assert load_settings({}, {}, None, tmp_path / "shown.toml").settings == before


def test_defaults_are_shown_without_any_file(run: Run) -> None:
    shown = tomllib.loads(run("config", "show").out)
    defaults = Settings()
    ours = {"exclude": (), "block_length": None, "confidence": None}  # as TOML says it: [], "none" and "none"
    assert {name: getattr(defaults, name) for name in shown} == shown | ours


def test_resolved_may_be_said(run: Run) -> None:
    assert run("config", "show", "--resolved") == run("config", "show")


def test_mistake_in_a_file_ends_with_2_and_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "driftwatch.toml").write_text("alhpa = 0.1\n")
    outcome = run("config", "show")
    assert outcome.code == 2
    assert outcome.error.startswith(f"unknown setting in {tmp_path}/driftwatch.toml: 'alhpa' (did you mean 'alpha'?)")


def test_mistake_in_the_environment_stops_a_check(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTWATCH_FAILON", "none")
    outcome = run("check", "a", "b")
    assert outcome.code == 2
    assert "'FAILON' (did you mean 'FAIL_ON'?)" in outcome.error
