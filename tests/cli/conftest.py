"""How the command line is run in its tests: in this process where that is enough, in a fresh one where it is not."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cli_runs import Outcome, Run, RunFresh, clean_environment
from driftwatch.cli.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs the command line in this process, in an empty folder and a clean environment."""
    for name in set(os.environ) - set(clean_environment()):
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run_here(*arguments: object) -> Outcome:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run_here


@pytest.fixture
def run_fresh(tmp_path: Path) -> RunFresh:
    """Return a function that runs the command line in a fresh process, by default in an empty folder.

    `shell` is a shell command in which `$DRIFTWATCH` stands for the command line and its arguments.
    """

    def run_there(
        *arguments: object,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        cwd: Path | str | None = None,
        shell: str = "",
    ) -> Outcome:
        command = [sys.executable, "-m", "driftwatch", *map(os.fsdecode, map(str, arguments))]
        if shell:
            command = ["bash", "-c", shell.replace("$DRIFTWATCH", '"$@"'), "bash", *command]
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            env=clean_environment() | dict(env or {}),
            cwd=cwd or tmp_path,
            check=False,
            timeout=120,
        )
        return Outcome(done.returncode, done.stdout.decode(errors="backslashreplace"), done.stderr.decode())

    return run_there
