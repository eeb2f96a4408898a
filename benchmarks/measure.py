"""What a figure is, and how calls and fresh processes are timed."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import sysconfig
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DRIFTWATCH = str(Path(sysconfig.get_path("scripts")) / "driftwatch")


MAX_ROUNDS = 40


@dataclass(frozen=True)
class Figure:
    """One measured quantity beside the bounds that the project sets itself, if any: at most `bound`, at least `floor`.

    `times` holds the seconds that it was computed from, `group` the table that it belongs to, `at` where it lies in a
    plot (n, d), `detail` what else there is to say.
    """

    name: str
    value: float
    unit: str
    bound: float | None = None
    detail: str = ""
    floor: float | None = None
    group: str = ""
    times: Mapping[str, float] = field(default_factory=dict)
    at: Mapping[str, int] = field(default_factory=dict)

    @property
    def missed(self) -> bool:
        above = self.bound is not None and self.value > self.bound
        return above or (self.floor is not None and self.value < self.floor)

    @property
    def aim(self) -> str:
        """The bound in words."""
        if self.bound is not None:
            return f"at most {self.bound:g}"
        return "" if self.floor is None else f"at least {self.floor:g}"

    def line(self) -> str:
        aim = f"   ({self.aim}{'; MISSED' if self.missed else ''})" if self.aim else ""
        times = "  ".join(f"{name} {seconds * 1e3:.4g} ms" for name, seconds in self.times.items())
        return f"  {self.name:<66} {self.value:10.4g} {self.unit}{aim}  {times}  {self.detail}".rstrip()

    def as_dict(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if value not in (None, "", {})}


@dataclass(frozen=True)
class Absent:
    """A figure that could not be measured here, with the reason: named, not hidden."""

    name: str
    reason: str
    group: str = ""
    missed: bool = False

    def line(self) -> str:
        return f"  {self.name}: not measured, {self.reason}"

    def as_dict(self) -> dict[str, Any]:
        return {"name": self.name, "absent": self.reason, "group": self.group}


def medians(works: Mapping[str, Callable[[], object]], *, seconds: float = 2.0) -> dict[str, float]:
    """Return the median seconds of each work, after one run that is not counted.

    The works take turns, so that a slow minute of a shared machine hits them all. Each stops after `seconds` of its
    own, or after MAX_ROUNDS rounds, and runs at least three times. Not the fastest run: of the work that had more runs
    it would be the luckier one.
    """
    for work in works.values():
        work()
    runs: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(MAX_ROUNDS):
        for name, work in works.items():
            if len(runs[name]) >= 3 and sum(runs[name]) > seconds:
                continue
            start = time.perf_counter()
            work()
            runs[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in runs.items()}


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
