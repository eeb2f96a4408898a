"""Usage mistakes end with 2 and one line; help and version answer on standard output."""

from __future__ import annotations

import sys
from importlib import metadata
from typing import TYPE_CHECKING

import pytest

from driftwatch.cli.app import app
from driftwatch.config.keys import KEYS, TABLES

if TYPE_CHECKING:
    from cli_runs import Run, RunFresh


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing command. See `driftwatch --help`."),
        (["chek"], "No such command 'chek'."),
        (["check", "a"], "Missing argument 'CURRENT'. See `driftwatch check --help`."),
        (["check", "a", "b", "c"], "Got unexpected extra argument"),
        (["check", "a", "b", "--formt", "json"], "No such option: --formt"),
        (["check", "a", "b", "--alpha"], "Option '--alpha' requires an argument"),
        (["config"], "Missing command. See `driftwatch config --help`."),
        (["check", "-", "-"], "standard input can be one side only, got `-` twice."),
        (["check", "a", "b", "--alpha", "2"], "`--alpha` must be a number between 0 and 1 (both excluded)"),
        (["check", "a", "b", "--format", "xml"], '`--format` must be one of "table", "json"'),
        (["check", "a", "b", "--fail-on", "warning"], '`--fail-on` must be one of "drift", "none"'),
        (["check", "a", "b", "--correction", "bh"], '`--correction` must be one of "fdr_bh"'),
        (["check", "a", "b", "--min-samples", "2.5"], "`--min-samples` must be a whole number"),
        (["check", "a", "b", "--min-effect", "7"], "`--min-effect` must be a number from 0 to 1"),
        (["check", "a", "b", "--threshold", "psi"], "`--threshold` must be STATISTIC=NUMBER, got 'psi'."),
        (["check", "a", "b", "--threshold", "psi=x"], "`--threshold` psi must be a number of 0 or more; got 'x'."),
        (["check", "a", "b", "--kind", "age"], "`--kind` must be NAME=KIND, got 'age'."),
        (["check", "a", "b", "--kind", "age=number"], '`--kind` age.kind must be one of "numeric"'),
        (["check", "a", "b", "--features", ","], "`--features` must be names separated by commas, got ','."),
        (["check", "a", "b", "--config", "no.toml"], "cannot read the configuration file 'no.toml'"),
        (["demo", "flihgts"], "unknown example data set: 'flihgts' (did you mean 'flights'?)"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_usage_mistake_is_one_line_and_exit_code_2(run: Run, arguments: list[str], message: str) -> None:
    outcome = run(*arguments)
    assert outcome.code == 2
    assert outcome.error.startswith(message)


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["check", "--help"], ["report", "--help"], ["demo", "-h"]])
def test_help_is_data(run: Run, arguments: list[str]) -> None:
    outcome = run(*arguments)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("Usage: driftwatch")


def test_help_of_check_names_the_exit_codes(run: Run) -> None:
    assert "0 no drift, 1 drift, 2 could not run, 3 no verdict" in " ".join(run("check", "--help").out.split())


def test_every_setting_is_an_option_of_check(run: Run) -> None:
    words = {key.word or name for name, key in KEYS.items()} | set(TABLES.values())
    text = run("check", "--help").out
    assert [word for word in words if f"--{word.replace('_', '-')} " not in text] == []


@pytest.mark.parametrize("arguments", [["--version"], ["--debug", "--version"], ["--version", "check"]])
def test_version_is_one_line(run: Run, arguments: list[str]) -> None:
    outcome = run(*arguments)
    assert (outcome.code, outcome.out, outcome.err) == (0, f"driftwatch {metadata.version('driftwatch')}\n", "")


def test_version_is_answered_without_typer(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typer", None)
    assert run("--version").code == 0


@pytest.mark.parametrize("package", ["typer", "rich", "pyarrow"])
def test_missing_package_of_the_extra_is_named_with_the_line_to_type(
    run: Run, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ModuleNotFoundError(f"No module named '{package}'", name=package)

    monkeypatch.setattr("driftwatch.cli.__main__._parse", fail)
    outcome = run("check", "a", "b")
    assert outcome.code == 2
    assert outcome.error == f"the command line needs {package}. Install it with: pip install 'driftwatch[cli]'"


def test_missing_typer_is_found_on_import(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "driftwatch.cli.app", raising=False)
    monkeypatch.setitem(sys.modules, "typer", None)
    outcome = run("check", "a", "b")
    assert outcome.code == 2
    assert outcome.error.startswith("the command line needs typer.")


def test_help_loads_no_numeric_library(run_fresh: RunFresh) -> None:
    outcome = run_fresh("check", "--help", env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert outcome.code == 0
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in outcome.err.splitlines()}
    assert "typer" in loaded  # the probe works
    assert loaded & {"numpy", "scipy", "pyarrow", "numba", "pandas", "polars"} == set()


def test_completion_script_can_be_printed(run_fresh: RunFresh) -> None:
    outcome = run_fresh(env={"_DRIFTWATCH_COMPLETE": "source_bash"})
    assert outcome.code == 0
    assert "_driftwatch_completion" in outcome.out


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("driftwatch ch", "check"),
        ("driftwatch check a b --format j", "json junit"),
        ("driftwatch check a b --correction fdr", "fdr_bh fdr_by"),
        ("driftwatch demo f", "flights"),
    ],
)
def test_completion_offers_the_known_words(run_fresh: RunFresh, line: str, offered: str) -> None:
    words = line.split()
    env = {"_DRIFTWATCH_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    assert run_fresh(env=env).out.split() == offered.split()


def test_app_shows_no_rich_traceback() -> None:
    assert app.pretty_exceptions_enable is False
