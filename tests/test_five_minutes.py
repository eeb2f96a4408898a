"""The page "Five minutes", followed to the letter with a CSV of one's own; only the installation is left out."""

from __future__ import annotations

import csv
import os
import random
import shutil
import subprocess
import sys
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from docs_pages import DOCS, blocks
from driftwatch import DriftReport

if TYPE_CHECKING:
    from pathlib import Path

INSTALL, SPLIT, CHECK, KEEP = (block.code for block in blocks(DOCS / "quickstart.md", "sh"))

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the page is for a POSIX shell; there is no bash")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `data.csv`, in which a column moves in the middle, and a `driftwatch` on the path."""
    root = tmp_path_factory.mktemp("five")
    rng = random.Random(5)
    with (root / "data.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["day", "age", "plan", "spend"])
        for i in range(1_001):
            day, age = date(2023, 1, 1) + timedelta(days=i), round(rng.gauss(41, 12))
            spend = rng.gammavariate(2, 15) * (1.6 if i >= 500 else 1.0)
            writer.writerow([day, age, rng.choice(["free", "free", "paid"]), f"{spend:.2f}"])
    command = root / "bin" / "driftwatch"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m driftwatch "$@"\n', "utf-8")
    command.chmod(0o755)
    return root


def shell(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(map(os.path.abspath, filter(None, sys.path)))
    environment = {**os.environ, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": path}
    return subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_page_installs_from_the_clone() -> None:
    assert 'pip install ".[cli]"' in INSTALL


def test_a_csv_becomes_two_halves_and_a_verdict_and_a_page(folder: Path) -> None:
    halved = shell(folder, SPLIT)
    assert (halved.returncode, halved.stderr) == (0, "")
    rows = [(folder / name).read_text("utf-8").splitlines() for name in ("data.csv", "reference.csv", "current.csv")]
    assert rows[1][0] == rows[2][0] == rows[0][0]
    assert rows[1][1:] + rows[2][1:] == rows[0][1:]

    checked = shell(folder, CHECK)
    assert checked.returncode == 1, checked.stderr
    assert checked.stdout.startswith("Drift detected: 1 of 3 tested features drifted (1 not tested).")

    kept = shell(folder, KEEP)
    assert kept.returncode == 0, kept.stderr  # the last command renders, and judges nothing
    assert kept.stdout.startswith("#")
    assert DriftReport.from_json((folder / "report.json").read_text("utf-8")).drifted_features == ["spend"]
    assert (folder / "report.html").read_text("utf-8").startswith("<!doctype html>")
