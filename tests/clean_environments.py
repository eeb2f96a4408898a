"""Virtual environments that hold nothing but what a test puts in, made with any Python of this machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["CleanEnvironment", "bare_environment", "find_python"]

LIMIT = 900  # seconds for one command: an install on a slow line


def find_python(version: str) -> Path | None:
    """Return a Python of this version, such as 3.12: this one, one that can be called, or one that pyenv keeps."""
    for candidate in _candidates(version):
        asked = [str(candidate), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        try:
            told = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False).stdout.strip()
        except OSError:
            continue
        if told == version:  # pyenv puts commands on the path that answer for one chosen version only
            return candidate
    return None


def _candidates(version: str) -> Iterator[Path]:
    yield Path(sys.executable)
    if (called := shutil.which(f"python{version}")) is not None:
        yield Path(called)
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    yield from sorted(versions.glob(f"{version}.*/bin/python"), key=_by_number, reverse=True)


def _by_number(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", path.parents[1].name)]


def bare_environment() -> dict[str, str]:
    """Return the environment variables of this process without those that lead Python or driftwatch elsewhere."""
    foreign = ("PYTHON", "DRIFTWATCH_", "PIP_", "UV_", "VIRTUAL_ENV", "COV_", "GITHUB_", "NOX_")
    kept = {"PIP_CACHE_DIR", "PIP_INDEX_URL", "UV_CACHE_DIR", "UV_INDEX_URL", "UV_DEFAULT_INDEX"}
    return {name: value for name, value in os.environ.items() if name in kept or not name.startswith(foreign)}


@dataclass(frozen=True)
class CleanEnvironment:
    """A virtual environment."""

    folder: Path

    @classmethod
    def create(cls, python: Path, folder: Path) -> CleanEnvironment:
        made = [sys.executable, "-m", "virtualenv", "--quiet", "--no-periodic-update", "--python", str(python)]
        subprocess.run([*made, str(folder)], check=True, timeout=LIMIT)
        return cls(folder)

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def site_packages(self) -> Path:
        (found,) = self.folder.glob("lib/python3.*/site-packages")
        return found

    def run(
        self, *command: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None, limit: int = LIMIT
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment, by its name in `bin`, in the folder of the environment unless told."""
        program, *arguments = command
        own = {**bare_environment(), **(env or {})}
        own["PATH"] = os.pathsep.join([str(self.folder / "bin"), own["PATH"]])
        return subprocess.run(
            [str(self.folder / "bin" / program), *map(str, arguments)],
            cwd=cwd or self.folder,
            env=own,
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )

    def pip_install(self, *requirements: str) -> None:
        """Install as a user does."""
        done = self.run("python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements)
        assert done.returncode == 0, done.stderr

    def uv_install(self, *arguments: str, cwd: Path | None = None) -> None:
        """Install what only the tests need, in a fraction of the time."""
        command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(self.python), *arguments]
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=LIMIT, check=False)
        assert done.returncode == 0, done.stderr
