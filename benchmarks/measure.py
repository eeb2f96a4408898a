"""What a figure is, and how fresh processes are timed."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import sysconfig
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

DRIFTWATCH = str(Path(sysconfig.get_path("scripts")) / "driftwatch")


@dataclass(frozen=True)
class Figure:
    """One measured quantity beside the bound that the project sets itself, if any."""

    name: str
    value: float
    unit: str
    bound: float | None = None
    detail: str = ""

    @property
    def missed(self) -> bool:
        return self.bound is not None and self.value > self.bound

    def line(self) -> str:
        bound = "" if self.bound is None else f"   (at most {self.bound:g}{'; MISSED' if self.missed else ''})"
        return f"  {self.name:<52} {self.value:9.3f} {self.unit}{bound}  {self.detail}"

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Process:
    """Wall seconds and peak resident memory of a finished process."""

    seconds: float
    peak_mb: float
    returncode: int


def run_process(*command: str) -> Process:
    """Run a command in a fresh process without any cache of compiled code, its output thrown away."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment) as process:
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    return Process(seconds, usage.ru_maxrss / 1024, process.returncode)


def median_process(*command: str, repeats: int = 5, expected: tuple[int, ...] = (0,)) -> Process:
    """Return medians over `repeats` runs after one that warms the disk cache."""
    runs = [run_process(*command) for _ in range(repeats + 1)][1:]
    codes = {run.returncode for run in runs}
    if not codes <= set(expected):
        raise RuntimeError(f"{command} ended with {codes}, expected {expected}")
    return Process(statistics.median(run.seconds for run in runs), max(run.peak_mb for run in runs), runs[0].returncode)


def python(code: str) -> tuple[str, ...]:
    """Return the command that runs `code` in a fresh interpreter."""
    return (sys.executable, "-c", code)
