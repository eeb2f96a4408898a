"""Two builds of one commit have the same bytes, wherever, whenever and by whomever they are made."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from project_tree import ROOT, project_files

if TYPE_CHECKING:
    from pathlib import Path

EPOCH = "1767225600"


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def copy_of_the_project(target: Path, *, mode: int, modified: int, order: int) -> Path:
    """Copy the tracked files with other rights, dates and order of creation."""
    for path in project_files()[::order]:
        copy = target / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        copy.chmod(mode | (0o111 & path.stat().st_mode & (mode >> 2)))
        os.utime(copy, (modified, modified))
    return target


def build(tree: Path, out: Path, *arguments: str, umask: int, zone: str) -> dict[str, str]:
    command = [sys.executable, "-m", "build", "--no-isolation", f"--outdir={out}", *arguments, str(tree)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH, "TZ": zone}
    done = subprocess.run(command, env=environment, umask=umask, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return digests(out)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("usual")
    tree = copy_of_the_project(folder / "tree", mode=0o644, modified=1_700_000_000, order=1)
    return tree, build(tree, folder / "dist", umask=0o022, zone="UTC")


def test_another_folder_umask_clock_and_user_give_the_same_bytes(
    usual: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    tree = copy_of_the_project(tmp_path / "a b" / "é", mode=0o600, modified=1_000_000_000, order=-1)
    # what lies about in a working copy
    for stray in ("notes.txt", "build/lib/x.py", "src/driftwatch/__pycache__/x.cpython-311.pyc", ".venv/y.py"):
        (tree / stray).parent.mkdir(parents=True, exist_ok=True)
        (tree / stray).write_text("x = 1\n")

    assert build(tree, tmp_path / "dist", umask=0o077, zone="Asia/Kolkata") == usual[1]


def test_the_wheel_of_the_tree_is_that_of_the_source_distribution(
    usual: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    tree, both = usual
    (wheel,) = build(tree, tmp_path / "dist", "--wheel", umask=0o022, zone="UTC").items()
    assert wheel in both.items()


def test_another_date_of_the_commit_gives_other_bytes(usual: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    # or the comparisons above would say nothing about dates
    tree, both = usual
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel", f"--outdir={tmp_path}", str(tree)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    subprocess.run(command, env=environment, capture_output=True, check=True)
    assert not digests(tmp_path).items() <= both.items()
