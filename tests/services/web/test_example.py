"""The example of a watched service runs, and prints what it is about."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "examples" / "fastapi_app"


def test_the_example_goes_from_the_first_request_to_the_alert() -> None:
    done = subprocess.run(
        [sys.executable, str(FOLDER / "run.py")], capture_output=True, text=True, timeout=180, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    windows = re.findall(r"rows (\d+) to \d+: (\w+)", done.stdout)
    assert [int(start) for start, _ in windows] == [0, 1000, 2000, 3000, 4000, 5000]
    assert [verdict for _, verdict in windows[3:]] == ["drift"] * 3
    assert "  alerts: 0\n" in done.stdout
    assert "its signature is right: drift.firing\n  DatasetDrift" in done.stdout
    assert "rows 6000, predictions 6000, windows 6\n  dropped: nothing" in done.stdout
    assert done.stdout.endswith("6 reports; messages: delivered\n")


def test_the_readme_shows_what_it_prints() -> None:
    (shown,) = re.findall(r"```text\n(.*?)```", (FOLDER / "README.md").read_text("utf-8"), re.DOTALL)
    printed = "".join(path.read_text("utf-8") for path in FOLDER.glob("*.py"))
    for line in (
        "more flights of January",
        "flights of July, of which nobody told the model",
        "its signature is right",
    ):
        assert line in shown
        assert line in printed
