"""The tests of the source distribution pass on the installed wheel, on every Python, with no source beside them.

A wide and fast part of them, and a small one on the Python that `nox -s tests` runs on anyway; `--whole-suite` runs all, as
the pipeline on GitHub does for each Python.
"""

from __future__ import annotations

import shutil
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from clean_environments import CleanEnvironment

if TYPE_CHECKING:
    from collections.abc import Callable

EXTRAS = "cli,sklearn,safetensors"  # those of `nox -s tests`
SMALL_PART = (
    "tests/cli/test_exit_codes.py",
    "tests/config",
    "tests/datasets",
    "tests/test_errors.py",
    "tests/test_import_budget.py",
    "tests/test_known_answers.py",
    "tests/test_public_api.py",
)
# Each door and each layer once: what a wheel, or another Python, can break.
PART = (
    *SMALL_PART,
    "tests/arrays",
    "tests/cli/test_output.py",
    "tests/cli/test_usage.py",
    "tests/detectors",
    "tests/io",
    "tests/profile",
    "tests/report",
    "tests/store",
    "tests/test_layers.py",
    # half of the time of these folders
    "--ignore=tests/arrays/test_libraries.py",
    "--ignore=tests/profile/test_projections.py",
    "--ignore=tests/report/test_plot.py",
    "--ignore=tests/report/test_serialize.py",
    "--ignore=tests/store/test_conditions.py",
)
ELSEWHERE = ("tests/services", "tests/release", "tests/pages")


@pytest.fixture
def unpacked(sdist: Path, tmp_path: Path) -> Path:
    """The source distribution without the source of the package."""
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (tree,) = tmp_path.iterdir()
    shutil.rmtree(tree / "src")
    return tree


def test_the_suite_passes_on_the_installed_wheel(
    version: str,
    wheel: Path,
    unpacked: Path,
    python_of: Callable[[str], Path],
    request: pytest.FixtureRequest,
    measured: list[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    environment = CleanEnvironment.create(python_of(version), tmp_path_factory.mktemp("installed") / version)
    environment.uv_install(f"{wheel}[{EXTRAS}]", "--group=tests", cwd=unpacked)
    file = environment.run("python", "-c", "import driftwatch; print(driftwatch.__file__)", cwd=unpacked).stdout
    assert Path(file.strip()).is_relative_to(environment.site_packages)

    part = SMALL_PART if version == f"{sys.version_info.major}.{sys.version_info.minor}" else PART
    whole = ("tests", *(f"--ignore={folder}" for folder in ELSEWHERE))
    selected = whole if request.config.getoption("--whole-suite") else part
    options = ["--quiet", "--numprocesses=auto", "-p", "no:cacheprovider"]
    done = environment.run("python", "-m", "pytest", *options, *selected, cwd=unpacked, limit=3600)
    measured.append(f"on the wheel, Python {version}: {done.stdout.strip().rpartition(chr(10))[2]}")
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
