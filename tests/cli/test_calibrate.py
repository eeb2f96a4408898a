"""`driftwatch calibrate`, and `check --calibration`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from driftwatch import Monitor
from driftwatch.report.calibration import Calibration

if TYPE_CHECKING:
    from pathlib import Path

    from cli_runs import Outcome, Run

RNG = np.random.default_rng(0)
X = RNG.normal(size=(600, 2))
OPTIONS = ["--window", 60, "--checks-per-day", 1, "--false-alarms-per-month", 3, "--n-windows", 5]


@pytest.fixture(autouse=True)
def _files(tmp_path: Path) -> None:
    np.save(tmp_path / "ref.npy", X)
    np.save(tmp_path / "cur.npy", RNG.normal(0.9, 1.0, size=(60, 2)))


def calibrate(run: Run, *options: object) -> Outcome:
    return run("calibrate", "ref.npy", *OPTIONS, *options)


def test_table_fits_into_80_columns(run: Run) -> None:
    outcome = calibrate(run)
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[0].startswith("Calibrated for windows of 60 rows, 1 a day, and 3 false alarms a month")
    assert max(map(len, lines)) <= 80
    assert [line.split()[:2] for line in lines if line.startswith(("  f0", "  f1"))] == [
        ["f0", "mean_shift"],
        ["f1", "mean_shift"],
    ]


def test_json_is_the_calibration_of_the_library(run: Run) -> None:
    outcome = calibrate(run, "--format", "json", "--alpha", "0.01", "--seed", 2, "--power", 0.5, "--features", "f1")
    expected = Monitor(X, alpha=0.01, features=["f1"]).calibrate(
        window=60, checks_per_day=1, false_alarms_per_month=3, n_windows=5, seed=2, power=0.5
    )
    assert Calibration.from_json(outcome.out) == expected


def test_check_goes_by_a_calibration(run: Run, tmp_path: Path) -> None:
    outcome = calibrate(run, "--format", "json", "-o", "calibration.json")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "wrote calibration.json\n")
    saved = Calibration.from_json((tmp_path / "calibration.json").read_text())
    report = json.loads(run("check", "ref.npy", "cur.npy", "--calibration", "calibration.json", "--format", "json").out)
    assert report["alpha"] == saved.alpha
    assert report["calibrated"] is True
    assert "calibrated" in run("check", "ref.npy", "cur.npy", "--calibration", "calibration.json").out
    assert "calibrated" not in json.loads(run("check", "ref.npy", "cur.npy", "--format", "json").out)


def test_quiet_prints_nothing(run: Run) -> None:
    outcome = calibrate(run, "--quiet")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--window", "many"], "`--window` must be a whole number, got 'many'."),
        (["--window", "500"], "a reference of at least 5 windows is needed"),
        (["--checks-per-day", "x"], "`--checks-per-day` must be a number, got 'x'."),
        (["--false-alarms-per-month", "40"], "must be fewer than the 30.4375 checks of a month"),
        (["--power", "2"], "`power` must be a number between 0 and 1"),
        (["--format", "junit"], "`--format` must be one of 'table', 'json', got 'junit'."),
        (["--output", "ref.npy"], "is one of the inputs"),
    ],
)
def test_mistake_is_one_line_and_exit_code_2(run: Run, options: list[str], message: str) -> None:
    outcome = calibrate(run, *options)
    assert outcome.code == 2
    assert message in outcome.error


def test_what_must_be_said_is_asked_for(run: Run) -> None:
    outcome = run("calibrate", "ref.npy", "--window", 60)
    assert outcome.code == 2
    assert "--checks-per-day" in outcome.error


@pytest.mark.parametrize(("content", "message"), [("{}", "is not a saved calibration"), ("{", "does not parse")])
def test_file_that_is_no_calibration_ends_with_2(run: Run, tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "bad.json").write_text(content)
    outcome = run("check", "ref.npy", "cur.npy", "--calibration", "bad.json")
    assert outcome.code == 2
    assert message in outcome.error


def test_calibration_of_other_features_ends_with_2(run: Run) -> None:
    calibrate(run, "--features", "f1", "--format", "json", "-o", "calibration.json")
    outcome = run("check", "ref.npy", "cur.npy", "--calibration", "calibration.json")
    assert outcome.code == 2
    assert "is of other features" in outcome.error
