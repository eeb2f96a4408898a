"""Every program in examples/ runs and prints what it is about, and so does the Python of README.md."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXPECTED = {
    "embeddings.py": "Richard Nixon: drifted ['sentence']",
    "explain_model.py": "mostly by air_time, distance",
    "first_check.py": "dep_delay: effect",
    "own_detector.py": "f2: mean shift 1.0",
    "performance.py": "dropped: roc_auc, accuracy, f1, log_loss, brier",
    "pipeline_step.py": "went on: 1 feature",
}
# These run in tests/libraries/, where PyTorch and JAX are installed.
OF_LIBRARIES = {"training_jax.py", "training_torch.py"}


def test_every_example_is_listed() -> None:
    assert {path.name for path in (ROOT / "examples").glob("*.py")} == set(EXPECTED) | OF_LIBRARIES


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_example_runs(name: str) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / name)], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert EXPECTED[name] in done.stdout


def test_python_of_the_readme_runs(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1
    exec(compile(blocks[0], "README.md", "exec"), {})
    assert "Drift detected" in capsys.readouterr().out


def test_sample_output_of_the_readme_is_what_the_demo_prints() -> None:
    (sample,) = re.findall(r"^```text\n(.*?)^```$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    environment = {**os.environ, "COLUMNS": "80", "PYTHONUTF8": "1", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "driftwatch", "demo"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment, check=True)
    assert done.stdout.rstrip() == sample.rstrip()
