"""The hooks of `.pre-commit-hooks.yaml`, run by pre-commit from a clone, in a repository like a user's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from clean_environments import bare_environment
from project_tree import ROOT, project_files

if TYPE_CHECKING:
    from collections.abc import Callable

SETTINGS = """
repos:
  - repo: {clone}
    rev: {commit}
    hooks:
      - id: driftwatch-config
      - id: driftwatch-check
        args: [reference.csv, current.csv]
        files: ^(reference|current)\\.csv$
"""


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def committed(folder: Path) -> str:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "all")
    return git(folder, "rev-parse", "HEAD")


def column(shift: float) -> str:
    return "\n".join(["x", *(f"{(7919 * i) % 1009 / 1009 + shift:.4f}" for i in range(300))]) + "\n"


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of a user, with the settings of pre-commit that name a clone of what is here now."""
    clone = tmp_path_factory.mktemp("clone")
    for path in project_files():
        (clone / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, clone / path.relative_to(ROOT))
    git(clone, "init", "--quiet")
    commit = committed(clone)
    folder = tmp_path_factory.mktemp("repository")
    git(folder, "init", "--quiet")
    (folder / ".pre-commit-config.yaml").write_text(SETTINGS.format(clone=clone, commit=commit))
    return folder


@pytest.fixture(scope="module")
def hook(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], subprocess.CompletedProcess[str]]:
    environment = {
        **bare_environment(),
        "PRE_COMMIT_HOME": str(tmp_path_factory.mktemp("pre-commit")),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }

    def run(name: str) -> subprocess.CompletedProcess[str]:
        git(repository, "add", "--all")
        command = [sys.executable, "-m", "pre_commit", "run", name, "--color=never", "--verbose"]
        return subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True, check=False)

    return run


def test_data_without_drift_can_be_committed(
    repository: Path, hook: Callable[[str], subprocess.CompletedProcess[str]]
) -> None:
    (repository / "reference.csv").write_text(column(0.0))
    (repository / "current.csv").write_text(column(0.0))
    done = hook("driftwatch-check")
    assert done.returncode == 0, done.stdout + done.stderr


def test_data_that_drifted_cannot(repository: Path, hook: Callable[[str], subprocess.CompletedProcess[str]]) -> None:
    (repository / "reference.csv").write_text(column(0.0))
    (repository / "current.csv").write_text(column(0.4))
    done = hook("driftwatch-check")
    assert done.returncode == 1
    assert "exit code: 1" in done.stdout
    assert "Drift detected: 1 of 1 tested feature drifted." in done.stdout


@pytest.mark.parametrize("name", ["driftwatch.toml", "pyproject.toml"])
def test_settings_are_looked_at(
    repository: Path, hook: Callable[[str], subprocess.CompletedProcess[str]], name: str
) -> None:
    table = "[tool.driftwatch]\n" if name == "pyproject.toml" else ""
    settings = repository / name
    settings.write_text(f"{table}alpha = 0.01\n")
    assert hook("driftwatch-config").returncode == 0
    settings.write_text(f"{table}alpah = 0.01\n")
    done = hook("driftwatch-config")
    settings.unlink()

    assert done.returncode == 1
    assert "did you mean 'alpha'?" in done.stdout


def test_other_files_start_no_hook(repository: Path, hook: Callable[[str], subprocess.CompletedProcess[str]]) -> None:
    committed(repository)
    (repository / "notes.md").write_text("nothing\n")
    for name in ("driftwatch-check", "driftwatch-config"):
        done = hook(name)
        assert (done.returncode, "no files to check" in done.stdout) == (0, True)
