"""The notes of a release: the section of its version, and only where tag, version and changelog agree."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAM = ROOT / ".ci" / "release_notes.py"
DATED = "# Changelog\n\n## [Unreleased]\n\n- later\n\n## [1.2.0] - 2026-03-01\n\n### Added\n\n- this\n\n## [1.1.0] - 2026-01-01\n\n- old\n"


def notes(folder: Path, tag: str, changelog: str, version: str = "1.2.0") -> subprocess.CompletedProcess[str]:
    (folder / ".ci").mkdir()
    (folder / ".ci" / PROGRAM.name).write_text(PROGRAM.read_text("utf-8"))
    (folder / "pyproject.toml").write_text(f'[project]\nversion = "{version}"\n')
    (folder / "CHANGELOG.md").write_text(changelog)
    command = [sys.executable, str(folder / ".ci" / PROGRAM.name), tag]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_section_of_the_version_is_printed(tmp_path: Path) -> None:
    done = notes(tmp_path, "v1.2.0", DATED)
    assert (done.returncode, done.stdout) == (0, "### Added\n\n- this\n")


@pytest.mark.parametrize("tag", ["v1.2.1", "1.2.0", "v1.2", "v1.2.0rc1", "main"])
def test_another_tag_than_that_of_the_version_is_refused(tmp_path: Path, tag: str) -> None:
    done = notes(tmp_path, tag, DATED)
    assert (done.returncode, done.stdout) == (1, "")
    assert "wanted the tag v1.2.0" in done.stderr


@pytest.mark.parametrize(
    "heading",
    ["## [Unreleased]", "## [1.2.0]", "## [1.2.0] - soon", "## [1x2.0] - 2026-03-01", "## [1.2.0rc1] - 2026-03-01"],
)
def test_a_changelog_without_the_day_is_refused(tmp_path: Path, heading: str) -> None:
    done = notes(tmp_path, "v1.2.0", DATED.replace("## [1.2.0] - 2026-03-01", heading))
    assert (done.returncode, done.stdout) == (1, "")
    assert "## [1.2.0] - YYYY-MM-DD" in done.stderr


def test_the_changelog_of_the_project_is_read(tmp_path: Path) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    if f"## [{version}] - " not in changelog:
        changelog = changelog.replace("## [Unreleased]", f"## [{version}] - 2026-01-01", 1)
    done = notes(tmp_path, f"v{version}", changelog, version)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n- ") > 10
