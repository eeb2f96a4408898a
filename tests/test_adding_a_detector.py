"""The page about adding a detector, followed to the letter on a copy of the package: one file, one row, its test."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import driftwatch
from docs_pages import DOCS, ROOT, blocks

if TYPE_CHECKING:
    from collections.abc import Callable

FILES = {
    block.title.removeprefix('title="').rstrip('"'): block.code
    for block in blocks(DOCS / "extending" / "detector.md", "python")
}
CATALOG = "src/driftwatch/detectors/_catalog.py"
DETECTOR = "src/driftwatch/detectors/le_cam.py"
TEST = "tests/detectors/test_le_cam.py"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package and the contract test, with the file and the row of the page."""
    root = tmp_path_factory.mktemp("project")
    source = Path(str(driftwatch.__file__)).parent
    shutil.copytree(source, root / "src" / "driftwatch", ignore=shutil.ignore_patterns("__pycache__", "data"))
    (root / "tests" / "detectors").mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "detectors" / "test_contract.py", root / "tests" / "detectors")
    for name in (DETECTOR, TEST):
        (root / name).write_text(FILES[name], "utf-8")
    catalog = (root / CATALOG).read_text("utf-8")
    before, end, after = catalog.partition("}\n")
    (root / CATALOG).write_text(before + FILES[CATALOG] + end + after, "utf-8")
    return root


@pytest.fixture(scope="module")
def run(project: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    path = [str(project / "src"), str(ROOT / "tests"), *sys.path]

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=project,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
            capture_output=True,
            text=True,
            check=False,
        )

    return call


def test_the_page_writes_one_file_one_row_and_one_test() -> None:
    assert FILES.keys() - {""} == {DETECTOR, CATALOG, "try_it.py", TEST}
    assert FILES[CATALOG].count("\n") == 1


def test_monitor_knows_the_new_detector(run: Callable[..., subprocess.CompletedProcess[str]], project: Path) -> None:
    (project / "try_it.py").write_text(FILES["try_it.py"] + "import driftwatch\nprint(driftwatch.__file__)\n", "utf-8")
    done = run("try_it.py")
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(project)


def test_command_line_knows_the_new_detector(
    run: Callable[..., subprocess.CompletedProcess[str]], project: Path
) -> None:
    (project / "reference.csv").write_text("x,y\n" + "".join(f"{i % 40},{'ab'[i % 2]}\n" for i in range(400)), "utf-8")
    (project / "current.csv").write_text(
        "x,y\n" + "".join(f"{i % 40 + 25},{'ab'[i % 2]}\n" for i in range(400)), "utf-8"
    )
    (command,) = [block.code for block in blocks(DOCS / "extending" / "detector.md", "sh")]

    done = run("-m", *command.split(), "--format", "json")

    assert done.returncode == 1, done.stderr
    features = json.loads(done.stdout)["features"]
    assert {name: found["drift_detected"] for name, found in features.items()} == {"x": True, "y": False}
    assert all("le_cam" in found["tests"] for found in features.values())


def test_contract_and_its_own_test_pass(run: Callable[..., subprocess.CompletedProcess[str]], project: Path) -> None:
    options = [
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        str(ROOT / "pyproject.toml"),
        f"--rootdir={project}",
        "-k",
        "le_cam",
    ]
    done = run("-m", "pytest", *options, "tests/detectors")
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.splitlines()[-1].split()[0]) >= 10
