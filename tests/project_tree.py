"""The files that belong to the project, as git tells them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

__all__ = ["ROOT", "project_files"]

ROOT = Path(__file__).parents[1]


def project_files() -> list[Path]:
    """Return the files that git tracks, or would track: everything in the folder that is not ignored."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"not a git checkout, so nothing says which files belong to the project: {error}")
    return sorted({path for name in listed.decode().split("\0") if name and (path := ROOT / name).is_file()})
